"""Files come in whole or not at all, and delivering again overwrites nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.db import connection

from providers.fictitious import generate, write
from providers.models import (
    Act,
    AuditRecord,
    Finding,
    Location,
    MeasuredValue,
    Provider,
    Round,
    RoundStatus,
    SourceFile,
    Submission,
    SubmissionVersion,
)
from providers.rounds import content_hash, import_files
from providers.workbook.content import Cell, ReadDelivery, ReadLocation, ReadRound, ReadValue, SourceError
from providers.workbook.linking import link
from providers.workbook.sources import UnknownSource
from tests.factories import delivery, make_round

pytestmark = pytest.mark.usefixtures("db")

Change = Callable[[openpyxl.Workbook], None]
KEPT = 12


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Give the workbooks of a small invented population, of 2023 and 2024."""
    paths = write(generate(3, providers=60), tmp_path_factory.mktemp("rounds"))
    return {2023: paths[0], 2024: paths[1]}


@pytest.fixture
def spoiled(workbooks: dict[int, Path], tmp_path: Path) -> Callable[..., Path]:
    """Give the workbook of 2024 with one thing changed."""

    def change(what: Change, name: str = "fictief-2024.xlsx") -> Path:
        book = openpyxl.load_workbook(workbooks[2024])
        what(book)
        path = tmp_path / name
        book.save(path)
        return path

    return change


