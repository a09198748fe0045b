"""What a PDF file does besides being read: looked for in its bytes, without opening it.

Not a parser: where parsers disagree a file can hide. All that a reader can act on is a name, such as ``/Launch``. A name
stands in the bytes as they are, perhaps with some of its signs as ``#61``, or inside an object stream. Those are found by the
two keys that no reader can do without; they are unpacked within bounds, and one that is packed in an unusual way is not
taken. What is locked cannot be looked into and is not taken either.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from tariffs.procedure.effort import Effort, TooMuchError

_AGAIN: Final = "Druk het document af naar een nieuwe pdf en stuur die."
_UNUSUAL: Final = f"deze pdf is ongewoon samengesteld, dus wij openen hem niet. {_AGAIN}"
#: Names that a PDF file for reading has no need of: what to say of the file.
_SAYS: Final = {
    (b"JavaScript", b"Launch", b"Rendition", b"OnInstantiate"): f"in deze pdf staat een programma. {_AGAIN}",
    (b"EmbeddedFile", b"EmbeddedFiles", b"FileAttachment", b"RichMedia"): (
        f"in deze pdf zitten andere bestanden. Stuur die apart. {_AGAIN}"
    ),
    (b"XFA", b"SubmitForm", b"ImportData"): f"deze pdf is een formulier dat gegevens verstuurt of ophaalt. {_AGAIN}",
    (b"GoToE", b"GoToR"): f"deze pdf opent andere bestanden. {_AGAIN}",
    (b"Encrypt",): f"deze pdf is beveiligd. Haal de beveiliging eraf. {_AGAIN}",
}
_SPACE: Final = rb"[\x00\t\n\f\r ]*+"
_SIGNS: Final = rb"[^\x00\t\n\f\r ()<>\[\]{}/%]"
_NAMES: Final = re.compile(rb"/(" + b"|".join(name for names in _SAYS for name in names) + rb")(?!" + _SIGNS + rb")")
#: A link, of signs that no reader takes for anything but a link: in those a name is part of an address.
_LINK: Final = re.compile(rb"(/URI" + _SPACE + rb"\()[\w:/?&=.~+,;@!$'*#%-]*+\)")
_SPELLED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")

_BEGIN: Final = re.compile(rb"(?<!end)obj" + _SPACE + rb"(<<|%)")
_NESTED: Final = re.compile(rb"<<|<[0-9A-Fa-f\x00\t\n\f\r ]*+>|>>|[<>()]|%[^\r\n]*+")
_IN_STRING: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_STREAM: Final = re.compile(rb"[\x00\t\n\f\r ]{0,255}+(stream|%)" + _SPACE)
_AFTER_DICTIONARY: Final = re.compile(rb">>" + _SPACE + rb"stream")
_KEYS: Final = re.compile(rb"/(" + _SIGNS + rb"*+)")
#: Signs that stand in no dictionary by themselves.
_STRAY: Final = {b"<", b">", b")"}
_NEEDED: Final = {b"N", b"First"}
_USUAL: Final = _NEEDED | {b"Type", b"ObjStm", b"Length", b"Filter", b"FlateDecode", b"Extends"}

_LONGEST_DICTIONARY: Final = 1_000_000
#: For a whole file: bytes that come out of its object streams or are walked; an object and a sign to stop at count for more.
_MOST, _OBJECT, _STOP = 20_000_000, 32, 16
_MOST_SPELLED, _MOST_STREAMS = 50_000, 200_000
_CHUNK: Final = 1 << 16


class _UnusualError(Exception):
    """The file is not composed as programs do it that mean no harm."""


def objection(content: bytes, effort: Effort) -> str:
    """Return why a PDF file is not taken and how to mend it, as a Dutch sentence; empty if it is taken.

    ``effort``: what may be done for all files of which this is one.
    """
    try:
        # Before the signs are spelled out: a bracket that is spelled begins no text.
        spelled = _spelled_out(_LINK.sub(rb"\1)", content))
        if said := _said(spelled):
            return said
        if not all(b"/" + key in spelled for key in _NEEDED):
            return ""
        return next(
            (said for unpacked in _object_streams(content, Effort(_MOST, within=effort)) if (said := _said(unpacked))),
            "",
        )
    except (_UnusualError, TooMuchError):
        return _UNUSUAL


def _said(content: bytes) -> str:
    found = _NAMES.search(content)
    return next(said for names, said in _SAYS.items() if found[1] in names) if found else ""


def _spelled_out(content: bytes) -> bytes:
    """Return content with each ``#61`` as the sign it stands for. Raises :class:`_UnusualError`."""
    spelled, times = _SPELLED.subn(lambda found: bytes([int(found[1], 16)]), content, count=_MOST_SPELLED)
    if times == _MOST_SPELLED:
        raise _UnusualError
    return spelled


def _object_streams(content: bytes, effort: Effort) -> Iterator[bytes]:
    """Give what is packed in object streams, with the names spelled out.

    Every stream after a dictionary must have been found by where its object begins: else readers see where the dictionary
    ends otherwise than is seen here. Raises :class:`_UnusualError` and :class:`~tariffs.procedure.effort.TooMuchError`.
    """
    streams = {found.end() for found in islice(_AFTER_DICTIONARY.finditer(content), _MOST_STREAMS)}
    position = 0
    while begin := _BEGIN.search(content, position):
        position = begin.start() + len(b"obj")
        effort.spend(_OBJECT)
        end = _end_of_dictionary(content, begin, effort)
        stream = _STREAM.match(content, end)
        if not stream:
            continue
        streams.discard(stream.end(1))
        effort.spend(stream.end() - begin.end() + content.count(b"/", begin.end(), end) * _STOP)
        keys = _KEYS.findall(_spelled_out(content[begin.end() : end]))
        if not _NEEDED.issubset(keys):
            continue
        packed = keys.count(b"Filter"), keys.count(b"FlateDecode")
        if stream[1] != b"stream" or not _USUAL.issuperset(keys) or packed != (1, 1):
            raise _UnusualError
        yield _spelled_out(_inflated(content, stream.end(), effort))
    if streams:
        raise _UnusualError


def _end_of_dictionary(content: bytes, begin: re.Match[bytes], effort: Effort) -> int:
    """Return where a dictionary ends that begins here.

    Raises :class:`_UnusualError` and :class:`~tariffs.procedure.effort.TooMuchError`.
    """
    position, depth, in_string = begin.end(), 1, 0
    last = position + _LONGEST_DICTIONARY
    if begin[1] != b"<<":
        raise _UnusualError
    while depth:
        found = (_IN_STRING if in_string else _NESTED).search(content, position, last)
        if found is None or (not in_string and found[0] in _STRAY):
            raise _UnusualError
        effort.spend(found.end() - position + _STOP)
        position = found.end()
        if in_string:
            in_string += {b"(": 1, b")": -1}.get(found[0], 0)
        elif found[0] == b"(":
            in_string = 1
        else:
            depth += {b"<<": 1, b">>": -1}.get(found[0], 0)
    return position


def _inflated(content: bytes, position: int, effort: Effort) -> bytes:
    """Return what is packed here. Raises :class:`_UnusualError` and :class:`~tariffs.procedure.effort.TooMuchError`."""
    unpacking, parts = zlib.decompressobj(), []
    while not unpacking.eof:
        packed = content[position : position + _CHUNK]
        if not packed:
            raise _UnusualError
        try:
            part = unpacking.decompress(packed, effort.left + 1)
        except zlib.error as error:
            raise _UnusualError from error
        effort.spend(len(part))
        position += _CHUNK
        parts.append(part)
    return b"".join(parts)
