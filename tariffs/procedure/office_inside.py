"""What a Word document or a workbook does besides being read: fetch from elsewhere, start programs, carry other files.

Looked for in the parts of its archive, which are read within bounds and not unpacked together.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from providers.workbook import container

_DECLARED: Final = 1_000_000
#: What is walked of one file: bytes of text and links, and elements in them. A thick report has a tenth of it.
_WALKED, _ELEMENTS, _DEEPEST = 25_000_000, 1_000_000, 500
_IN_DOCUMENT: Final = (
    ".xml",
    ".rels",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".bmp",
    ".emf",
    ".wmf",
    ".svg",
    ".tif",
    ".tiff",
)
_UNREADABLE: Final = (
    zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, OSError, ValueError, EOFError, ParseError,
    DefusedXmlException,
)  # fmt: skip
_NO_DOCUMENT: Final = "dit is geen Word-document. Open het in Word en sla het opnieuw op als docx of pdf."
_OTHER_FILES: Final = "in dit document zitten andere bestanden of knoppen. Sla het op als pdf en stuur die."
_FETCHES: Final = (
    "dit bestand haalt iets op van buiten, zoals een sjabloon of een afbeelding. Sla het op als pdf en stuur die."
)
_STARTS: Final = (
    "in dit document staat een veld dat andere bestanden of programma's opent. Sla het op als pdf en stuur die."
)

#: Kinds of parts that are files of their own.
_CARRIED: Final = {"aFChunk", "oleObject", "package", "control"}
#: Word writes down from which template on somebody's own disk a document was made.
_OWN_DISK: Final = re.compile(r"file:///[A-Za-z]:[\\/]", re.IGNORECASE)
#: A field begins with what it does; one that begins with another field, or with signs by number, spells that out on the spot.
_FIELD: Final = "\x01"
_OPENS: Final = re.compile(
    rf"{_FIELD}\s*(?:{_FIELD}|(?:DDE|DDEAUTO|LINK|INCLUDE\w*|IMPORT|DATABASE|RD|QUOTE\s+[\d{_FIELD}])(?!\w))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Link:
    """That one part of an archive needs another, or something outside."""

    kind: str
    target: str
    is_outside: bool

    @property
    def fetches(self) -> bool:
        """Whether it is fetched from outside as soon as the file is opened; a link in the text is followed by hand."""
        own = self.kind == "attachedTemplate" and bool(_OWN_DISK.match(self.target))
        return self.is_outside and self.kind != "hyperlink" and not own


class _TooMuchError(Exception):
    """There is more in the file than is walked."""


def objection_to_workbook(content: bytes, limits: container.Limits) -> str:
    """Return why a workbook is not taken and how to mend it, as Dutch sentences; empty if it is taken."""
    if found := container.objections(content, limits):
        return " ".join(found)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _FETCHES if any(link.fetches for link in _Parts(archive).links()) else ""
    except (_TooMuchError, *_UNREADABLE):
        return "deze werkmap is niet te openen. Open hem in Excel en sla hem opnieuw op als xlsx of pdf."


def objection_to_document(content: bytes, limits: container.Limits) -> str:
    """Return why a Word document is not taken and how to mend it, as a Dutch sentence; empty if it is taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _in_directory(archive, len(content), limits) or _in_parts(_Parts(archive))
    except _UNREADABLE:
        return _NO_DOCUMENT
    except _TooMuchError:
        return "in dit document staat te veel. Sla het op als pdf en stuur die."


def _in_directory(archive: zipfile.ZipFile, size: int, limits: container.Limits) -> str:
    """Look at what the archive says of its parts, before any is unpacked."""
    members = archive.infolist()
    with archive.open("[Content_Types].xml") as part:
        declared = part.read(_DECLARED).lower()
    names = [member.filename.casefold() for member in members]
    if "word/document.xml" not in names or any(member.flag_bits & 0x1 for member in members):
        return "dit is geen Word-document, of het is beveiligd. Sla het opnieuw op als docx of pdf, zonder wachtwoord."
    if any(word in declared for word in (b"macroenabled", b"vbaproject")) or any(
        "vbaproject" in name for name in names
    ):
        return "dit document bevat macro's. Sla het op als pdf, of als docx zonder macro's."
    if (
        len(set(names)) != len(names)
        or len(members) > limits.members
        or sum(max(member.compress_size, 1) for member in members) > size
        or sum(member.file_size for member in members) > limits.unpacked_bytes
        or any(".." in name.split("/") or name.startswith("/") or "\\" in name for name in names)
        or any(not name.endswith(_IN_DOCUMENT) and not name.endswith("/") for name in names)
    ):
        return _OTHER_FILES
    return ""


def _in_parts(parts: _Parts) -> str:
    links = parts.links()
    if any(link.kind in _CARRIED for link in links):
        return _OTHER_FILES
    if any(link.fetches for link in links):
        return _FETCHES
    return _STARTS if any(_OPENS.search(said) for said in parts.fields()) else ""


class _Parts:
    """The parts of an archive that are XML, walked one after another within the bounds of one file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._bytes, self._elements = _WALKED, _ELEMENTS

    def links(self) -> list[_Link]:
        """Return what the parts need of one another and from outside."""
        return [link for seen in self._walked(".rels") for link in seen.links]

    def fields(self) -> Iterator[str]:
        """Give of each part with text what its fields say, put together: the words may lie in pieces all over it."""
        return ("".join(seen.said) for seen in self._walked(".xml"))

    def _walked(self, extension: str) -> Iterator[_Seen]:
        for member in self._archive.infolist():
            if not member.filename.casefold().endswith(extension):
                continue
            self._bytes -= member.file_size
            if self._bytes < 0:
                raise _TooMuchError
            seen = _Seen(most=self._elements)
            parser = DefusedXMLParser(target=seen, forbid_dtd=True)
            # At once: in pieces, a parser begins anew at a tag of which the end has not come.
            parser.feed(self._archive.read(member))
            parser.close()
            self._elements -= seen.elements
            yield seen


class _Seen:
    """What was met in one part while it was walked; no tree is kept."""

    def __init__(self, *, most: int) -> None:
        self.links: list[_Link] = []
        self.said: list[str] = []
        self.elements, self._most, self._depth, self._is_field_text = 0, most, 0, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements, self._depth = self.elements + 1, self._depth + 1
        if self.elements > self._most or self._depth > _DEEPEST:
            raise _TooMuchError
        name = tag.rpartition("}")[2]
        self._is_field_text = name == "instrText"
        if name == "Relationship":
            kind, mode = attributes.get("Type", "").rpartition("/")[2], attributes.get("TargetMode", "")
            self.links.append(_Link(kind, attributes.get("Target", ""), mode.casefold() == "external"))
        elif name in ("fldSimple", "fldChar"):
            values = {key.rpartition("}")[2]: value for key, value in attributes.items()}
            if name == "fldSimple" or values.get("fldCharType") == "begin":
                self.said.append(_FIELD + values.get("instr", ""))

    def data(self, text: str) -> None:
        if self._is_field_text:
            self.said.append(text)

    def end(self, _tag: str) -> None:
        self._depth, self._is_field_text = self._depth - 1, False

    def close(self) -> None: ...
