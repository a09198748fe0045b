"""Files with which a provider supports what it says, in whichever channel: looked at before they are kept, never changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Power, Role
from providers.refusal import Refused
from providers.workbook import container
from tariffs.models import CaseFile, FileKind, InterpretationResponse, Objection, StatementOfViews
from tariffs.procedure import office_inside, pdf_inside
from tariffs.procedure.effort import Effort

MEGABYTE: Final = 1_000_000
LARGEST: Final = 10 * MEGABYTE
#: At most so many files at once, and so many in one response, statement of views or objection.
MOST_FILES, MOST_IN_ALL = 10, 50
LONGEST_NAME: Final = 200
#: Bytes that are looked through inside all files that come in at once; see :mod:`~tariffs.procedure.effort`.
MOST_TOGETHER: Final = 60 * MEGABYTE
ACCEPTED_TEXT: Final = "pdf, xlsx, csv, png, jpg of docx"
#: For the ``accept`` of a form.
ACCEPTED: Final = ".pdf,.xlsx,.csv,.png,.jpg,.jpeg,.docx"

_TYPES: Final = {
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_BEGINS: Final = {
    ".pdf": b"%PDF-",
    ".xlsx": b"PK\x03\x04",
    ".docx": b"PK\x03\x04",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
}
#: What other kinds of files begin with; a text that begins so is none.
_NO_TEXT: Final = (b"MZ", b"PK", b"%PDF", b"\x7fELF", b"#!", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"<")
#: Signs that are not printed and that a text may have.
_IN_TEXT: Final = "\t\r\n\u00a0\u202f\u00ad"
#: Where a formula may begin: at the start of a cell, whatever divides them.
_FORMULA: Final = re.compile(r"""(?<![^;,|\t\r\n"'\s])[=+@-]""")
#: What a formula asks another program, ``=cmd|'/c calc'!A1``, or another machine, ``=WEBSERVICE("http://x")``. Looked for by
#: themselves, since a formula may hold all that divides cells and lines; the first sign apart, by which a search goes fast.
_ASKS: Final = (
    re.compile(r"""\|(?:\s*+(?:'[^']*+')++|[^!|;,\t\r\n]*+)![\w'"$]"""),
    re.compile(
        r"[DHIRWdhirw](?<!\w.)"
        r"(?i:(?<=W)EBSERVICE|(?<=H)YPERLINK|(?<=I)MPORT[A-Z]++|(?<=I)MAGE|(?<=R)TD|(?<=D)DE)\s*+\("
    ),
)
_LIMITS: Final = container.Limits(file_bytes=LARGEST, members=2_000)

#: What a file belongs to.
Case = InterpretationResponse | StatementOfViews | Objection


@dataclass(frozen=True)
class Sent:
    """A file as it came in; of the kinds of space in its name one is left."""

    name: str
    content: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", " ".join(self.name.split()))


def receive(
    *,
    case: Case,
    sent: Sequence[Sent],
    actor: Actor,
    kind: FileKind = FileKind.EVIDENCE,
    received_at: datetime | None = None,
) -> list[CaseFile]:
    """Keep files with a response, a statement of views or an objection, and return them in the order in which they came.

    The same bytes in the same case, for the same purpose, are one file. ``received_at``: when they came in, if not now. By
    somebody who acts for the provider with power to deliver or sign, or by the NZa where something came in by post. Raises
    :class:`~providers.refusal.Refused` with every objection, and then keeps none.
    """
    if actor.role == Role.NZA:
        powers.require_staff(actor)
    else:
        powers.require(actor, case.provider, Power.DELIVER, Power.SIGN)
    require_acceptable(sent)
    with transaction.atomic():
        _wait_for_who_sends_the_same(case)
        known = {(file.sha256, file.kind): file for file in case.files.defer("content")}
        return [_keep(case, item, known, actor, kind, received_at or timezone.now()) for item in sent]


def _keep(
    case: Case,
    sent: Sent,
    known: dict[tuple[str, str], CaseFile],
    actor: Actor,
    kind: FileKind,
    received_at: datetime,
) -> CaseFile:
    digest = hashlib.sha256(sent.content).hexdigest()
    if (digest, kind) in known:
        return known[digest, kind]
    if len(known) >= MOST_IN_ALL:
        raise Refused(f"Hier horen al {MOST_IN_ALL} bestanden bij. Voeg samen wat bij elkaar hoort.")
    file = CaseFile.objects.create(
        provider_id=case.provider_id,
        response=case if isinstance(case, InterpretationResponse) else None,
        views=case if isinstance(case, StatementOfViews) else None,
        objection=case if isinstance(case, Objection) else None,
        kind=kind,
        received_at=received_at,
        name=sent.name,
        content_type=_TYPES[_extension(sent.name)],
        sha256=digest,
        size=len(sent.content),
        content=sent.content,
        received_from=actor.user,
    )
    known[digest, kind] = file
    details = {"file": sent.name, "sha256": digest, "kind": kind.value}
    record(act=Act.FILE_RECEIVED, actor=actor, subject=f"{case.provider}: {case}", details=details)
    return file


def _wait_for_who_sends_the_same(case: Case) -> None:
    """Let who sends files with the same case at the same moment go one by one: the second finds what the first sent.

    Not a lock on the row: who may read a statement of views but not change it cannot lock it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)", [f"files of {case._meta.db_table}", case.pk])


def require_acceptable(sent: Iterable[Sent]) -> None:
    """Raise :class:`~providers.refusal.Refused` with what is wrong with these files, one line for each that is not taken."""
    files, together = list(sent), Effort(MOST_TOGETHER)
    found = [f"{_said(item.name)}: {said}" for item in files[:MOST_FILES] if (said := objection_to(item, together))]
    if len(files) > MOST_FILES:
        found.insert(0, f"Stuur ten hoogste {MOST_FILES} bestanden tegelijk. U koos er {len(files)}.")
    if found:
        raise Refused("\n".join(found))


def objection_to(sent: Sent, together: Effort | None = None) -> str:
    """Return why a file is not taken and how to mend it, as a Dutch sentence; empty if it is taken.

    ``together``: what may be done for all files with which this one came, and is less for the next.
    """
    name, content = sent.name, sent.content
    if not name or not name.isprintable() or len(name) > LONGEST_NAME or "/" in name or "\\" in name:
        return "de naam van dit bestand heeft tekens die niet kunnen, of is te lang. Geef het een andere naam."
    if not content:
        return "dit bestand is leeg. Kies het opnieuw."
    if len(content) > LARGEST:
        return f"dit bestand is te groot. Wij nemen bestanden aan tot {LARGEST // MEGABYTE} MB."
    extension = _extension(name)
    if extension not in _TYPES:
        return f"dit soort bestand nemen wij niet aan. Sla het op als {ACCEPTED_TEXT}."
    if extension == ".csv":
        return _objection_to_text(content)
    if not content.startswith(_BEGINS[extension]):
        return f"de inhoud is geen {extension[1:]}. Open het bestand en sla het opnieuw op als {ACCEPTED_TEXT}."
    effort = together or Effort(MOST_TOGETHER)
    said = _inside(extension, content, effort)
    return (
        "samen zit er te veel in deze bestanden om in één keer na te kijken. Stuur ze apart."
        if effort.left < 0
        else said
    )


def _inside(extension: str, content: bytes, effort: Effort) -> str:
    if extension == ".pdf":
        return pdf_inside.objection(content, effort)
    if extension == ".xlsx":
        return office_inside.objection_to_workbook(content, _LIMITS, effort)
    return office_inside.objection_to_document(content, _LIMITS, effort) if extension == ".docx" else ""


def _extension(name: str) -> str:
    return PurePath(name).suffix.lower()


def _said(name: str) -> str:
    """Return a name as it can stand on a page, whatever signs are in it."""
    return "".join(sign for sign in name if sign.isprintable())[:80] or "Bestand zonder naam"


def _objection_to_text(content: bytes) -> str:
    """Return why these bytes are not taken as text: unreadable, another kind of file, or what Excel would start."""
    text = _text(content)
    if text is None:
        return "dit is geen tekstbestand. Sla het opnieuw op als csv."
    if _FORMULA.search(text) and any(asks.search(text) for asks in _ASKS):
        return "in dit bestand staat een formule die iets opent of ophaalt. Haal die weg en sla het opnieuw op."
    return ""


def _text(content: bytes) -> str | None:
    """Return the text that these bytes are; None if they have signs that no text has, or are another kind of file."""
    if content.startswith(_NO_TEXT):
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        if "\ufffd" in text:
            return None
    shown = text
    for sign in _IN_TEXT:
        shown = shown.replace(sign, "")
    return text if shown.isprintable() else None
