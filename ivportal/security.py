"""Content security policy and the key of a local installation."""

import secrets
from pathlib import Path


def content_security_policy() -> dict[str, object]:
    """Return the policy for django-csp: everything from our own address, nothing inline, no frames."""
    return {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "script-src": ["'self'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "connect-src": ["'self'"],
            "font-src": ["'self'"],
            "object-src": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'"],
            "frame-ancestors": ["'none'"],
        }
    }


def local_secret_key(folder: Path) -> str:
    """Return the secret key of this installation, made at first use and kept in ``folder`` with mode 0600.

    For trying, testing and small use only; production takes the key from the environment.
    """
    path = folder / "secret-key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()
