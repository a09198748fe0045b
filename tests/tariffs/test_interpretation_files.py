"""Files with a response: what is not taken, whatever it is called, and what is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest
import xlsxwriter

from providers.refusal import Refused
from tariffs.procedure.files import LARGEST, MOST_FILES, Sent, objection_to, require_acceptable

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
EXE = b"MZ\x90\x00\x03\x00\x00\x00"
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + b"\x00" * 600
WORD = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<r/>", "word/document.xml": b"<w:document/>"}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of these parts."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return kept.getvalue()


def workbook() -> bytes:
    kept = io.BytesIO()
    book = xlsxwriter.Workbook(kept)
    book.add_worksheet().write(0, 0, "=1+1")
    book.close()
    return kept.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return an archive with one more part."""
    kept = io.BytesIO(content)
    with zipfile.ZipFile(kept, "a") as archive:
        archive.writestr(name, part)
    return kept.getvalue()


TAKEN = {
    "jaarrekening 2024.pdf": PDF,
    "SCAN.PDF": PDF,
    "foto.png": PNG,
    "foto.jpg": JPG,
    "foto.jpeg": JPG,
    "grootboek.xlsx": workbook(),
    "brief.docx": packed(WORD),
    "uitdraai.csv": "rekening;bedrag\r\n4200;€ 1.234,50\r\n".encode(),
    "oud.csv": "rekening;bedrag\r\n4200;€ 1.234,50\r\n".encode("cp1252"),
    "Schermafbeelding 2025-03-01 om 12.00.00\u202fPM.png": PNG,
    "Bewijs “kopie” (é).pdf": PDF,
}
REFUSED = {
    "niets.pdf": (b"", "leeg"),
    "groot.pdf": (PDF + b"\0" * LARGEST, "te groot"),
    "programma.exe": (EXE, "dit soort bestand"),
    "jaarrekening.pdf.exe": (PDF, "dit soort bestand"),
    "jaarrekening": (PDF, "dit soort bestand"),
    ".pdf": (PDF, "dit soort bestand"),
    "bladzijde.html": (b"<html><script>alert(1)</script>", "dit soort bestand"),
    "beeld.svg": (b"<svg onload='alert(1)'/>", "dit soort bestand"),
    "makro.xlsm": (workbook(), "dit soort bestand"),
    "makro.docm": (packed(WORD), "dit soort bestand"),
    "oud.doc": (OLE, "dit soort bestand"),
    "programma.pdf": (EXE, "de inhoud is geen pdf"),
    "bladzijde.pdf": (b"<html>%PDF-1.7", "de inhoud is geen pdf"),
    "beeld.png": (JPG, "de inhoud is geen png"),
    "beeld.jpg": (PNG, "de inhoud is geen jpg"),
    "oud.docx": (OLE, "de inhoud is geen docx"),
    "blad.xlsx": (packed(WORD), "Word"),
    "brief.docx": (workbook(), "geen Word-document"),
    "halve.docx": (packed(WORD)[:-30], "geen Word-document"),
    "met makro.docx": (packed({**WORD, "word/vbaProject.bin": b"x"}), "macro"),
    "zegt makro.docx": (
        packed(
            {**WORD, "[Content_Types].xml": b"<Types ContentType='application/vnd.ms-word.document.macroEnabled'/>"}
        ),
        "macro",
    ),
    "met programma.docx": (packed({**WORD, "word/embeddings/oleObject1.bin": EXE}), "andere bestanden"),
    "eruit.docx": (packed({**WORD, "../../etc/x.xml": b"x"}), "andere bestanden"),
    "bom.docx": (packed({**WORD, "word/media/a.xml": b"0" * 160_000_000}), "andere bestanden"),
    "met makro.xlsx": (with_part(workbook(), "xl/vbaProject.bin", b"x"), "macro"),
    "met koppeling.xlsx": (with_part(workbook(), "xl/externalLinks/externalLink1.xml", b"<x/>"), "andere bestanden"),
    "script.pdf": (PDF + b"<< /S /JavaScript /JS (app.alert) >>", "staat een programma"),
    "start.pdf": (PDF + b"<< /S /Launch /F (cmd.exe) >>", "staat een programma"),
    "programma.csv": (EXE, "geen tekstbestand"),
    "script.csv": (b"#!/bin/sh\nrm -rf /", "geen tekstbestand"),
    "bladzijde.csv": (b"<html>", "geen tekstbestand"),
    "nul.csv": (b"a;b\0c", "geen tekstbestand"),
    "nul\0.pdf": (PDF, "de naam"),
    "../../geheim.pdf": (PDF, "de naam"),
    "map\\geheim.pdf": (PDF, "de naam"),
    "omgekeerd\u202efdp.pdf": (PDF, "de naam"),
    "n" * 300 + ".pdf": (PDF, "de naam"),
    "": (PDF, "de naam"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_an_ordinary_piece_of_evidence_is_taken(name: str) -> None:
    assert objection_to(Sent(name, TAKEN[name])) == ""


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[:40])
def test_what_could_harm_the_reader_or_says_nothing_is_refused_with_what_to_do(name: str) -> None:
    content, why = REFUSED[name]
    assert why in objection_to(Sent(name, content))


def test_every_file_that_is_not_taken_is_named_and_too_many_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        require_acceptable([Sent("a.exe", EXE), Sent("b.pdf", PDF), Sent("c\0.pdf", PDF)])
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == ["a.exe", "c.pdf"]
    with pytest.raises(Refused, match=r"ten hoogste 10 bestanden tegelijk\. U koos er 11"):
        require_acceptable([Sent(f"{number}.pdf", PDF) for number in range(MOST_FILES + 1)])
