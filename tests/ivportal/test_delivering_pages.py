"""The pages of delivering as people use them: two at once, a file overtaken, signing, looking along, and nothing lost."""

from __future__ import annotations

import html
from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from providers import desk, drafts, terms, uploads
from providers.access import EVERYTHING, scope
from providers.contents import from_json
from providers.models import (
    Act,
    AuditRecord,
    Draft,
    Notice,
    SourceFile,
    Submission,
    SubmissionVersion,
    Upload,
    UploadStatus,
)
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import delivered, figures_of, portal_round, prepared, submission_of

SLUG = "iv-2025"


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast."""
    return make_cast()


@pytest.fixture
def submission(cast: Cast) -> Submission:
    """Give De Linde's submission in an open round after one that it delivered."""
    previous = portal_round(slug="iv-2024", book_year=2024)
    delivered(submission_of(previous, cast.linde))
    return submission_of(portal_round(slug=SLUG, previous=previous), cast.linde)


def _page(browser: Client, name: str, **places: object) -> str:
    answer = browser.get(reverse(name, kwargs=places or {"slug": SLUG}))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def _save(browser: Client, stand: int, **fields: str) -> object:
    return browser.post(
        reverse("fill_in", args=[SLUG]),
        {"stand": str(stand), **{name.replace("__", ":"): value for name, value in fields.items()}},
    )


def _filled_workbook(browser: Client, submission: Submission, **changes: float | str) -> bytes:
    """Download the workbook and fill in the column beside each code, as somebody in Excel would."""
    content = browser.get(reverse("workbook", args=[SLUG])).content
    honest = {code: float(value) for code, value in figures_of(submission.provider, 2025).items()}
    figures: dict[str, float | str] = {**honest, **changes}
    book = openpyxl.load_workbook(BytesIO(content))
    for sheet in book:
        header = next((row for row in sheet.iter_rows() if any(cell.value == "Code" for cell in row)), None)
        if header is None:
            continue
        value = next(cell.column for cell in header if str(cell.value).startswith("Uw opgave"))
        code = next(cell.column for cell in header if cell.value == "Code")
        for row in range(header[0].row + 1, sheet.max_row + 1):
            if (known := sheet.cell(row, code).value) in figures:
                sheet.cell(row, value).value = figures[known]
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _send(browser: Client, content: bytes, *, stand: int = 0, key: str = "een", name: str = "cijfers.xlsx") -> Upload:
    answer = browser.post(
        reverse("send_file", args=[SLUG]),
        {"bestand": SimpleUploadedFile(name, content), "stand": str(stand), "sleutel": key},
    )
    assert answer.status_code == 302
    return Upload.objects.latest("pk")


def test_the_form_shows_last_years_figures_and_keeps_what_was_typed_wrong(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    assert "2024" in _page(daan, "fill_in")
    answer = _save(daan, 0, figure__overhead="1.234.56", figure__places="12 stuks", remarks="Bewaar mij")
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert 'value="1.234.56"' in page
    assert 'value="12 stuks"' in page
    assert "Bewaar mij" in page
    assert "geen getal" in page
    # Said beside the field, once; the list above leads to it.
    assert page.count("12 stuks’ is geen getal") == 1
    assert '<a class="nl-link" href="#places">Plaatsen</a>' in page
    out = Client().post(reverse("fill_in", args=[SLUG]), {"stand": "0", "figure:places": "12"}, follow=True)
    assert "Wat u net invulde is niet opgeslagen." in out.content.decode()
    assert not Draft.objects.filter(submission=submission).exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("1.234.567,50", "1234567.50"), ("1234567", "1234567"), ("0", "0"), ("1 234 567", "1234567")],
)
def test_numbers_are_read_as_the_dutch_write_them(cast: Cast, submission: Submission, typed: str, stored: str) -> None:
    _save(browser_of(cast.daan), 0, figure__overhead=typed)
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert str(from_json(newest.contents).figures["overhead"].value) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "84\t12",
        "12\r34",
        "\u00ad500",
        "12\u20283",
        "1\x002",
        "²",
        "1,234.50",
        "abc",
        "12%",
        "1e9",
        "--5",
        "1.23.456",
        "9" * 30,
        "0,005",
        "-",
    ],
)
def test_what_is_no_number_in_dutch_is_refused_and_never_guessed(
    cast: Cast, submission: Submission, typed: str
) -> None:
    answer = _save(browser_of(cast.daan), 0, figure__overhead=typed)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert not Draft.objects.filter(submission=submission).exists()


