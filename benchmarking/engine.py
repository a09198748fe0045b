"""Which program computes: its version, and the libraries whose arithmetic it relies on."""

from __future__ import annotations

from importlib.metadata import version

#: Version of what turns figures into results; a change that can change a result raises it.
ENGINE_VERSION = "3"


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that compute."""
    return {name: version(name) for name in ("numpy", "scipy", "pandas", "highspy")}
