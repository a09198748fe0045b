"""Which pages each role finds in the navigation."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from providers.notices import inbox_of

PAGES: dict[str, list[tuple[str, str]]] = {
    "provider": [
        ("mirror", "Uw spiegel"),
        ("own_submissions", "Uw aanlevering"),
        ("own_responses", "Duiding"),
        ("own_cases", "Besluiten"),
        ("organisation", "Organisatie"),
        ("inbox", "Berichten"),
    ],
    "nza": [
        ("rounds", "Rondes"),
        ("response_queue", "Duiding"),
        ("cases", "Zaken"),
        ("tariff_tables", "Tarieven"),
        ("inbox", "Berichten"),
        ("staff", "Medewerkers"),
    ],
    "care_office": [
        ("bandwidths", "Bandbreedtes"),
        ("agreements", "Afspraken"),
        ("office_keys", "Koppelingen"),
        ("glossary", "Begrippen"),
    ],
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation for templates: a list of ``{"url", "label", "current", "unread"}``.

    ``unread`` is asked of the database only by a page that shows it.
    """
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"navigation": []}
    here = request.path
    return {
        "navigation": [
            {
                "url": reverse(name),
                "label": label,
                "current": here.startswith(reverse(name)),
                "unread": cache(inbox_of(actor).filter(read_at__isnull=True).count) if name == "inbox" else 0,
            }
            for name, label in PAGES[actor.role]
        ]
    }
