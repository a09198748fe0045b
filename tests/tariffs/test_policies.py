"""Tariff tables come in from a file whole or not at all; policies are numbered on and never changed."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from benchmarking.runs import set_specification
from providers.models import Act, AuditRecord
from tariffs.gaps import gaps_of_policy, gaps_of_table, leaps_of_table
from tariffs.models import MaximumTariff, RoundPolicy, TariffTable
from tariffs.policies import current_policy, set_policy
from tariffs.tables import COLUMNS, NAMES, TariffTableError, import_tariff_file, import_tariffs
from tests.cast import browser_of, make_cast
from tests.factories import SIMPLE, delivery, make_round

HEADER = "year,code,amount,source,valid_from,includes_nhc_nic\n"
GOOD = HEADER + (
    "2024,days_5vv,285.10,Tariefbeschikking 2024,2024-01-01,ja\n"
    '2024,days_7vv,320,"Tariefbeschikking 2024, bijlage 1",2024-01-01,nee\n'
    "2025,days_5vv,300.75,Tariefbeschikking 2025,2025-01-01,\n"
)

pytestmark = pytest.mark.usefixtures("db")

WriteFile = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> WriteFile:
    def write(content: str | bytes, name: str = "tarieven.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def refusal(path: Path) -> list[str]:
    """Return the problems with which the file is refused; nothing may have been kept."""
    with pytest.raises(TariffTableError) as caught:
        import_tariffs(path=path, actor=None)
    assert (TariffTable.objects.count(), MaximumTariff.objects.count(), AuditRecord.objects.count()) == (0, 0, 0)
    return list(caught.value.problems)


# ── a good file ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_row_of_a_good_file_is_a_tariff_with_its_source(file: WriteFile) -> None:
    table = import_tariffs(path=file(GOOD), actor=None)
    rows = table.tariffs.values_list("year", "product", "amount", "includes_housing", "source", "valid_from")
    assert list(rows) == [
        (2024, "days_5vv", Decimal("285.10"), True, "Tariefbeschikking 2024", date(2024, 1, 1)),
        (2024, "days_7vv", Decimal("320.00"), False, "Tariefbeschikking 2024, bijlage 1", date(2024, 1, 1)),
        (2025, "days_5vv", Decimal("300.75"), True, "Tariefbeschikking 2025", date(2025, 1, 1)),
    ]
    assert (table.name, table.is_fictitious) == ("tarieven.csv", False)
    assert table.sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    (act,) = AuditRecord.objects.all()
    assert (act.act, act.details["rows"]) == (Act.TARIFFS_IMPORTED, 3)


def test_the_same_file_twice_is_the_same_table(file: WriteFile) -> None:
    first = import_tariffs(path=file(GOOD), actor=None)
    assert import_tariffs(path=file(GOOD, "andere-naam.csv"), actor=None) == first
    assert (TariffTable.objects.count(), MaximumTariff.objects.count()) == (1, 3)


def test_one_changed_amount_is_another_table_beside_the_first(file: WriteFile) -> None:
    first = import_tariffs(path=file(GOOD), actor=None)
    second = import_tariffs(path=file(GOOD.replace("285.10", "285.11")), actor=None)
    assert first != second
    assert first.tariffs.get(year=2024, product="days_5vv").amount == Decimal("285.10")


def test_a_file_saved_by_excel_with_its_mark_and_line_ends_is_read(file: WriteFile) -> None:
    content = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert import_tariffs(path=file(content), actor=None).tariffs.count() == 3


def test_a_table_as_a_dutch_excel_writes_it_is_the_same_table(file: WriteFile) -> None:
    dutch = "Jaar;Code;Bedrag;Bron;Geldig vanaf\n2024;days_5vv;1.285,10;NZa;01-02-2024\n2024;days_7vv;320,5;NZa;2024-01-01\n"
    rows = import_tariffs(path=file(dutch), actor=None).tariffs.values_list("amount", "valid_from")
    assert list(rows) == [(Decimal("1285.10"), date(2024, 2, 1)), (Decimal("320.50"), date(2024, 1, 1))]


def test_a_table_without_the_column_about_housing_has_it_inside(file: WriteFile) -> None:
    lines = [line.rpartition(",")[0] for line in GOOD.splitlines()]
    table = import_tariffs(path=file("\n".join(lines)), actor=None)
    assert all(table.tariffs.values_list("includes_housing", flat=True))


@pytest.mark.parametrize(
    ("sources", "is_fictitious"),
    [(("Fictief", "fictief bedrag"), True), (("Fictief", "Beschikking"), False), (("NZa", "NZa"), False)],
)
def test_a_table_is_labelled_fictitious_only_if_every_amount_is_invented(
    file: WriteFile, sources: tuple[str, str], is_fictitious: bool
) -> None:
    rows = [f"2024,days_{n}vv,300,{source},2024-01-01,ja\n" for n, source in enumerate(sources, start=4)]
    assert import_tariffs(path=file(HEADER + "".join(rows)), actor=None).is_fictitious is is_fictitious


# ── a wrong file ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("row", "place", "what"),
    [
        ("tweeduizend,days_5vv,300,NZa,2024-01-01,ja", "kolom jaar (year)", "'tweeduizend' is geen jaartal"),
        ("202,days_5vv,300,NZa,2024-01-01,ja", "kolom jaar (year)", "202 ligt niet van 2000 tot en met 2100"),
        ("99999,days_5vv,300,NZa,2024-01-01,ja", "kolom jaar (year)", "99999 ligt niet van"),
        (",days_5vv,300,NZa,2024-01-01,ja", "kolom jaar (year)", "'' is geen jaartal"),
        ("2024,days_5vv,driehonderd,NZa,2024-01-01,ja", "kolom bedrag (amount)", "Schrijf het als 312.45 of 312,45"),
        ('2024,days_5vv,"12,345.00",NZa,2024-01-01,ja', "kolom bedrag (amount)", "is geen bedrag"),
        # A Dutchman means a thousand here and a computer a euro: neither is taken.
        ("2024,days_5vv,1.234,NZa,2024-01-01,ja", "kolom bedrag (amount)", "meer dan twee decimalen"),
        ("2024,days_5vv,€ 300,NZa,2024-01-01,ja", "kolom bedrag (amount)", "'€ 300' is geen bedrag"),
        ("2024,days_5vv,0,NZa,2024-01-01,ja", "kolom bedrag (amount)", "hoger zijn dan nul"),
        ("2024,days_5vv,-1,NZa,2024-01-01,ja", "kolom bedrag (amount)", "hoger zijn dan nul"),
        ("2024,days_5vv,NaN,NZa,2024-01-01,ja", "kolom bedrag (amount)", "hoger zijn dan nul"),
        ("2024,days_5vv,Infinity,NZa,2024-01-01,ja", "kolom bedrag (amount)", "hoger zijn dan nul"),
        ("2024,days_5vv,123456789012,NZa,2024-01-01,ja", "kolom bedrag (amount)", "hoogstens 100000"),
        ("2024,days_5vv,300.005,NZa,2024-01-01,ja", "kolom bedrag (amount)", "meer dan twee decimalen"),
        ("2024,days_11vv,300,NZa,2024-01-01,ja", "kolom prestatie (code)", "Kies uit: days_10vv, "),
        ("2024,total_cost,300,NZa,2024-01-01,ja", "kolom prestatie (code)", "'total_cost' is geen soort zorgdagen"),
        ("2024,days_5vv,300,,2024-01-01,ja", "kolom bron (source)", "noem de bron"),
        ("2024,days_5vv,300,b\0r,2024-01-01,ja", "kolom bron (source)", "een teken dat niet te lezen is"),
        (f"2024,days_5vv,300,{'x' * 251},2024-01-01,ja", "kolom bron (source)", "langer dan 250 tekens"),
        (
            "2024,days_5vv,300,NZa,1 januari,ja",
            "kolom geldig vanaf (valid_from)",
            "'1 januari' is geen datum. Schrijf haar als 2025-01-01",
        ),
        ("2024,days_5vv,300,NZa,30-02-2024,ja", "kolom geldig vanaf (valid_from)", "geen datum"),
        ("2024,days_5vv,300,NZa,2024-02-30,ja", "kolom geldig vanaf (valid_from)", "geen datum"),
        ("2024,days_5vv,300,NZa,2024-W01-1,ja", "kolom geldig vanaf (valid_from)", "geen datum"),
        ("2024,days_5vv,300,NZa,20240101,ja", "kolom geldig vanaf (valid_from)", "geen datum"),
        ("2024,days_5vv,300,NZa,0001-01-01,ja", "kolom geldig vanaf (valid_from)", "geldt niet vanaf 1 januari 1"),
        ("2024,days_5vv,300,NZa,9999-12-31,ja", "kolom geldig vanaf (valid_from)", "tot en met 31 december 2024"),
        ("2024,days_5vv,300,NZa,2022-12-31,ja", "kolom geldig vanaf (valid_from)", "van 1 januari 2023"),
        (
            "2024,days_5vv,300,NZa,2024-01-01,misschien",
            "kolom inclusief NHC NIC (includes_nhc_nic)",
            "'misschien' is geen ja of nee",
        ),
        ("2024,days_5vv,300,NZa", "kolom geldig vanaf (valid_from)", "'' is geen datum"),
        ("2024,days_5vv,300,NZa,2024-01-01,ja,nog iets", "na de laatste kolom", "te veel cellen"),
    ],
)
def test_a_wrong_cell_is_named_by_file_row_and_column(file: WriteFile, row: str, place: str, what: str) -> None:
    (problem,) = refusal(file(f"{HEADER}2024,days_4vv,230,NZa,2024-01-01,ja\n{row}\n"))
    assert problem.startswith(f"tarieven.csv, rij 3, {place}:")
    assert what in problem


def test_all_problems_of_a_file_are_told_at_once(file: WriteFile) -> None:
    problems = refusal(
        file(HEADER + "x,days_99vv,y,,z,ja\n" + "2024,days_5vv,300,NZa,2024-01-01,ja\n" + "2024,days_6vv,0,NZa,z,ja\n")
    )
    places = [problem.removeprefix("tarieven.csv, ").partition(":")[0] for problem in problems]
    assert sorted(places) == sorted(
        [f"rij 2, kolom {NAMES[name]}" for name in ("year", "amount", "valid_from", "code", "source")]
        + [f"rij 4, kolom {NAMES[name]}" for name in ("amount", "valid_from")]
    )


def test_a_tariff_that_stands_there_twice_is_refused_with_both_rows(file: WriteFile) -> None:
    problems = refusal(file(GOOD + "2024,days_5vv,999,NZa,2024-01-01,ja\n"))
    assert problems == ["tarieven.csv, rij 5: days_5vv in 2024 staat ook op rij 2. Haal een van de twee weg."]


def test_the_row_is_the_one_that_a_text_editor_shows(file: WriteFile) -> None:
    (problem,) = refusal(file(GOOD + "\n\n2024,days_9vv,nul,NZa,2024-01-01,ja\n"))
    assert problem.startswith("tarieven.csv, rij 7, kolom bedrag (amount)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"",
            f"rij 1: deze kolommen ontbreken: {', '.join(NAMES[column] for column in COLUMNS)}. Voeg ze toe",
        ),
        (HEADER.replace("amount", "prijs").encode(), "deze kolommen ontbreken: bedrag (amount). Voeg ze toe"),
        (HEADER.replace("source", "bedrag").encode(), "staan er twee keer: bedrag (amount). Haal er een weg"),
        (HEADER.encode(), "de tabel is leeg"),
        (GOOD.replace("Tarief", "Tariëf").encode("latin-1"), "geen CSV-bestand in UTF-8"),
        (b"PK\x03\x04\xff\xfe", "Het bestand is beschadigd"),
        (HEADER.encode() + b'2024,days_5vv,300,"open', "na rij 1: deze rij is niet te lezen"),
        (
            HEADER.encode() + b"2024,days_5vv,300," + b"x" * 140_000 + b",2024-01-01,ja\n",
            "na rij 1: deze rij is niet te lezen",
        ),
    ],
)
def test_a_file_that_is_no_tariff_table_is_refused_in_words(file: WriteFile, content: bytes, words: str) -> None:
    (problem,) = refusal(file(content))
    assert problem.startswith("tarieven.csv")
    assert words in problem


# ── policies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_round_without_a_policy_uses_the_documented_defaults() -> None:
    policy = current_policy(make_round([delivery("99900001", total_cost=1, days_5vv=1)]))
    assert (policy.number, policy.pk) == (0, None)
    assert (policy.markup, policy.marks_up_allowances, policy.cap) == (Decimal("0.10"), True, Decimal(1))
    assert (policy.tariff_table, policy.index, policy.disclosure) == (None, None, "pseudonym")


def test_policies_are_numbered_on_per_round_and_earlier_ones_stay_readable() -> None:
    rounds = [make_round([delivery("99900001", days_5vv=1)], slug=f"proef-{n}") for n in (1, 2)]
    numbers = [set_policy(round=rounds[0], actor=None, markup=Decimal(markup)).number for markup in ("0.05", "0.08")]
    assert numbers == [1, 2]
    assert set_policy(round=rounds[1], actor=None).number == 1
    assert current_policy(rounds[0]).markup == Decimal("0.08")
    assert rounds[0].policies.get(number=1).markup == Decimal("0.05")


@pytest.mark.parametrize(
    "choices",
    [
        {"markup": Decimal("-0.01")},
        {"cap": Decimal(0)},
        {"index": Decimal("1.03")},  # without the name that the page shows
        {"disclosure": "everybody"},
    ],
)
def test_a_policy_that_cannot_be_leaves_the_round_as_it_was(choices: dict[str, object]) -> None:
    round = make_round([delivery("99900001", days_5vv=1)])
    recorded = AuditRecord.objects.count()
    with pytest.raises(ValidationError), transaction.atomic():
        set_policy(round=round, actor=None, **choices)
    assert (round.policies.count(), AuditRecord.objects.count()) == (0, recorded)


def test_a_tariff_table_without_a_tariff_year_is_refused(file: WriteFile) -> None:
    round = make_round([delivery("99900001", days_5vv=1)])
    table = import_tariffs(path=file(GOOD), actor=None)
    with pytest.raises(ValidationError):
        set_policy(round=round, actor=None, tariff_table=table)
    assert set_policy(round=round, actor=None, tariff_table=table, tariff_year=2025).number == 1


def test_a_policy_or_table_once_stored_cannot_be_changed(file: WriteFile) -> None:
    round = make_round([delivery("99900001", days_5vv=1)])
    policy = set_policy(round=round, actor=None)
    table = import_tariffs(path=file(GOOD), actor=None)
    policy.markup = Decimal("0.50")
    for change in (
        policy.save,
        policy.delete,
        lambda: TariffTable.objects.filter(pk=table.pk).update(is_fictitious=True),
        lambda: table.tariffs.update(amount=1),
        lambda: RoundPolicy.objects.filter(pk=policy.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            change()
    assert current_policy(round).markup == Decimal("0.10")


def workbook(*rows: tuple[Any, ...]) -> bytes:
    """Return a workbook as the annex of a decision is published: headings, then a row per tariff."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("Tarieven")
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    for line, row in enumerate([tuple(COLUMNS), *rows]):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(line, column, datetime(value.year, value.month, value.day), day)
            elif isinstance(value, str) and value.startswith("="):
                sheet.write_formula(line, column, value)
            else:
                sheet.write(line, column, value)
    book.close()
    return file.getvalue()


