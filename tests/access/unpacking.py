"""What a file says, whatever it is packed in: pages, workbooks, archives, letters, compressed or encoded parts of them.

A figure that somebody can dig out with ordinary tools has been told to her, so the tests dig as far.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import logging
import re
import struct
import zipfile
import zlib
from functools import lru_cache
from urllib.parse import unquote

import pypdf

#: Deeper than anything that the portal packs.
DEEPEST = 6
#: A run of letters that may be bytes in disguise: at least one number of eight bytes. What begins with a slash is an address.
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/_-])(?!/)[A-Za-z0-9+/_-]{11,}={0,2}")
#: Numbers as a computer keeps them stand in a drawing as one string. Elsewhere, in addresses and marks, chance makes numbers.
_QUOTED = re.compile(r'(?<=")(?!/|[0-9a-f]+")[A-Za-z0-9+/]{11,}(?=={0,2}")')
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
#: Kinds of number: how many bytes, and how many have to be plausible together; any eight letters are some number.
_KINDS = (("d", 8, 1), ("f", 4, 3), ("i", 4, 3))
_MOST_NUMBERS = 5_000

logging.getLogger("pypdf").setLevel(logging.ERROR)


@lru_cache(maxsize=512)
def text_in(content: bytes, depth: int = 0) -> str:
    """Return all text in a file, that of files inside it too."""
    if depth > DEEPEST:
        return ""
    if content.startswith(b"%PDF"):
        try:
            return _in_pdf(content, depth)
        except pypdf.errors.PyPdfError:
            return content.decode("latin-1")  # somebody sent it in, and it is none
    if content.startswith(b"PK\x03\x04"):
        return _in_archive(content, depth)
    if content.startswith(b"\x1f\x8b"):
        return text_in(gzip.decompress(content), depth + 1)
    text = content.decode("utf-8", errors="replace") if b"\x00" not in content else content.decode("latin-1")
    return "\n".join([text, *_disguised(text, depth)])


def _disguised(text: str, depth: int) -> list[str]:
    """Return what a text says in other signs: entities, escapes, percent signs, and bytes written as letters."""
    plain = html.unescape(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
    found = [plain] if plain != text else []
    if "%" in plain and (written := unquote(plain)) != plain:
        found.append(written)
    for encoded in sorted(set(_ENCODED.findall(plain))):
        found.extend(_in_encoded(encoded, depth))
    for encoded in sorted(set(_QUOTED.findall(plain))):
        if len(encoded) % 4 != 1:
            found.append(_as_numbers(base64.b64decode(encoded + "=" * (-len(encoded) % 4))))
    return found


def _in_encoded(encoded: str, depth: int) -> list[str]:
    """Return what letters say that are bytes: a text, or a compressed one."""
    letters = encoded.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        content = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return []
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            return [text_in(unpack(content), depth + 1)]
        except (OSError, EOFError, zlib.error):
            continue
    if content.startswith((b"%PDF", b"PK\x03\x04")):
        return [text_in(content, depth + 1)]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return []
    return [text_in(content, depth + 1)] if "".join(text.split()).isprintable() else []


def _as_numbers(content: bytes) -> str:
    """Return bytes read as each kind of number that a figure is sent in, those that could be euros or days."""
    found = []
    for kind, size, fewest in _KINDS:
        if len(content) % size == 0 and fewest <= len(content) // size <= _MOST_NUMBERS:
            numbers = struct.unpack(f"<{len(content) // size}{kind}", content)
            if all(number == 0 or 1e-6 < abs(number) < 1e9 for number in numbers):
                found += [f"{number:.9g}" for number in numbers]
    return " ; ".join(found)


def _in_archive(content: bytes, depth: int) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: text_in(archive.read(name), depth + 1) for name in sorted(archive.namelist())}
        said = [archive.comment.decode("latin-1")]
    if "docProps/core.xml" in parts:
        # When it was made says nothing, and is never twice the same.
        parts["docProps/core.xml"] = re.sub(r"(<dcterms:\w+[^>]*>)[^<]+", r"\1", parts["docProps/core.xml"])
    return "\n".join([*said, *(f"{name}\n{text}" for name, text in parts.items())])


def _in_pdf(content: bytes, depth: int) -> str:
    """Return what is drawn, what describes it, what is fastened to it, and what stands in it without being drawn."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    found = [page.extract_text() for page in reader.pages]
    found += [f"{name}: {value}" for name, value in (reader.metadata or {}).items()]
    for name, files in reader.attachments.items():
        found += [name, *(text_in(file, depth + 1) for file in files)]
    # Titles, links, remarks and what is read aloud are plain strings; what is drawn is in streams.
    for number in sorted({*reader.xref.get(0, {}), *reader.xref_objStm}):
        try:
            thing = reader.get_object(number)
        except (pypdf.errors.PdfReadError, KeyError):
            continue
        if isinstance(thing, dict):
            found += [str(value) for value in thing.values() if isinstance(value, pypdf.generic.TextStringObject)]
    return "\n".join(found)
