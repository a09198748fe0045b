"""Hostile, broken and mistaken files, and what a sender is told about each. Also data for a test in the browser."""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import openpyxl

from providers.workbook.form import Form, Line, write
from tests.providers.form import spoiling as spoil
from tests.providers.form.forms import LOCATIONS, ORGANISATION, VALUES
from tests.providers.form.hostile_delimited import delimited, unreadable_delimited

READ = "(gelezen)"
"""Stands for a file that is odd, but is read rightly."""


@cache
def good(form: Form) -> bytes:
    """The filled-in workbook that the others are spoiled from."""
    lines = [Line(code, VALUES.get(code), None) for code in form.measures]
    return write(form, lines, ORGANISATION, LOCATIONS, made_at=datetime(2025, 3, 3, tzinfo=UTC))


def files(form: Form) -> dict[str, bytes]:
    """File name → bytes."""
    return {name: content for name, (content, _) in cases(form).items()}


def sentences(form: Form) -> dict[str, str]:
    """File name → words of the sentence that the sender gets, or :data:`READ`."""
    return {name: words for name, (_, words) in cases(form).items()}


@cache
def cases(form: Form) -> dict[str, tuple[bytes, str]]:
    """File name → bytes and words of the sentence. The form asks at least a total cost, places and days of 4VV."""
    return {
        **_containers(form),
        **_other_types(form),
        **_parts(form),
        **_forms(form),
        **_cells(form),
        **delimited(form),
    }


