"""The whole file of a case as one archive with an index: letters, files both ways, reports, what was said, and the time line.

The same case gives the same bytes: order, moments and compression are fixed. Each entry stands in the index with its SHA-256, so
that anybody can check that the file is whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.template.loader import render_to_string

from providers.access import Actor
from providers.formatting import AMSTERDAM, format_datetime
from providers.models import Provider, Round
from tariffs.models import CaseFile, Letter, MirrorReport
from tariffs.procedure.timeline import CaseOf, case_of, events, shows_outcome
from tariffs.procedure.views import WAIVED

#: The earliest moment that an archive can hold; which moment it is says nothing, the index has the real ones.
FIXED = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of the file: when, what, from whom to whom, and its bytes."""

    at: datetime
    what: str
    sender: str
    recipient: str
    folder: str
    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the index."""

    number: int
    at: str
    what: str
    sender: str
    recipient: str
    path: str
    sha256: str


def bundle(*, provider: Provider, round: Round, actor: Actor, render: Callable[[Letter], bytes]) -> bytes:
    """Return the archive of a case as far as ``actor`` may see it; ``render`` makes the PDF of a letter."""
    case = case_of(provider=provider, round=round, actor=actor)
    pieces = sorted(_pieces(case, render), key=lambda piece: (piece.at, piece.folder, piece.name))
    rows, contents = [], []
    for number, piece in enumerate(pieces, start=1):
        path = f"{piece.folder}/{number:03d}-{_safe(piece.name)}"
        rows.append(
            Row(
                number=number,
                at=format_datetime(piece.at),
                what=piece.what,
                sender=piece.sender,
                recipient=piece.recipient,
                path=path,
                sha256=hashlib.sha256(piece.content).hexdigest(),
            )
        )
        contents.append((path, piece.content))
    index = render_to_string(
        "tariffs/cases/dossier_index.html", {"provider": provider, "round": round, "rows": rows, "case": case}
    ).encode()
    return _archive([("index.html", index), *contents])


def to_print(letters: Iterable[Letter], render: Callable[[Letter], bytes]) -> bytes:
    """Return an archive of letters that go by post, to be printed: one PDF each, in the order given."""
    return _archive(
        [(f"{_safe(item.reference)}-{number:03d}.pdf", render(item)) for number, item in enumerate(letters, 1)]
    )


def _archive(entries: list[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries:
            entry = zipfile.ZipInfo(path, date_time=FIXED)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, content)
    return made.getvalue()


def _safe(name: str) -> str:
    """Return a file name that every system takes, and that leads nowhere else."""
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in name)
    return kept.strip(".-")[:120] or "stuk"


def _pieces(case: CaseOf, render: Callable[[Letter], bytes]) -> Iterator[Piece]:
    nza, own = "Nederlandse Zorgautoriteit", case.provider.name
    for letter in case.letters:
        letter.round = case.round
        yield Piece(
            at=letter.sent_at,
            what=f"Brief: {letter.get_kind_display().lower()} ({letter.reference})",
            sender=nza,
            recipient=own,
            folder="brieven",
            name=f"{letter.kind.removeprefix('letter_').replace('_', '-')}-{letter.reference}.pdf",
            content=render(letter),
        )
    for file in CaseFile.objects.filter(pk__in=[item.pk for item in case.files]).order_by("pk"):
        yield Piece(
            at=file.received_at,
            what=f"Bestand: {file.name}",
            sender=own,
            recipient=nza,
            folder="stukken",
            name=file.name,
            content=bytes(file.content),
        )
    for report in MirrorReport.objects.filter(pk__in=[item.pk for item in case.reports]).select_related("release"):
        assert report.release.released_at is not None
        yield Piece(
            at=report.release.released_at,
            what=f"Spiegel, versie {report.version} ({report.release.get_status_display().lower()})",
            sender=nza,
            recipient=own,
            folder="spiegels",
            name=f"spiegel-v{report.version}.json",
            content=json.dumps(report.content, sort_keys=True, ensure_ascii=False, indent=1).encode(),
        )
    yield from _said(case)


def _said(case: CaseOf) -> Iterator[Piece]:
    """Yield what was said without a file of its own: as text."""
    nza, own = "Nederlandse Zorgautoriteit", case.provider.name
    for response in case.responses:
        yield _text(
            response.submitted_at,
            f"Reactie {response.number} op de spiegel",
            own,
            nza,
            "reacties",
            f"reactie-{response.number}.txt",
            [response.get_item_display(), response.text, *(f"{m.by.name}: {m.text}" for m in response.messages.all())],
        )
        if response.answered_at is not None:
            yield _text(
                response.answered_at,
                f"Antwoord op reactie {response.number}",
                nza,
                own,
                "reacties",
                f"antwoord-{response.number}.txt",
                [response.get_outcome_display(), response.answer],
            )
    for views in case.views:
        reaction = (
            [f"Reactie van de NZa:\n{views.reaction}"]
            if views.reaction and _is_decided(case, views.decision_id)
            else []
        )
        yield _text(
            views.received_at,
            "Bericht dat er geen zienswijze komt" if views.text == WAIVED else "Zienswijze (art. 4:8 Awb)",
            own,
            nza,
            "zienswijzen",
            "zienswijze.txt",
            [views.text, *reaction],
        )
    for objection in case.objections:
        shows = shows_outcome(case, objection)
        facts = [
            f"Ondertekend door: {objection.signed_by or 'niet ondertekend'}",
            *([f"Gemachtigde: {objection.representative}"] if objection.representative else []),
            *(["Pro forma: de gronden volgen (art. 6:6 Awb)."] if objection.is_pro_forma else []),
            *([f"Te laat omdat: {objection.late_because}"] if objection.late_because else []),
            *(f"Grond {ground.number}: {ground.text}" for ground in objection.grounds.all()),
        ]
        yield _text(
            objection.received_at,
            f"Bezwaar {objection.reference} (art. 6:5 Awb)",
            own,
            nza,
            "bezwaar",
            f"bezwaar-{objection.reference}.txt",
            facts,
        )
        for hearing in objection.hearings.all():
            if hearing.reported_at is not None:
                yield _text(
                    hearing.reported_at,
                    "Verslag van de hoorzitting (art. 7:7 Awb)",
                    nza,
                    own,
                    "bezwaar",
                    "verslag-hoorzitting.txt",
                    [f"Gehouden op {format_datetime(hearing.at)}, {hearing.place}", hearing.report],
                )
            elif hearing.waived_because:
                yield _text(
                    hearing.invited_at,
                    "Waarom er geen hoorzitting is (art. 7:3 Awb)",
                    nza,
                    own,
                    "bezwaar",
                    "geen-hoorzitting.txt",
                    [hearing.waived_because],
                )
        if objection.advice and shows and objection.advised_on is not None:
            yield _text(
                max(objection.received_at, _day(objection.advised_on)),
                "Advies van de commissie (art. 7:13 Awb)",
                "de adviescommissie",
                nza,
                "bezwaar",
                "advies.txt",
                [objection.advice],
            )
    happened = events(case)
    if happened:
        lines = [
            f"{format_datetime(event.at)} | {event.channel or '-'} | {event.who} | {event.what}"
            + (f"\n    {event.text}" if event.text else "")
            for event in happened
        ]
        yield _text(happened[-1].at, "Tijdlijn van de zaak", nza, own, "tijdlijn", "tijdlijn.txt", lines)


def _is_decided(case: CaseOf, decision_id: int) -> bool:
    return case.is_internal or any(item.pk == decision_id and item.sent_on is not None for item in case.decisions)


def _day(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


def _text(at: datetime, what: str, sender: str, recipient: str, folder: str, name: str, parts: list[str]) -> Piece:
    content = "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
    return Piece(
        at=at, what=what, sender=sender, recipient=recipient, folder=folder, name=name, content=content.encode()
    )
