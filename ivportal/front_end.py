"""Which folders of the front-end packages are served as static files, and under which name."""

from pathlib import Path

CANDIDATE = "@nl-design-system-candidate"
UTRECHT = "@utrecht"
FOLDERS: dict[str, str] = {
    "htmx": "htmx.org/dist",
    "plotly": "plotly.js-cartesian-dist-min",
    "source-sans": "@fontsource-variable/source-sans-3/files",
    "noto-sans-math": "@fontsource/noto-sans-math/files",
    **{
        f"nl-{name}": f"{CANDIDATE}/{name}-css/dist"
        for name in ("heading", "paragraph", "link", "skip-link", "button", "data-badge")
    },
    **{
        f"utrecht-{name}": f"{UTRECHT}/{name}-css/dist"
        for name in (
            "table",
            "alert",
            "pagination",
            "textbox",
            "select",
            "form-label",
            "form-field-description",
            "form-field-error-message",
        )
    },
}


def front_end_packages(node_modules: Path) -> list[tuple[str, Path]]:
    """Return ``STATICFILES_DIRS`` entries ``(vendor/<name>, folder)`` for the packages that are installed."""
    return [
        (f"vendor/{name}", node_modules / folder)
        for name, folder in FOLDERS.items()
        if (node_modules / folder).is_dir()
    ]