def _containers(form: Form) -> dict[str, tuple[bytes, str]]:
    content = good(form)
    sheet = "xl/worksheets/sheet5.xml"
    many = {f"xl/media/{number}.png": b"x" for number in range(500)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bom.xml", bytes(1_500_000))
    long = spoil.part(content, sheet).replace(b"</sheetData>", b" " * 3_000_000 + b"</sheetData>")
    lying = spoil.with_part(content, sheet, long).replace(struct.pack("<I", len(long)), struct.pack("<I", 500))
    return {
        "leeg.xlsx": (b"", "leeg"),
        "alleen-nullen.xlsx": (bytes(5000), "leeg"),
        "half.xlsx": (content[: len(content) // 2], "beschadigd"),
        "zip-bom-verhouding.xlsx": (spoil.with_part(content, "xl/media/a.bmp", bytes(20_000_000)), "veel te groot"),
        "zip-bom-onderdelen.xlsx": (spoil.with_parts(content, many), "ongewoon samengesteld"),
        "zip-in-zip.xlsx": (spoil.with_part(content, "xl/media/a.zip", packed.getvalue()), "ingesloten bestanden"),
        "zip-stuk-eruit.xlsx": (content[:900] + content[940:], "beschadigd"),
        "zip-overlapt.xlsx": (_overlapping(content), "ongewoon samengesteld"),
        "zip-liegt-over-grootte.xlsx": (lying, "beschadigd"),
        "zip-buiten-de-map.xlsx": (spoil.with_part(content, "xl/../../weg.xml", b"<x/>"), "ongewoon samengesteld"),
        "zip-ander-inpakken.xlsx": (_bzip(content), "ongewoon samengesteld"),
        "programma-erin.xlsx": (spoil.with_part(content, "xl/media/a.exe", b"MZ" + bytes(90)), "ingesloten bestanden"),
    }


def _other_types(form: Form) -> dict[str, tuple[bytes, str]]:
    ole = bytes.fromhex("D0CF11E0A1B11AE1")

    def archive(**parts: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as target:
            for name, data in parts.items():
                target.writestr(name.replace("__", "/").replace("_dot_", "."), data)
        return buffer.getvalue()

    content = good(form)
    return {
        "oud.xls": (ole + bytes(4096), "oud Excel-bestand"),
        "wachtwoord.xlsx": (ole + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(900), "wachtwoord"),
        "binair.xlsb": (spoil.with_part(content, "xl/workbook.bin", b"x"), "binaire Excel-werkmap"),
        "open.ods": (archive(mimetype=b"application/vnd.oasis", content_dot_xml=b"<x/>"), "OpenDocument"),
        "brief.docx": (archive(word__document_dot_xml=b"<x/>"), "Word"),
        "map.zip": (archive(brief_dot_txt=b"x"), "geen Excel-werkmap"),
        "verslag.pdf": (b"%PDF-1.7\n%\xe2\xe3\n" + os.urandom(900), "PDF-bestand"),
        "scan.png": (b"\x89PNG\r\n\x1a\n" + os.urandom(900), "afbeelding"),
        "webpagina.xlsx": (b"<!DOCTYPE html><html><body><table><tr><td>1</td></tr></table></body></html>", "webpagina"),
        "tabel.xls": (b"\xef\xbb\xbf<table><tr><td>1</td></tr></table>", "webpagina"),
        "xml2003.xlsx": (b'<?xml version="1.0"?><Workbook xmlns="urn:x"></Workbook>', "XML-bestand"),
        "gegevens.json": (b'{"values": {}}', "JSON"),
        "programma.exe": (b"MZ\x90\x00" + os.urandom(900), "programma"),
    }


def _parts(form: Form) -> dict[str, tuple[bytes, str]]:
    content = good(form)
    sheet = spoil.sheet_of(content, "places")
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    outside = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    types, book_rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    worksheet = b"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"

    def related(kind: str, target: str, mode: str = "") -> bytes:
        extra = f'<Relationship Id="rId99" Type="{relation}/{kind}" Target="{target}"{mode}/></Relationships>'
        return spoil.replaced(content, book_rels, b"</Relationships>", extra.encode())

    external = ' TargetMode="External"'
    dde = "<f>cmd|'/c calc'!A1</f><v>5</v>"
    deep = b"<extLst>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</extLst></worksheet>"
    strings = b"<sst xmlns='%s'>" % spoil.NAMESPACE.encode() + b"<si><t>a</t></si>" * 300_000 + b"</sst>"
    found: dict[str, tuple[bytes, str]] = {
        "xxe-blad.xlsx": (spoil.with_doctype(content, sheet, outside), "DTD"),
        "lachsalvo-teksten.xlsx": (
            spoil.with_doctype(content, "xl/sharedStrings.xml", f'<!DOCTYPE x [<!ENTITY e0 "ha">{laughs}]>'),
            "DTD",
        ),
        "xxe-utf16.xlsx": (spoil.with_doctype(content, "xl/workbook.xml", outside, encoding="utf-16"), "DTD"),
        "macro.xlsm": (spoil.with_part(content, "xl/vbaProject.bin", b"x"), "macro"),
        "macro-hernoemd.xlsx": (
            spoil.replaced(content, types, b"sheet.main+xml", b"sheet.macroEnabled.main+xml"),
            "macro",
        ),
        "macroblad.xlsx": (spoil.with_part(content, "xl/macrosheets/sheet1.xml", b"<x/>"), "macro"),
        "macroblad-type.xlsx": (
            spoil.replaced(content, types, worksheet, b"application/vnd.ms-excel.macrosheet+xml"),
            "macro",
        ),
        "macroblad-verborgen.xlsx": (related("xlMacrosheet", "worksheets/sheet1.xml"), "macro"),
        "koppeling.xlsx": (spoil.with_part(content, "xl/externalLinks/externalLink1.xml", b"<x/>"), "koppelingen"),
        "dde-koppeling.xlsx": (
            spoil.with_part(content, "xl/externalLinks/externalLink1.xml", b"<externalLink><ddeLink/></externalLink>"),
            "koppelingen",
        ),
        "dde-formule.xlsx": (spoil.with_figure(content, "places", dde), "DDE"),
        "plaatje-van-buiten.xlsx": (related("image", "http://127.0.0.1/a.png", external), "webadres"),
        "sjabloon-van-buiten.xlsx": (related("attachedTemplate", "file:///a.xltm", external), "webadres"),
        "ingesloten.xlsx": (spoil.with_part(content, "xl/embeddings/oleObject1.bin", b"x"), "ingesloten"),
        "knoppen.xlsx": (spoil.with_part(content, "xl/activeX/activeX1.xml", b"<x/>"), "ingesloten"),
        "gegevensverbinding.xlsx": (spoil.with_part(content, "xl/connections.xml", b"<x/>"), "gegevensverbindingen"),
        "teksten-ontbreken.xlsx": (spoil.with_figure(content, "places", "<v>99999</v>", kind="s"), "beschadigd"),
        "teksten-te-veel.xlsx": (spoil.with_part(content, "xl/sharedStrings.xml", strings), "te groot|uitgepakt"),
        "stijlen-in-een-kring.xlsx": (
            spoil.replaced(
                content, "xl/styles.xml", b"<cellXfs", b"<cellXfs x='1'><xf xfId='9999'/></cellXfs><cellXfs"
            ),
            "beschadigd|gelezen",
        ),
        "diep-genest.xlsx": (spoil.replaced(content, sheet, b"</worksheet>", deep), "beschadigd|te groot"),
        "verkeerd-soort-onderdeel.xlsx": (spoil.replaced(content, types, worksheet, b"image/png"), READ),
        "geen-soorten.xlsx": (spoil.with_part(content, types, b"<Types/>"), "beschadigd"),
        "nul-in-xml.xlsx": (spoil.replaced(content, sheet, b"<sheetData>", b"<sheetData>\0"), "beschadigd"),
        "afmeting-liegt.xlsx": (_lying_dimension(content, sheet), READ),
        "rij-dubbel-in-xml.xlsx": (spoil.row_twice(content, "places"), "beschadigd"),
        "16384-kolommen.xlsx": (
            spoil.added_part_sheet(
                content, '<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>', name="breed"
            ),
            "te groot",
        ),
        "rij-op-een-miljoen.xlsx": (
            spoil.added_part_sheet(
                content, '<sheetData><row r="1048576"><c><v>1</v></c></row></sheetData>', name="lang"
            ),
            "te groot",
        ),
    }
    for name in ("xl/styles.xml", "xl/workbook.xml", "docProps/app.xml", "xl/comments1.xml", book_rels, types):
        short = name.rpartition("/")[2].split(".")[0].strip("[]_").lower() or "verwijzingen"
        found[f"dtd-{short}-{name.count('/')}.xlsx"] = (
            spoil.with_doctype(content, name, "<!DOCTYPE x [<!ENTITY a 'b'>]>"),
            "DTD",
        )
    return found


def _forms(form: Form) -> dict[str, tuple[bytes, str]]:
    content = good(form)

    def made(**changes: object) -> bytes:
        return good(replace(form, **changes))  # type: ignore[arg-type]

    national = openpyxl.Workbook()
    for name in ("Ronde", "Organisaties", "Locaties", "Kosten"):
        national.create_sheet(name)["A1"] = "x"
    national_bytes = io.BytesIO()
    national.save(national_bytes)
    own = openpyxl.Workbook()
    own.worksheets[0].append(["kosten", 12])
    own_bytes = io.BytesIO()
    own.save(own_bytes)

    year = str(form.book_year).encode()
    strings = "xl/sharedStrings.xml"
    other_key = form.key[:-1] + ("0" if form.key[-1] != "0" else "1")
    last_year = replace(form, book_year=form.book_year - 1)
    # This year's marks typed over those of last year; the file still knows what it was made for.
    disguised = spoil.replaced(good(last_year), strings, b"<t>%d</t>" % last_year.book_year, b"<t>%s</t>" % year)
    pasted = spoil.replaced(content, strings, b"Uw opgave " + year, b"Uw opgave %d" % last_year.book_year)
    numbers = spoil.citizen_numbers(12)
    return {
        "vorig-jaar.xlsx": (good(last_year), f"boekjaar ‘{last_year.book_year}’"),
        "vorig-jaar-vermomd.xlsx": (disguised, "ander werkboek|ander jaar"),
        "tabblad-van-vorig-jaar.xlsx": (pasted, "ander jaar"),
        "andere-organisatie.xlsx": (
            made(key=other_key, name="Zorggroep Elders"),
            "andere organisatie: ‘Zorggroep Elders’",
        ),
        "andere-ronde.xlsx": (made(round_slug="iets-anders", round_title="Iets anders"), "andere ronde, ‘Iets anders’"),
        "ander-sjabloon.xlsx": (
            spoil.replaced(content, strings, f"<t>{form.template}</t>".encode(), b"<t>iv-9</t>"),
            "sjabloon ‘iv-9’",
        ),
        "andere-valuta.xlsx": (made(currency="CHF"), "in ‘CHF’"),
        "landelijk-iv-1.xlsx": (national_bytes.getvalue(), "landelijke werkboek"),
        "eigen-werkmap.xlsx": (own_bytes.getvalue(), "niet het werkboek van deze ronde"),
        "andere-naam.xlsx": (made(name="Nieuwe naam na de fusie"), READ),
        "rij-weg.xlsx": (spoil.without_row(content, "places"), "De rij van Plaatsen ontbreekt"),
        "code-weg.xlsx": (
            spoil.replaced(content, strings, b"<t>places</t>", b"<t></t>"),
            "code in kolom I is weg",
        ),
        "code-dubbel.xlsx": (spoil.replaced(content, strings, b"<t>places</t>", b"<t>months_covered</t>"), "twee keer"),
        "code-onbekend.xlsx": (
            spoil.replaced(content, strings, b"<t>places</t>", b"<t>plaatsen</t>"),
            "kennen wij niet",
        ),
        "koppen-weg.xlsx": (spoil.replaced(content, strings, b"<t>Code</t>", b"<t>x</t>"), "ontbreken de kolomkoppen"),
        "verborgen-kopie.xlsx": (
            spoil.added_sheet(
                content,
                [["Uw opgave " + str(form.book_year), "Code"], [5, "places"]],
                name="kopie",
                state="hidden",
            ),
            "twee keer.*verborgen",
        ),
        "tabblad-erbij.xlsx": (spoil.added_sheet(content, [["eigen", 1]], name="Berekening"), READ),
        "bsn-verborgen.xlsx": (
            spoil.added_sheet(content, [[number] for number in numbers], name="clienten", state="veryHidden"),
            "burgerservicenummers",
        ),
        "bsn-nul-kwijt.xlsx": (
            spoil.added_sheet(content, [[number] for number in spoil.citizen_numbers(12, digits=8)]),
            "burgerservicenummers",
        ),
        "bsn-met-punten.xlsx": (
            spoil.added_sheet(content, [[f"nr {str(n)[:4]}.{str(n)[4:6]}.{str(n)[6:]}"] for n in numbers]),
            "burgerservicenummers",
        ),
        "bsn-in-een-rij.xlsx": (spoil.added_sheet(content, [list(numbers)]), "burgerservicenummers"),
        "geboortedatums.xlsx": (
            spoil.added_sheet(content, [["Geboortedatum"], ["1-2-1934"], ["3-4-1931"], ["5-6-1940"]]),
            "gegevens van cliënten",
        ),
        "namen.xlsx": (
            spoil.added_sheet(content, [["naam cliënt"], ["A"], ["B"], ["C"], ["D"]]),
            "gegevens van cliënten",
        ),
    }


def _cells(form: Form) -> dict[str, tuple[bytes, str]]:
    content = good(form)
    return {
        "getal-python.xlsx": (spoil.with_figure(content, "places", "<v>1_000</v>"), "beschadigd"),
        "formule-zonder-uitkomst.xlsx": (spoil.with_figure(content, "places", "<f>1+1</f>"), "formule zonder uitkomst"),
        "formule-met-uitkomst.xlsx": (spoil.with_figure(content, "places", "<f>200+5</f><v>205</v>"), READ),
        "tekst-heel-lang.xlsx": (
            spoil.with_figure(content, "places", f"<v>{'x' * 30_000}</v>", kind="str", column="H"),
            "toelichting is te lang",
        ),
    }


@cache
def unreadable(form: Form) -> dict[str, tuple[bytes, str, str]]:
    """File name → bytes, the one measure whose cell says no figure, and words of the sentence about it; the rest is good."""
    content = good(form)

    def text(written: str, code: str = "places") -> bytes:
        return spoil.with_figure(content, code, f"<v>{written}</v>", kind="str")

    def number(written: str) -> bytes:
        return spoil.with_figure(content, "places", f"<v>{written}</v>")

    styles = spoil.part(content, "xl/styles.xml").decode()
    count = int(styles.split('<cellXfs count="')[1].split('"')[0])
    styled = {
        kind: spoil.with_part(
            content,
            "xl/styles.xml",
            styles.replace("</cellXfs>", f'<xf numFmtId="{number_id}" xfId="0"/></cellXfs>').encode(),
        )
        for kind, number_id in (("date", 14), ("percent", 9))
    }
    cells = {
        "getal-dubbelzinnig.xlsx": (text("1.234"), r"1\.234 of 1,234 betekenen"),
        "getal-is-tekst.xlsx": (text("ongeveer 200"), "hier staat ‘ongeveer 200’"),
        "getal-met-plusjes.xlsx": (text("=1+1"), "hier staat ‘=1\\+1’"),
        "getal-huge.xlsx": (number("1E+300"), "te groot"),
        "getal-veel-cijfers.xlsx": (number("9" * 4000), "te groot"),
        "getal-nan.xlsx": (number("NaN"), "foutmelding"),
        "getal-oneindig.xlsx": (number("-Infinity"), "foutmelding"),
        "getal-waar.xlsx": (spoil.with_figure(content, "places", "<v>1</v>", kind="b"), "WAAR"),
        "getal-fout.xlsx": (spoil.with_figure(content, "places", "<v>#DIV/0!</v>", kind="e"), "#DIV/0!"),
        "getal-datum.xlsx": (spoil.with_style(styled["date"], "places", "<v>45000</v>", count), "een datum"),
        "getal-procent.xlsx": (spoil.with_style(styled["percent"], "places", "<v>12</v>", count), "percentage"),
        "getal-procent-tekst.xlsx": (text("56%"), "hoort geen percentage"),
    }
    return {
        **{name: (spoiled, "places", words) for name, (spoiled, words) in cells.items()},
        "getal-wetenschappelijk.xlsx": (text("1,5E+06", "total_cost"), "total_cost", "wetenschappelijke notatie"),
        **unreadable_delimited(form),
    }


def _lying_dimension(content: bytes, sheet: str) -> bytes:
    data = spoil.part(content, sheet)
    lie, count = re.subn(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:XFD1048576"/>', data)
    assert count == 1
    return spoil.with_part(content, sheet, lie)


def _overlapping(content: bytes) -> bytes:
    """Two entries of the directory that point at the same packed bytes: the trick of the largest bombs."""
    name = b"xl/media/a.png"
    with_media = spoil.with_part(content, name.decode(), os.urandom(5000))
    at, end = with_media.rindex(b"PK\x01\x02"), with_media.rindex(b"PK\x05\x06")
    entry = with_media[at:end].replace(name, b"xl/media/b.png")
    count, size = struct.unpack("<HI", with_media[end + 10 : end + 16])
    tail = bytearray(with_media[end:])
    tail[8:16] = struct.pack("<HHI", count + 1, count + 1, size + len(entry))
    return with_media[:end] + entry + bytes(tail)


def _bzip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as target:
        for member in source.infolist():
            target.writestr(member.filename, source.read(member.filename))
    return buffer.getvalue()
