"""What a Word document or a workbook does besides being read: fetch from elsewhere, start programs, carry other files.

Looked for in the parts of its archive, which are read within bounds and not unpacked together.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from providers.workbook import container
from tariffs.procedure.effort import Effort, TooMuchError

#: What is walked of one file, in bytes; an element and an attribute count for more. A thick report has a tenth of it.
_MOST, _ELEMENT, _ATTRIBUTE, _DEEPEST, _MOST_NAMES = 30_000_000, 32, 16, 500, 5_000
#: Bytes in a part with links; in one tag, of which all attributes are in memory at once; and that are read in one go.
_LARGEST_LINKS, _LONGEST_TAG, _PIECE = 1_000_000, 1_000_000, 1 << 18
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
_MACROS: Final = "dit bestand bevat macro's. Sla het op als pdf, of opnieuw zonder macro's."
_FETCHES: Final = (
    "dit bestand haalt iets op van buiten, zoals een sjabloon of een afbeelding. Sla het op als pdf en stuur die."
)
_STARTS: Final = (
    "in dit document staat een veld dat andere bestanden of programma's opent. Sla het op als pdf en stuur die."
)

#: Kinds of parts that are files of their own.
_CARRIED: Final = {"afchunk", "oleobject", "package", "control"}
#: Kinds of parts of a workbook that get something from outside, and that hold programs.
_GETS: Final = {"externallink", "externallinkpath", "connections", "querytable"}
_MACRO_KINDS: Final = {"xlmacrosheet", "xlintlmacrosheet", "dialogsheet", "vbaproject", "wordvbadata"}
#: What an archive says of a part with macros.
_MACRO_TYPES: Final = ("macroenabled", "vbaproject", "macrosheet", "dialogsheet")
#: What parts of text are called: one with another name is not looked through, and nobody names it so but to hide it.
_TEXT_PARTS: Final = ("xml", "rels", "psmdcp", "sigs")
_TYPES_PART: Final = "[content_types].xml"
#: Word writes down from which template on somebody's own disk a document was made.
_OWN_DISK: Final = re.compile(r"file:///[A-Za-z]:[\\/]", re.IGNORECASE)
#: A field begins with what it does; one that begins with another field, or with signs by number, spells that out on the spot.
_FIELD: Final = "\x01"
_OPENS: Final = re.compile(
    rf"{_FIELD}\s*+(?:{_FIELD}|(?:DDE|DDEAUTO|LINK|INCLUDE\w*|IMPORT|DATABASE|RD|QUOTE\s+[\d{_FIELD}])(?!\w))",
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


def objection_to_workbook(content: bytes, limits: container.Limits, effort: Effort) -> str:
    """Return why a workbook is not taken and how to mend it, as Dutch sentences; empty if it is taken.

    ``effort``: what may be done for all files of which this is one.
    """
    if found := container.objections(content, limits):
        return " ".join(found)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            seen = _walked(archive, (".rels",), Effort(_MOST, within=effort))
    except (TooMuchError, *_UNREADABLE):
        return "deze werkmap is niet te openen. Open hem in Excel en sla hem opnieuw op als xlsx of pdf."
    return _FETCHES if seen.kinds & _GETS else _in_parts(seen)


def objection_to_document(content: bytes, limits: container.Limits, effort: Effort) -> str:
    """Return why a Word document is not taken and how to mend it, as a Dutch sentence; empty if it is taken.

    ``effort``: what may be done for all files of which this is one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if said := _in_directory(archive, len(content), limits):
                return said
            return _in_parts(_walked(archive, (".xml", ".rels"), Effort(_MOST, within=effort)))
    except _UNREADABLE:
        return _NO_DOCUMENT
    except TooMuchError:
        return "in dit document staat te veel. Sla het op als pdf en stuur die."


def _in_directory(archive: zipfile.ZipFile, size: int, limits: container.Limits) -> str:
    """Look at what the archive says of its parts, before any is unpacked."""
    members = archive.infolist()
    names = [member.filename.casefold() for member in members]
    if (
        "word/document.xml" not in names
        or _TYPES_PART not in names
        or any(member.flag_bits & 0x1 for member in members)
    ):
        return "dit is geen Word-document, of het is beveiligd. Sla het opnieuw op als docx of pdf, zonder wachtwoord."
    if any("vbaproject" in name for name in names):
        return _MACROS
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


