"""The interpretation period on the pages: everything works with plain forms, and nobody reaches what is of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from providers.access import scope
from providers.models import AuditRecord, Provider
from tariffs import tasks
from tariffs.models import CaseFile, InterpretationResponse, ResponseKind, ResponseOutcome
from tariffs.procedure import answering, files, more_time
from tariffs.procedure.answering import Answer
from tests.cast import browser_of
from tests.delivering import acting, somebody_at
from tests.factories import a_workday
from tests.plain_sql import query
from tests.responding import WHY, Period, looked_ahead, make_period, respond
from tests.storing import stored
from tests.tariffs.test_interpretation_files import EXE, PDF, PNG

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(scope="module")
def stored_period(django_db_setup: None, django_db_blocker: Any) -> Iterator[Period]:
    """Give a released round that was made once."""
    with stored(django_db_blocker):
        yield make_period()


@pytest.fixture
def period(stored_period: Period, db: None) -> Period:
    """Give it; what a test does is undone."""
    return stored_period


def text_of(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def without_tokens(response: HttpResponse) -> str:
    """Return a page without what differs each time it is made."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", response.content.decode())


def fields_of(response: HttpResponse) -> dict[str, str]:
    """Return the hidden fields of the forms on a page, as a browser would send them."""
    found = re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def form_address(period: Period, item: str, kind: str, provider: Provider | None = None) -> str:
    report = period.report(provider or period.cast.linde)
    return f"{reverse('respond', args=[report.uuid])}?onderdeel={item}&soort={kind}"


# ── the provider ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_is_sent_with_a_plain_form_and_every_mistake_is_named_beside_its_figure(period: Period) -> None:
    client = browser_of(period.cast.daan)
    page = client.get(form_address(period, "costs", "correct"))
    assert "Staat er nu" in text_of(page)
    assert "7.313.977,41" in text_of(page)
    address, hidden = page.request["PATH_INFO"], fields_of(page)
    wrong = client.post(address, {**hidden, "tekst": WHY, "getal:total_cost": "7,113,977.41"})
    assert wrong.status_code == 409
    assert "geen getal in Nederlandse notatie. Bedoelt u 7.113.977,41?" in text_of(wrong)
    assert WHY in wrong.content.decode()
    assert fields_of(wrong) == hidden
    unbalanced = client.post(address, {**hidden, "tekst": WHY, "getal:total_cost": "7.113.977,41"})
    assert "klopt de opgave zelf niet meer" in text_of(unbalanced)
    right = {"getal:total_cost": "7.113.977,41", "getal:care_staff_employed": "6.696.586,28"}
    evidence = SimpleUploadedFile("jaarrekening.pdf", PDF)
    for _ in range(2):
        evidence.seek(0)
        sent = client.post(address, {**hidden, "tekst": WHY, **right, "bestanden": [evidence]}, follow=True)
        assert sent.status_code == 200
    response = InterpretationResponse.objects.get()
    assert response.changes == {"total_cost": "7113977.41", "care_staff_employed": "6696586.28"}
    assert [file.name for file in response.files.all()] == ["jaarrekening.pdf"]
    shown = text_of(sent)
    assert "7.313.977,41 7.113.977,41 nog niet beslist" in shown
    assert "geen zienswijze en geen bezwaar" in shown


def test_a_file_that_is_not_taken_leaves_nothing_behind(period: Period) -> None:
    client = browser_of(period.cast.daan)
    page = client.get(form_address(period, "costs", "explain"))
    bad = [SimpleUploadedFile("goed.pdf", PDF), SimpleUploadedFile("programma.pdf", EXE)]
    sent = client.post(page.request["PATH_INFO"], {**fields_of(page), "tekst": WHY, "bestanden": bad})
    assert sent.status_code == 409
    assert "programma.pdf: de inhoud is geen pdf" in text_of(sent)
    assert (InterpretationResponse.objects.count(), CaseFile.objects.count()) == (0, 0)
    large = [SimpleUploadedFile("groot.pdf", PDF + b"\0" * files.LARGEST)]
    sent = client.post(page.request["PATH_INFO"], {**fields_of(page), "tekst": WHY, "bestanden": large})
    assert "te groot" in text_of(sent)
    assert not InterpretationResponse.objects.exists()


