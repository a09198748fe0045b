"""Intentions that rest on outcomes which newer ones replaced: every page says it, none goes on, and all are withdrawn at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from ivportal.pages.cases.attention import attention
from ivportal.pages.releasing.release import _about_decisions
from providers.models import Mandate, Notice, Power, Role
from providers.refusal import Refused
from tariffs.models import Decision, DecisionStatus, Letter, LetterKind, ReleaseStage, ReportStatus
from tariffs.procedure import decisions, due, posting, renewals, withdrawing
from tariffs.release import release_run
from tests.access.world import MODEL
from tests.cast import browser_of
from tests.factories import computed
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, REASONS, Adopted, at

OCTOBER = dt.date(2026, 10, 5)
S = DecisionStatus
FEWER_DAYS = {
    **MODEL,
    "bootstrap": None,
    "outputs": [{"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]}],
}


@pytest.fixture
def world(db: None) -> Adopted:
    """Return a round with one decision drawn up, one prepared, the others announced, and newer outcomes since."""
    world = cases.adopted()
    with at(MONDAY):
        cases.announced(world)
        cases.posted(world)
        withdrawing.withdraw(
            decision=world.decision(world.cast.anker), reason="De brief klopte niet.", actor=world.noor
        )
        decisions.prepare_all(release=world.release, actor=world.noor)
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS, decisions=[world.decision().uuid])
    with at(OCTOBER):
        run = computed(world.round, FEWER_DAYS)
        release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Toch anders.")
    return world


def test_every_page_says_which_are_outdated_and_none_asks_to_send_them(world: Adopted) -> None:
    rinske, slug, one = browser_of(world.second), world.round.slug, world.decision()
    found = withdrawing.outdated_in(world.round)
    others = len(found) - 2
    assert one in found
    assert others > 1

    def page(name: str, *args: object) -> str:
        return " ".join(rinske.get(reverse(name, args=args)).content.decode().split())

    said = (
        f"1 voorbereid besluit, {others} bekendgemaakte voornemens en 1 opgesteld besluit rusten op eerdere uitkomsten"
    )
    round = page("case_round", slug)
    assert said in round
    assert round.count("rust op oude uitkomsten</span>") == len(found)
    assert reverse("case_round_step", args=[slug, "vaststellen"]) not in round
    assert reverse("case_round_step", args=[slug, "intrekken"]) in round
    case = page("case", slug, one.provider.uuid)
    assert "in de nieuwste zijn de cijfers van deze aanbieder anders" in case
    assert reverse("decision_step", args=[one.uuid, "vaststellen"]) not in case
    assert "een nieuw besluit voorbereiden" in page("decision_step", one.uuid, "intrekken")
    with at(OCTOBER):
        board = page("cases")
        rows = [row for row in due.due(round=world.round) if row.channel in ("besluit", "zienswijze")]
        assert said in page("rounds")
        (waits,) = [item for item in attention() if "verouderde voornemens" in item["title"]]
    assert (waits["is_urgent"], waits["term"]) == (True, OCTOBER)
    assert [(row.deadline.code, row.count, row.deadline.on) for row in rows] == [("outdated", len(found), OCTOBER)]
    assert "Verouderde voornemens in te trekken" in board
    # Its provider reads that it goes no further, and that another follows.
    asked = next(item for item in found if item.status == S.ANNOUNCED)
    Mandate.objects.create(
        user=world.cast.olaf, role=Role.PROVIDER, provider=asked.provider, powers=[Power.DELIVER, Power.SIGN]
    )
    for user, name in ((world.cast.anne, "own_case"), (world.cast.olaf, "own_case"), (world.cast.olaf, "give_views")):
        own = " ".join(browser_of(user).get(reverse(name, args=[slug])).content.decode().split())
        assert "U hoeft er geen zienswijze op te geven. U krijgt een nieuw voornemen" in own
    # Before it is approved, a release says what it leaves behind.
    newest = renewals.adopted_release(world.round)
    assert newest is not None
    newest.stage = ReleaseStage.APPROVED
    assert said in _about_decisions(newest)[0]
    assert "Trek ze na de vrijgave in één keer in" in _about_decisions(newest)[1]


def test_all_of_them_are_withdrawn_at_once_with_one_reason_and_can_be_prepared_anew(world: Adopted) -> None:
    url = reverse("case_round_step", args=[world.round.slug, "intrekken"])
    found = withdrawing.outdated_in(world.round)
    rinske = browser_of(world.second)
    assert "opnieuw vastgesteld" in rinske.get(url).context["form"].initial["reason"]
    for reason in ("Nee", "Nee\0\u202e\u202e\u202e\u202e\u202e\u202e\u202e", "x" * 2_001):
        with pytest.raises(Refused, match="3:46"):
            withdrawing.withdraw_outdated(round=world.round, reason=reason, actor=world.rinske)
    rinske.post(url, {"reason": "De uitkomsten zijn opnieuw vastge\u202esteld."})
    gone = Decision.objects.filter(pk__in=[item.pk for item in found])
    assert set(gone.values_list("status", "withdrawn_reason", "withdrawn_by")) == {
        (S.WITHDRAWN, "De uitkomsten zijn opnieuw vastgesteld.", world.second.pk)
    }
    assert Notice.objects.filter(kind="case_changed", provider=world.cast.linde, body__contains="opnieuw vast").exists()
    (letter,) = Letter.objects.filter(kind=LetterKind.WITHDRAWN, provider=world.cast.linde)
    assert "De uitkomsten zijn opnieuw vastgesteld." in letter.body
    # Who is in the newest outcomes gets another; of one that was withdrawn alone nobody knows yet.
    assert (
        "U hoeft nu niets te doen. U krijgt een nieuw voornemen, dat rust op de nieuwste uitkomsten. Daarop"
        in letter.body
    )
    (other,) = Letter.objects.filter(kind=LetterKind.WITHDRAWN, provider=world.cast.anker)
    assert "Wil de NZa alsnog een besluit nemen, dan krijgt u eerst een nieuw voornemen. Daarop" in other.body
    case = rinske.get(reverse("case", args=[world.round.slug, world.cast.anker.uuid])).content.decode()
    assert case.count("De uitkomsten zijn opnieuw vastgesteld.") == 1
    board = rinske.get(reverse("case_round", args=[world.round.slug]), {"status": S.WITHDRAWN}).content.decode()
    assert board.count("; ingetrokken op") + board.count(">Ingetrokken op") == len(found) + 1
    assert "nog niet</td>" not in board
    with pytest.raises(Refused, match="rust geen voornemen meer"):
        withdrawing.withdraw_outdated(round=world.round, reason="De uitkomsten zijn nieuw.", actor=world.rinske)
    newest = renewals.adopted_release(world.round)
    assert newest is not None
    assert decisions.prepare_all(release=newest, actor=world.noor).done == len(found)
    assert not withdrawing.outdated_in(world.round)
    # An intention that was withdrawn before anybody printed it stays here; what tells of it goes.
    decisions.announce_all(round=world.round, actor=world.noor)
    letters = Letter.objects.filter(provider=world.cast.linde).order_by("-pk")
    assert posting.by_post().filter(pk=letters[0].pk, kind=LetterKind.INTENDED).exists()
    withdrawing.withdraw(decision=world.decision(), reason="Toch een fout gevonden.", actor=world.noor)
    told, gone_with = letters[:2]
    assert [told.kind, gone_with.kind] == [LetterKind.WITHDRAWN, LetterKind.INTENDED]
    assert list(posting.by_post().filter(pk__in=[told.pk, gone_with.pk])) == [told]


def test_what_was_prepared_on_older_outcomes_is_not_made_known(world: Adopted) -> None:
    told = decisions.announce_all(round=world.round, actor=world.noor)
    assert (told.done, told.left[0][1]) == (0, 1)
    with pytest.raises(Refused, match="niet meer de nieuwste"):
        decisions.announce_all(round=world.round, actor=world.noor, decisions=[world.decision(world.cast.anker).uuid])
