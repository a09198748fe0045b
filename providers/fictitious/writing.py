"""Writing the population as workbooks of template ``iv-1`` and the invented tariffs. Same population, same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import xlsxwriter

from providers.fictitious.population import FictitiousProvider, Population
from providers.fictitious.technology import PRODUCTS, tariff
from providers.workbook import iv_layout as layout

TARIFF_FILE: Final = "tarieven-fictief.csv"
TARIFF_SOURCE: Final = "Fictief: verzonnen voor de demonstratie, geen tarief van de NZa"
_CREATED: Final = datetime(2024, 1, 1, tzinfo=UTC)
_EXPLANATION: Final = (
    "Alle organisaties, cijfers en bedragen in dit bestand zijn fictief: verzonnen om het portaal te laten zien.",
    "KvK-nummers beginnen met 99, AGB-codes met 00 en postcodes eindigen op letters die niet worden uitgegeven.",
)


def write(population: Population, folder: Path, *, years: Sequence[int] = ()) -> list[Path]:
    """Write one workbook per book year (of ``years`` only, if any are named), then the tariff table, into ``folder``.

    Returns their paths in that order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for year in years or population.book_years:
        path = folder / f"fictief-{year}.xlsx"
        path.write_bytes(workbook(population, year))
        paths.append(path)
    path = folder / TARIFF_FILE
    path.write_text(
        tariff_table(range(population.book_years[0], population.book_years[-1] + 2)), encoding="utf-8", newline=""
    )
    paths.append(path)
    return paths


def tariff_table(years: Sequence[int]) -> str:
    """The invented tariffs per product and year, capital costs (NHC and NIC) included."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("year", "code", "amount", "source", "valid_from", "includes_nhc_nic"))
    for year in years:
        for product in PRODUCTS:
            table.writerow(
                (year, f"days_{product}", f"{tariff(product, year)}.00", TARIFF_SOURCE, f"{year}-01-01", "ja")
            )
    return text.getvalue()


def workbook(population: Population, year: int) -> bytes:
    """The workbook of one book year."""
    known = [provider for provider in population.providers if year in provider.known_in]
    delivered = [provider for provider in known if year in provider.years]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"title": f"Fictieve uitvraag {year}", "created": _CREATED.replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})

    def add(sheet: layout.SheetLayout, rows: Sequence[Sequence[str | int | Decimal | None]]) -> None:
        worksheet = book.add_worksheet(sheet.name)
        worksheet.freeze_panes(1, min(2, len(sheet.texts)))
        worksheet.set_column(0, len(sheet.titles) - 1, 16)
        worksheet.write_row(0, 0, sheet.titles, bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str) and value:
                    worksheet.write_string(number, column, value)
                elif isinstance(value, int | Decimal):
                    worksheet.write_number(number, column, float(value))

    explanation = book.add_worksheet(layout.EXPLANATION_SHEET)
    explanation.set_column(0, 0, 110)
    for number, sentence in enumerate(_EXPLANATION):
        explanation.write_string(number, 0, sentence)
    title = f"Fictieve uitvraag verpleeghuiszorg {year}"
    add(layout.ROUND, [(f"fictief-{year}", title, year, "EUR", layout.YES, layout.TEMPLATE)])
    add(layout.ORGANISATIONS, [_organisation(provider, year) for provider in known])
    add(
        layout.LOCATIONS,
        [
            (provider.kvk, item.number, item.name, item.postcode, item.place, item.region)
            for provider in known
            for item in population.locations(provider, year)
        ],
    )
    for sheet in layout.FIGURES:
        codes = [measure.code for measure in sheet.measures]
        add(sheet, [(p.kvk, p.name, year, *(p.years[year].values[code] for code in codes)) for p in delivered])
    book.close()
    return buffer.getvalue()


def _organisation(provider: FictitiousProvider, year: int) -> tuple[str, ...]:
    return (
        provider.kvk,
        provider.name,
        provider.legal_form,
        provider.agb_code,
        provider.nza_number,
        layout.DELIVERED if year in provider.years else layout.INVITED,
        provider.merged_into if provider.has_merged(year) else "",
    )
