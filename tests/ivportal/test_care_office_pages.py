"""The care office at work: the table, one provider, agreeing, comparing, the workbook; and what is not its affair."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.access import scope
from providers.models import Act, AuditRecord
from tariffs import agreements
from tariffs.models import OutsideBandwidth, ReportStatus, TariffAgreement
from tariffs.policies import set_policy
from tariffs.release import release_run
from tariffs.room import Terms
from tests.cast import browser_of
from tests.factories import computed, delivery, make_round
from tests.storing import stored
from tests.tariffs.offices import ZWALUW, Offices, build_offices

#: A hundredth of a percent, in which a rate is told and agreed.
STEP = Decimal("0.0001")
LINDE, ANKER, KOMPAS = "99900001", "99900002", "99900003"


@pytest.fixture(scope="module")
def stored_offices(django_db_setup: None, django_db_blocker: Any) -> Iterator[Offices]:
    """Store the world in a transaction around all tests of this module."""
    with stored(django_db_blocker):
        yield build_offices()


@pytest.fixture
def offices(stored_offices: Offices, db: None) -> Offices:
    """Give the world; what a test does to it is undone."""
    return stored_offices


@pytest.fixture
def karim(offices: Offices) -> Client:
    """Give the browser of Karim, of the care office of the north."""
    return browser_of(offices.cast.karim)


def words(response: HttpResponse, status: int = 200) -> str:
    """Return what a reader sees in the main column, as one line."""
    assert response.status_code == status, response.status_code
    main = response.content.decode().split("<main", 1)[1].split("</main>", 1)[0]
    main = re.sub(r"<script.*?</script>", " ", main, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).replace("\u00a0", " ").split())


def names_in(response: HttpResponse) -> list[str]:
    """Return the providers in the table, in their order."""
    assert response.status_code == 200
    heads = re.findall(r'<th scope="row">(.*?)</th>', response.content.decode(), re.DOTALL)
    return [
        " ".join(html.unescape(re.sub(r'<span class="sub">.*|<[^>]+>', " ", head, flags=re.DOTALL)).split())
        for head in heads
    ]


def page_of(offices: Offices, key: str = LINDE, rest: str = "") -> str:
    """Return the address of a provider, or of what is sent about it."""
    return f"/bandbreedtes/{offices.round.slug}/{offices.provider(key).uuid}/{rest}"


def form_of(response: HttpResponse) -> dict[str, str]:
    """Return what the form of the agreement holds, hidden fields included."""
    content = response.content.decode()
    form = next(part for part in content.split("<form")[1:] if 'name="seen"' in part).split("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'(name|value)="([^"]*)"', tag))
        fields[said["name"]] = html.unescape(said.get("value", ""))
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}


def register(offices: Offices, client: Client, key: str = LINDE, **said: str) -> HttpResponse:
    """Open the page of a provider, fill in the form and send it."""
    opened = form_of(client.get(page_of(offices, key)))
    return client.post(page_of(offices, key, "afspraak/"), opened | said)


def test_the_table_tells_where_the_guide_percentage_and_the_agreement_lie(offices: Offices, karim: Client) -> None:
    standing = offices.standing()
    share = (standing.lower_rate or Decimal(0)) + Decimal("0.01")
    sent = karim.post("/bandbreedtes/richtpercentage/?jaar=2025", {"share": f"{share * 100:.2f}".replace(".", ",")})
    assert sent.status_code == 302
    assert register(offices, karim, percentage=f"{share * 100:.2f}").status_code == 302
    page = karim.get("/bandbreedtes/")
    assert names_in(page) == ["De Linde", "De Zwaluw", "Het Kompas"]
    said = words(page)
    assert "Richtpercentage ligt erbinnen: 1,00 procentpunt boven het minimum" in said
    assert f"{share * 100:.2f} % Binnen de bandbreedte".replace(".", ",") in said
    assert "Vorig jaar (2024)" in said
    assert page.content.decode().count("rate-scale__guide") == 3
    assert page.content.decode().count("rate-scale__agreed") == 1


def test_filters_and_order_choose_rows(offices: Offices, karim: Client) -> None:
    with scope(offices.karim.database_scope):
        guide = offices.standing().upper_rate or Decimal(0)
        agreements.set_guide(
            tariff_year=2025, share=guide.quantize(Decimal("0.0001")) - Decimal("0.001"), source="", actor=offices.karim
        )
    rates = {key: offices.standing(key) for key in (LINDE, KOMPAS, ZWALUW)}
    register(offices, karim, percentage=f"{(rates[LINDE].upper_rate or 0) * 100 - Decimal('0.5'):.2f}")
    offices.moved(KOMPAS, status="under_objection")
    names = {key: offices.provider(key).name for key in rates}
    by_upper = [names[key] for key in sorted(rates, key=lambda key: -(rates[key].upper_rate or 0))]
    assert names_in(karim.get("/bandbreedtes/?volgorde=-upper_rate")) == by_upper
    assert names_in(karim.get("/bandbreedtes/?afspraak=ja")) == ["De Linde"]
    assert names_in(karim.get("/bandbreedtes/?afspraak=nee")) == ["De Zwaluw", "Het Kompas"]
    assert names_in(karim.get("/bandbreedtes/?status=under_objection")) == ["Het Kompas"]
    assert names_in(karim.get("/bandbreedtes/?zoek=LINDE")) == ["De Linde"]
    inside, outside = (set(names_in(karim.get(f"/bandbreedtes/?richt={way}"))) for way in ("binnen", "buiten"))
    assert "De Linde" in inside
    assert inside | outside == set(names.values())
    assert not inside & outside
    assert names_in(karim.get("/bandbreedtes/?ronde=proef-2023&volgorde=-name")) == [
        "Het Kompas",
        "De Zwaluw",
        "De Linde",
    ]
    one_point = [one | {"lower": one["upper"]} for one in offices.standing(KOMPAS).products]
    offices.moved(
        KOMPAS, bandwidth_status="above_cap", lower_rate=Decimal("0.98"), upper_rate=Decimal("0.98"), products=one_point
    )
    page = words(karim.get(page_of(offices, KOMPAS)))
    assert re.search(r"Precies € [\d,]+ per dag\.", page)
    assert "Van €" not in page
    said = words(karim.get("/bandbreedtes/"))
    assert said.count("Minimum boven het plafond (98 %)") == 2, "in the filter and in the row"
    assert "De bandbreedte is één punt: het plafond (98 %)." in said


def test_what_does_not_fit_comes_back_with_the_rule_and_what_was_typed(offices: Offices, karim: Client) -> None:
    answer = register(offices, karim, percentage="99,99")
    said = words(answer)
    upper = offices.standing().upper_rate or Decimal(0)
    assert "ligt boven het maximum van de bandbreedte" in said
    assert f"{upper * 100 - Decimal('0.005'):.2f} %".replace(".", ",") in said
    assert form_of(answer)["percentage"] == "99,99"
    both = words(register(offices, karim, percentage="80", amount_days_5vv="200"))
    assert "Kies een van de twee" in both
    assert "kunnen wij niet lezen" in words(register(offices, karim, percentage="tachtig"))
    assert "ontbreekt: 6VV" in words(register(offices, karim, amount_days_5vv="205,00"))
    assert not TariffAgreement.objects.exists()


def test_what_the_page_shows_as_ends_is_accepted_as_typed(offices: Offices, karim: Client) -> None:
    """Both percentages in the sentence above the form, and all the amounts beside its fields."""
    said = words(karim.get(page_of(offices)))
    found = re.search(r"Als percentage is dat van ([\d,]+) % tot en met ([\d,]+) %", said)
    assert found is not None
    for shown in found.groups():
        assert register(offices, karim, percentage=shown).status_code == 302
    pairs = re.findall(r"Van € ([\d,]+) tot en met € ([\d,]+) per dag", said)
    assert len(pairs) == 2
    for end in (0, 1):
        amounts = {f"amount_days_{product}": pair[end] for product, pair in zip(("5vv", "6vv"), pairs, strict=True)}
        assert register(offices, karim, **amounts).status_code == 302
    assert TariffAgreement.objects.count() == 4
    page = words(karim.get(page_of(offices)))
    assert "Afspraak 4: per zorgprofiel" in page
    assert "Vastgelegd door Karim op" in page
    assert page.count("Vervangen door een latere afspraak") == 3


def test_a_reason_is_asked_only_where_the_policy_takes_one(offices: Offices, karim: Client) -> None:
    assert "reason" not in karim.get(page_of(offices)).content.decode()
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    low = f"{(offices.standing().lower_rate or 0) * 100 - 3:.2f}"
    refused = register(offices, karim, percentage=low)
    assert "Buiten de bandbreedte afspreken kan in deze ronde alleen met een reden" in words(refused)
    assert 'Verbeter: <a class="nl-link" href="#id_reason">' in refused.content.decode()
    assert register(offices, karim, percentage=low, reason="Nieuwe aanbieder met aanloopkosten.").status_code == 302
    overview = words(karim.get("/afspraken/"))
    assert "Buiten de bandbreedte 1" in overview
    assert "Reden: Nieuwe aanbieder met aanloopkosten." in overview
    assert "nooit boven het landelijke maximumtarief. Buiten de bandbreedte afspreken kan in deze ronde" in overview
    assert "Buiten de bandbreedte, met reden" in words(karim.get("/bandbreedtes/?afspraak=past-niet"))
    anne = words(browser_of(offices.cast.anne).get("/besluiten/"))
    assert "buiten de bandbreedte" in anne
    assert "aanloopkosten" not in anne
    assert register(offices, karim, percentage=f"{float(low) + 4:.2f}").status_code == 302
    assert "Lag buiten de bandbreedte, met reden. Vervangen door een latere afspraak" in words(
        karim.get(page_of(offices))
    )


def test_a_status_that_changed_meanwhile_is_shown_and_asked_again(offices: Offices, karim: Client) -> None:
    opened = form_of(karim.get(page_of(offices)))
    middle = ((offices.standing().lower_rate or 0) + (offices.standing().upper_rate or 0)) / 2
    typed = opened | {"percentage": f"{middle * 100:.2f}"}
    offices.moved(status="under_objection")
    answer = karim.post(page_of(offices, rest="afspraak/"), typed)
    said = words(answer, 409)
    assert "is veranderd sinds u deze bladzijde opende" in said
    assert "Status Vastgesteld Onder bezwaar" in said
    again = form_of(answer)
    assert again["percentage"] == typed["percentage"]
    assert again["seen"] != typed["seen"]
    assert karim.post(page_of(offices, rest="afspraak/"), again).status_code == 302
    # The same again, by a second click: nothing is made, and a colleague who saw less is told.
    assert karim.post(page_of(offices, rest="afspraak/"), again).status_code == 302
    later = karim.post(page_of(offices, rest="afspraak/"), again | {"percentage": f"{middle * 100 + 1:.2f}"})
    assert "Een collega legde intussen een andere afspraak" in words(later, 409)
    assert TariffAgreement.objects.count() == 1


def test_nothing_can_be_agreed_before_the_bandwidth_is_valid(offices: Offices, karim: Client) -> None:
    opened = form_of(karim.get(page_of(offices)))
    offices.moved(status="provisional")
    page = karim.get(page_of(offices))
    assert "De bandbreedte is nog niet vastgesteld: de status is ‘voorlopig’" in words(page)
    assert 'name="percentage"' not in page.content.decode()
    now = str(offices.standing().uuid)
    answer = karim.post(page_of(offices, rest="afspraak/"), opened | {"seen": now, "percentage": "80"})
    assert "nog niet vastgesteld" in words(answer)
    assert "Kan nog niet 1" in words(karim.get("/afspraken/"))


def test_the_overview_counts_and_says_what_no_longer_fits(offices: Offices, karim: Client) -> None:
    for key in (LINDE, ZWALUW):
        low = (offices.standing(key).lower_rate or 0) * 100 + Decimal("0.1")
        assert register(offices, karim, key, percentage=f"{low:.2f}").status_code == 302
    offices.moved(ZWALUW, by=Decimal("0.03"), status="decided")
    page = karim.get("/afspraken/")
    said = words(page)
    assert "Met een afspraak 2 van 3 aanbieders" in said
    assert "Nog af te spreken 1 vastgesteld, nog geen besluit" in said
    assert "De Zwaluw: past niet meer bij de bandbreedte van nu afgesproken" in said
    assert "Past niet meer 1" in said
    assert "De Zwaluw: past niet meer bij de bandbreedte van nu" in said
    found = re.search(
        r'<script id="afspraken-in-bandbreedtes" type="application/json">(.*?)</script>', page.content.decode()
    )
    assert found is not None
    drawn = {trace["name"]: trace for trace in json.loads(found[1])["data"]}
    assert len([x for x in drawn["bandbreedte"]["x"] if x]) == 6
    assert len(drawn["afspraak"]["x"]) == 2


def test_two_to_six_providers_of_the_own_regions_stand_beside_each_other(offices: Offices, karim: Client) -> None:
    uuids = {key: offices.provider(key).uuid for key in (LINDE, ANKER, KOMPAS, ZWALUW)}
    page = karim.get("/bandbreedtes/vergelijken/", {"aanbieder": [uuids[LINDE], uuids[ZWALUW], uuids[ANKER]]})
    assert names_in(page)[:2] == ["1. De Linde", "2. De Zwaluw"]
    assert "Het Anker" not in words(page)
    assert "Vorig jaar" in words(page)
    for chosen in ([], [uuids[LINDE]], [uuids[LINDE], uuids[ANKER]], ["=1+1", "x" * 5000]):
        assert "Kies eerst welke aanbieders" in words(karim.get("/bandbreedtes/vergelijken/", {"aanbieder": chosen}))


def test_the_workbook_for_the_negotiation_has_two_sheets_of_text_and_numbers(offices: Offices, karim: Client) -> None:
    with scope(offices.karim.database_scope):
        agreements.set_guide(tariff_year=2025, share=Decimal("0.8125"), source="", actor=offices.karim)
        agreements.write_note(
            provider=offices.provider(LINDE),
            tariff_year=2025,
            text='=HYPERLINK("http://kwaad.example")',
            actor=offices.karim,
        )
    content = karim.get("/bandbreedtes/bestand/?zoek=linde&notities=ja").content
    at_the_table = openpyxl.load_workbook(io.BytesIO(karim.get("/bandbreedtes/bestand/?zoek=linde").content))
    assert not [
        cell for sheet in at_the_table for row in sheet.iter_rows() for cell in row if "kwaad" in str(cell.value)
    ]
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Bandbreedtes", "Per zorgprofiel"]
    first, second = ([[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)] for sheet in book)
    said = dict(zip(*first, strict=True))
    standing = offices.standing()
    assert said["Onderkant"] == float((standing.lower_rate or Decimal(0)).quantize(STEP, ROUND_CEILING))
    assert said["Bovenkant"] == float((standing.upper_rate or Decimal(0)).quantize(STEP, ROUND_FLOOR))
    assert said["Status sinds"].date() == timezone.localdate()
    # The class of the year before.
    assert [said[f"Zorgdagen 2024, alle regio's: {end}"] for end in ("van", "tot")] == [6_000, 10_000]
    assert said["Uw richtpercentage"] == 0.8125
    assert said["Status"] == "Vastgesteld, fictief"
    assert said["Vorig jaar bovenkant"] is not None
    assert said["Uw notitie"].startswith("=HYPERLINK")
    assert [row[2] for row in second[1:]] == ["5VV zonder behandeling", "6VV zonder behandeling"]
    assert second[1][3:] == [
        *(float(standing.products[0][name]) for name in ("lower", "upper", "maximum_tariff")),
        said["Status"],
    ]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_note_and_an_agreement_are_not_seen_by_another_office_nor_counted(offices: Offices, karim: Client) -> None:
    note = page_of(offices, ZWALUW, "notitie/")
    assert karim.post(note, {"notitie-text": "Geheim van het noorden."}).status_code == 302
    low = (offices.standing(ZWALUW).lower_rate or 0) * 100 + Decimal("0.17")
    assert register(offices, karim, ZWALUW, percentage=f"{low:.2f}").status_code == 302
    assert "Geheim van het noorden." in words(karim.get(page_of(offices, ZWALUW)))
    shown = f"{low:.2f}".replace(".", ",")
    eva = browser_of(offices.cast.eva)
    for address in ("/bandbreedtes/", page_of(offices, ZWALUW), "/afspraken/", "/bandbreedtes/?afspraak=ja"):
        content = eva.get(address).content.decode()
        assert "Geheim" not in content
        assert shown not in content.replace("\u00a0", " ")
    assert "Met een afspraak 0 van 2" in words(eva.get("/afspraken/"))
    page = words(eva.get(page_of(offices, ZWALUW)))
    assert "Deze aanbieder heeft ook locaties in: Groningen" in page


def test_a_provider_outside_the_regions_is_as_if_it_were_not_there(offices: Offices, karim: Client) -> None:
    for rest in ("", "afspraak/", "notitie/"):
        for method in (karim.get, karim.post):
            if (rest == "") == (method == karim.get):
                outside = method(page_of(offices, ANKER, rest))
                random = method(f"/bandbreedtes/proef-2024/00000000-0000-4000-8000-000000000000/{rest}")
                nowhere = method(f"/bandbreedtes/proef-1999/{offices.provider(LINDE).uuid}/{rest}")
                assert [outside.status_code, random.status_code, nowhere.status_code] == [404, 404, 404]
    for year in ("2031", "abc", "²", "0"):
        assert karim.get(f"/bandbreedtes/richtpercentage/?jaar={year}").status_code == 404


def test_every_look_is_recorded_without_figures(offices: Offices, karim: Client) -> None:
    before = AuditRecord.objects.filter(act=Act.BANDWIDTHS_READ).count()
    karim.get(page_of(offices))
    karim.get("/afspraken/")
    assert AuditRecord.objects.filter(act=Act.BANDWIDTHS_READ).count() == before + 2
    newest = AuditRecord.objects.latest("pk")
    assert newest.details == {}


def test_years_and_statuses_of_a_provider_are_told(offices: Offices, karim: Client) -> None:
    offices.moved(status="decided", occasion="decision")
    offices.moved(status="under_objection")
    said = words(karim.get(page_of(offices)))
    # It does not see on which day the letter went.
    assert "besluit genomen" in said
    assert "besluit bekendgemaakt" not in said
    assert "boekjaar 2023" in said
    history = said.split("Wat gebeurde er met de status?")[1]
    assert [history.index(word) for word in ("Onder bezwaar", "Besluit", "Vastgesteld")] == sorted(
        history.index(word) for word in ("Onder bezwaar", "Besluit", "Vastgesteld")
    )
    assert "Tegen het besluit met deze bandbreedte loopt een bezwaar" in said


def test_an_agreement_made_by_the_verb_and_by_the_page_are_the_same(offices: Offices, karim: Client) -> None:
    """The percentage that somebody types is the share that is kept."""
    middle = ((offices.standing().lower_rate or 0) + (offices.standing().upper_rate or 0)) / 2
    rate = middle.quantize(Decimal("0.0001"))
    register(offices, karim, percentage=f"{rate * 100:.2f}".replace(".", ","))
    made = TariffAgreement.objects.get()
    assert agreements.terms_of(made) == Terms(rate=rate)
    assert made.agreed_on == timezone.localdate()


def test_a_round_without_tariffs_has_nothing_to_agree_on_and_says_why(offices: Offices, karim: Client) -> None:
    round = make_round(
        [
            delivery(LINDE, "De Linde", total_cost=61_317, days_5vv=191),
            delivery(KOMPAS, total_cost=71_931, days_5vv=193),
        ],
        slug="proef-2025",
        book_year=2025,
    )
    release_run(run=computed(round), actor=None, status=ReportStatus.ADOPTED)
    table = karim.get("/bandbreedtes/")
    assert "Geen tarief: voor deze ronde is geen tarieftabel." in words(table)
    assert "richtpercentage" not in words(table)
    page = karim.get(f"/bandbreedtes/proef-2025/{offices.provider(LINDE).uuid}/")
    assert "Er is nu niets om binnen af te spreken" in words(page)
    assert 'name="percentage"' not in page.content.decode()
    for rest in ("afspraak/", "notitie/"):
        sent = {"seen": str(offices.standing().uuid), "after": "0", "percentage": "80", "agreed_on": "2025-01-01"}
        answer = karim.post(f"/bandbreedtes/proef-2025/{offices.provider(LINDE).uuid}/{rest}", sent)
        assert answer.status_code in (200, 404)
    assert "Kan nog niet 2" in words(karim.get("/afspraken/"))
    assert karim.get("/bandbreedtes/bestand/").status_code == 200
    assert "Kies eerst" in words(karim.get("/bandbreedtes/vergelijken/"))
    assert not TariffAgreement.objects.exists()


def test_a_longer_list_takes_no_more_questions_to_the_database(offices: Offices, karim: Client) -> None:
    """The table and the overview of an office with hundreds of providers open as quickly as those of one with three."""

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert karim.get(address).status_code == 200
        return len(queries)

    addresses = ("/bandbreedtes/", "/afspraken/", page_of(offices))
    middle = ((offices.standing().lower_rate or 0) + (offices.standing().upper_rate or 0)) / 2
    register(offices, karim, LINDE, percentage=f"{middle * 100:.2f}")
    before = [asked(address) for address in addresses]
    for key, more in ((KOMPAS, 0), (ZWALUW, 0), (LINDE, 1), (LINDE, 2)):
        rate = ((offices.standing(key).lower_rate or 0) + (offices.standing(key).upper_rate or 0)) / 2
        assert register(offices, karim, key, percentage=f"{rate * 100 + more:.2f}").status_code == 302
    assert [asked(address) for address in addresses] == before
    assert max(before) < 35