@pytest.mark.parametrize("stand", ["²", "-1", "", "9" * 12, "x"])
def test_a_state_that_is_no_number_is_told_and_no_fault_of_the_server(
    cast: Cast, submission: Submission, stand: str
) -> None:
    daan = browser_of(cast.daan)
    sent = {"stand": stand, "remarks": "a\0b", "explanation:a\0b": "x", "locaties": "1", "locatie:²:place": "Ede"}
    assert daan.post(reverse("fill_in", args=[SLUG]), sent).status_code == 409
    assert daan.post(reverse("offer", args=[SLUG]), sent).status_code == 302


def test_persons_in_a_remark_are_refused(cast: Cast, submission: Submission) -> None:
    numbers = " ".join(("111222333", "123456782", "100000009", "200000007", "300000005", "400000003"))
    answer = _save(browser_of(cast.daan), 0, remarks=numbers)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert not Draft.objects.filter(submission=submission).exists()


def test_what_was_saved_is_said(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    answer = daan.post(reverse("fill_in", args=[SLUG]), {"stand": "0", "figure:overhead": "12"}, follow=True)
    assert "Opgeslagen: Overhead" in answer.content.decode()
    assert answer.content.decode().count("autofocus") == 1
    again = daan.post(reverse("fill_in", args=[SLUG]), {"stand": "2", "figure:overhead": "12"}, follow=True)
    assert "Er is niets gewijzigd." in again.content.decode()


def test_a_share_may_be_typed_as_a_percentage(cast: Cast, submission: Submission) -> None:
    _save(browser_of(cast.daan), 0, figure__absence_rate="6,7 %")
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert str(from_json(newest.contents).figures["absence_rate"].value) == "0.067"


def test_two_tabs_the_second_compares_chooses_and_nothing_is_lost(cast: Cast, submission: Submission) -> None:
    number = prepared(submission)
    daan, anne = browser_of(cast.daan), browser_of(cast.anne)
    _save(daan, number, figure__overhead="100", figure__places="50")
    answer = _save(anne, number, figure__overhead="200", figure__treatment="300")
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 409  # type: ignore[attr-defined]
    assert "Een collega was u voor" in page
    assert "Daan" in page
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert newest.number == number + 1
    fields = {"figure__overhead": "200", "figure__treatment": "300", "keuze__figure__overhead": "hun"}
    _save(anne, newest.number, **fields)
    newest = drafts.newest_of(submission)
    assert newest is not None
    kept = {code: str(value) for code, value in from_json(newest.contents).values().items()}
    assert (kept["overhead"], kept["treatment"], kept["places"]) == ("100", "300", "50")


def test_who_only_reads_sees_the_form_and_cannot_save(cast: Cast, submission: Submission) -> None:
    greet = browser_of(cast.greet)
    assert "Opslaan en controleren" not in _page(greet, "fill_in")
    assert _save(greet, 0, figure__overhead="1").status_code == 403  # type: ignore[attr-defined]
    assert not Draft.objects.filter(submission=submission).exists()


def test_a_file_is_read_and_its_figures_stand_in_the_form_with_their_cells(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    upload = _send(daan, _filled_workbook(daan, submission))
    assert "Wordt gelezen" in _page(daan, "own_submission")
    assert "Leg voor ter ondertekening" not in _page(daan, "own_submission")
    uploads.read_waiting(upload.pk)
    upload.refresh_from_db()
    assert upload.status == UploadStatus.READ, upload.problems
    newest = drafts.newest_of(submission)
    assert newest is not None
    figure = from_json(newest.contents).figures["total_cost"]
    assert figure.value == figures_of(submission.provider, 2025)["total_cost"]
    assert figure.cell.sheet == "Kosten"
    assert str(figure.cell) in _page(daan, "fill_in")


def test_one_text_among_the_figures_costs_one_figure_and_has_to_be_mended(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    upload = _send(daan, _filled_workbook(daan, submission, places="ongeveer 200", overhead="zie bijlage"))
    uploads.read_waiting(upload.pk)
    newest = drafts.newest_of(submission)
    assert newest is not None
    values = from_json(newest.contents).values()
    assert (values["places"], values["overhead"]) == (None, None)
    assert values["total_cost"] == figures_of(submission.provider, 2025)["total_cost"]
    told = _page(daan, "upload", slug=SLUG, upload=upload.uuid)
    overview, form = _page(daan, "own_submission"), _page(daan, "fill_in")
    for page in (told, overview, form, _page(daan, "own_submission")):
        assert "‘ongeveer 200’" in page
        assert "tabblad &#x27;Productie&#x27;" in page
    assert "behalve 2 cellen" in overview
    # That the lines do not add up without it is no second mistake.
    assert "IV-K-002" not in overview
    answer = daan.post(reverse("offer", args=[SLUG]), {"stand": str(newest.number)}, follow=True)
    assert "Er zijn nog 2 fouten" in answer.content.decode()

    # Saved as it stands it does not go away; filled in, or said to be unknown, it does.
    _save(daan, newest.number, figure__places="", figure__overhead="", remarks="Even tussendoor.")
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert "‘ongeveer 200’" in _page(daan, "own_submission")
    _save(daan, newest.number, figure__places="200", figure__overhead="", leeg__overhead="1")
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert str(from_json(newest.contents).figures["places"].value) == "200"
    assert "IV-L-010" not in _page(daan, "own_submission")
    # What stood in the file is not forgotten.
    assert "‘ongeveer 200’" in _page(daan, "upload", slug=SLUG, upload=upload.uuid)


def test_an_impossible_value_of_a_file_does_not_keep_the_rest_from_being_saved(
    cast: Cast, submission: Submission
) -> None:
    daan = browser_of(cast.daan)
    uploads.read_waiting(_send(daan, _filled_workbook(daan, submission, places=-5, absence_rate=6.2)).pk)
    newest = drafts.newest_of(submission)
    assert newest is not None
    shown = html.unescape(
        _page(daan, "fill_in").split('id="veld-places"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    )
    assert "Bedoelt u 6,2" in html.unescape(_page(daan, "own_submission"))
    answer = _save(daan, newest.number, figure__places=shown, figure__overhead="12", remarks="Het aantal volgt.")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    saved = drafts.newest_of(submission)
    assert saved is not None
    assert (saved.number, str(from_json(saved.contents).figures["places"].value)) == (newest.number + 1, "-5")
    # Typed by somebody it is refused all the same.
    assert _save(daan, saved.number, figure__places="-6").status_code == 422  # type: ignore[attr-defined]


def test_a_better_file_takes_away_what_could_not_be_read(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    bad, good = _filled_workbook(daan, submission, places="veel"), _filled_workbook(daan, submission)
    uploads.read_waiting(_send(daan, bad).pk)
    newest = drafts.newest_of(submission)
    assert newest is not None
    uploads.read_waiting(_send(daan, bad, stand=newest.number, key="nog eens").pk)
    assert "‘veel’" in _page(daan, "own_submission")
    uploads.read_waiting(_send(daan, good, stand=newest.number, key="beter").pk)
    assert "IV-L-010" not in _page(daan, "own_submission")


def test_of_a_file_that_was_overtaken_a_cell_without_a_figure_takes_nothing_away(
    cast: Cast, submission: Submission
) -> None:
    daan, anne = browser_of(cast.daan), browser_of(cast.anne)
    upload = _send(daan, _filled_workbook(daan, submission, places="veel"))
    _save(anne, 0, figure__places="150")
    uploads.read_waiting(upload.pk)
    page = _page(daan, "upload", slug=SLUG, upload=upload.uuid)
    row = page.split("Neem Plaatsen over", 1)[1].split("</tr>", 1)[0]
    assert "niet te lezen: ‘veel’" in row
    assert "checked" not in row.split(">", 1)[0]
    assert "150" in row


def test_figures_of_last_year_say_so_and_places_and_staff_are_asked_anew(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    page = _page(daan, "fill_in")
    row = page.split('id="urbanity"', 1)[1].split("</tr>", 1)[0]
    assert "Overgenomen uit 2024" in row
    assert 'value="5"' in row
    for code in ("places", "months_covered", "staff_fte_care"):
        row = page.split(f'id="{code}"', 1)[1].split("</tr>", 1)[0]
        assert 'value=""' in row
        assert "Overgenomen" not in row
    book = openpyxl.load_workbook(BytesIO(daan.get(reverse("workbook", args=[SLUG])).content), data_only=True)
    said = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}
    assert "Overgenomen uit 2024" in said
    _save(daan, 0, figure__urbanity="4")
    assert "Overgenomen" not in _page(daan, "fill_in").split('id="urbanity"', 1)[1].split("</tr>", 1)[0]


def test_an_explanation_of_two_letters_explains_nothing(cast: Cast, submission: Submission) -> None:
    number = prepared(submission, absence_rate="0.31")
    daan = browser_of(cast.daan)
    _save(daan, number, explanation__absence_rate="ok")
    page = _page(daan, "fill_in")
    assert "Dit is te kort." in page
    # The box on top leads to it, and so it does among the other mistakes.
    assert 'href="#toelichting-absence_rate">Toelichting bij Ziekteverzuim</a>' in page
    wrong = _save(daan, number + 1, explanation__absence_rate="ok", figure__places="veel")
    assert 'href="#toelichting-absence_rate">Toelichting bij Ziekteverzuim: te kort</a>' in wrong.content.decode()  # type: ignore[attr-defined]
    answer = daan.post(reverse("offer", args=[SLUG]), {"stand": str(number + 1)}, follow=True)
    assert "nog niet toegelicht" in answer.content.decode()
    _save(daan, number + 1, explanation__absence_rate="Er heerste griep in maart.")
    assert "Dit is te kort." not in _page(daan, "fill_in")
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(number + 2)})
    assert "Ligt ter ondertekening" in _page(daan, "own_submission")


def test_sending_the_same_file_twice_with_one_click_is_one_upload(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    content = _filled_workbook(daan, submission)
    assert _send(daan, content).pk == _send(daan, content).pk
    assert Upload.objects.count() == 1


def test_a_file_that_was_overtaken_is_compared_and_not_lost(cast: Cast, submission: Submission) -> None:
    daan, anne = browser_of(cast.daan), browser_of(cast.anne)
    upload = _send(daan, _filled_workbook(daan, submission))
    _save(anne, 0, figure__overhead="777")
    uploads.read_waiting(upload.pk)
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert str(from_json(newest.contents).figures["overhead"].value) == "777"
    page = _page(daan, "upload", slug=SLUG, upload=upload.uuid)
    assert "Neem over wat is aangevinkt" in page
    daan.post(
        reverse("apply_upload", args=[SLUG, upload.uuid]),
        {"stand": str(newest.number), "deel": ["figure:total_cost"]},
    )
    newest = drafts.newest_of(submission)
    assert newest is not None
    values = from_json(newest.contents).values()
    assert str(values["overhead"]) == "777"
    assert values["total_cost"] == figures_of(submission.provider, 2025)["total_cost"]


def test_a_refused_file_says_why_and_changes_nothing(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    upload = _send(daan, b"%PDF-1.7 dit is geen werkmap", name="cijfers.xlsx")
    uploads.read_waiting(upload.pk)
    page = _page(daan, "upload", slug=SLUG, upload=upload.uuid)
    assert "Wij konden dit bestand niet gebruiken" in page
    assert 'type="file"' in page
    assert not Draft.objects.filter(submission=submission).exists()
    answer = daan.get(reverse("original", args=[SLUG, upload.uuid]))
    assert answer.content == b"%PDF-1.7 dit is geen werkmap"
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_file_with_clients_in_it_is_refused_and_not_kept(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    people = ("111222333", "123456782", "100000009", "200000007", "300000005", "400000003")
    rows = "\n".join(f"{number};Jansen" for number in people)
    upload = _send(daan, f"BSN;Naam\n{rows}\n".encode(), name="clienten.csv")
    uploads.read_waiting(upload.pk)
    upload.refresh_from_db()
    assert upload.status == UploadStatus.REFUSED
    assert "111222333" not in " ".join(upload.problems)
    assert bytes(upload.source_file.content) == b""
    assert len(upload.source_file.sha256) == 64
    assert "gewist" in _page(daan, "upload", slug=SLUG, upload=upload.uuid)
    again = {"stand": "0", "sleutel": "twee", "bestand": SimpleUploadedFile("x.csv", f"BSN;Naam\n{rows}\n".encode())}
    answer = daan.post(reverse("send_file", args=[SLUG]), again, follow=True)
    assert "eerder geweigerd en gewist" in answer.content.decode()
    assert Upload.objects.count() == 1


def test_a_file_that_is_too_large_is_not_kept_and_told(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    sent = {"stand": "0", "sleutel": "groot", "bestand": SimpleUploadedFile("groot.xlsx", b"x" * 10_000_001)}
    answer = daan.post(reverse("send_file", args=[SLUG]), sent, follow=True)
    assert "Wij nemen bestanden aan tot 10 MB" in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_form_with_many_locations_is_taken(cast: Cast, submission: Submission) -> None:
    places = {
        f"locatie__{row}__{name}": value
        for row in range(200)
        for name, value in {
            "number": f"{row:012d}",
            "name": f"Huis {row}",
            "street": f"Dorpsstraat {row}",
            "postcode": "9711 AA",
            "place": "Groningen",
            "region": "5501",
        }.items()
    }
    answer = _save(browser_of(cast.daan), 0, locaties="1", **places)
    assert answer.status_code == 302  # type: ignore[attr-defined]
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert len(from_json(newest.contents).locations) == 200


def test_a_file_sent_in_the_last_second_counts_although_it_is_read_after_the_round_closed(
    cast: Cast, submission: Submission
) -> None:
    daan = browser_of(cast.daan)
    content = _filled_workbook(daan, submission)
    assert submission.deadline is not None
    with time_machine.travel(submission.deadline, tick=False):
        browser = browser_of(cast.daan)
        upload = _send(browser, content)
    with time_machine.travel(submission.deadline + timedelta(minutes=5), tick=False):
        terms.keep()
        uploads.read_waiting(upload.pk)
    submission.round.refresh_from_db()
    assert submission.round.status == "closed"
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert newest.upload == upload


def test_everybody_is_told_once_that_a_round_closed(cast: Cast, submission: Submission) -> None:
    round = submission.round
    desk.close_round(round=round, actor=None)
    round.refresh_from_db()
    assert terms.tell_of_closing(round) == 2
    assert terms.tell_of_closing(round) == 0
    assert Notice.objects.filter(kind="closed", recipient=cast.daan).count() == 1


def test_what_was_kept_is_never_changed_into_something_else(cast: Cast, submission: Submission) -> None:
    upload = _send(browser_of(cast.daan), b"%PDF-1.7", name="cijfers.xlsx")
    with pytest.raises(IntegrityError), transaction.atomic():
        SourceFile.objects.filter(pk=upload.source_file_id).update(content=b"anders")
    with pytest.raises(IntegrityError), transaction.atomic():
        SourceFile.objects.filter(pk=upload.source_file_id).update(content=b"", sha256="0" * 64)


def test_from_offer_to_receipt_and_the_pdf_says_the_same(cast: Cast, submission: Submission) -> None:
    number = prepared(submission)
    daan, fatima = browser_of(cast.daan), browser_of(cast.fatima)
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(number)})
    assert "Er wacht een handtekening van u" in _page(fatima, "own_submission")
    assert "Er wacht een handtekening van u" not in _page(daan, "own_submission")
    assert "Onderteken en dien in" in _page(fatima, "sign")
    answer = fatima.post(reverse("sign", args=[SLUG]), {"stand": str(number), "functie": "bestuurder", "akkoord": "ja"})
    version = SubmissionVersion.objects.get(submission=submission)
    assert answer["Location"] == reverse("receipt", args=[version.uuid])
    assert version.source_file.sha256 in _page(fatima, "receipt", version=version.uuid)
    first, second = (fatima.get(reverse("receipt_pdf", args=[version.uuid])).content for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in first
    assert "Daarna gewijzigd" not in _page(fatima, "receipt", version=version.uuid)
    assert "ingetrokken" not in _page(daan, "delivered")
    daan.post(reverse("withdraw", args=[SLUG]))
    overview = _page(daan, "own_submission")
    assert '<span class="nl-data-badge">Ingetrokken</span>' in overview
    assert "De nieuwste versie is ingetrokken en telt niet mee." in _page(daan, "delivered")


def test_who_signs_reads_first_what_stood_out_and_the_figures_are_folded(cast: Cast, submission: Submission) -> None:
    daan, fatima = browser_of(cast.daan), browser_of(cast.fatima)
    uploads.read_waiting(_send(daan, _filled_workbook(daan, submission, absence_rate=0.31)).pk)
    newest = drafts.newest_of(submission)
    assert newest is not None
    _save(daan, newest.number, figure__places="206", explanation__absence_rate="Er heerste griep in maart.")
    newest = drafts.newest_of(submission)
    assert newest is not None
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(newest.number)})
    page = _page(fatima, "sign")
    order = [
        "Toelichting: Er heerste griep",
        "Wat verklaart u?",
        "Na uw handtekening",
        "Onderteken en dien in",
        "<details",
    ]
    assert sorted(order, key=page.index) == order
    assert page.index("<table") > page.index("<details")
    sent = {"stand": str(newest.number), "functie": "bestuurder", "akkoord": "ja"}
    fatima.post(reverse("sign", args=[SLUG]), sent)
    version = SubmissionVersion.objects.get(submission=submission)
    receipt = _page(fatima, "receipt", version=version.uuid)
    assert "cijfers.xlsx" in receipt
    assert "Plaatsen" in receipt.split("Daarna gewijzigd in het portaal", 1)[1].split("</dd>", 1)[0]


def test_without_the_tick_nothing_is_signed_and_the_position_stays_typed(cast: Cast, submission: Submission) -> None:
    number = prepared(submission)
    daan, fatima = browser_of(cast.daan), browser_of(cast.fatima)
    daan.post(reverse("offer", args=[SLUG]), {"stand": str(number)})
    answer = fatima.post(reverse("sign", args=[SLUG]), {"stand": str(number), "functie": "voorzitter"})
    assert answer.status_code == 409
    assert 'value="voorzitter"' in answer.content.decode()
    assert not SubmissionVersion.objects.filter(submission=submission).exists()


def test_who_looks_along_sees_the_providers_page_and_changes_nothing(cast: Cast, submission: Submission) -> None:
    number = prepared(submission)
    noor = browser_of(cast.noor)
    noor.post(reverse("look_along", kwargs={"slug": SLUG, "provider": cast.linde.uuid}))
    page = _page(noor, "own_submission")
    assert "U kijkt mee bij De Linde" in page
    assert noor.get(reverse("rounds")).status_code == 403
    assert _save(noor, number, figure__overhead="1").status_code == 403  # type: ignore[attr-defined]
    assert noor.post(reverse("withdraw", args=[SLUG])).status_code == 403
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert newest.number == number
    noor.post(reverse("stop_looking_along"))
    assert noor.get(reverse("rounds")).status_code == 200
    acts = AuditRecord.objects.filter(user=cast.noor, act=Act.LOOKED_ALONG)
    assert acts.count() == 2
    read = AuditRecord.objects.filter(user=cast.noor, act=Act.SUBMISSION_READ).first()
    assert read is not None
    assert "kijkt mee bij De Linde" in read.organisation


def test_nobody_else_looks_along(cast: Cast, submission: Submission) -> None:
    for user in (cast.anne, cast.karim):
        browser = browser_of(user)
        assert (
            browser.post(reverse("look_along", kwargs={"slug": SLUG, "provider": cast.linde.uuid})).status_code == 403
        )
        browser.post(reverse("stop_looking_along"))
        assert not AuditRecord.objects.filter(user=user, act=Act.LOOKED_ALONG).exists()


def test_a_file_that_is_read_while_the_page_is_made_never_stands_as_read_without_its_findings(
    cast: Cast, submission: Submission
) -> None:
    """The page no longer asks after a file that was read: whoever saw it without findings would wait for ever."""
    daan = browser_of(cast.daan)
    upload = _send(daan, _filled_workbook(daan, submission))
    looked_at = []

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "providers_upload"' in sql and not looked_at:
            looked_at.append(sql)
            with scope(EVERYTHING):
                uploads.read_waiting(upload.pk)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        page = _page(daan, "own_submission")
    assert looked_at
    assert "Gelezen en overgenomen" in page
    assert 'id="bevindingen"' in page
