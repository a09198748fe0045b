"""What an XLSX file is made of, looked at before anything is parsed.

An XLSX file is a ZIP archive of XML parts. Everything here reads only the archive's directory and one small part, in
plain Python; nothing is unpacked that has not been measured first.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_ALLOWED_COMPRESSION = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

# What zipfile raises on archives with a directory that is not right; a place before the start is a ValueError.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, ArithmeticError, NotImplementedError,
    RuntimeError, OSError, EOFError, MemoryError,
)  # fmt: skip
_INSIDE = ("xl/embeddings/", "xl/activex/", "xl/ctrlprops/", "xl/webextensions/", "customui/")
_PARTS = (
    ".xml", ".rels", ".vml", ".psmdcp", ".sigs",
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".svg", ".tif", ".tiff", ".wdp",
)  # fmt: skip

_SAVE_AS = "Open het in Excel, kies ‘Opslaan als’ en dan ‘Excel-werkmap (.xlsx)’."
_DAMAGED = f"Het bestand is beschadigd: het is niet als .xlsx te openen. {_SAVE_AS}"
_UNSAFE = (
    "Het bestand is ongewoon samengesteld of wordt uitgepakt veel te groot. Wij openen het niet. "
    "Kopieer de gegevens naar een nieuw exemplaar van het werkboek."
)


@dataclass(frozen=True)
class Limits:
    """How large a workbook may be and what reading it may cost. Sizes in bytes, times in seconds."""

    file_bytes: int = 20_000_000
    members: int = 400
    unpacked_bytes: int = 150_000_000
    ratio: int = 100
    """Unpacked divided by packed size of one part; only for parts of more than a million bytes."""
    memory_bytes: int = 1_200_000_000
    cpu_seconds: int = 30
    wall_seconds: int = 45
    rows: int = 50_000
    columns: int = 1_000
    cells: int = 2_000_000
    characters: int = 40_000_000


LIMITS: Final = Limits()


def size_objection(size: int, limits: Limits = LIMITS) -> str:
    """Why a file of this size is not taken, or an empty text."""
    if size <= limits.file_bytes:
        return ""
    return f"Het bestand is {_megabytes(size)} groot. {most(limits)}"


def most(limits: Limits = LIMITS) -> str:
    """Say up to what size files are taken, and how to make one smaller."""
    taken = _megabytes(limits.file_bytes).replace(",0", "")
    return f"Wij nemen bestanden aan tot {taken}. Haal afbeeldingen en lege opgemaakte rijen weg."


def objections(content: bytes, limits: Limits = LIMITS) -> list[str]:
    """Reasons in Dutch not to open this file, empty if there are none."""
    if not content:
        return ["Het bestand is leeg. Kies het bestand opnieuw en probeer het nog eens."]
    if objection := size_objection(len(content), limits):
        return [objection]
    if content.startswith(_OLE):
        if _ENCRYPTED_STREAM in content:
            return ["Het bestand is beveiligd met een wachtwoord. Haal het wachtwoord eraf en sla het opnieuw op."]
        return [f"Dit is een oud Excel-bestand (.xls) of een ander Office-bestand. {_SAVE_AS}"]
    if not content.startswith(b"PK"):
        return [f"Dit is geen Excel-bestand van het type .xlsx. {_SAVE_AS}"]
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _UNREADABLE:
        return [_DAMAGED]
    with archive:
        try:
            return _archive_objections(archive, len(content), limits)
        except _UNREADABLE:
            return [_DAMAGED]


def _archive_objections(archive: zipfile.ZipFile, packed_size: int, limits: Limits) -> list[str]:
    members = archive.infolist()
    names = [member.filename for member in members]
    lowered = [name.casefold() for name in names]
    if any(member.flag_bits & 0x1 for member in members):
        return ["Het bestand is beveiligd met een wachtwoord. Haal het wachtwoord eraf en sla het opnieuw op."]
    if "mimetype" in lowered and "content.xml" in lowered:
        return [f"Dit is een OpenDocument-bestand (.ods). {_SAVE_AS}"]
    if "xl/workbook.bin" in lowered:
        return [f"Dit is een binaire Excel-werkmap (.xlsb). {_SAVE_AS}"]
    if any(name.startswith(("word/", "ppt/")) for name in lowered):
        return ["Dit is een Word- of PowerPoint-bestand en geen Excel-werkmap. Neem de gegevens over in het werkboek."]
    if "[content_types].xml" not in lowered or not any(name.startswith("xl/") for name in lowered):
        return [f"Dit is een ZIP-bestand, maar geen Excel-werkmap. {_SAVE_AS}"]

    total = sum(member.file_size for member in members)
    unsafe = (
        len(members) > limits.members
        or len(set(lowered)) != len(lowered)
        or any(name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name for name in names)
        or any(member.compress_type not in _ALLOWED_COMPRESSION for member in members)
        or _overlap(members, packed_size)
    )
    too_large = total > limits.unpacked_bytes or any(
        member.file_size > 1_000_000 and member.file_size > limits.ratio * max(member.compress_size, 1)
        for member in members
    )
    if unsafe or too_large:
        return [_UNSAFE]

    found: list[str] = []
    if any("vbaproject" in name or name.startswith(("xl/macrosheets/", "xl/dialogsheets/")) for name in lowered) or (
        _declares_macros(archive)
    ):
        found.append("Het bestand bevat macro's. Sla het op als ‘Excel-werkmap (.xlsx)’, zonder macro's.")
    if any(name.startswith("xl/externallinks/") for name in lowered):
        found.append(
            "Het bestand verwijst naar andere bestanden. "
            "Kies in Excel ‘Gegevens’ en ‘Koppelingen bewerken’ en verbreek de koppelingen."
        )
    if any(name.startswith(_INSIDE) or _is_foreign(name) for name in lowered):
        found.append("Het bestand bevat ingesloten bestanden of knoppen. Haal ze weg en sla het opnieuw op.")
    if any(name in ("xl/connections.xml",) or name.startswith("xl/querytables/") for name in lowered):
        found.append("Het bestand haalt gegevens uit een andere bron op. Verwijder de gegevensverbindingen.")
    return found


def _overlap(members: list[zipfile.ZipInfo], packed_size: int) -> bool:
    """Whether parts share packed bytes, or lie beyond the file: the trick of the largest archive bombs."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    starts = [*(member.header_offset for member in ordered[1:]), packed_size]
    return any(
        # A local header has at least 30 bytes and the name.
        member.header_offset + 30 + len(member.orig_filename.encode("utf-8", "replace")) + member.compress_size > start
        for member, start in zip(ordered, starts, strict=True)
    )


def _is_foreign(name: str) -> bool:
    """Whether a workbook has no such part of its own: someone put another file in the archive."""
    if (
        name.endswith("/")
        or name.startswith("[trash]/")
        or (name.startswith("xl/printersettings/") and name.endswith(".bin"))
    ):
        return False
    return not name.endswith(_PARTS)


def _declares_macros(archive: zipfile.ZipFile) -> bool:
    name = next(name for name in archive.namelist() if name.casefold() == "[content_types].xml")
    with archive.open(name) as part:
        declared = part.read(1_000_000).lower()
    return any(word in declared for word in (b"macroenabled", b"vbaproject", b"macrosheet", b"dialogsheet"))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB".replace(".", ",")