def database() -> dict[str, tuple[int, str]]:
    """Return number and hash of the rows of every table."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
            )
            found[table] = cursor.fetchone()
    return found


def column(book: openpyxl.Workbook, sheet: str, header: str) -> int:
    return [cell.value for cell in book[sheet][1]].index(header) + 1


def imported(*paths: Path) -> list[Any]:
    return import_files(source_name="iv", paths=list(paths), actor=None)


# ── a file comes in ────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_years_come_in_with_everything_that_was_in_them(workbooks: dict[int, Path]) -> None:
    found = imported(workbooks[2024], workbooks[2023])
    assert [item.round.slug for item in found] == ["fictief-2023", "fictief-2024"]
    for item in found:
        assert (
            item.new_versions
            == item.delivered
            == SubmissionVersion.objects.filter(submission__round=item.round).count()
        )
        assert item.not_delivered == Submission.objects.filter(round=item.round, status="not_started").count()
        assert Submission.objects.filter(round=item.round, status="submitted").count() == item.delivered
        assert (item.unchanged, item.round.is_fictitious, item.round.status) == (0, True, RoundStatus.CLOSED)
        values = MeasuredValue.objects.filter(version__submission__round=item.round)
        assert values.count() == item.delivered * len(item.round.measures)
    merged = Submission.objects.filter(merged_into__isnull=False)
    assert {item.round.slug for item in merged.select_related("round")} == {"fictief-2024"}
    assert AuditRecord.objects.filter(act=Act.ROUND_IMPORTED).count() == 2


def test_the_bytes_of_the_file_are_kept_as_they_came(workbooks: dict[int, Path]) -> None:
    imported(workbooks[2024])
    file = SourceFile.objects.get()
    assert bytes(file.content) == workbooks[2024].read_bytes()
    assert file.sha256 == hashlib.sha256(workbooks[2024].read_bytes()).hexdigest()


def test_a_stored_figure_names_the_cell_where_anybody_finds_it(workbooks: dict[int, Path]) -> None:
    imported(workbooks[2024])
    book = openpyxl.load_workbook(workbooks[2024], data_only=True)
    values = MeasuredValue.objects.filter(measure="total_cost").select_related("version__submission__provider")
    assert values
    for value in values:
        row = book[value.sheet][value.row]
        assert row[0].value == value.version.submission.provider.key
        shown = book[value.sheet][f"{value.column}{value.row}"].value
        assert value.value == (None if shown is None else Decimal(repr(shown)))


def test_findings_are_stored_with_the_cell_they_are_about(spoiled: Callable[..., Path]) -> None:
    def costs_do_not_add_up(book: openpyxl.Workbook) -> None:
        book["Kosten"].cell(5, column(book, "Kosten", "Totale kosten")).value = 1_234_567

    imported(spoiled(costs_do_not_add_up))
    book = openpyxl.load_workbook(spoiled(costs_do_not_add_up))
    key = book["Kosten"].cell(5, 1).value
    finding = Finding.objects.get(rule="IV-K-002", version__submission__provider__key=key)
    assert (finding.severity, finding.measure, finding.sheet, finding.row) == ("error", "total_cost", "Kosten", 5)
    assert book["Kosten"][f"{finding.column}{finding.row}"].value == 1_234_567
    assert "1.234.567" in finding.message
    assert finding.mend


# ── whole or nothing ───────────────────────────────────────────────────────────────────────────────────────────────


def text_in_a_number(book: openpyxl.Workbook) -> None:
    book["Kosten"].cell(9, column(book, "Kosten", "Totale kosten")).value = "veel"


def negative_days(book: openpyxl.Workbook) -> None:
    book["Productie"].cell(3, 4).value = -5


def renamed_column(book: openpyxl.Workbook) -> None:
    book["Kosten"].cell(1, column(book, "Kosten", "Totale kosten")).value = "Alle kosten"


def doubled_provider(book: openpyxl.Workbook) -> None:
    book["Organisaties"].append([cell.value for cell in book["Organisaties"][2]])


def empty_sheet(book: openpyxl.Workbook) -> None:
    book["Productie"].delete_rows(1, book["Productie"].max_row)


def another_year(book: openpyxl.Workbook) -> None:
    book["Kosten"].cell(4, 3).value = 2019


WRONG = (text_in_a_number, negative_days, renamed_column, doubled_provider, empty_sheet, another_year)


@pytest.mark.parametrize("what", WRONG, ids=lambda what: what.__name__)
def test_a_refused_file_leaves_the_database_exactly_as_it_was(
    workbooks: dict[int, Path], spoiled: Callable[..., Path], what: Change
) -> None:
    make_round([delivery("99900001", total_cost=20_000, days_5vv=100)])
    before = database()
    with pytest.raises(SourceError) as refused:
        imported(workbooks[2023], spoiled(what))  # the first is good, and still nothing of it is kept
    assert database() == before
    problem = str(refused.value.problems[0])
    assert problem.startswith("fictief-2024.xlsx, tabblad ")


def test_a_file_that_says_otherwise_than_its_round_is_refused_and_nothing_is_kept(
    workbooks: dict[int, Path], spoiled: Callable[..., Path]
) -> None:
    imported(workbooks[2024])
    before = database()

    def in_francs(book: openpyxl.Workbook) -> None:
        book["Ronde"].cell(2, 4).value = "CHF"

    with pytest.raises(SourceError, match=r"Ronde fictief-2024 bestaat al.*\(currency\)"):
        imported(workbooks[2023], spoiled(in_francs))
    assert database() == before


def test_a_round_for_which_other_figures_were_asked_is_refused() -> None:
    make_round([delivery("99900001", total_cost=20_000, days_5vv=100)])
    before = database()
    with pytest.raises(SourceError, match=r"\(measures\)"):
        make_round([delivery("99900001", total_cost=20_000, days_6vv=100)])
    with pytest.raises(SourceError, match=r"\(book_year, is_fictitious\)"):
        make_round([delivery("99900001", total_cost=20_000, days_5vv=100)], book_year=2025, is_fictitious=False)
    assert database() == before


def test_a_source_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(UnknownSource, match=r"'excel' bestaat niet.*iv.*somed"):
        import_files(source_name="excel", paths=[Path("x.xlsx")], actor=None)


# ── delivered again ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_file_twice_changes_no_figure(workbooks: dict[int, Path]) -> None:
    (first,) = imported(workbooks[2024])
    before = {table: rows for table, rows in database().items() if table != "providers_auditrecord"}
    (again,) = imported(workbooks[2024])
    assert (again.new_versions, again.unchanged, again.linked) == (0, first.delivered, 0)
    assert {table: rows for table, rows in database().items() if table != "providers_auditrecord"} == before


def test_one_changed_figure_is_a_second_version_beside_the_first(
    workbooks: dict[int, Path], spoiled: Callable[..., Path]
) -> None:
    imported(workbooks[2024])
    book = openpyxl.load_workbook(workbooks[2024])
    place = column(book, "Kosten", "Totale kosten")
    key, was = book["Kosten"].cell(7, 1).value, Decimal(repr(book["Kosten"].cell(7, place).value))

    def one_euro_more(book: openpyxl.Workbook) -> None:
        book["Kosten"].cell(7, place).value = float(was + 1)

    (again,) = imported(spoiled(one_euro_more))
    assert (again.new_versions, again.unchanged) == (1, again.delivered - 1)
    versions = SubmissionVersion.objects.filter(submission__provider__key=key).order_by("number")
    assert [version.number for version in versions] == [1, 2]
    assert [version.values.get(measure="total_cost").value for version in versions] == [was, was + 1]
    assert versions[0].sha256 != versions[1].sha256
    assert versions[0].source_file != versions[1].source_file
    assert SubmissionVersion.objects.filter(number=2).count() == 1


def test_a_figure_that_changes_back_is_a_third_version() -> None:
    for number, cost in enumerate((20_000, 20_001, 20_000), start=1):
        make_round([delivery("99900001", total_cost=cost, days_5vv=100)])
        assert SubmissionVersion.objects.count() == number
    first, _, third = SubmissionVersion.objects.order_by("number")
    assert first.sha256 == third.sha256


def test_who_delivers_late_was_invited_first() -> None:
    late = delivery("99900002", total_cost=20_000, days_5vv=100)
    on_time = delivery("99900001", total_cost=20_000, days_5vv=100)
    round = make_round([on_time], invited=(delivery("99900002"),))
    assert Submission.objects.get(round=round, provider__key="99900002").status == "not_started"
    make_round([on_time, late])
    assert Submission.objects.get(round=round, provider__key="99900002").status == "submitted"
    assert SubmissionVersion.objects.filter(submission__provider__key="99900002").get().number == 1


def test_a_merger_that_a_later_file_tells_is_kept() -> None:
    """Invited without more at first; the corrected file says that it became part of another."""
    stays = delivery("99900001", total_cost=20_000, days_5vv=100)
    make_round([stays], invited=(delivery("99900002"),))
    gone = ReadDelivery(
        key_scheme="kvk", key="99900002", name="Weg", values=(), cell=Cell("Organisaties", 3), merged_into="99900001"
    )
    make_round([stays], invited=(gone,))
    submission = Submission.objects.get(provider__key="99900002")
    assert submission.merged_into is not None
    assert submission.merged_into.key == "99900001"


def test_the_name_is_the_one_last_delivered_and_the_key_stays() -> None:
    make_round([delivery("99900001", "De Oude Naam", total_cost=1, days_5vv=1)])
    make_round([delivery("99900001", "De Nieuwe Naam", total_cost=1, days_5vv=1)], slug="later", book_year=2025)
    provider = Provider.objects.get()
    assert (provider.key, provider.name) == ("99900001", "De Nieuwe Naam")
    assert Submission.objects.filter(provider=provider).count() == 2


def test_a_location_that_moves_to_another_region_follows_the_latest_file() -> None:
    for region in ("5501", "5525"):
        make_round([delivery("99900001", region=region, total_cost=1, days_5vv=1)])
    assert [place.region.code for place in Location.objects.select_related("region") if place.region] == ["5525"]


@pytest.mark.parametrize(
    ("left", "right", "same"), [("10", "10.00", True), ("1E+1", "10", True), ("10", "10.01", False)]
)
def test_a_figure_written_otherwise_is_not_another_figure(left: str, right: str, same: bool) -> None:
    hashes = [
        content_hash(
            ReadDelivery(
                key_scheme="kvk",
                key="99900001",
                name="x",
                cell=Cell("Kosten", 1),
                values=(ReadValue("total_cost", Decimal(text), Cell("Kosten", 2, "C"), text),),
            )
        )
        for text in (left, right)
    ]
    assert (hashes[0] == hashes[1]) is same


def test_a_missing_figure_is_not_a_zero() -> None:
    assert content_hash(delivery("99900001", total_cost=None)) != content_hash(delivery("99900001", total_cost=0))


# ── over the years, without an identifier ──────────────────────────────────────────────────────────────────────────


def home(key: str, *link_by: str, cost: int = 1000) -> ReadDelivery:
    return ReadDelivery(
        key_scheme="somed",
        key=key,
        name=f"Heim {key}",
        cell=Cell("DEUTSCH", 4),
        locations=(ReadLocation(postcode="5000", place="Aarau"),),
        values=(ReadValue("total_cost", Decimal(cost), Cell("DEUTSCH", 4, "AU"), str(cost)),),
        link_by=link_by,
    )


def store(year: int, *homes: ReadDelivery) -> int:
    """Store a year of a source without identifiers; return how many homes were recognised under another key."""
    from providers.rounds import store_round

    return store_round(
        ReadRound(
            slug=f"somed-{year}",
            title=f"Heime {year}",
            book_year=year,
            currency="CHF",
            is_fictitious=False,
            template_version="somed",
            source="somed",
            measures=("total_cost",),
            deliveries=homes,
            file_name=f"{year}.xlsx",
            content=repr((year, homes)).encode(),
        ),
        actor=None,
    ).linked


def test_a_home_with_another_name_at_the_same_address_is_the_same_home() -> None:
    store(2018, home("AG1", "name:lindenhof", "street:bahnhof 1"), home("AG2", "name:sonne", "street:gasse 2"))
    linked = store(
        2019, home("AG9", "name:lindenpark", "street:bahnhof 1"), home("AG2", "name:sonne", "street:gasse 2")
    )
    assert linked == 1
    assert sorted(Provider.objects.values_list("key", flat=True)) == ["AG1", "AG2"]
    assert Submission.objects.filter(provider__key="AG1").count() == 2
    assert set(Provider.objects.get(key="AG1").link_by) == {"name:lindenhof", "name:lindenpark", "street:bahnhof 1"}


def test_a_name_that_two_homes_share_links_nobody() -> None:
    store(2018, home("AG1", "name:lindenhof"), home("AG2", "name:lindenhof"))
    assert store(2019, home("AG9", "name:lindenhof")) == 0
    assert Provider.objects.count() == 3


def test_providers_of_another_source_are_never_taken_for_the_same() -> None:
    make_round([delivery("99900001", total_cost=1, days_5vv=1)])
    Provider.objects.update(link_by=["name:lindenhof"])
    assert store(2018, home("AG1", "name:lindenhof")) == 0
    assert Provider.objects.count() == 2
    assert link([], [home("AG1", "name:lindenhof")]) == {}


def test_rounds_go_through_their_states_and_end_closed() -> None:
    round = make_round([delivery("99900001", total_cost=1, days_5vv=1)])
    assert Round.objects.get(pk=round.pk).status == RoundStatus.CLOSED