def test_a_workbook_says_the_same_as_a_text_file(db: None) -> None:
    table = import_tariff_file(
        name="bijlage.xlsx",
        content=workbook(
            (2024, "days_5vv", 312.45, "Bijlage 1", date(2024, 1, 1)),
            (2025, "days_5vv", 320, "Bijlage 1", date(2025, 1, 1)),
        ),
        actor=None,
    )
    assert list(table.tariffs.order_by("year").values_list("year", "product", "amount", "valid_from")) == [
        (2024, "days_5vv", Decimal("312.45"), date(2024, 1, 1)),
        (2025, "days_5vv", Decimal("320.00"), date(2025, 1, 1)),
    ]


def test_a_workbook_with_a_formula_for_an_amount_is_refused_with_its_cell(db: None) -> None:
    content = workbook((2024, "days_5vv", "=300+12", "Bijlage 1", date(2024, 1, 1)))
    with pytest.raises(TariffTableError, match=r"bijlage\.xlsx, cel .*C2.*formule"):
        import_tariff_file(name="bijlage.xlsx", content=content, actor=None)
    assert not TariffTable.objects.exists()


def test_products_of_a_round_without_a_tariff_are_named_before_anything_is_computed(file: WriteFile) -> None:
    round = make_round([delivery("99900001", total_cost=1, days_5vv=1, days_7vv=1)])
    table = import_tariffs(path=file(GOOD), actor=None)
    said = gaps_of_table(table)
    assert said == gaps_of_policy(set_policy(round=round, actor=None, tariff_table=table, tariff_year=2025))
    (sentence,) = said
    assert "heeft voor 2025 geen tarief voor: 7VV zonder behandeling." in sentence
    assert sentence.endswith(f"Dit geldt voor: {round}.")
    set_specification(round=round, document=SIMPLE, actor=None)
    assert gaps_of_table(table) == []
    other = set_policy(round=round, actor=None, tariff_table=table, tariff_year=2026)
    assert "heeft voor 2026 geen tarief voor: 5VV zonder behandeling" in gaps_of_policy(other)[0]
    late = make_round([delivery("99900001", total_cost=1, days_5vv=1)], slug="proef-2023", book_year=2023)
    with_index = {"tariff_table": table, "tariff_year": 2024, "index": Decimal("1.03"), "index_name": "Loonindex"}
    assert gaps_of_policy(set_policy(round=late, actor=None, **with_index)) == []
    assert "voor 2023 geen" in gaps_of_policy(set_policy(round=late, actor=None, index=None, index_name=""))[0]


