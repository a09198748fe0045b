"""A whole round played by five people: two colleagues and a signatory at a provider, two employees of the NZa."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import psutil
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from providers import drafts, fictitious, prefill, uploads
from providers.models import (
    COUNTING,
    Draft,
    Submission,
    SubmissionStatus,
    Upload,
    UploadStatus,
    User,
)
from tests.e2e.screen import Screen
from tests.processes import Portal, wait_for
from tests.providers.form import hostile

pytestmark = pytest.mark.browser
SLUG = "fictief-2025"
PAGE = f"/aanlevering/{SLUG}/"


def _submission() -> Submission:
    provider = User.objects.get(email="anne@example.org").mandates.get().provider
    return Submission.objects.select_related("round", "provider").get(round__slug=SLUG, provider=provider)


def _workbook(content: bytes, **without: None) -> bytes:
    """Fill in a downloaded workbook as somebody in Excel would: the figure beside every code; ``without`` stay empty."""
    submission = _submission()
    population = fictitious.generate(7, providers=150, book_years=(2023, 2024, 2025))
    person = next(item for item in population.providers if item.kvk == submission.provider.key)
    figures = fictitious.form_figures(population, person, 2025)
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        header = next((row for row in sheet.iter_rows() if any(cell.value == "Code" for cell in row)), None)
        if header is None:
            continue
        column = next(cell.column for cell in header if str(cell.value).startswith("Uw opgave"))
        codes = next(cell.column for cell in header if cell.value == "Code")
        for row in range(header[0].row + 1, sheet.max_row + 1):
            code = sheet.cell(row, codes).value
            if (value := figures.get(str(code))) is not None and code not in without:
                sheet.cell(row, column).value = float(value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _send(screen: Screen, content: bytes, name: str) -> None:
    screen.page.get_by_label("Ingevuld bestand").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    screen.click("button", "Verstuur bestand")


def _send_what_is_hostile(portal: Portal, screen: Screen) -> None:
    """Send every hostile, broken or mistaken file; each is refused in words, and the web server stays as small as it was."""
    submission = _submission()
    stand = Draft.objects.filter(submission=submission).count()
    form = uploads.form_for(submission)
    told = hostile.sentences(form)
    refused = [(name, content) for name, content in hostile.files(form).items() if told[name] != hostile.READ]
    # All of them are read in the tests of reading; here every third goes the whole way, and that are more than forty.
    files = dict(refused[::3] if len(refused) >= 126 else refused[::2])
    assert len(files) >= 40
    token = screen.page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    web = psutil.Process(portal.web)
    processes = [web, *web.children(recursive=True)]
    before = sum(process.memory_info().rss for process in processes)
    waiting = Upload.objects.filter(submission=submission, status=UploadStatus.WAITING)
    for number, (name, content) in enumerate(files.items()):
        answer = screen.context.request.post(
            f"{portal.address}{PAGE}versturen/",
            headers={"Referer": f"{portal.address}{PAGE}"},
            multipart={
                "csrfmiddlewaretoken": str(token),
                "stand": str(stand),
                "sleutel": f"vijandig-{number}",
                "bestand": {"name": name, "mimeType": "application/octet-stream", "buffer": content},
            },
        )
        assert answer.status == 200, (name, answer.status)
        wait_for(f"there is room after {name}", lambda: waiting.count() < uploads.MOST_WAITING - 1)
    wait_for("all are read", lambda: not waiting.exists())
    sent = Upload.objects.filter(submission=submission, key__startswith="vijandig-")
    assert len(sent) >= 40
    for upload in sent:
        assert upload.status == UploadStatus.REFUSED, upload.file_name
        assert upload.problems, upload.file_name
        assert not any("Traceback" in text for text in upload.problems), upload.file_name
    assert Draft.objects.filter(submission=submission).count() == stand
    after = sum(process.memory_info().rss for process in processes)
    assert after - before < 60_000_000, f"the web server grew by {(after - before) / 1e6:.0f} MB"


def test_a_round_from_invitation_to_approval(portal: Portal, worker: None, open_screen: Callable[..., Screen]) -> None:
    # Noor makes the round after last year's, and opens it.
    noor = open_screen("noor@example.org", at="/rondes/")
    noor.click("link", "Nieuwe ronde")
    last_year = noor.page.locator("select#vorige option", has_text="2024").get_attribute("value")
    noor.page.get_by_label("Uitgaan van").select_option(last_year)
    noor.click("button", "Neem over")
    noor.page.get_by_label("Korte naam").fill(SLUG)
    day = timezone.localdate() + timedelta(days=20)
    noor.page.get_by_label("Aanleveren kan tot en met").fill(day.isoformat())
    noor.page.get_by_label("Bij wie kunnen aanbieders").fill("Bel Noor Bakker van de NZa.")
    noor.click("button", "Maak de ronde")
    noor.keep("round made")
    noor.go(f"/rondes/{SLUG}/beheer/")
    noor.click("link", "Open de ronde")
    noor.click("button", "Open de ronde")
    noor.keep("round opened")

    # Anne is told, and begins with the workbook; she forgets the total.
    anne = open_screen("anne@example.org", at="/berichten/")
    wait_for("Anne is invited", lambda: _submission().provider.notices.filter(kind="invitation").exists())
    anne.go("/berichten/")
    expect(anne.page.get_by_text("U kunt gegevens aanleveren").first).to_be_visible()
    anne.go(PAGE)
    anne.keep("overview at the start")
    with anne.page.expect_download() as download:
        anne.page.get_by_role("link", name="Download uw werkboek (Excel)").click()
    content = Path(download.value.path()).read_bytes()
    _send(anne, _workbook(content, total_cost=None), "cijfers 2025.xlsx")
    expect(anne.page.get_by_text("Gelezen en overgenomen")).to_be_visible()
    expect(anne.page.get_by_role("heading", name="om te herstellen")).to_be_visible()
    anne.keep("findings after the upload")

    # Whatever else is sent is refused with a sentence, and changes nothing.
    _send_what_is_hostile(portal, anne)

    # Daan has the form open, Anne saves first; Daan is shown what she changed, and nothing is lost.
    daan = open_screen("daan@example.org", at=f"{PAGE}invullen/")
    anne.go(f"{PAGE}invullen/")
    anne.page.get_by_label("Wat wilt u de NZa nog laten weten?").fill("Wij openden een locatie.")
    anne.click("button", "Opslaan en controleren")
    daan.keep("daan sees the form")
    total = prefill.CATALOGUE["total_cost"].label
    values = drafts.contents_of(drafts.newest_of(_submission()), _submission()).values()
    lines = [code for code in values if prefill.CATALOGUE[code].kind in ("cost", "revenue", "allowance")]
    amount = sum(values[code] or 0 for code in lines)
    daan.page.get_by_label(total, exact=True).fill(f"{amount:f}".replace(".", ","))
    daan.click("button", "Opslaan en controleren")
    assert daan.heading == "Een collega was u voor"
    assert [complaint.split()[0] for complaint in daan.wrong] == ["409"]
    daan.wrong.clear()
    daan.keep("a colleague was first")
    daan.click("button", "Sla alles op")
    newest = drafts.contents_of(drafts.newest_of(_submission()), _submission())
    assert newest.values()["total_cost"] == amount
    assert newest.remarks == "Wij openden een locatie."

    # What stands out is explained, offered and signed.
    daan.go(f"{PAGE}invullen/")
    for field in daan.page.locator("textarea[id^=toelichting-]").all():
        field.fill("Dit is nagekeken en klopt.")
    daan.click("button", "Opslaan en terug")
    daan.keep("ready to be offered")
    daan.click("button", "Leg voor ter ondertekening")
    fatima = open_screen("fatima@example.org", at=f"{PAGE}ondertekenen/")
    fatima.keep("what is signed")
    fatima.page.get_by_label("In welke functie tekent u?").fill("bestuurder")
    fatima.page.get_by_label("Ik verklaar dit namens het bestuur").check()
    fatima.click("button", "Onderteken en dien in")
    assert fatima.heading == "Ontvangstbevestiging"
    fatima.keep("receipt")
    with fatima.page.expect_download() as download:
        fatima.page.get_by_role("link", name="Download deze bevestiging (PDF)").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

    # Noor gives it back; Daan corrects, Fatima signs again; Pieter approves, and Noor closes the round.
    dossier = f"/rondes/{SLUG}/aanbieders/{_submission().provider.uuid}/dossier/"
    noor.go(dossier)
    noor.click("link", "Neem in controle")
    noor.click("button", "Neem in controle")
    noor.go(dossier)
    noor.click("link", "Leg terug")
    noor.page.locator("textarea").first.fill("Kunt u het aantal plaatsen nakijken?")
    noor.click("button", "Leg terug")
    noor.keep("file given back")
    daan.go(PAGE)
    expect(daan.page.get_by_text("Kunt u het aantal plaatsen nakijken?").first).to_be_visible()
    daan.go(f"{PAGE}invullen/")
    daan.page.get_by_label("Wat wilt u de NZa nog laten weten?").fill("Nagekeken: het klopt.")
    daan.click("button", "Opslaan en terug")
    daan.click("button", "Leg voor ter ondertekening")
    fatima.go(f"{PAGE}ondertekenen/")
    fatima.page.get_by_label("In welke functie tekent u?").fill("bestuurder")
    fatima.page.get_by_label("Ik verklaar dit namens het bestuur").check()
    fatima.click("button", "Onderteken en dien in")
    pieter = open_screen("pieter@example.org", at=dossier)
    pieter.click("link", "Neem in controle")
    pieter.click("button", "Neem in controle")
    pieter.go(dossier)
    pieter.click("link", "Valideer")
    pieter.click("button", "Valideer")
    noor.go(f"/rondes/{SLUG}/beheer/")
    noor.click("link", "Sluit de ronde")
    noor.click("button", "Sluit de ronde")
    anne.go(PAGE)
    expect(anne.page.get_by_text("De NZa heeft uw gegevens gevalideerd")).to_be_visible()
    anne.keep("approved")
    submission = _submission()
    assert submission.status == SubmissionStatus.VALIDATED
    assert submission.status in COUNTING
    assert list(submission.versions.values_list("number", flat=True)) == [1, 2]
    assert submission.round.status == "closed"
    for screen in (noor, anne, daan, fatima, pieter):
        assert screen.too_wide() == []
