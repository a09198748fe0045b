"""What a file is, by its first bytes: a workbook, a CSV file, or something that people send by mistake."""

from __future__ import annotations

import codecs
import re
from typing import Final, Literal

Kind = Literal["xlsx", "csv"]

_OLE: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_SEND = "Lever het werkboek van deze ronde (.xlsx of .csv) aan."
_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "een PDF-bestand"),
    (b"\x89PNG", "een afbeelding"),
    (b"\xff\xd8\xff", "een afbeelding"),
    (b"GIF8", "een afbeelding"),
    (b"BM", "een afbeelding"),
    (b"{\\rtf", "een tekstdocument"),
    (b"Rar!", "een ingepakt bestand"),
    (b"7z\xbc\xaf", "een ingepakt bestand"),
    (b"\x1f\x8b", "een ingepakt bestand"),
    (b"MZ", "een programma"),
    (b"\x7fELF", "een programma"),
)
_BINARY_AFTER: Final = frozenset({b"BM", b"MZ"})
"""Signatures that are also the first letters of a text; they count only if bytes follow that no text has."""


def kind_of(content: bytes) -> tuple[Kind | None, str]:
    """The kind of file, or ``None`` and why it is refused, in Dutch. What is not known for something else is CSV."""
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        return None, "Het bestand is leeg. Kies het bestand opnieuw en probeer het nog eens."
    if content.startswith((b"PK", _OLE)) and not content.startswith(b"PK;"):
        return "xlsx", ""
    for signature, name in _SIGNATURES:
        if content.startswith(signature) and (signature not in _BINARY_AFTER or b"\0" in content[:64]):
            return None, f"Dit is {name} en geen werkboek. {_SEND}"
    start = _beginning(content)
    if re.match(r"<!doctype html|<html|<head|<body|<table|<meta", start):
        return None, (
            "Dit is een webpagina (HTML), ook al heet het bestand anders. Open het in Excel, kies ‘Opslaan als’ en dan "
            "‘Excel-werkmap (.xlsx)’."
        )
    if start.startswith(("<?xml", "<workbook", "<office:", "<!doctype", "<svg")):
        return None, ("Dit is een XML-bestand. Open het in Excel, kies ‘Opslaan als’ en dan ‘Excel-werkmap (.xlsx)’.")
    if start.startswith(("{", "[{", '["')):
        return None, f"Dit is een JSON-bestand. JSON kunt u alleen via de API aanleveren. {_SEND}"
    return "csv", ""


def _beginning(content: bytes) -> str:
    """The first characters of a text, whatever its encoding, in lower case."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return content[:400].decode(encoding, errors="replace").replace("\0", "").lstrip().casefold()
