"""What exists elsewhere is not asked twice: read in, shown with its source, and corrected with a reason."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from providers import other_sources
from providers.models import Act, AuditRecord, Finding, Location, Provider, Round, SourceFigure, Submission
from providers.rounds import import_files
from providers.workbook.content import SourceError
from providers.workbook.content import SourceFigure as Figure
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import portal_round, prepared, submission_of
from tests.providers.sources.conftest import RIGHT

SLUG = "iv-2025"
SOURCE = "Zorginstituut, personeelssamenstelling"
LINDE, UNKNOWN = "99900001", "90000009"


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast: De Linde in postcode area 9711, Het Anker in 4331."""
    return make_cast()


@pytest.fixture
def submission(cast: Cast) -> Submission:
    """Give De Linde's submission in an open round over 2025."""
    return submission_of(portal_round(slug=SLUG), cast.linde)


def a_figure(key: str = LINDE, value: str = "0.0712", **other: object) -> Figure:
    facts = {"key_scheme": "kvk", "book_year": 2025, "measure": "absence_rate", "source": SOURCE, "reference": "ps.csv"}
    return Figure(**{**facts, "key": key, "value": Decimal(value), **other})  # type: ignore[arg-type]


def staff_file(folder: Path, *homes: Mapping[str, str], name: str = "ps.csv") -> Path:
    """Write the staff figures of some homes, each right but for what is said."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(RIGHT))
        writer.writeheader()
        writer.writerows({**RIGHT, **home} for home in homes)
    return path


def area_file(folder: Path) -> Path:
    """Write key figures of one postcode area, that of De Linde."""
    path = folder / "pc4.csv"
    path.write_text("pc4,inwoner,inw_65pl,oad,sted\n9711,4000,500,2611,1\n1011,9000,900,7039,1\n", encoding="utf-8")
    return path


def told(*arguments: object, **options: object) -> tuple[str, str]:
    """Run the command and return what it printed."""
    out, err = StringIO(), StringIO()
    call_command("import_source", *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def page_of(browser: Client, name: str, *places: object) -> str:
    answer = browser.get(reverse(name, args=places))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_source_that_is_read_again_replaces_what_it_said_and_nothing_is_there_twice(cast: Cast) -> None:
    stored = other_sources.store(figures=[a_figure(), a_figure(UNKNOWN)], actor=None)
    assert (stored.new, stored.changed, stored.unchanged, stored.known, stored.unknown) == (2, 0, 0, 1, 1)
    stored = other_sources.store(figures=[a_figure(value="0.08"), a_figure(UNKNOWN)], actor=None)
    assert (stored.new, stored.changed, stored.unchanged) == (0, 1, 1)
    assert dict(SourceFigure.objects.values_list("key", "value")) == {
        LINDE: Decimal("0.080000"),
        UNKNOWN: Decimal("0.071200"),
    }
    assert [item.details["new"] for item in AuditRecord.objects.filter(act=Act.SOURCE_READ).order_by("pk")] == [2, 0]


def test_files_that_contradict_one_another_are_refused_and_nothing_changes(cast: Cast) -> None:
    other_sources.store(figures=[a_figure()], actor=None)
    twice = [a_figure(value="0.09"), a_figure(value="0.10", reference="ander.csv")]
    with pytest.raises(SourceError, match="ander getal"):
        other_sources.store(figures=twice, actor=None)
    assert [item.value for item in SourceFigure.objects.all()] == [Decimal("0.0712")]


def test_the_command_tells_what_it_read_for_whom(cast: Cast, tmp_path: Path) -> None:
    path = staff_file(tmp_path, {"kvk": LINDE, "jaar": "2025"}, {"kvk": UNKNOWN, "jaar": "2025", "pVerzuim": "750"})
    said, _ = told("personeel", path)
    assert f"{SOURCE}: 3 cijfers over 2025 (3 nieuw, 0 gewijzigd, 0 ongewijzigd)" in said
    assert "voor 1 zorgaanbieders die het portaal kent en 1 die het niet kent" in said
    # An absence of 750 % is nobody's: it does not come back as a figure that a provider has to explain.
    assert not SourceFigure.objects.filter(key=UNKNOWN, measure="absence_rate").exists()
    said, _ = told("personeel", path)
    assert "(0 nieuw, 0 gewijzigd, 3 ongewijzigd)" in said


def test_circumstances_come_for_the_dutch_providers_that_are_known(cast: Cast, tmp_path: Path) -> None:
    swiss = Provider.objects.create(key_scheme="somed", key="1-2", name="Alterszentrum")
    Location.objects.create(provider=swiss, postcode="1011", place="Lausanne")
    _, left_out = told("cbs", area_file(tmp_path), book_year=2025)
    assert set(SourceFigure.objects.values_list("key", "measure")) == {
        (LINDE, "urbanity"),
        (LINDE, "address_density"),
        (LINDE, "share_65_plus"),
    }
    assert "Het Anker (99900002): Geen cijfers over postcode 4331" in left_out
    assert "Alterszentrum" not in left_out


@pytest.mark.parametrize(
    ("source", "content", "options", "said"),
    [
        ("cbs", "pc4,inwoner,inw_65pl,oad,sted\n9711,4000,500,2611,1\n", {}, "Noem het boekjaar"),
        ("cbs", "a,b\n1,2\n", {"book_year": 2025}, "geen bestand met kerncijfers"),
        ("cbs", "a,b\n1,2\n", {"book_year": 25}, "25 is geen boekjaar"),
        ("personeel", "a,b\n1,2\n", {}, "geen bestand met de personeelssamenstelling"),
        ("digimv", "a,b\n1,2\n", {"book_year": 2025}, "geen OpenDocument"),
        ("digimv", None, {"book_year": 2025}, "er niet of mag niet gelezen"),
        ("kadaster", "a,b\n1,2\n", {}, "De bron 'kadaster' bestaat niet"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_a_sentence_with_code_two(
    source: str, content: str | None, options: dict[str, int], said: str, cast: Cast, tmp_path: Path
) -> None:
    path = tmp_path / "bron.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=said) as refused:
        told(source, path, **options)
    assert refused.value.returncode == 2
    assert not SourceFigure.objects.exists()


def test_one_year_of_a_file_can_be_chosen_and_a_year_that_is_not_in_it_is_told(cast: Cast, tmp_path: Path) -> None:
    path = staff_file(tmp_path, {"kvk": LINDE, "jaar": "2024"}, {"kvk": LINDE, "jaar": "2025"})
    told("personeel", path, book_year=2025)
    assert {item.book_year for item in SourceFigure.objects.all()} == {2025}
    with pytest.raises(CommandError, match="geen enkel cijfer"):
        told("personeel", path, book_year=2023)


def test_a_provider_finds_the_figure_with_its_source_and_corrects_it_with_a_reason(
    cast: Cast, submission: Submission
) -> None:
    other_sources.store(figures=[a_figure()], actor=None)
    daan = browser_of(cast.daan)
    page = page_of(daan, "fill_in", SLUG)
    assert 'name="figure:absence_rate" value="7,12 %"' in page
    assert f"Ingevuld uit {SOURCE}. Klopt het niet, verbeter het dan en schrijf op waarom." in page

    # Her own figure differs: the page says so, and asks for the reason beside the figure.
    number = prepared(submission, absence_rate="0.067")
    page = page_of(daan, "fill_in", SLUG)
    assert f"Volgens {SOURCE}: 7,1 %." in page
    assert f"is anders dan in {SOURCE}." in page
    assert 'name="explanation:absence_rate"' in page
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(number)})
    assert not submission.signature_requests.exists()

    # With a reason it can be offered; the reason is in what is signed.
    reason = "De bron telt ook zwangerschapsverlof."
    daan.post(reverse("fill_in", args=[SLUG]), {"stand": str(number), "explanation:absence_rate": reason})
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(number + 1)})
    assert submission.signature_requests.filter(draft__number=number + 1).exists()
    fatima = browser_of(cast.fatima)
    assert reason in page_of(fatima, "sign", SLUG)
    signed = {"stand": str(number + 1), "functie": "bestuurder", "akkoord": "ja"}
    fatima.post(reverse("sign", args=[SLUG]), signed)
    (finding,) = Finding.objects.filter(version__submission=submission, rule="IV-L-020")
    assert finding.explanations.get().text == reason


def test_a_figure_that_is_left_as_the_source_has_it_asks_nothing(cast: Cast, submission: Submission) -> None:
    other_sources.store(figures=[a_figure(value="0.067")], actor=None)
    prepared(submission)
    assert "is anders dan in" not in page_of(browser_of(cast.daan), "fill_in", SLUG)


def test_the_desk_sees_what_was_read_and_for_whom_it_fills_in_a_form(cast: Cast, submission: Submission) -> None:
    noor = browser_of(cast.noor)
    assert "Er staan nog geen cijfers klaar" in page_of(noor, "sources")
    assert reverse("sources") in page_of(noor, "rounds")
    figures = [a_figure(), a_figure("99900002"), a_figure(UNKNOWN), a_figure(book_year=2024)]
    other_sources.store(figures=figures, actor=None, files={"ps.csv": "0" * 64}, left_out=5)
    prepared(submission)
    page = page_of(noor, "sources")
    assert "Voor 2 van de 2 zorgaanbieders" in page
    # De Linde has begun, Het Anker has not.
    assert (
        '<td class="numeric" data-label="Zorgaanbieders">2</td> <td class="numeric" data-label="Nog niet begonnen">1</td>'
    ) in page
    assert '<td class="numeric" data-label="Cijfers">3</td>' in page
    assert '<td class="numeric" data-label="Niet ingelezen">5</td>' in page
    assert "ps.csv" in page


@pytest.mark.parametrize("together", [True, False])
def test_years_that_come_in_one_at_a_time_are_compared_as_if_they_came_together(
    together: bool, cast: Cast, tmp_path: Path
) -> None:
    years = [{"jaar": "2019"}, {"jaar": "2020", "nClient": "130"}, {"jaar": "2021", "nClient": "130"}]
    files = (
        [[staff_file(tmp_path, *years)]]
        if together
        else [[staff_file(tmp_path, year, name=f"ps{year['jaar']}.csv")] for year in years]
    )
    for paths in files:
        import_files(source_name="personeel", paths=paths, actor=None)
    assert Round.objects.filter(source="personeel").count() == 3
    found = Finding.objects.filter(rule="ZIN-J-001").values_list("version__submission__round__book_year", "message")
    assert list(found) == [(2020, "Cliënten: 130. In 2019 waren het er 60.")]