def _in_parts(seen: _Seen) -> str:
    if seen.kinds & _MACRO_KINDS or any(word in kind for _, kind in seen.declared for word in _MACRO_TYPES):
        return _MACROS
    if seen.kinds & _CARRIED or any(_is_hidden(name, kind) for name, kind in seen.declared):
        return _OTHER_FILES
    if any(link.fetches for link in seen.links):
        return _FETCHES
    return _STARTS if any(_OPENS.search(said) for said in seen.said) else ""


def _is_hidden(name: str, kind: str) -> bool:
    """Whether a part is text by what the archive says of it, and something else by its name."""
    is_text = kind.partition(";")[0].rstrip().endswith("xml") and not kind.startswith("image/")
    return is_text and name.rpartition(".")[2] not in _TEXT_PARTS


def _walked(archive: zipfile.ZipFile, extensions: tuple[str, ...], effort: Effort) -> _Seen:
    """Walk the parts with these extensions, and what the archive says of its parts.

    Raises :class:`~tariffs.procedure.effort.TooMuchError`, and what :data:`_UNREADABLE` names if a part is not right.
    """
    seen = _Seen(effort)
    for member in archive.infolist():
        name = member.filename.casefold()
        if name != _TYPES_PART and not name.endswith(extensions):
            continue
        if member.file_size > _LARGEST_LINKS and (name == _TYPES_PART or name.endswith(".rels")):
            raise TooMuchError
        effort.spend(member.file_size)
        seen.begin(is_types=name == _TYPES_PART)
        parser, read = DefusedXMLParser(target=seen, forbid_dtd=True), 0
        with archive.open(member) as part:
            while piece := part.read(_PIECE):
                parser.feed(piece)
                read += len(piece)
                if read - max(parser.parser.CurrentByteIndex, 0) > _LONGEST_TAG:
                    raise TooMuchError
        parser.close()
    return seen


class _Seen:
    """What was met in the parts of a file while they were walked; no tree is kept."""

    def __init__(self, effort: Effort) -> None:
        self.links: list[_Link] = []
        #: What the archive says that its parts are, each with its name or its extension; in small letters.
        self.declared: list[tuple[str, str]] = []
        self._effort, self._pieces, self._names = effort, list[list[str]](), set[str]()
        self._depth, self._is_field_text, self._is_types = 0, False, False

    @property
    def kinds(self) -> set[str]:
        """The kinds of the links, in small letters."""
        return {link.kind.casefold() for link in self.links}

    @property
    def said(self) -> list[str]:
        """For each part what its fields say, put together: the words may lie in pieces all over it."""
        return ["".join(pieces) for pieces in self._pieces]

    def begin(self, *, is_types: bool) -> None:
        """Go on with another part; ``is_types``: with what the archive says of its parts."""
        self._pieces.append([])
        self._depth, self._is_field_text, self._is_types = 0, False, is_types

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._effort.spend(_ELEMENT + len(attributes) * _ATTRIBUTE)
        self._depth += 1
        self._names.add(tag)
        self._names.update(attributes)
        if self._depth > _DEEPEST or len(self._names) > _MOST_NAMES:
            raise TooMuchError
        if self._is_field_text:
            # Readers pass over an element within the words of a field, or over all that is in it: the words are not to be known.
            self._say(_FIELD * 2)
        name = tag.rpartition("}")[2]
        self._is_field_text = name == "instrText"
        if self._is_types and "ContentType" in attributes:
            part = attributes.get("PartName") or attributes.get("Extension", "")
            self.declared.append((part.casefold(), attributes["ContentType"].casefold()))
        elif name == "Relationship":
            kind, mode = attributes.get("Type", "").rpartition("/")[2], attributes.get("TargetMode", "")
            self.links.append(_Link(kind, attributes.get("Target", ""), mode.casefold() == "external"))
        elif name in ("fldSimple", "fldChar"):
            values = {key.rpartition("}")[2]: value for key, value in attributes.items()}
            if name == "fldSimple" or values.get("fldCharType") == "begin":
                self._say(_FIELD + values.get("instr", ""))

    def data(self, text: str) -> None:
        if self._is_field_text:
            self._say(text)

    def end(self, _tag: str) -> None:
        self._depth, self._is_field_text = self._depth - 1, False

    def close(self) -> None: ...

    def _say(self, text: str) -> None:
        self._pieces[-1].append(text)
