"""A provider that lets others see its name: asked where the policy says so, shown to whose peer it is, and taken back in time."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from ivportal.pages.cases.consenting import WHEN_IT_COUNTS
from ivportal.pages.releasing.release import _consequences
from providers.models import Provider, Round, User
from tariffs.models import Consent, MirrorReport, Release, ReportStatus
from tariffs.policies import set_policy
from tariffs.release import release_run
from tests.access.reading import fetch_all, numbers_in
from tests.access.unpacking import text_in
from tests.access.world import MODEL, deliveries, with_tariffs
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import somebody_at
from tests.factories import computed, make_round

pytestmark = pytest.mark.usefixtures("db")

NAME = "Het Anker"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def round(cast: Cast) -> Round:
    return with_tariffs(make_round(deliveries()))


def choose(user: User, round: Round, choice: str) -> None:
    answer = browser_of(user).post(reverse("name_consent", args=[round.slug]), {"keuze": choice})
    assert (answer.status_code, answer["Location"]) == (302, reverse("own_cases"))


def released(round: Round) -> None:
    release_run(run=computed(round, {**MODEL, "bootstrap": None}), actor=None, status=ReportStatus.PROVISIONAL)


def told(client: Client, report: MirrorReport) -> list[str]:
    """Return what a reader gets of a mirror: the page with its figure, the paper, and the document beneath."""
    page = client.get(reverse("mirror_report", args=[report.uuid])).content
    paper = client.get(reverse("mirror_pdf", args=[report.uuid])).content
    return [text_in(page), text_in(paper), json.dumps(report.content, ensure_ascii=False)]


def mirror_of(provider: Provider) -> MirrorReport:
    return MirrorReport.objects.filter(provider=provider).latest("version")


def test_a_name_goes_to_whose_peer_it_is_without_costs_and_is_gone_from_the_next_release_when_taken_back(
    cast: Cast, round: Round
) -> None:
    set_policy(round=round, actor=None, disclosure="consent")
    choose(cast.bram, round, "naam")
    choose(cast.bram, round, "naam")
    assert Consent.objects.count() == 1
    released(round)
    office = browser_of(cast.noor)
    page = office.get(reverse("release", args=[Release.objects.get().uuid])).content.decode()
    assert f"{NAME}, bij wie hen als peer heeft. {html.escape(WHEN_IT_COUNTS)}" in page
    stranger = Provider.objects.get(name="De Brink")
    for text in told(browser_of(cast.anne), mirror_of(cast.linde)):
        assert NAME in text
        assert "Het Kompas" not in text
    for text in told(browser_of(somebody_at(stranger)), mirror_of(stranger)):
        assert NAME not in text
    own = mirror_of(cast.anker).content["costs"]
    secret = [float(own[name]) for name in ("own", "comparable")]
    assert secret[0] > 1_000_000
    for page in fetch_all(browser_of(cast.anne)).values():
        close = [number for number in numbers_in(page.said) for cost in secret if abs(number - cost) < cost / 1000]
        assert not close, page.address
    choose(cast.bram, round, "geen-naam")
    set_policy(round=round, actor=None, disclosure="consent", cap=Decimal("0.9"))
    released(round)
    assert "Peers met naam: niemand; geen peer gaf" in " ".join(_consequences(Release.objects.latest("pk")))
    again = mirror_of(cast.linde)
    assert again.version == 2
    newest = told(browser_of(cast.anne), again)
    assert not [text for text in newest if re.search(NAME, text)]
    assert re.search(
        r"<dt>Bandbreedte \(% van de maximumtarieven\)</dt>\s*<dd>\s*van [\d,]+.%.* naar [\d,]+.%", newest[0]
    )


def test_only_who_signs_is_asked_and_only_where_the_policy_shows_names_after_consent(cast: Cast, round: Round) -> None:
    address = reverse("name_consent", args=[round.slug])
    start, cases = reverse("mirror"), reverse("own_cases")
    signer = browser_of(cast.bram)
    assert signer.get(address).status_code == 404
    assert address not in signer.get(cases).content.decode()
    set_policy(round=round, actor=None, disclosure="consent")
    page = signer.get(address).content.decode()
    for where in (page, browser_of(cast.noor).get(reverse("round_policy", args=[round.slug])).content.decode()):
        assert html.escape(WHEN_IT_COUNTS) in where
    for said in ("kan ze met die cijfers wel uitrekenen", "tot het moment waarop de NZa uitkomsten vrijgeeft"):
        assert said in page
    assert address in signer.get(start).content.decode()
    assert address in signer.get(cases).content.decode()
    assert signer.post(address, {"keuze": "misschien"}).status_code == 200
    for user, status in ((cast.daan, 403), (cast.noor, 403), (cast.karim, 403)):
        assert browser_of(user).post(address, {"keuze": "naam"}).status_code == status
    assert address not in browser_of(cast.daan).get(start).content.decode()
    colleague = browser_of(cast.daan).get(cases).content.decode()
    assert address not in colleague
    assert "U kunt dit niet kiezen. Wel: Anne, Fatima, Maria." in colleague
    assert not Consent.objects.exists()
    # Who consented can take it back also after the policy stopped asking.
    choose(cast.bram, round, "naam")
    set_policy(round=round, actor=None, disclosure="pseudonym")
    choose(cast.bram, round, "geen-naam")
    assert signer.get(address).status_code == 404
    # Nothing is asked at the start any more once outcomes are adopted; what may follow is still one page away.
    set_policy(round=round, actor=None, disclosure="consent")
    release_run(run=computed(round, {**MODEL, "bootstrap": None}), actor=None, status=ReportStatus.ADOPTED)
    assert address not in signer.get(start).content.decode()
    assert address in signer.get(cases).content.decode()
