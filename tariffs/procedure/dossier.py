"""The whole file of a case as one archive with an index: letters, files both ways, mirrors, what was said, and the time line.

What belongs to a case lies open to who objects, from a week before the hearing (Awb 7:4(2)): this is it, at any moment. Folders
follow the procedure and every name begins with a number and the day, so the file lies in order of time however it is unpacked.
The same case gives the same bytes. Each piece stands in the index (*inventaris*) with its SHA-256, so that anybody can check that
the file is whole. Pieces are made and written one by one, to a temporary file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO

from django.template.loader import render_to_string

from providers.access import Actor
from providers.formatting import AMSTERDAM, format_date, format_datetime
from providers.models import Provider, Round
from tariffs.letters import proxy_of
from tariffs.models import CaseFile, Letter, LetterKind, MirrorReport
from tariffs.procedure.archive import Entry, name_of, packed, safe
from tariffs.procedure.case import CaseOf, case_of, shows_outcome
from tariffs.procedure.timeline import events
from tariffs.procedure.views import WAIVED

INDEX = "0-inventaris.html"
#: The folders, in the order of the procedure.
MIRROR, VIEWS, DECISION, OBJECTION, TIMELINE = (
    "1-spiegel-en-duiding",
    "2-voornemen-en-zienswijze",
    "3-besluit",
    "4-bezwaar",
    "5-tijdlijn",
)
FOLDER_OF = {
    LetterKind.ANSWER: MIRROR,
    LetterKind.INTENDED: VIEWS,
    LetterKind.WITHDRAWN: VIEWS,
    LetterKind.DECISION: DECISION,
}
_PAGES = re.compile(rb"/Type\s*/Page(?![A-Za-z])")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of the file: when, what, from whom to whom, and how its bytes are got once it is its turn."""

    at: datetime
    what: str
    sender: str
    recipient: str
    folder: str
    name: str
    content: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the index. ``pages`` is empty for what has no pages, or where they cannot be told."""

    number: int
    at: str
    what: str
    sender: str
    recipient: str
    pages: str
    path: str
    sha256: str


def bundle(
    *,
    provider: Provider,
    round: Round,
    actor: Actor,
    render: Callable[[Letter], bytes],
    mirror: Callable[[MirrorReport], bytes],
) -> IO[bytes]:
    """Return the archive of a case as far as ``actor`` may see it, as a file that is gone once it is closed.

    ``render`` makes the PDF of a letter, and ``mirror`` that of a mirror.
    """
    case = case_of(provider=provider, round=round, actor=actor)
    return packed(_entries(case, render, mirror))


def _entries(
    case: CaseOf, render: Callable[[Letter], bytes], mirror: Callable[[MirrorReport], bytes]
) -> Iterator[Entry]:
    pieces = sorted(_pieces(case, render, mirror), key=lambda piece: (piece.at, piece.folder, piece.name))
    rows = []
    for number, piece in enumerate(pieces, start=1):
        content = piece.content()
        day = piece.at.astimezone(AMSTERDAM).date()
        path = f"{piece.folder}/{number:03d}-{day.isoformat()}-{safe(piece.name)}"
        rows.append(
            Row(
                number=number,
                at=format_datetime(piece.at),
                what=piece.what,
                sender=piece.sender,
                recipient=piece.recipient,
                pages=_pages(content),
                path=path,
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
        yield Entry(path=path, at=piece.at, content=content)
    facts = {"provider": case.provider, "round": case.round, "rows": rows, "hearings": _hearings(case)}
    index = render_to_string("tariffs/cases/dossier_index.html", facts).encode()
    yield Entry(path=INDEX, at=pieces[-1].at if pieces else datetime(2000, 1, 1, tzinfo=AMSTERDAM), content=index)


def _pages(content: bytes) -> str:
    """Return of how many pages a PDF is; empty for anything else, and for a PDF that keeps its pages compressed."""
    found = len(_PAGES.findall(content)) if content.startswith(b"%PDF") else 0
    return str(found) if found else ""


def _hearings(case: CaseOf) -> list[str]:
    """Say for which hearing the file lies open, and from when (Awb 7:4)."""
    return [
        f"Voor de hoorzitting van {format_datetime(hearing.at)} over {objection.reference} ligt dit dossier open vanaf"
        f" {format_date(hearing.file_open_from)}; stukken kunnen tot en met {format_date(hearing.papers_until)} worden"
        " ingestuurd (art. 7:4, eerste en tweede lid, Awb)."
        for objection in case.objections
        for hearing in objection.hearings.all()
        if hearing.at and hearing.file_open_from and hearing.papers_until and not hearing.cancelled_because
    ]


def _pieces(
    case: CaseOf, render: Callable[[Letter], bytes], mirror: Callable[[MirrorReport], bytes]
) -> Iterator[Piece]:
    nza, own = "Nederlandse Zorgautoriteit", case.provider.name
    objections = {objection.pk: objection for objection in case.objections}
    for letter in case.letters:
        letter.round, letter.objection = case.round, objections.get(letter.objection_id or 0)
        proxy = proxy_of(letter)
        posted = f", op de post gedaan op {format_date(letter.posting.posted_on)}" if hasattr(letter, "posting") else ""
        yield Piece(
            at=letter.sent_at,
            what=f"Brief: {letter.get_kind_display().lower()} ({letter.reference}){posted}",
            sender=nza,
            recipient=f"{proxy}, gemachtigde van {own}" if proxy else own,
            folder=FOLDER_OF.get(LetterKind(letter.kind), OBJECTION),
            name=f"brief-{name_of(letter)}.pdf",
            content=lambda letter=letter: render(letter),  # type: ignore[misc]
        )
    for file in case.files:
        yield Piece(
            at=file.received_at,
            what=f"{file.get_kind_display()}: {file.name}",
            sender=own,
            recipient=nza,
            folder=MIRROR if file.response_id else VIEWS if file.views_id else OBJECTION,
            name=file.name,
            content=lambda pk=file.pk: bytes(CaseFile.objects.only("content").get(pk=pk).content),  # type: ignore[misc]
        )
    for report in case.reports:
        assert report.release.released_at is not None
        about = f"Spiegel, versie {report.version} ({report.release.get_status_display().lower()})"
        for ending, what, made in (
            ("pdf", about, mirror),
            ("json", f"{about}, dezelfde cijfers als gegevens", _as_data),
        ):
            yield Piece(
                at=report.release.released_at,
                what=what,
                sender=nza,
                recipient=own,
                folder=MIRROR,
                name=f"spiegel-versie-{report.version}.{ending}",
                content=lambda pk=report.pk, made=made: made(_report(pk)),  # type: ignore[misc]
            )
    yield from _said(case)


def _report(pk: int) -> MirrorReport:
    return MirrorReport.objects.select_related("release__round", "provider").get(pk=pk)


def _as_data(report: MirrorReport) -> bytes:
    return json.dumps(report.content, sort_keys=True, ensure_ascii=False, indent=1).encode()


def _said(case: CaseOf) -> Iterator[Piece]:
    """Yield what was said without a file of its own: as text."""
    nza, own = "Nederlandse Zorgautoriteit", case.provider.name
    for response in case.responses:
        yield _text(
            response.submitted_at,
            f"Reactie {response.number} op de spiegel",
            own,
            nza,
            MIRROR,
            f"reactie-{response.number}.txt",
            [response.get_item_display(), response.text, *(f"{m.by.name}: {m.text}" for m in response.messages.all())],
        )
        if response.answered_at is not None:
            yield _text(
                response.answered_at,
                f"Antwoord op reactie {response.number}",
                nza,
                own,
                MIRROR,
                f"antwoord-{response.number}.txt",
                [response.get_outcome_display(), response.answer],
            )
    for views in case.views:
        reaction = (
            [f"Overweging van de NZa:\n{views.reaction}"]
            if views.reaction and _is_decided(case, views.decision_id)
            else []
        )
        yield _text(
            views.received_at,
            "Bericht dat er geen zienswijze komt" if views.text == WAIVED else "Zienswijze (art. 4:8 Awb)",
            own,
            nza,
            VIEWS,
            "zienswijze.txt",
            [views.text, *reaction],
        )
    for objection in case.objections:
        shows = shows_outcome(case, objection)
        shared = objection.group.grounds.all() if objection.group is not None else ()
        facts = [
            f"Ondertekend door: {objection.signed_by or 'niet ondertekend'}",
            *([f"Gemachtigde: {objection.representative}"] if objection.representative else []),
            *([objection.representative_address] if objection.representative_address else []),
            *(["Pro forma: de gronden volgen (art. 6:6 Awb)."] if objection.is_pro_forma else []),
            *([f"Te laat omdat: {objection.late_because}"] if objection.late_because else []),
            *(
                f"{'Gedeelde grond' if ground.group_id else 'Grond'} {ground.number}: {ground.text}"
                for ground in (*shared, *objection.grounds.all())
            ),
        ]
        yield _text(
            objection.received_at,
            f"Bezwaar {objection.reference} (art. 6:5 Awb)",
            own,
            nza,
            OBJECTION,
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
                    OBJECTION,
                    "verslag-hoorzitting.txt",
                    [f"Gehouden op {format_datetime(hearing.at)}, {hearing.place}", hearing.report],
                )
            elif hearing.waived_because:
                yield _text(
                    hearing.invited_at,
                    "Waarom er geen hoorzitting is (art. 7:3 Awb)",
                    nza,
                    own,
                    OBJECTION,
                    "geen-hoorzitting.txt",
                    [hearing.waived_because],
                )
        if objection.advice and shows and objection.advised_on is not None:
            yield _text(
                max(objection.received_at, _day(objection.advised_on)),
                "Advies van de commissie (art. 7:13 Awb)",
                "de adviescommissie",
                nza,
                OBJECTION,
                "advies.txt",
                [objection.advice],
            )
    happened = events(case)
    if happened:
        lines = [
            f"{event.when} | {event.channel or '-'} | {event.who} | {event.what}"
            + (f"\n    {event.text}" if event.text else "")
            for event in happened
        ]
        yield _text(happened[-1].at, "Tijdlijn van de zaak", nza, own, TIMELINE, "tijdlijn.txt", lines)


def _is_decided(case: CaseOf, decision_id: int) -> bool:
    return case.is_internal or any(item.pk == decision_id and item.sent_on is not None for item in case.decisions)


def _day(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


def _text(at: datetime, what: str, sender: str, recipient: str, folder: str, name: str, parts: list[str]) -> Piece:
    content = "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
    return Piece(at=at, what=what, sender=sender, recipient=recipient, folder=folder, name=name, content=content.encode)