def test_the_page_says_until_when_and_afterwards_or_looking_along_it_is_only_read(period: Period) -> None:
    address = reverse("report_responses", args=[period.report(period.cast.linde).uuid])
    more_time.extend(release=period.release, until=a_workday(60), reason="De vakantie valt erin.", actor=period.noor)
    page = browser_of(period.cast.anne).get(address)
    assert "De vakantie valt erin." in text_of(page)
    assert "23.59 uur" in text_of(page)
    # Each item shows what the mirror says of it.
    assert "Uw score is niet gecorrigeerd voor omstandigheden." in text_of(page)
    assert re.search(r"Uw zorgdagen \d[\d.]* dagen, in 2 zorgprofielen", text_of(page))
    assert page.content.decode().count('name="onderdeel"') > 3
    greet = browser_of(period.cast.greet).get(address)
    assert "U kunt hier alleen lezen" in text_of(greet)
    noor = browser_of(period.cast.noor)
    noor.post(reverse("look_along", args=[period.release.round.slug, period.cast.linde.uuid]))
    looking = noor.get(address)
    assert looking.status_code == 200
    with time_machine.travel(a_workday(60) + timedelta(seconds=1)):
        anne = browser_of(period.cast.anne)
        late = anne.get(address)
        assert "De duidingsperiode is voorbij" in text_of(late)
        form = anne.get(form_address(period, "costs", "ask"))
        assert (form.status_code, form["Location"]) == (302, address)
        anne.post(reverse("agree_with_item", args=[period.report(period.cast.linde).uuid]), {"onderdeel": "alles"})
    for only_read in (greet, looking, late):
        assert "/reageren/" not in only_read.content.decode()
        assert 'name="onderdeel"' not in only_read.content.decode()
    assert not InterpretationResponse.objects.exists()


def test_the_mirror_asks_to_respond_and_then_to_answer_what_the_nza_asks(period: Period) -> None:
    client = browser_of(period.cast.daan)
    assert "Reageer op uw spiegel" in text_of(client.get(reverse("mirror")))
    response = respond(period, period.cast.daan)
    answering.assign(response=response, to=period.noor.user, actor=period.noor)
    answering.ask_for_more(response=response, text="Over welk jaar gaat de nota?", until=a_workday(), actor=period.noor)
    page = client.get(reverse("mirror"))
    assert "De NZa vraagt u iets over ‘Uw kosten’" in text_of(page)
    assert f'href="{reverse("own_response", args=[response.uuid])}">Lees de vraag' in page.content.decode()


def test_one_click_agrees_with_what_nothing_was_said_about(period: Period) -> None:
    respond(period, period.cast.anne)
    client, report = browser_of(period.cast.fatima), period.report(period.cast.linde)
    page = client.get(reverse("report_responses", args=[report.uuid]))
    for _ in range(2):
        client.post(reverse("agree_with_item", args=[report.uuid]), {**fields_of(page), "onderdeel": "alles"})
    agreed = InterpretationResponse.objects.filter(kind="agree")
    assert agreed.count() == agreed.values("item").distinct().count() > 3
    assert not agreed.filter(item__in=["costs", "other"]).exists()
    assert "Akkoord met de rest" not in text_of(client.get(reverse("report_responses", args=[report.uuid])))


def test_what_is_of_another_cannot_be_told_from_what_does_not_exist(period: Period) -> None:
    response = respond(period, period.cast.anne, sent=[files.Sent("bewijs.png", PNG)])
    file, report = response.files.get(), period.report(period.cast.linde)
    bram = browser_of(period.cast.bram)
    for name, own in (
        ("own_response", response.uuid),
        ("case_file", file.uuid),
        ("report_responses", report.uuid),
        ("respond", report.uuid),
    ):
        first, second = (bram.get(reverse(name, args=[uuid])) for uuid in (own, uuid4()))
        assert (first.status_code, second.status_code) == (404, 404)
        assert without_tokens(first) == without_tokens(second)
    for name in ("supplement_response", "withdraw_response"):
        assert bram.post(reverse(name, args=[response.uuid]), {"tekst": WHY}).status_code == 404
    assert bram.post(reverse("agree_with_item", args=[report.uuid]), {"onderdeel": "alles"}).status_code == 404
    assert browser_of(period.cast.karim).get(reverse("case_file", args=[file.uuid])).status_code == 403
    with scope(acting(period.cast.bram).database_scope):
        for table in ("interpretationresponse", "casefile", "responsemessage"):
            assert query(f"SELECT count(*) FROM tariffs_{table}") == [(0,)]


