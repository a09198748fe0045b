"""The procedure after a run, played by eleven people: released, responded to, corrected, adopted, decided, objected, agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from benchmarking.models import PeerLink, Run, RunStatus
from providers.access import EVERYTHING, scope
from providers.models import (
    CareOffice,
    Mandate,
    MeasuredValue,
    Notice,
    Provider,
    Role,
    SubmissionVersion,
    User,
)
from providers.models.accounts import every_power
from tariffs.models import (
    Decision,
    InterpretationResponse,
    MirrorReport,
    Objection,
    Release,
    ReleaseStage,
    Standing,
    TariffAgreement,
)
from tests.cast import PASSWORD
from tests.e2e.screen import Screen
from tests.factories import a_workday
from tests.processes import Portal, wait_for

pytestmark = pytest.mark.browser
ROUND = "/rondes/fictief-2024/"
Opener = Callable[..., Screen]


@pytest.fixture(scope="module")
def neighbours(portal: Portal, django_db_blocker: Any) -> Iterator[dict[str, Provider]]:
    """Give three more providers with a director each, the first of whom many are compared with, and a second care office."""
    with django_db_blocker.unblock(), scope(EVERYTHING):
        anne = User.objects.get(email="anne@example.org").mandates.get().provider
        users: dict[Provider, int] = {}
        for link in PeerLink.objects.select_related("peer__provider"):
            users[link.peer.provider] = users.get(link.peer.provider, 0) + 1
        ranked = sorted(users, key=lambda item: (-users[item], item.key))
        found = dict(zip(("bram", "cees", "dora"), [item for item in ranked if item != anne][:3], strict=True))
        for name, provider in found.items():
            user = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name.title())
            Mandate.objects.create(user=user, role=Role.PROVIDER, provider=provider, powers=every_power())
        offices = CareOffice.objects.exclude(mandates__isnull=False).exclude(
            regions__locations__provider__in=[anne, *found.values()]
        )
        ineke = User.objects.create_user("ineke@example.org", PASSWORD, name="Ineke")
        Mandate.objects.create(user=ineke, role=Role.NZA)
        eva = User.objects.create_user("eva@example.org", PASSWORD, name="Eva")
        Mandate.objects.create(user=eva, role=Role.CARE_OFFICE, care_office=offices.order_by("pk")[0])
        yield found


def computed(noor: Screen) -> Run:
    """Have a worker compute the round, from its page."""
    before = set(Run.objects.values_list("pk", flat=True))
    noor.go(ROUND)
    noor.click("button", "Start een berekening")
    noor.go("/begrippen/")  # the page of the round loads itself anew when the run is done, whatever one does there then
    runs = Run.objects.exclude(pk__in=before).filter(status=RunStatus.COMPLETED)
    return wait_for("the run is done", runs.first)


def released(noor: Screen, pieter: Screen, run: Run, status: str, **fields: str) -> Release:
    """Prepare a release as one, approve it as the other, and wait until it is out."""
    noor.go(f"/berekeningen/{run.uuid}/vrijgeven/")
    noor.page.get_by_label(status, exact=True).check()
    for label, text in fields.items():
        noor.page.get_by_label({"note": "Wat is er nieuw", "until": "Reageren kan tot en met"}[label]).fill(text)
    if status == "Vastgesteld":
        noor.page.get_by_label("Zorgkantoren zien").check()
        noor.page.get_by_label("De duidingsperiode die nog loopt eindigt hiermee").check()
        noor.page.get_by_label("Waarom eindigt de duidingsperiode eerder?").fill("Iedereen heeft antwoord.")
    noor.click("button", "Zet de spiegels klaar")
    release = Release.objects.get(run=run, status={"Voorlopig": "provisional", "Vastgesteld": "adopted"}[status])
    wait_for("the mirrors are made", lambda: Release.objects.get(pk=release.pk).stage == ReleaseStage.PREPARED)
    noor.go(f"/vrijgaven/{release.uuid}/")
    noor.keep(f"release {status}")
    assert noor.page.get_by_role("link", name="Keur goed").count() == 0, "who prepared it could approve it"
    pieter.go(f"/vrijgaven/{release.uuid}/")
    if status == "Vastgesteld":
        for rule in ("Voorwaarde op kwaliteit", "Toets op uitbijters", "Ondergrens van de score", "Plafond op"):
            expect(pieter.page.get_by_role("rowheader", name=rule).first).to_be_visible()
    pieter.click("link", "Keur goed")
    pieter.page.get_by_label("Ik heb de gevolgen").check()
    pieter.click("button", "Keur goed")
    wait_for("it is out", lambda: Release.objects.get(pk=release.pk).stage == ReleaseStage.RELEASED)
    return Release.objects.get(pk=release.pk)


def newest(provider: Provider, measure: str) -> Decimal:
    version = SubmissionVersion.objects.filter(submission__provider=provider, submission__round__slug="fictief-2024")
    value = MeasuredValue.objects.get(version=version.order_by("-number")[0], measure=measure).value
    assert value is not None
    return value


def test_from_release_to_a_granted_objection(
    portal: Portal, worker: None, neighbours: dict[str, Provider], open_screen: Opener
) -> None:
    noor, pieter = open_screen("noor@example.org"), open_screen("pieter@example.org")
    bram_is = neighbours["bram"]
    anne_is = User.objects.get(email="anne@example.org").mandates.get().provider
    assert anne_is is not None

    # Computed, and released provisionally by two people; before that nobody else knows.
    run = computed(noor)
    anne = open_screen("anne@example.org", at="/spiegel/")
    seen_before = set(Notice.objects.filter(kind__startswith="mirror_").values_list("pk", flat=True))
    until = a_workday(28).date()
    first = released(
        noor, pieter, run, "Voorlopig", until=until.isoformat(), note="De uitkomsten van 2024 zijn voorlopig."
    )
    karim = open_screen("karim@example.org", at="/bandbreedtes/")
    assert "/bandbreedtes/fictief-2024/" not in karim.page.content()

    # Bram, with whom many are compared, finds that his costs are wrong; Cees asks the same as Dora; Anne agrees.
    bram = open_screen("bram@example.org", at="/spiegel/")
    bram.click("link", "Reageer op uw spiegel")
    bram.keep("responses")
    report = MirrorReport.objects.get(release=first, provider=bram_is)
    bram.go(f"/duiding/{report.uuid}/reageren/?onderdeel=costs&soort=correct")
    bram.open_everything()
    costs = newest(bram_is, "total_cost")
    staff = newest(bram_is, "care_staff_employed")
    dearer = (costs * Decimal("0.12")).quantize(Decimal(1))
    for code, value in (("total_cost", costs + dearer), ("care_staff_employed", staff + dearer)):
        bram.page.locator(f"#veld-{code}").fill(f"{value:.2f}".replace(".", ","))
    bram.page.get_by_label("Waarom kloppen de gegevens niet?").fill(
        "In onze opgave ontbreken de kosten van een afdeling. Zie de jaarrekening, bladzijde 31."
    )
    bram.keep("correction")
    bram.click("button", "Verstuur")
    for name in ("cees", "dora"):
        screen = open_screen(f"{name}@example.org", at="/spiegel/")
        theirs = MirrorReport.objects.get(release=first, provider=neighbours[name])
        screen.go(f"/duiding/{theirs.uuid}/reageren/?onderdeel=peers&soort=ask")
        screen.page.get_by_label("Uw vraag").fill("Waarom worden wij vergeleken met aanbieders in een andere regio?")
        screen.click("button", "Verstuur")

    # Noor sees what the correction does to Bram and to everybody, before she decides.
    correction = InterpretationResponse.objects.get(kind="correct")
    noor.go("/duidingen/")
    noor.keep("queue")
    noor.go(f"/duidingen/{correction.uuid}/")
    noor.click("link", "Neem in behandeling")
    noor.click("button", "Neem in behandeling")
    noor.click("link", "Beantwoord")
    noor.page.get_by_label("Wat is de uitkomst?").select_option("accepted")
    noor.page.get_by_label("Antwoord, met de reden").fill("De jaarrekening bevestigt de hogere kosten.")
    noor.page.get_by_role("button", name="Beantwoord").click()
    expect(noor.page.get_by_text("Bereken").first).to_be_visible()
    assert InterpretationResponse.objects.get(pk=correction.pk).outcome == "", (
        "decided without having seen what it does"
    )
    noor.go(f"/duidingen/{correction.uuid}/")
    noor.click("link", "Bereken de gevolgen")
    noor.click("button", "Bereken de gevolgen")
    expect(noor.page.get_by_text("Berekend op").first).to_be_visible(timeout=30_000)
    noor.keep("consequences")
    noor.click("link", "Beantwoord")
    noor.page.get_by_label("Wat is de uitkomst?").select_option("accepted")
    noor.page.get_by_label("Antwoord, met de reden").fill("De jaarrekening bevestigt de hogere kosten.")
    noor.click("button", "Beantwoord")
    noor.click("link", "Neem over in de gegevens")
    noor.click("button", "Neem over in de gegevens")
    assert newest(bram_is, "total_cost") == costs + dearer

    # One answer to the two who asked the same.
    noor.go("/duidingen/?soort=ask")
    for box in noor.page.locator("main form input[type=checkbox]").all():
        box.check()
    noor.click("button", "Beantwoord gekozen reacties samen")
    if noor.page.get_by_label("Wat is de uitkomst?").is_visible():
        noor.page.get_by_label("Wat is de uitkomst?").select_option("replied")
    noor.page.get_by_label("Antwoord aan alle gekozen aanbieders").fill(
        "Vergeleken wordt op de zorg, niet op de regio."
    )
    noor.click("button", "Beantwoord allemaal")
    asked = InterpretationResponse.objects.filter(kind="ask")
    assert set(asked.values_list("status", flat=True)) == {"answered"}
    assert len(set(asked.values_list("answer_group", flat=True))) == 1

    # Computed again: others move because of Bram, and are told so, once. Adopted by two people who saw each rule's effect.
    again = computed(noor)
    assert again.result_hash != run.result_hash
    second = released(
        noor,
        pieter,
        again,
        "Vastgesteld",
        note="Een aanbieder verbeterde haar kosten. De uitkomsten zijn nu vastgesteld.",
    )
    moved = [
        new.provider
        for new in second.reports.select_related("provider")
        if "costs" in new.content
        and (old := MirrorReport.objects.get(release=first, provider=new.provider)).content.get("costs")
        and old.content["costs"]["minimum"] != new.content["costs"]["minimum"]
        and new.provider != bram_is
    ]
    assert moved, "the correction moved nobody else: it shows nothing"
    for report in second.reports.filter(provider__in=moved):
        assert any("Gegevens van andere zorgaanbieders" in sentence for sentence in report.content["release"]["why"])
    anne.go("/spiegel/")
    expect(anne.page.get_by_text("Een aanbieder verbeterde haar kosten.").first).to_be_visible()
    anne.keep("mirror adopted")
    told = Notice.objects.filter(kind__startswith="mirror_", recipient__email="anne@example.org", round=first.round)
    told = told.exclude(pk__in=seen_before)
    assert told.count() == 2
    older = MirrorReport.objects.get(release=first, provider=anne_is)
    anne.go(f"/spiegel/{older.uuid}/")
    expect(anne.page.get_by_text("Er is een nieuwere versie")).to_be_visible()

    # Intended decisions; Anne gives her views, and the decision answers them. Another person takes it.
    step(noor, "/zaken/fictief-2024/stap/voorbereiden/")
    step(noor, "/zaken/fictief-2024/stap/bekendmaken/")
    decision = Decision.objects.get(provider=anne_is, round=first.round)
    anne.go("/besluiten/fictief-2024/")
    anne.keep("intended decision")
    step(
        anne, "/besluiten/fictief-2024/zienswijze/", zienswijze="Onze locatie in het monument is duurder dan gemiddeld."
    )
    views = decision.views.get()
    step(
        noor,
        f"/zaken/zienswijzen/{views.uuid}/overweging/",
        consideration="Het model rekent huisvesting apart. Dit verandert niets.",
    )
    step(noor, f"/zaken/besluiten/{decision.uuid}/opstellen/")
    noor.go(f"/zaken/besluiten/{decision.uuid}/vaststellen/")
    # Who drew it up reads who takes it, and has no button.
    expect(noor.page.get_by_text("een collega stelt vast (art. 3:2 Awb)").first).to_be_visible()
    expect(noor.page.locator("main form button[type=submit]")).to_have_count(0)
    step(pieter, f"/zaken/besluiten/{decision.uuid}/vaststellen/")
    assert Decision.objects.get(pk=decision.pk).status == "sent"
    karim.go("/bandbreedtes/")
    expect(karim.page.get_by_text("Besluit").first).to_be_visible()
    karim.keep("bandwidths decided")

    # Fatima objects for the board; the objection is admitted, nobody is heard, and it is granted for this provider alone.
    fatima = open_screen("fatima@example.org", at="/besluiten/fictief-2024/")
    fatima.keep("decision")
    step(
        fatima,
        "/besluiten/fictief-2024/bezwaar/",
        **{"grond-1": "Een deel van onze huisvesting is niet meegeteld; zie de bijlage.", "naam": "Fatima"},
    )
    objection = Objection.objects.get(decision=decision)
    wait_for("its standing is under objection", lambda: standing_of(anne_is).status == "under_objection")
    at = f"/zaken/bezwaren/{objection.uuid}"
    step(noor, f"{at}/behandelen/")
    noor.go(f"{at}/niet-horen/")
    noor.page.locator("main form input[type=radio]").last.check()
    step(noor, None, reason="Aan het bezwaar wordt geheel tegemoetgekomen.")
    ground = objection.grounds.get()
    step(
        noor,
        f"{at}/gronden/",
        **{f"verdict_{ground.pk}": "founded", f"reasons_{ground.pk}": "De huisvesting ontbrak inderdaad."},
    )
    more = Decimal(10_000)
    noor.go(f"{at}/opstellen/")
    noor.page.get_by_label("Gegrond", exact=True).check()
    noor.page.locator("input[name=consequence][value=frozen_frontier]").check()
    step(
        noor,
        None,
        reasons="De NZa neemt de verbeterde kosten van huisvesting over, met dezelfde vergelijking.",
        measure_1="total_cost",
        value_1=f"{newest(anne_is, 'total_cost') + more:.2f}".replace(".", ","),
        measure_2="housing_nhc",
        value_2=f"{newest(anne_is, 'housing_nhc') + more:.2f}".replace(".", ","),
    )
    noor.keep("objection drafted")
    before = {
        item.provider_id: item.figures for item in Decision.objects.filter(round=first.round).exclude(provider=anne_is)
    }
    pieter.go(f"{at}/beslissen/")
    # Who took the decision does not decide on the objection.
    expect(pieter.page.get_by_text("art. 10:3, derde lid").first).to_be_visible()
    expect(pieter.page.locator("main form button[type=submit]")).to_have_count(0)
    step(open_screen("ineke@example.org"), f"{at}/beslissen/")
    objection.refresh_from_db()
    assert (objection.status, objection.outcome) == ("decided", "granted")
    assert objection.new_decision is not None
    # Housing is no part of the comparison: it comes on top of the minimum, to the euro.
    assert Decimal(objection.new_decision.figures["minimum"]) - Decimal(decision.figures["minimum"]) == more
    after = {
        item.provider_id: item.figures for item in Decision.objects.filter(round=first.round).exclude(provider=anne_is)
    }
    assert after == before, "a granted objection changed what was decided about another"
    assert standing_of(anne_is).occasion == "new_decision"
    fatima.go("/besluiten/fictief-2024/")
    expect(fatima.page.get_by_text("Gegrond").first).to_be_visible()
    fatima.keep("case at the end")

    # Karim agrees with Anne within the bandwidth; outside it he cannot. Eva of another region finds nothing of it.
    holds = standing_of(anne_is)
    assert holds.lower_rate is not None
    karim.go(f"/bandbreedtes/fictief-2024/{anne_is.uuid}/")
    karim.keep("provider at the care office")
    for percentage in ("40", f"{float(holds.lower_rate) * 100 + 0.02:.2f}".replace(".", ",")):
        karim.page.get_by_label("Eén percentage voor alle zorgprofielen").fill(percentage)
        karim.page.get_by_label("Dag van de afspraak").fill(timezone.localdate().isoformat())
        with karim.page.expect_navigation():
            karim.page.locator("form[action$='/afspraak/'] button[type=submit]").first.click()
        karim.settle()
        if percentage == "40":
            assert not TariffAgreement.objects.exists(), "agreed far below the minimum"
            karim.wrong.clear()  # the answer to what was refused is a 409
    assert TariffAgreement.objects.get().provider == anne_is
    anne.go("/besluiten/")
    expect(anne.page.get_by_text("van de maximumtarieven").first).to_be_visible()
    karim.go("/afspraken/")
    karim.keep("agreements")
    eva = open_screen("eva@example.org", at="/bandbreedtes/")
    assert anne_is.name not in eva.page.content()


def step(screen: Screen, path: str | None, **fields: str) -> None:
    """Fill in the form of a page by the names of its fields, or the ids of those without one, and send it."""
    if path is not None:
        screen.go(path)
    for name, text in fields.items():
        found = screen.page.locator(f"main form [name='{name}'], main form #{name}").first
        if found.evaluate("(field) => field.tagName") == "SELECT":
            found.select_option(text)
        else:
            found.fill(text)
    where = screen.path
    with screen.page.expect_navigation():
        screen.page.locator("main form button[type=submit]").first.click()
    screen.settle()
    assert screen.path != where, f"not taken at {where}: {screen.page.locator('[role=alert]').all_inner_texts()}"


def standing_of(provider: Provider) -> Standing:
    """Return what holds now."""
    return Standing.objects.filter(provider=provider, round__slug="fictief-2024").order_by("-since", "-pk")[0]
