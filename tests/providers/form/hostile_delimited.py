"""Hostile, broken and mistaken CSV files."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

from providers.workbook.form import Form, Line, write_csv
from tests.providers.form.forms import LOCATIONS, ORGANISATION, VALUES
from tests.providers.form.spoiling import citizen_numbers


@cache
def good_csv(form: Form) -> bytes:
    """The filled-in CSV form that the others are spoiled from."""
    return write_csv(form, [Line(code, VALUES.get(code), None) for code in form.measures], ORGANISATION, LOCATIONS)


def delimited(form: Form) -> dict[str, tuple[bytes, str]]:
    """File name → bytes and words of the sentence."""
    text = good_csv(form).decode("utf-8-sig")

    def row_of(code: str) -> str:
        return next(line for line in text.splitlines() if line.startswith(f"{code};"))

    places = row_of("places")
    commas = text.replace(";", ",").encode()
    clients = "".join(f"{number};{number % 7}\r\n" for number in citizen_numbers(15))
    return {
        "nul.csv": (text.replace("Plaatsen", "Plaat\0sen").encode(), "geen leesbare tekst"),
        "ruis.csv": (b"\x01\x02" + os.urandom(3000), "geen leesbare tekst"),
        "utf-32.csv": (text.encode("utf-32"), "geen leesbare tekst"),
        "een-miljoen-kolommen.csv": (text.encode() + b";" * 1_000_000, "te groot"),
        "een-miljoen-rijen.csv": (text.encode() + b"a;b\r\n" * 1_000_000, "te groot"),
        "cel-van-een-miljoen.csv": (text.encode() + b'"' + b"a" * 1_000_000 + b'";', "te groot"),
        "aanhalingsteken-open.csv": (text.replace(places, f'"{places}').encode(), "aanhalingsteken"),
        "komma-in-getal.csv": (commas, "kolommen, de kop"),
        "kolom-te-veel.csv": (text.replace(places, f"{places};extra").encode(), "7 kolommen, de kop 6"),
        "rij-dubbel.csv": (text.replace(places, f"{places}\r\n{places}").encode(), "twee keer"),
        "rij-weg.csv": (text.replace(places + "\r\n", "").encode(), "De rij van Plaatsen ontbreekt"),
        "rij-verschoven.csv": (text.replace(places, "places;205").encode(), "de eenheid moet aantal zijn"),
        "andere-eenheid.csv": (
            text.replace("Overhead;euro", "Overhead;x 1000 euro").encode(),
            "hier staat ‘x 1000 euro’",
        ),
        "kop-verwisseld.csv": (text.replace("waarde;vorig jaar", "vorig jaar;waarde").encode(), "kop boven de cijfers"),
        "los-tabblad.csv": (b"Omschrijving;Eenheid;Uw opgave 2024;Code\r\nPlaatsen;aantal;5;places\r\n", "los deel"),
        "zonder-scheiding.csv": (b"alleen maar tekst\r\nzonder kolommen\r\n", "geen kolommen"),
        "iets-anders.csv": (b"naam;kosten\r\nA;1\r\nB;2\r\n", "niet het werkboek van deze ronde"),
        "andere-organisatie.csv": (good_csv(replace(form, key="12345670", name="Elders")), "andere organisatie"),
        "vorig-jaar.csv": (good_csv(replace(form, book_year=form.book_year - 1)), "boekjaar"),
        "bsn.csv": (("cliënt;aantal\r\n" + clients).encode(), "burgerservicenummers"),
        "bsn-onder-formulier.csv": ((text + clients).encode(), "burgerservicenummers"),
        "bsn-cp1252.csv": (("cliënt;aantal\r\n" + clients).encode("cp1252"), "burgerservicenummers"),
    }


def unreadable_delimited(form: Form) -> dict[str, tuple[bytes, str, str]]:
    """File name → bytes, the one measure whose cell says no figure, and words of the sentence about it."""
    text = good_csv(form).decode("utf-8-sig")

    def figure(code: str, written: str, words: str) -> tuple[bytes, str, str]:
        row = next(line for line in text.splitlines() if line.startswith(f"{code};"))
        cells = row.split(";")
        return text.replace(row, ";".join([*cells[:3], written, *cells[4:]])).encode(), code, words

    return {
        "formule.csv": figure("places", '"=HYPERLINK(""x"")"', "hier staat ‘=HYPERLINK"),
        "apenstaart.csv": figure("places", "@SUM(1)", "hier staat ‘@SUM"),
        "dubbelzinnig.csv": figure("staff_fte_care", "1.234", r"1\.234 of 1,234 betekenen"),
        "wetenschappelijk.csv": figure("total_cost", "2,6E+07", "wetenschappelijke notatie"),
    }
