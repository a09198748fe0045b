"""What callers send: JSON read without losing a digit, files, and the headers that say what a change is based on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rest_framework.parsers import BaseParser, MultiPartParser

from ivportal.api.problems import Refusal
from providers.workbook.form.read import FORM_LIMITS

MOST_BYTES: Final = 2_000_000
#: A multipart message is so much larger than the file in it at most.
_AROUND: Final = 10_000
_LONGEST_NUMBER: Final = 40
_POWERS: Final = 60
_ETAG = re.compile(r'(?:W/)?"(0|[1-9][0-9]{0,8})"')
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{8,80}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class DocumentParser(BaseParser):
    """A JSON document of at most two million bytes, in UTF-8. Numbers become int or Decimal, never float."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> object:
        """Return the document. Raises a :class:`Refusal` (400, 413, 415)."""
        request = parser_context["request"]
        require_not_encoded(request)
        require_size(request, MOST_BYTES)
        return read_document(stream.read(MOST_BYTES + 1))


class FileParser(BaseParser):
    """A file as the body itself."""

    media_type = "*/*"
    accepted: Final = (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "text/csv",
        "application/octet-stream",
    )

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> bytes:
        """Return the bytes. Raises a :class:`Refusal` (413, 415)."""
        request = parser_context["request"]
        if (media_type or "").partition(";")[0].strip().lower() not in self.accepted:
            raise Refusal(415, "Verstuur een XLSX- of CSV-bestand, als bericht zelf of als ‘multipart/form-data’.")
        require_not_encoded(request)
        require_size(request, FORM_LIMITS.file_bytes)
        content: bytes = stream.read(FORM_LIMITS.file_bytes + 1)
        return content


class FormParser(MultiPartParser):
    """A file in a form; how large the whole is, is looked at first."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the form. Raises a :class:`Refusal` (413, 415)."""
        require_not_encoded(parser_context["request"])
        require_size(parser_context["request"], FORM_LIMITS.file_bytes + _AROUND)
        return super().parse(stream, media_type, parser_context)


def require_size(request: Any, most: int) -> None:
    """Raise a :class:`Refusal` (413) if the body is larger, before reading it."""
    written = request.META.get("CONTENT_LENGTH") or "0"
    if not written.isdecimal() or int(written[:20]) > most:
        raise Refusal(413, f"Het bericht is te groot; wij nemen hier ten hoogste {most // 1_000_000} MB aan.")


def require_length(request: Any) -> None:
    """Raise a :class:`Refusal` (411) if the body comes in pieces: it would be taken for an empty one."""
    if request.headers.get("Transfer-Encoding") and not request.META.get("CONTENT_LENGTH"):
        raise Refusal(411)


def require_not_encoded(request: Any) -> None:
    """Raise a :class:`Refusal` (415) if the body is compressed."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "Verstuur het bericht zonder ‘Content-Encoding’: wij pakken niets uit.")


def read_document(content: bytes) -> object:
    """Return what a JSON document says. Raises a :class:`Refusal` (400, 413) with the place if it is none.

    Refused too: names that stand twice in one object, NaN and Infinity, numbers of more than forty signs and texts with half
    a character.
    """
    if len(content) > MOST_BYTES:
        raise Refusal(413, f"Het bericht is te groot; wij nemen hier ten hoogste {MOST_BYTES // 1_000_000} MB aan.")
    try:
        found = json.loads(
            content.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError:
        raise Refusal(400, "Het bericht is geen UTF-8. Verstuur het als UTF-8.") from None
    except json.JSONDecodeError as wrong:
        raise Refusal(400, f"Dit is geen JSON: het gaat mis in regel {wrong.lineno}, teken {wrong.colno}.") from None
    except RecursionError:
        raise Refusal(
            400, "Het bericht heeft te veel lagen. Verstuur het in de vorm die de beschrijving noemt."
        ) from None
    _require_whole_characters(found)
    return found


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _too_long()
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise _too_long()
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _too_long() from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not -_POWERS <= exponent <= _POWERS:
        raise _too_long()
    return value


def _too_long() -> Refusal:
    return Refusal(400, f"Een getal heeft meer dan {_LONGEST_NUMBER} tekens of een onmogelijke macht van tien.")


def _no_number(text: str) -> None:
    raise Refusal(400, f"‘{text}’ is geen JSON. Geef null als u een cijfer niet weet.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = Counter(name for name, _ in pairs)
        twice = names.most_common(1)[0][0]
        if _SURROGATE.search(twice):
            twice = "?"
        raise Refusal(400, f"De naam ‘{twice[:60]}’ staat twee keer in één object. Wij kiezen niet welke u bedoelt.")
    return found


def _require_whole_characters(document: object) -> None:
    waiting: list[object] = [document]
    while waiting:
        item = waiting.pop()
        inside: Iterable[object] = ()
        if isinstance(item, dict):
            inside = (*item.keys(), *item.values())
        elif isinstance(item, list):
            inside = item
        elif isinstance(item, str) and _SURROGATE.search(item):
            raise Refusal(400, "In een tekst staat een half teken (een losse surrogate). Haal het weg.")
        waiting.extend(inside)


def number_in(request: Any) -> int:
    """Return the number of the saved state that the caller says to have seen. Raises a :class:`Refusal` (400, 428)."""
    written = request.headers.get("If-Match")
    if written is None:
        raise Refusal(428)
    found = _ETAG.fullmatch(written.strip())
    if found is None:
        raise Refusal(400, 'Zet in ‘If-Match’ één ETag, zoals wij die gaven: bijvoorbeeld "3".')
    return int(found[1])


def idempotency_key_in(request: Any) -> str:
    """Return what names this act of sending. Raises a :class:`Refusal` (400)."""
    written = request.headers.get("Idempotency-Key", "").strip()
    if not _IDEMPOTENCY_KEY.fullmatch(written):
        raise Refusal(
            400,
            "Stuur de kop ‘Idempotency-Key’ mee: 8 tot 80 tekens die u zelf kiest, bijvoorbeeld een UUID. Verstuurt u hetzelfde"
            " opnieuw, gebruik dan dezelfde.",
        )
    return str(written)


def etag(number: int) -> str:
    """Return the ETag of a saved state."""
    return f'"{number}"'