def test_the_page_names_products_as_people_do_and_warns_of_what_a_new_table_lacks() -> None:
    client = browser_of(make_cast().noor)
    make_round([delivery("99900009", total_cost=1, days_5vv=1, days_7vv=1)], slug="proef-2025", book_year=2025)
    sent = {"file": SimpleUploadedFile("tarieven.csv", GOOD.encode())}
    page = client.post("/tarieven/", sent, follow=True).content.decode()
    assert "heeft voor 2025 geen tarief voor: 7VV zonder behandeling." in page
    assert re.search(
        r"<td data-label=\"Prestatie\">\s*<span>5VV zonder behandeling\s*<span class=\"sub\">days_5vv<", page
    )
    assert "jaar, prestatie, bedrag, bron, geldig vanaf" in page
    assert "minstens twee keer" not in page
    assert "telt NHC en NIC als inbegrepen" not in page
    tenfold = "year,code,amount,source,valid_from\n2026,days_5vv,3007.50,Bijlage,2026-01-01\n"
    sent = {"file": SimpleUploadedFile("tien.csv", tenfold.encode())}
    page = client.post("/tarieven/", sent, follow=True).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "5VV zonder behandeling: € 3.007,50 in 2026, tegenover € 300,75 in 2025 in tarieven.csv." in page
    assert "Bij alle tarieven van tien.csv telt NHC en NIC als inbegrepen." in page
    half = HEADER + "2026,days_7vv,160,Bijlage,2026-01-01,ja\n2025,days_7vv,300,Bijlage,2025-01-01,ja\n"
    (said,) = leaps_of_table(import_tariff_file(name="half.csv", content=half.encode(), actor=None))
    assert "160,00 in 2026, tegenover" in said
    assert "300,00 in 2025" not in said
    late = {"file": SimpleUploadedFile("later.csv", GOOD.replace("2025-01-01", "2027-01-01").encode())}
    assert (
        "later.csv, rij 4, kolom geldig vanaf (valid_from): een tarief voor 2025"
        in client.post("/tarieven/", late).content.decode()
    )
