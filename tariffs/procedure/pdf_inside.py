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
from typing import Final

_AGAIN: Final = "Druk het document af naar een nieuwe pdf en stuur die."
_UNUSUAL: Final = f"deze pdf is ongewoon samengesteld, dus wij openen hem niet. {_AGAIN}"
#: Names that a PDF file for reading has no need of: what to say of the file.
_SAYS: Final = {
    (b"JavaScript", b"Launch", b"Rendition"): f"in deze pdf staat een programma. {_AGAIN}",
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
_SPELLED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")

_BEGIN: Final = re.compile(rb"(?<!end)obj" + _SPACE + rb"(<<|%)")
_NESTED: Final = re.compile(rb"<<|<[^<>]*+>|>>|\(|%[^\r\n]*+")
_IN_STRING: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_STREAM: Final = re.compile(_SPACE + rb"(stream|%)" + _SPACE)
_KEYS: Final = re.compile(rb"/(" + _SIGNS + rb"*+)")
_NEEDED: Final = {b"N", b"First"}
_USUAL: Final = _NEEDED | {b"Type", b"ObjStm", b"Length", b"Filter", b"FlateDecode", b"Extends"}

_LONGEST_DICTIONARY: Final = 1_000_000
#: For a whole file: bytes that come out of its object streams, and bytes that are walked; a sign to stop at counts for more.
_UNPACKED, _WALKED, _STOP = 60_000_000, 40_000_000, 8
_MOST_SPELLED: Final = 100_000
_CHUNK: Final = 1 << 16


class _UnusualError(Exception):
    """The file is not composed as programs do it that mean no harm."""


def objection(content: bytes) -> str:
    """Return why a PDF file is not taken and how to mend it, as a Dutch sentence; empty if it is taken."""
    try:
        spelled = _spelled_out(content)
        if said := _said(spelled):
            return said
        if not all(b"/" + key in spelled for key in _NEEDED):
            return ""
        return next((said for unpacked in _object_streams(content) if (said := _said(unpacked))), "")
    except _UnusualError:
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


def _object_streams(content: bytes) -> Iterator[bytes]:
    """Give what is packed in object streams, with the names spelled out. Raises :class:`_UnusualError`."""
    unpacked, walked, position = 0, 0, 0
    while begin := _BEGIN.search(content, position):
        position = begin.start() + len(b"obj")
        end, stops = _end_of_dictionary(content, begin)
        walked += end - begin.end() + stops * _STOP
        if walked > _WALKED:
            raise _UnusualError
        stream = _STREAM.match(content, end)
        keys = _KEYS.findall(_spelled_out(content[begin.end() : end])) if stream else []
        if not stream or not _NEEDED.issubset(keys):
            continue
        if stream[1] != b"stream" or not _USUAL.issuperset(keys) or keys.count(b"FlateDecode") != keys.count(b"Filter"):
            raise _UnusualError
        if b"Filter" in keys:
            part = _inflated(content, stream.end(), _UNPACKED - unpacked)
            unpacked += len(part)
            yield _spelled_out(part)


def _end_of_dictionary(content: bytes, begin: re.Match[bytes]) -> tuple[int, int]:
    """Return where a dictionary ends that begins here, and how many signs were stopped at. Raises :class:`_UnusualError`."""
    position, stops, depth, in_string = begin.end(), 0, 1, 0
    last = position + _LONGEST_DICTIONARY
    if begin[1] != b"<<":
        raise _UnusualError
    while depth:
        found = (_IN_STRING if in_string else _NESTED).search(content, position, last)
        if found is None:
            raise _UnusualError
        position, stops = found.end(), stops + 1
        if in_string:
            in_string += {b"(": 1, b")": -1}.get(found[0], 0)
        elif found[0] == b"(":
            in_string = 1
        else:
            depth += {b"<<": 1, b">>": -1}.get(found[0], 0)
    return position, stops


def _inflated(content: bytes, position: int, most: int) -> bytes:
    """Return what is packed here, of at most so many bytes. Raises :class:`_UnusualError`."""
    unpacking, parts = zlib.decompressobj(), []
    while not unpacking.eof:
        packed = content[position : position + _CHUNK]
        try:
            part = unpacking.decompress(packed, most + 1)
        except zlib.error as error:
            raise _UnusualError from error
        position, most = position + _CHUNK, most - len(part)
        if not packed or most < 0:
            raise _UnusualError
        parts.append(part)
    return b"".join(parts)
