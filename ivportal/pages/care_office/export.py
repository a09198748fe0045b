"""Zorgkantoor: the workbook for the negotiation. Text is written as text, so a name that looks like a formula stays a name."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from ivportal.pages.care_office.rows import Sight
from providers.formatting import AMSTERDAM, format_date
from tariffs.agreements import label_of, place_of

FIRST_ROW = 4


def workbook(rows: list[dict[str, Any]], seen: Sight | None, *, with_notes: bool) -> bytes:
    """Return the rows as an XLSX workbook of two sheets: providers, and the tariffs of each per profile.

    A workbook that is opened at the table holds no notes of one's own, unless asked.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        _Sheet(book, "Bandbreedtes", seen).providers(rows, with_notes=with_notes)
        _Sheet(book, "Per zorgprofiel", seen).profiles(rows)
    return file.getvalue()


class _Sheet:
    """One sheet, with above it what it is about and what it is worth."""

    def __init__(self, book: Any, name: str, seen: Sight | None) -> None:
        self.seen = seen
        self.sheet = book.add_worksheet(name)
        self.bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.formats = {
            "percent": book.add_format({"num_format": "0.00%"}),
            "whole": book.add_format({"num_format": "#,##0"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "day": book.add_format({"num_format": "dd-mm-yyyy", "align": "left"}),
        }
        round = seen.round if seen else None
        self.is_fictitious = bool(round and round.is_fictitious)
        fictitious = " FICTIEVE GEGEVENS." if self.is_fictitious else ""
        self.sheet.write_string(0, 0, f"{round.title if round else 'Geen ronde'}.{fictitious} Geen geldend tarief.")
        if round and seen:
            since = max((one.since for one in seen.standings), default=None)
            self.sheet.write_string(
                1,
                0,
                f"Boekjaar {round.book_year}, tariefjaar {seen.tariff_year or 'geen'}, stand van {format_date(since)}."
                " Percentages van het maximumtarief, naar binnen afgerond op honderdsten. Zorgdagen in klassen:"
                " het aantal kan één klasse hoger of lager liggen. De status verschilt per aanbieder en staat in elke regel.",
            )

    def providers(self, rows: list[dict[str, Any]], *, with_notes: bool) -> None:
        """Write a row per provider."""
        book_year = self.seen.round.book_year if self.seen else ""
        self._heads(
            "Zorgaanbieder",
            "KvK-nummer",
            "Plaats in uw regio",
            "Uw regio",
            f"Zorgdagen {book_year}, alle regio's: van",
            f"Zorgdagen {book_year}, alle regio's: tot",
            "Onderkant",
            "Bovenkant",
            "Bandbreedte",
            "Toelichting",
            "Status",
            "Status sinds",
            "Uw richtpercentage",
            "Plaats van het richtpercentage",
            "Afspraak, laagste",
            "Afspraak, hoogste",
            "Afspraak in de bandbreedte",
            "Dag van de afspraak",
            "Vorig jaar onderkant",
            "Vorig jaar bovenkant",
            "Vorig jaar status",
            "Vorig jaar afspraak",
            *(["Uw notitie"] if with_notes else []),
        )
        for line, row in enumerate(rows, start=FIRST_ROW):
            last, agreed, guide = row["last"] or {}, row["agreed"] or {}, row["guide"] or {}
            share = self.seen.guide.share if self.seen and self.seen.guide else None
            self._texts(line, 0, row["name"], row["key"], row["place"], row["region"])
            if (size := row["size"]) is not None:
                self._number(line, 4, size.at_least, "whole")
                self._number(line, 5, size.below, "whole")
            self._number(line, 6, row["lower_rate"], "percent")
            self._number(line, 7, row["upper_rate"], "percent")
            self._texts(line, 8, row["bandwidth_label"], row["reason"] or row["status_note"], self._status(row))
            self._day(line, 11, row["since"].astimezone(AMSTERDAM).date())
            self._number(line, 12, share, "percent")
            self._texts(line, 13, guide.get("words", ""))
            self._number(line, 14, agreed.get("lowest"), "percent")
            self._number(line, 15, agreed.get("highest"), "percent")
            self._texts(line, 16, agreed.get("fit_label", ""))
            if agreed:
                self._day(line, 17, agreed["on"])
            self._number(line, 18, last.get("lower_rate"), "percent")
            self._number(line, 19, last.get("upper_rate"), "percent")
            self._texts(line, 20, last.get("status_label", ""), last.get("agreed", ""))
            if with_notes:
                self._texts(line, 22, row["note"])
        self._finish()

    def profiles(self, rows: list[dict[str, Any]]) -> None:
        """Write a row per provider and product."""
        currency = self.seen.round.currency if self.seen else "EUR"
        self._heads(
            "Zorgaanbieder",
            "KvK-nummer",
            "Zorgprofiel",
            f"Onderkant ({currency} per dag)",
            f"Bovenkant ({currency} per dag)",
            f"Maximumtarief ({currency} per dag)",
            "Status",
        )
        line = FIRST_ROW
        for row in rows:
            for facts in sorted(row["standing"].products, key=lambda facts: place_of(facts["product"])):
                self._texts(line, 0, row["name"], row["key"], label_of(facts["product"]))
                for column, name in ((3, "lower"), (4, "upper"), (5, "maximum_tariff")):
                    self._number(line, column, Decimal(facts[name]), "money")
                self._texts(line, 6, self._status(row))
                line += 1
        self._finish()

    def _status(self, row: dict[str, Any]) -> str:
        return f"{row['status_label']}{', fictief' if self.is_fictitious else ''}"

    def _heads(self, *heads: str) -> None:
        for column, head in enumerate(heads):
            self.sheet.write_string(FIRST_ROW - 1, column, head, self.bold)

    def _texts(self, line: int, column: int, *texts: str) -> None:
        for place, text in enumerate(texts, start=column):
            self.sheet.write_string(line, place, text)

    def _number(self, line: int, column: int, value: Decimal | int | None, shape: str) -> None:
        if value is not None:
            self.sheet.write_number(line, column, float(value), self.formats[shape])

    def _day(self, line: int, column: int, day: date) -> None:
        self.sheet.write_datetime(line, column, day, self.formats["day"])

    def _finish(self) -> None:
        self.sheet.set_column(0, 0, 42)
        self.sheet.set_column(1, 30, 18)
        self.sheet.freeze_panes(FIRST_ROW, 1)
