"""Archives (ZIP) of a case: written piece by piece to a temporary file, so that no more than one piece is in memory at a time.

The same pieces give the same bytes: order, moments and compression are fixed.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from providers.formatting import AMSTERDAM
from tariffs.models import Letter

#: What is larger, in bytes, is a scan or a workbook: compressed already, so doing it again only takes long.
WORTH_IT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file in an archive: where, of which moment (as it is in Amsterdam), and its bytes."""

    path: str
    at: datetime
    content: bytes


def packed(entries: Iterable[Entry]) -> IO[bytes]:
    """Return an archive of these, as a file that is gone once it is closed. They are asked for one by one."""
    file = TemporaryFile()  # noqa: SIM115  # who asked for it reads it, and closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in entries:
            found = zipfile.ZipInfo(item.path, date_time=item.at.astimezone(AMSTERDAM).timetuple()[:6])
            found.compress_type = zipfile.ZIP_DEFLATED if len(item.content) < WORTH_IT else zipfile.ZIP_STORED
            found.external_attr, found.create_system = 0o644 << 16, 3
            archive.writestr(found, item.content)
    file.seek(0)
    return file


def safe(name: str) -> str:
    """Return a file name that every system takes, and that leads nowhere else; letters lose their accents."""
    plain = (sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in plain)
    return re.sub("-{2,}", "-", kept).strip(".-")[:120] or "stuk"


def name_of(letter: Letter) -> str:
    """Return what the file with a letter is called, without its ending: ``besluit-IV-2026-0012``."""
    return f"{safe(letter.get_kind_display()).lower()}-{safe(letter.reference)}"
