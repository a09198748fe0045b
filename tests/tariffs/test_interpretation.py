"""The interpretation period through its verbs: who may say what until when, what the NZa does, and who is told how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from providers.access import EVERYTHING, scope
from providers.formatting import AMSTERDAM, format_datetime
from providers.models import AuditRecord, Mandate, Notice, Role
from providers.refusal import Refused
from tariffs import release as releasing
from tariffs.models import (
    RESPONSE_TRANSITIONS,
    InterpretationResponse,
    Item,
    ReportStatus,
    ResponseKind,
    ResponseOutcome,
    ResponseStatus,
    ResponseTerm,
    respond_until,
)
from tariffs.policies import set_policy
from tariffs.procedure import answering, due, interpretation, more_time, outlook
from tariffs.procedure.answering import Answer
from tariffs.release import release_run
from tests.cast import browser_of
from tests.delivering import acting
from tests.factories import a_workday
from tests.responding import WHY, Period, make_period, respond
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

REASON = "Wij lazen uw toelichting en nemen haar mee."
QUESTION = "Uit welke rekening blijkt dit bedrag?"


@pytest.fixture(scope="module")
def stored_period(django_db_setup: None, django_db_blocker: Any) -> Iterator[Period]:
    """Give a released round that was made once."""
    with stored(django_db_blocker):
        yield make_period()


@pytest.fixture
def period(stored_period: Period, db: None) -> Period:
    """Give it; what a test does is undone."""
    return stored_period


def told(kind: str) -> list[str]:
    """Return whom a message of this kind reached, once for each message."""
    return sorted(Notice.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def as_own(period: Period, user: Any, act: Callable[..., Any], **facts: Any) -> Any:
    """Do something as somebody of a provider, in the scope that the database gives her."""
    actor = acting(user)
    with scope(actor.database_scope):
        return act(actor=actor, **facts)


# ── responding ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_delivers_or_signs_responds_and_who_only_reads_or_is_of_another_does_not(period: Period) -> None:
    cast = period.cast
    assert respond(period, cast.daan).status == "submitted"
    assert respond(period, cast.fatima).number == 2
    with pytest.raises(Refused, match="bevoegdheid"):
        respond(period, cast.greet)
    with pytest.raises(Refused, match="U werkt nu niet voor De Linde"):
        respond(period, cast.bram, report=period.report(cast.linde))
    for user in (cast.noor, cast.karim):
        with pytest.raises(Refused):
            interpretation.respond(
                report=period.report(cast.linde),
                item=Item.COSTS,
                kind=ResponseKind.ASK,
                text=WHY,
                key="x",
                actor=acting(user),
            )


def test_the_database_lets_nobody_respond_to_the_mirror_of_another_or_answer_herself(period: Period) -> None:
    anne, linde, anker = period.cast.anne, period.cast.linde, period.cast.anker
    facts = {"number": 7, "item": "costs", "kind": "ask", "text": WHY, "key": "x", "submitted_by": anne}
    answered = {"status": "answered", "outcome": "replied", "answer": "Ja.", "answered_at": timezone.now()}
    for wrong in (
        {"provider": anker, "report": period.report(anker)},
        {"provider": linde, "report": period.report(anker)},
        {"provider": linde, "report": period.report(linde), "submitted_by": period.cast.daan},
        {"provider": linde, "report": period.report(linde), **answered},
    ):
        with (
            scope(acting(anne).database_scope),
            pytest.raises((ProgrammingError, IntegrityError)),
            transaction.atomic(),
        ):
            InterpretationResponse.objects.create(**{**facts, **wrong})


def test_sent_twice_it_is_one_response_with_one_message_and_another_text_under_the_same_key_is_refused(
    period: Period,
) -> None:
    first = respond(period, period.cast.anne, key="een")
    assert respond(period, period.cast.anne, key="een") == first
    assert told("response_received") == ["Anne"]
    with pytest.raises(Refused, match="Open de bladzijde opnieuw"):
        respond(period, period.cast.anne, key="een", text="Iets heel anders dan daarnet.")
    assert InterpretationResponse.objects.count() == 1


def test_what_is_no_number_is_refused_in_words_and_text_is_kept_as_it_reads(period: Period) -> None:
    for value in ("NaN", "sNaN", "Infinity", "-Infinity"):
        with pytest.raises(Refused, match="een getal in"):
            respond(
                period, period.cast.anne, kind=ResponseKind.CORRECT, changes={"total_cost": Decimal(value)}, key=value
            )
    kept = respond(period, period.cast.anne, text="De kosten zijn \u202e€ 12\u202c en\u2067 dat klopt\u2069 niet.\x00")
    assert kept.text == "De kosten zijn € 12 en dat klopt niet."
    with pytest.raises(Refused, match="Schrijf op wat u wilt zeggen"):
        respond(period, period.cast.anne, text="\u202e\u2066\u200b" * 10)


def test_agreeing_needs_no_words_no_answer_and_no_message_and_the_rest_is_agreed_with_once(period: Period) -> None:
    cast = period.cast
    respond(period, cast.anne, item=Item.SCORE, kind=ResponseKind.ASK, text="Hoe komt u hieraan, precies?")
    report = period.report(cast.linde)
    made = as_own(period, cast.daan, interpretation.agree_with_the_rest, report=report, key="knop")
    again = as_own(period, cast.daan, interpretation.agree_with_the_rest, report=report, key="knop")
    assert {item.pk for item in made} == {item.pk for item in again}
    assert Item.SCORE not in {item.item for item in made}
    assert Item.COSTS in {item.item for item in made}
    assert {(item.status, item.outcome, item.answer) for item in made} == {("answered", "noted", "")}
    assert as_own(period, cast.daan, interpretation.agree_with_the_rest, report=report, key="later") == []
    assert told("response_received") == ["Anne"]


@pytest.mark.parametrize("text", ["", "ok", "  \n ", "klopt"])
def test_who_does_not_agree_says_why(period: Period, text: str) -> None:
    with pytest.raises(Refused, match="letters"):
        respond(period, period.cast.anne, text=text)


def test_numbers_of_persons_are_not_kept(period: Period) -> None:
    # Each passes the eleven-test.
    numbers = "111222333 123456782 100000009 100000101 100000149 100000198 100000241"
    with pytest.raises(Refused, match="burgerservicenummers"):
        respond(period, period.cast.anne, text=f"Het gaat om deze bewoners: {numbers}")


def test_the_last_second_is_in_time_and_the_next_is_not_unless_the_period_is_extended(period: Period) -> None:
    until = period.release.respond_until
    assert until is not None
    with time_machine.travel(until + timedelta(seconds=0.9), tick=False):
        assert respond(period, period.cast.anne, told=EVERYTHING).status == "submitted"
    late = until + timedelta(seconds=1)
    with time_machine.travel(late, tick=False), pytest.raises(Refused, match="u kon reageren tot en met"):
        respond(period, period.cast.anne)
    longer = a_workday(60)
    more_time.extend(
        release=period.release,
        until=longer,
        reason="U kreeg de spiegel later dan anderen.",
        provider=period.cast.linde,
        actor=period.noor,
    )
    with time_machine.travel(longer, tick=False):
        assert respond(period, period.cast.anne, told=EVERYTHING).number == 2
        with pytest.raises(Refused, match="voorbij"):
            respond(period, period.cast.bram)


def test_a_mirror_that_was_replaced_or_asks_nothing_is_only_read(period: Period) -> None:
    old = period.report(period.cast.linde)
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        release_run(run=period.run, actor=None, status=ReportStatus.ADOPTED, note="Vastgesteld na de duiding.")
    with pytest.raises(Refused, match=r"uitkomst is vastgesteld\. U krijgt nog een voornemen"):
        respond(period, period.cast.anne, report=old)
    with pytest.raises(Refused, match="geen duidingsperiode"):
        respond(period, period.cast.anne)
    anne, newest = browser_of(period.cast.anne), period.report(period.cast.linde)
    for mirror, is_asked in ((old, True), (newest, False)):
        page = anne.get(reverse("report_responses", args=[mirror.uuid])).content.decode()
        assert ("Dit is uw reactie in de duidingsperiode" in page) is is_asked


def test_adopting_waits_for_every_answer_says_what_it_ends_and_hides_nothing_open(period: Period) -> None:
    round, rinske = period.release.round, browser_of(period.rinske.user)
    mirror = period.report(period.cast.linde)
    adopted = {"run": period.run, "status": ReportStatus.ADOPTED, "actor": period.noor, "ends_period": True}
    first = respond(period, period.cast.anne)
    with pytest.raises(Refused, match=r"1 reactie is nog niet beantwoord\. .* Doe dat eerst"):
        releasing.prepare(**adopted, note=WHY)
    given = Answer(ResponseOutcome.NOTED, WHY)
    answering.answer(response=first, given=given, actor=period.noor)
    with pytest.raises(Refused, match="waarom de duidingsperiode eerder eindigt"):
        releasing.prepare(**adopted, note="kort")
    release = releasing.prepare(**adopted, note=WHY)
    assert releasing.make_reports(release.pk)
    ends = f"De duidingsperiode tot en met {format_datetime(period.release.respond_until)} eindigt hiermee."
    pages = [reverse("release", args=[release.uuid]), reverse("release_step", args=[release.uuid, "goedkeuren"])]
    for page in pages:
        assert ends in rinske.get(page).content.decode()
    # Without the mark-up both ends are one amount, rounded down; with it the lower end is rounded up.
    told_of = {rule["rule"]: rule for rule in release.effects.document["rules"]}
    assert Decimal(told_of["markup"]["minimum_cost"]["difference"]) == 0 < told_of["markup"]["tariffs_lower"]["higher"]
    assert "hoogstens één cent per dag" in rinske.get(pages[0]).content.decode()
    # One that comes in between holds approving back; one that comes after that holds nothing back, and stays in sight.
    second = respond(period, period.cast.anne, report=mirror)
    for page in pages:
        assert "1 reactie is nog niet beantwoord." in rinske.get(page).content.decode()
    soon = timezone.now() + timedelta(hours=1)
    with pytest.raises(Refused, match="1 reactie is nog niet beantwoord"):
        releasing.approve(release=release, release_at=soon, actor=period.rinske)
    answering.answer(response=second, given=given, actor=period.noor)
    releasing.approve(release=release, release_at=soon, actor=period.rinske)
    third = respond(period, period.cast.anne, report=mirror)
    assert "answer" not in {item.deadline.code for item in due.due(round=round)}
    with time_machine.travel(soon + timedelta(minutes=1)):
        assert releasing.release_due() == [release.pk]
        (left,) = [item for item in due.due(round=round) if item.deadline.code == "answer"]
        assert (left.provider, left.reference) == (third.provider, f"reactie {third.number}")
        answering.answer(response=third, given=given, actor=period.noor)
        assert "answer" not in {item.deadline.code for item in due.due(round=round)}
    said = "Die eindigt met deze nieuwe spiegel: reageren kan niet meer."
    report = release.reports.get(provider=period.cast.linde)
    assert report.content["release"]["note"] == WHY
    assert said in report.content["release"]["why"][0]
    notice = Notice.objects.get(kind="mirror_released", recipient=period.cast.anne)
    assert notice.body.index(WHY) < notice.body.index(said)


def test_somebody_who_looks_along_changes_nothing(period: Period) -> None:
    looking = replace(period.noor, looking_along=period.cast.linde)
    response = respond(period, period.cast.anne)
    with pytest.raises(Refused, match="kijkt mee"):
        interpretation.withdraw(response=response, actor=looking)
    with pytest.raises(Refused, match="Alleen een medewerker van de NZa"):
        answering.take(response=response, actor=looking)


# ── the NZa asks, the provider adds or withdraws ───────────────────────────────────────────────────────────────────


def asked(period: Period) -> InterpretationResponse:
    """Return a response about which the NZa asked for more."""
    response = respond(period, period.cast.anne)
    answering.take(response=response, actor=period.noor)
    answering.ask_for_more(response=response, text=QUESTION, until=a_workday(10), actor=period.noor)
    response.refresh_from_db()
    return response


def test_more_is_asked_once_answered_in_time_and_then_the_nza_goes_on(period: Period) -> None:
    response = asked(period)
    answering.ask_for_more(response=response, text=QUESTION, until=a_workday(10), actor=period.noor)
    assert told("response_more_asked") == ["Anne", "Daan", "Fatima", "Greet", "Maria"]
    add: dict[str, Any] = {"response": response, "text": "Uit rekening 4200 van de jaarrekening."}
    with (
        time_machine.travel(a_workday(10) + timedelta(seconds=1), tick=False),
        pytest.raises(Refused, match="U kon aanvullen tot en met"),
    ):
        as_own(period, period.cast.daan, interpretation.supplement, **add)
    with time_machine.travel(a_workday(10), tick=False):
        # Not in her own scope: the database looks at its own clock, which no test moves.
        first = interpretation.supplement(actor=acting(period.cast.daan), **add)
        assert as_own(period, period.cast.daan, interpretation.supplement, **add) == first
    response.refresh_from_db()
    assert (response.status, response.assigned_to) == ("assigned", period.cast.noor)
    assert [message.is_from_nza for message in response.messages.all()] == [True, False]
    with pytest.raises(Refused, match="vraagt nu geen aanvulling"):
        as_own(
            period, period.cast.daan, interpretation.supplement, response=response, text="Nog een aanvulling hierop."
        )


def test_a_response_is_taken_back_until_it_was_answered(period: Period) -> None:
    response = asked(period)
    as_own(period, period.cast.daan, interpretation.withdraw, response=response)
    as_own(period, period.cast.daan, interpretation.withdraw, response=response)
    assert AuditRecord.objects.filter(act="response_withdrawn").count() == 1
    with pytest.raises(Refused, match="heeft reactie 1 ingetrokken"):
        answering.answer(response=response, given=Answer(ResponseOutcome.NOTED, REASON), actor=period.noor)
    other = respond(period, period.cast.anne)
    answering.answer(response=other, given=Answer(ResponseOutcome.NOTED, REASON), actor=period.noor)
    with pytest.raises(Refused, match="kan niet naar ‘ingetrokken’"):
        as_own(period, period.cast.anne, interpretation.withdraw, response=other)


def test_only_who_works_at_the_nza_now_gets_a_response_assigned(period: Period) -> None:
    response = respond(period, period.cast.anne)
    with pytest.raises(Refused, match="werkt nu niet bij de NZa"):
        answering.assign(response=response, to=period.cast.anne, actor=period.noor)
    Mandate.objects.filter(user=period.cast.maria, role=Role.NZA).update(valid_until=timezone.now())
    with pytest.raises(Refused, match="werkt nu niet bij de NZa"):
        answering.assign(response=response, to=period.cast.maria, actor=period.noor)
    answering.assign(response=response, to=period.rinske.user, actor=period.noor)
    response.refresh_from_db()
    assert (response.status, response.assigned_to) == ("assigned", period.rinske.user)
    answering.put_back(response=response, actor=period.noor)
    response.refresh_from_db()
    assert (response.status, response.assigned_to) == ("submitted", None)


# ── answering ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_has_a_fitting_outcome_and_a_reason_and_is_told_once(period: Period) -> None:
    response = respond(period, period.cast.anne, kind=ResponseKind.ASK)
    with pytest.raises(Refused, match="past als uitkomst ‘vraag beantwoord’"):
        answering.answer(response=response, given=Answer(ResponseOutcome.ACCEPTED, REASON), actor=period.noor)
    with pytest.raises(Refused, match="Schrijf op waarom"):
        answering.answer(response=response, given=Answer(ResponseOutcome.REPLIED, "ja"), actor=period.noor)
    for _ in range(2):
        answering.answer(response=response, given=Answer(ResponseOutcome.REPLIED, REASON), actor=period.noor)
    assert told("response_answered") == ["Anne", "Daan", "Fatima", "Greet", "Maria"]
    assert REASON in response.letters.get().body
    with pytest.raises(Refused, match="al beantwoord door Noor"):
        answering.answer(
            response=response,
            given=Answer(ResponseOutcome.REPLIED, "Iets anders dan mijn collega."),
            actor=period.rinske,
        )


def test_who_is_not_of_the_nza_answers_nothing(period: Period) -> None:
    response = respond(period, period.cast.anne)
    for user in (period.cast.anne, period.cast.karim):
        for act in (
            lambda actor: answering.take(response=response, actor=actor),
            lambda actor: answering.put_back(response=response, actor=actor),
            lambda actor: answering.ask_for_more(response=response, text=QUESTION, until=a_workday(), actor=actor),
            lambda actor: answering.answer(response=response, given=Answer(ResponseOutcome.NOTED, REASON), actor=actor),
            lambda actor: answering.answer_together(
                responses=[response, response], outcome=ResponseOutcome.NOTED, text=REASON, actor=actor
            ),
            lambda actor: more_time.extend(release=period.release, until=a_workday(90), reason=REASON, actor=actor),
            lambda actor: outlook.ask(response=response, actor=actor),
        ):
            with pytest.raises(Refused, match="Alleen een medewerker van de NZa"):
                act(acting(user))


def test_one_answer_to_several_tells_each_provider_once_and_is_all_or_nothing(period: Period) -> None:
    cast = period.cast
    asking = {"kind": ResponseKind.ASK, "text": "Hoe telt huisvesting mee?"}
    three = [respond(period, user, **asking) for user in (cast.anne, cast.daan, cast.bram)]
    together = {"outcome": ResponseOutcome.REPLIED, "text": "Huisvesting telt apart mee, naast uw score."}
    named = {**together, "text": "Het Anker is een peer van u, omdat zij net zo’n gebouw heeft. Vraag het Bram Koster."}
    with pytest.raises(Refused, match=r"staat ‘Het Anker’\. 2 aanbieders lezen dit"):
        answering.answer_together(responses=three, actor=period.noor, **named)
    with pytest.raises(Refused, match=r"staat ‘Het Anker’\. De Linde leest dit"):
        answering.answer_together(responses=three[:2], actor=period.noor, **named)
    assert not InterpretationResponse.objects.exclude(answer="").exists()
    group = answering.answer_together(responses=three, actor=period.noor, **together)
    assert answering.answer_together(responses=three, actor=period.noor, **together) == group
    assert set(InterpretationResponse.objects.values_list("answer_group", "answer")) == {(group, together["text"])}
    assert told("response_answered") == ["Anne", "Bram", "Daan", "Fatima", "Greet", "Maria"]
    assert [response.letters.count() for response in three] == [1, 1, 1]
    fresh = respond(period, cast.anne, **asking)
    with pytest.raises(Refused, match="al beantwoord door Noor"):
        answering.answer_together(responses=[fresh, three[0]], actor=period.rinske, **together)
    fresh.refresh_from_db()
    assert fresh.status == "submitted"


def test_explanations_and_questions_are_not_answered_together_and_corrections_never(period: Period) -> None:
    cast = period.cast
    question = respond(period, cast.anne, kind=ResponseKind.ASK)
    correction = respond(period, cast.daan, kind=ResponseKind.CORRECT, changes={"days_5vv": Decimal(17_350)})
    explanation = respond(period, cast.bram)
    with pytest.raises(Refused, match="past als uitkomst"):
        answering.answer_together(
            responses=[question, explanation], outcome=ResponseOutcome.NOTED, text=REASON, actor=period.noor
        )
    with pytest.raises(Refused, match="Een correctie beantwoordt u apart"):
        answering.answer_together(
            responses=[explanation, correction], outcome=ResponseOutcome.REJECTED, text=REASON, actor=period.noor
        )
    assert not InterpretationResponse.objects.filter(status="answered").exists()


# ── every state, every verb ────────────────────────────────────────────────────────────────────────────────────────


def test_whatever_verb_is_tried_in_whatever_state_no_step_outside_the_table_is_taken(period: Period) -> None:
    cast = period.cast

    def verbs(response: InterpretationResponse) -> list[Callable[[], Any]]:
        anne = acting(cast.anne)
        return [
            lambda: interpretation.withdraw(response=response, actor=anne),
            lambda: interpretation.supplement(response=response, text="Een aanvulling op de reactie.", actor=anne),
            lambda: answering.take(response=response, actor=period.noor),
            lambda: answering.put_back(response=response, actor=period.noor),
            lambda: answering.ask_for_more(response=response, text=QUESTION, until=a_workday(9), actor=period.noor),
            lambda: answering.answer(response=response, given=Answer(ResponseOutcome.NOTED, REASON), actor=period.noor),
        ]

    ended = {"outcome": "noted", "answer": REASON, "answered_at": timezone.now(), "answered_by": cast.noor}
    taken = set()
    for status in ResponseStatus:
        for number in range(6):
            with transaction.atomic():
                response = _in_state(period, status.value, ended if status == ResponseStatus.ANSWERED else {})
                with suppress(Refused):
                    verbs(response)[number]()
                after = InterpretationResponse.objects.get(pk=response.pk).status
                if after != status:
                    taken.add((status.value, after))
                transaction.set_rollback(True)
    allowed = {(before.value, after.value) for before, afters in RESPONSE_TRANSITIONS.items() for after in afters}
    # Who asks for more about what nobody took yet takes it first: two steps of the table in one act.
    assert taken == allowed | {("submitted", "more_asked")}


def _in_state(period: Period, status: str, facts: dict[str, Any]) -> InterpretationResponse:
    return InterpretationResponse.objects.create(
        provider=period.cast.linde,
        report=period.report(period.cast.linde),
        number=50,
        item="costs",
        kind="explain",
        text=WHY,
        key="toestand",
        status=status,
        submitted_by=period.cast.anne,
        **facts,
    )


# ── the term ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_is_told_once_of_a_longer_period_and_who_had_a_longer_one_keeps_it(period: Period) -> None:
    cast, release = period.cast, period.release
    own, for_all = a_workday(90), a_workday(60)
    for _ in range(2):
        more_time.extend(
            release=release, until=own, reason="Uw controller is ziek.", provider=cast.anker, actor=period.noor
        )
    assert told("response_term_extended") == ["Bram"]
    more_time.extend(release=release, until=for_all, reason="De vakantie valt erin.", actor=period.noor)
    assert told("response_term_extended") == ["Anne", "Bram", "Daan", "Fatima", "Greet", "Maria"]
    assert respond_until(release, cast.linde) == for_all
    assert respond_until(release, cast.anker) == own
    with pytest.raises(Refused, match="wordt nooit korter"):
        more_time.extend(release=release, until=a_workday(50), reason="Toch maar korter.", actor=period.noor)
    with pytest.raises(Refused, match="wordt nooit korter"):
        more_time.extend(
            release=release, until=a_workday(70), reason="Toch korter.", provider=cast.anker, actor=period.noor
        )
    assert ResponseTerm.objects.count() == 2


def test_a_term_of_the_nza_does_not_end_on_a_free_day_unless_the_policy_lets_it(period: Period) -> None:
    christmas = datetime(2028, 12, 25, 23, 59, 59, tzinfo=AMSTERDAM)
    given = {"release": period.release, "until": christmas, "reason": "Het is een drukke maand.", "actor": period.noor}
    with pytest.raises(Refused, match=r"Eerste Kerstdag.*Kies 27 december 2028 of later"):
        more_time.extend(**given)
    set_policy(round=period.release.round, actor=None, courtesy_terms=False)
    assert more_time.extend(**given).until == christmas