def test_a_file_is_saved_and_never_opened_as_a_page_and_who_took_it_is_recorded(period: Period) -> None:
    response = respond(
        period,
        period.cast.anne,
        sent=[files.Sent("bewijs “één”.png", PNG), files.Sent("hetzelfde.png", PNG), files.Sent("a.pdf", PDF)],
    )
    assert [file.name for file in response.files.all()] == ["bewijs “één”.png", "a.pdf"]
    address = reverse("case_file", args=[response.files.first().uuid])
    for user in (period.cast.greet, period.cast.noor):
        got = browser_of(user).get(address)
        assert got.content == PNG
        assert got["Content-Disposition"].startswith("attachment;")
        assert got["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got["Content-Security-Policy"]
        assert AuditRecord.objects.filter(act="export_downloaded", user=user).count() == 1


# ── the NZa ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_queue_is_filtered_and_counts_what_waits(period: Period) -> None:
    cast = period.cast
    mine = respond(period, cast.anne, kind=ResponseKind.ASK, text="Waarom tellen deze dagen niet mee?", item="days")
    respond(period, cast.bram, text="Onze huisvesting is een monument.")
    respond(period, cast.bram, kind=ResponseKind.AGREE, text="")
    answering.take(response=mine, actor=period.noor)
    client = browser_of(cast.noor)

    def shown(**asked: str) -> set[str]:
        page = client.get(reverse("response_queue"), asked).content.decode()
        return {name for name in ("De Linde", "Het Anker") if f">{name}</a>" in page}

    assert shown() == {"De Linde", "Het Anker"}
    assert shown(wie="mij") == {"De Linde"}
    assert shown(wie="niemand") == shown(soort="explain") == shown(onderdeel="costs") == {"Het Anker"}
    assert shown(status="answered") == shown(ronde="bestaat-niet") == set()
    page = text_of(client.get(reverse("response_queue")))
    assert "Nog te beantwoorden 2" in page
    assert "Bij u 1" in page
    assert "1 keer akkoord" in page


def test_a_response_is_treated_from_taking_to_carrying_over_with_the_steps_of_the_page(period: Period) -> None:
    changes = {"total_cost": Decimal("7113977.41"), "care_staff_employed": Decimal("6696586.28")}
    response = respond(period, period.cast.anne, kind=ResponseKind.CORRECT, changes=changes)
    client, page = browser_of(period.cast.noor), reverse("response", args=[response.uuid])

    def step(name: str, data: dict[str, Any] | None = None) -> HttpResponse:
        address = reverse("response_step", args=[response.uuid, name])
        assert client.get(address).status_code == 200
        return client.post(address, data or {}, follow=True)

    step("behandelen")
    asked = {"reason": "Uit welke rekening blijkt dit?", "until_day": f"{a_workday(10):%Y-%m-%d}"}
    about_another = {**asked, "reason": "Boekt De Linde dit zoals Het Anker?"}
    warned = step("aanvulling", about_another).content.decode()
    assert "Hierin staat ‘Het Anker’. De Linde leest dit." in warned
    assert 'name="names"' in warned
    assert "Hierin staat" in text_of(
        step("beantwoorden", {**about_another, "outcome": "rejected", "names": "De Linde"})
    )
    assert "kan aanvullen tot en met" in text_of(step("aanvulling", {**about_another, "names": "Het Anker"}))
    own = browser_of(period.cast.daan)
    added = own.post(
        reverse("supplement_response", args=[response.uuid]),
        {"tekst": "Uit rekening 4200, zie de bijlage.", "bestanden": [SimpleUploadedFile("4200.pdf", PDF)]},
        follow=True,
    )
    assert "Uw aanvulling is verstuurd" in text_of(added)
    answer = {"outcome": "accepted", "reason": "De jaarrekening bevestigt dit."}
    assert "Bereken ze opnieuw en besluit daarna" in text_of(step("beantwoorden", answer))
    assert "De gevolgen worden nu berekend" in text_of(step("gevolgen", {"measures": list(changes)}))
    assert "Bereken ze opnieuw en besluit daarna" in text_of(step("beantwoorden", answer))
    tasks.look_ahead()
    seen = text_of(client.get(page))
    assert "Voor niemand anders verandert" in seen
    assert "Minimale kosten" in seen
    step("beantwoorden", answer)
    assert "Correctie over te nemen 1" in text_of(client.get(reverse("response_queue")))
    assert "staat in versie 2 van de gegevens" in text_of(step("overnemen"))
    again = client.post(reverse("response_step", args=[response.uuid, "overnemen"]), follow=True)
    assert "Er is niets twee keer gebeurd" in text_of(again)
    assert "staan in versie 2 van uw gegevens" in text_of(own.get(reverse("own_response", args=[response.uuid])))
    assert "4200.pdf" in text_of(client.get(page))


def test_of_two_colleagues_who_decide_the_second_reads_who_was_first_and_keeps_her_text(period: Period) -> None:
    response = respond(period, period.cast.anne, kind=ResponseKind.ASK)
    first, second = browser_of(period.cast.noor), browser_of(period.rinske.user)
    address = reverse("response_step", args=[response.uuid, "beantwoorden"])
    for client in (first, second):
        assert client.get(address).status_code == 200
    first.post(address, {"outcome": "replied", "reason": "Dat leest u in de methode."})
    late = second.post(address, {"outcome": "replied", "reason": "Mijn antwoord is heel anders."})
    assert "Misschien was een collega u voor" in text_of(late)
    assert "Mijn antwoord is heel anders." in late.content.decode()
    response.refresh_from_db()
    assert response.answer == "Dat leest u in de methode."


def test_several_questions_get_one_answer_from_the_queue(period: Period) -> None:
    asking = {"kind": ResponseKind.ASK, "text": "Hoe telt huisvesting mee?"}
    both = [respond(period, user, **asking) for user in (period.cast.anne, period.cast.bram)]
    client, address = browser_of(period.cast.noor), reverse("answer_together")
    chosen = {"reactie": [str(item.uuid) for item in both]}
    assert "Wat antwoordt u op deze 2 reacties?" in text_of(client.get(address, chosen))
    answer = {"outcome": "replied", "reason": "Bij het Anker telt huisvesting apart mee."}
    assert "In het antwoord staat ‘Het Anker’" in text_of(client.post(address, {**chosen, **answer}))
    answer["reason"] = "Kosten van een Anker voor het schip tellen apart mee."
    assert "Anker (dat kan Het Anker zijn)" in text_of(client.post(address, {**chosen, **answer}))
    client.post(address, {**chosen, **answer, "names": "Anker"})
    assert InterpretationResponse.objects.filter(outcome="replied").values("answer_group").distinct().count() == 1
    single = client.get(address, {"reactie": [str(both[0].uuid), "geen-uuid"]})
    assert (single.status_code, single["Location"]) == (302, reverse("response_queue"))


def test_more_time_is_given_to_one_by_its_number_and_a_wrong_number_to_nobody(period: Period) -> None:
    client, address = browser_of(period.cast.noor), reverse("extend_period", args=[period.release.uuid])
    given = {"until_day": f"{a_workday(60):%Y-%m-%d}", "reason": "Uw controller is ziek."}
    assert "geen aanbieder met nummer 12345678" in text_of(client.post(address, {**given, "provider": "12345678"}))
    named = client.post(address, {**given, "reason": "De controller van Het Anker is ziek."})
    assert re.search(r"Hierin staat ‘Het Anker’\. Dit lezen De Brink, .* en Het Kompas\.", text_of(named))
    done = client.post(address, {**given, "provider": period.cast.anker.key}, follow=True)
    assert "Het Anker kan reageren tot en met" in text_of(done)
    assert "(1 aanbieder heeft langer)" in text_of(done)


def test_no_page_of_the_queue_is_for_anybody_but_the_nza(period: Period) -> None:
    response = respond(period, period.cast.anne)
    outlook_free = [
        reverse("response_queue"),
        reverse("answer_together"),
        reverse("response", args=[response.uuid]),
        reverse("response_step", args=[response.uuid, "beantwoorden"]),
        reverse("extend_period", args=[period.release.uuid]),
        reverse("round_notes", args=[period.release.round.slug]),
    ]
    for user in (period.cast.anne, period.cast.karim):
        client: Client = browser_of(user)
        assert {client.get(address).status_code for address in outlook_free} == {403}


def test_what_the_nza_computed_about_others_stands_on_no_page_of_a_provider(period: Period) -> None:
    leader = Provider.objects.get(key="99900003")
    person = somebody_at(leader, "deliver")
    changes = {"total_cost": Decimal("2717431.83"), "care_staff_employed": Decimal("2533712.46")}
    response = respond(period, person, kind=ResponseKind.CORRECT, changes=changes)
    kept = looked_ahead(response, period.noor)
    answering.answer(
        response=response, given=Answer(ResponseOutcome.ACCEPTED, "De bedragen kloppen."), actor=period.noor
    )
    assert kept.document["this"]["moved"] > 0
    names = {change["key"] for change in kept.document["this"]["largest"]}
    names |= set(Provider.objects.filter(key__in=names).values_list("name", flat=True))
    seen = browser_of(period.cast.noor).get(reverse("response", args=[response.uuid])).content.decode()
    assert "Anderen met een lagere score" in seen
    assert [name for name in names if name in seen]
    client = browser_of(person)
    for address in (
        reverse("own_response", args=[response.uuid]),
        reverse("report_responses", args=[response.report.uuid]),
    ):
        page = client.get(address).content.decode()
        assert not [name for name in names if name in page]
