"""What De Linde's system sends: its document, filled in honestly, and its workbook."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.utils import timezone

from providers import uploads
from providers.contents import from_json
from providers.models import (
    Draft,
)
from providers.workbook.form import Line, Organisation, write, write_csv
from tests.api.conftest import Systems
from tests.delivering import (
    figures_of,
)


def document(systems: Systems, **changes: Any) -> dict[str, Any]:
    """Return De Linde's document as the API gives it, filled in honestly, with other figures for ``changes``."""
    found: dict[str, Any] = systems["filler"].get(systems.at("/aanlevering/gegevens")).json()
    honest = figures_of(systems.linde.provider, systems.round.book_year)
    found["values"] = {code: float(honest[code]) for code in systems.round.measures} | changes
    found["organisation"] = {"legal_form": "Stichting", "agb_code": "41410001", "nza_number": "300-1234"}
    return found


def save(systems: Systems, number: int, who: str = "filler", **changes: Any) -> Any:
    """Save De Linde's document."""
    return systems[who].put(systems.at("/aanlevering/gegevens"), json.dumps(document(systems, **changes)), number)


def figure(systems: Systems, code: str) -> Decimal | None:
    """Return what the newest saved state says."""
    newest = Draft.objects.filter(submission=systems.linde).order_by("-number").first()
    assert newest is not None
    return from_json(newest.contents).figures[code].value


def workbook(systems: Systems, kind: str = "csv", **changes: Any) -> bytes:
    """Return De Linde's workbook, filled in."""
    form = uploads.form_for(systems.linde)
    honest = figures_of(systems.linde.provider, systems.round.book_year) | {
        code: Decimal(value) for code, value in changes.items()
    }
    lines = [Line(measure=code, value=honest[code], previous=None) for code in systems.round.measures]
    about = Organisation("Stichting", "41410001", "300-1234")
    places = from_contents(systems)
    if kind == "csv":
        return write_csv(form, lines, about, places)
    return write(form, lines, about, places, made_at=timezone.now())


def from_contents(systems: Systems) -> Any:
    """Return the locations that the portal knows."""
    from providers.prefill import locations_of

    return locations_of(systems.linde.provider)


def send(systems: Systems, content: Any, key: str = "verzending-1", number: int = 0, **headers: str) -> Any:
    """Send a file as the body itself."""
    headers.setdefault("content_type", "text/csv")
    return systems["filler"].post(systems.at("/aanlevering/bestanden"), content, number, Idempotency_Key=key, **headers)
