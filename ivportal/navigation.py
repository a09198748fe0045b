"""Which pages each role finds in the navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

PAGES: dict[str, list[tuple[str, str]]] = {
    "provider": [("mirror", "Uw spiegel"), ("own_submissions", "Uw aanlevering"), ("glossary", "Begrippen")],
    "nza": [("rounds", "Rondes"), ("glossary", "Begrippen")],
    "care_office": [("bandwidths", "Bandbreedtes"), ("glossary", "Begrippen")],
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation for templates: a list of ``{"url", "label", "current"}``."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"navigation": []}
    here = request.path
    pages = [(reverse(name), label) for name, label in PAGES[actor.role]]
    return {"navigation": [{"url": url, "label": label, "current": here.startswith(url)} for url, label in pages]}
