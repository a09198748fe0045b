"""What the NZa does with responses in the interpretation period: take, hand on, ask for more, answer, give more time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record
from providers.checking import FEWEST_LETTERS, says_why
from providers.formatting import format_datetime
from providers.mandates import mandates_of, people_of, people_of_each
from providers.models import Act, Provider, Round, User
from providers.refusal import Refused
from tariffs import letters
from tariffs.models import (
    InterpretationResponse,
    MirrorReport,
    Release,
    ReportStatus,
    ResponseKind,
    ResponseMessage,
    ResponseOutcome,
    ResponseStatus,
    ResponseTerm,
    Settlement,
    respond_until,
)
from tariffs.own_terms import require_own_term
from tariffs.policies import current_policy
from tariffs.procedure import corrections, outlook
from tariffs.procedure.responses import facts_of, lock, move, subject_of

#: What an answer can say of each kind of response.
OUTCOMES: Final[Mapping[ResponseKind, tuple[ResponseOutcome, ...]]] = {
    ResponseKind.AGREE: (),
    ResponseKind.EXPLAIN: (
        ResponseOutcome.NOTED,
        ResponseOutcome.ACCEPTED,
        ResponseOutcome.PARTLY,
        ResponseOutcome.REJECTED,
    ),
    ResponseKind.CORRECT: (ResponseOutcome.ACCEPTED, ResponseOutcome.PARTLY, ResponseOutcome.REJECTED),
    ResponseKind.ASK: (ResponseOutcome.REPLIED,),
}
OPEN: Final = (ResponseStatus.SUBMITTED, ResponseStatus.ASSIGNED, ResponseStatus.MORE_ASKED)
MOST_TOGETHER: Final = 500


def take(*, response: InterpretationResponse, actor: Actor) -> InterpretationResponse:
    """Begin to look at a response."""
    return assign(response=response, to=actor.user, actor=actor)


def assign(*, response: InterpretationResponse, to: User, actor: Actor) -> InterpretationResponse:
    """Have somebody of the NZa look at a response; assigned to who has it already, nothing happens."""
    powers.require_staff(actor)
    if not mandates_of(None).filter(user=to, valid_from__lte=timezone.now()).exists():
        raise Refused(f"{to.name} werkt nu niet bij de NZa. Kies een collega.")
    with transaction.atomic():
        locked = _open(response)
        if locked.assigned_to_id == to.pk and locked.status != ResponseStatus.SUBMITTED:
            return locked
        if locked.status == ResponseStatus.SUBMITTED:
            move(locked, ResponseStatus.ASSIGNED, actor)
        locked.assigned_to = to
        locked.save(update_fields=["assigned_to"])
        record(act=Act.RESPONSE_ASSIGNED, actor=actor, subject=subject_of(locked), details=facts_of(locked))
    return locked


def put_back(*, response: InterpretationResponse, actor: Actor) -> InterpretationResponse:
    """Lay a response back, for whoever takes it."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = _open(response)
        move(locked, ResponseStatus.SUBMITTED, actor)
        locked.assigned_to = None
        locked.save(update_fields=["assigned_to"])
        record(act=Act.RESPONSE_ASSIGNED, actor=actor, subject=subject_of(locked), details=facts_of(locked))
    return locked


def ask_for_more(*, response: InterpretationResponse, text: str, until: datetime, actor: Actor) -> ResponseMessage:
    """Ask the provider for more, and say until when; its people are told. Asked twice in the same words, it is one question."""
    powers.require_staff(actor)
    asked = _words(text, "Schrijf op wat u nog wilt weten.")
    with transaction.atomic():
        locked = _open(response)
        last = locked.messages.last()
        if (
            last is not None
            and locked.status == ResponseStatus.MORE_ASKED
            and (last.text, last.until, last.by_id) == (asked, until, actor.user.pk)
        ):
            return last
        require_own_term(until, locked.report.release.round)
        if locked.status == ResponseStatus.SUBMITTED:
            move(locked, ResponseStatus.ASSIGNED, actor)
            locked.assigned_to = actor.user
            locked.save(update_fields=["assigned_to"])
        move(locked, ResponseStatus.MORE_ASKED, actor)
        message = ResponseMessage.objects.create(
            response=locked, is_from_nza=True, text=asked, until=until, by=actor.user
        )
        record(act=Act.RESPONSE_MORE_ASKED, actor=actor, subject=subject_of(locked), details=facts_of(locked))
        notices.tell(
            kind="response_more_asked",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.report.release.round,
            occasion=f"{locked.uuid}:{message.pk}",
            path=reverse("own_response", args=[locked.uuid]),
            termijn=format_datetime(until),
            onderwerp=locked.get_item_display(),
            reden=asked,
        )
    return message


@dataclass(frozen=True)
class Answer:
    """What the NZa answers. ``measures``: of a correction that is accepted partly, which figures."""

    outcome: ResponseOutcome
    text: str
    measures: Collection[str] = ()


def answer(*, response: InterpretationResponse, given: Answer, actor: Actor) -> InterpretationResponse:
    """Answer a response with a reason; the people of the provider are told once.

    A correction is only accepted by who had its consequences computed as they are now. Given twice by the same person in the same
    words it is one answer; of two colleagues the second is refused.
    """
    powers.require_staff(actor)
    text = _words(given.text, "Schrijf op waarom. De aanbieder leest dit.")
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=response.report.release.round_id)
        locked = lock(response)
        accepted = _accepted(locked, given)
        text = _with_next_year(text, round, accepted)
        if locked.status == ResponseStatus.ANSWERED and (
            (locked.outcome, locked.answer, locked.accepted_changes, locked.answered_by_id)
            == (given.outcome, text, accepted, actor.user.pk)
        ):
            return locked
        _require_open(locked)
        _require_outcome(locked, given.outcome)
        if accepted:
            outlook.require_fresh(locked, list(accepted))
        _store_answer(locked, given.outcome, text, accepted, actor)
        _tell_answered([locked], round, occasion=str(locked.uuid))
    return locked


def answer_together(
    *, responses: Collection[InterpretationResponse], outcome: ResponseOutcome, text: str, actor: Actor
) -> UUID:
    """Give one answer to several responses of one kind, all or none; each provider is told once. Returns the name of the group.

    Corrections are answered one by one: each has consequences of its own.
    """
    powers.require_staff(actor)
    said = _words(text, "Schrijf het antwoord op. De aanbieders lezen dit.")
    if not 2 <= len(responses) <= MOST_TOGETHER:
        raise Refused(f"Kies ten minste 2 en ten hoogste {MOST_TOGETHER} reacties.")
    with transaction.atomic():
        locked = list(
            InterpretationResponse.objects.select_for_update(of=("self",))
            .filter(pk__in=[item.pk for item in responses])
            .select_related("provider", "report__release__round")
            .order_by("pk")
        )
        groups = {
            item.answer_group
            for item in locked
            if (item.outcome, item.answer, item.answered_by_id) == (outcome, said, actor.user.pk)
        }
        known = groups.pop() if len(groups) == 1 else None
        if known is not None and all(item.answer_group == known for item in locked):
            return known
        for item in locked:
            _require_open(item)
            _require_outcome(item, outcome)
            if item.kind == ResponseKind.CORRECT:
                raise Refused("Een correctie beantwoordt u apart: bij elke horen eigen gevolgen.")
        if len({item.kind for item in locked}) > 1:
            raise Refused("Kies reacties van één soort: toelichtingen of vragen.")
        group = uuid4()
        for item in locked:
            _store_answer(item, outcome, said, {}, actor, group=group)
        for round in {item.report.release.round for item in locked}:
            _tell_answered([item for item in locked if item.report.release.round == round], round, occasion=str(group))
    return group


def extend(
    *, release: Release, until: datetime, reason: str, actor: Actor, provider: Provider | None = None
) -> ResponseTerm:
    """Give more time to respond, to everybody or to one provider, with the reason; each is told once.

    A term never becomes shorter. Given twice alike by the same person, it is one.
    """
    powers.require_staff(actor)
    why = _words(reason, "Schrijf op waarom de duidingsperiode langer wordt. Aanbieders lezen dit.")
    with transaction.atomic():
        locked = Release.objects.select_for_update(of=("self",)).select_related("round").get(pk=release.pk)
        known = ResponseTerm.objects.filter(release=locked, provider=provider).first()
        if known is not None and (known.until, known.reason, known.set_by_id) == (until, why, actor.user.pk):
            return known
        _require_asked(locked)
        if provider is not None and not MirrorReport.objects.filter(release=locked, provider=provider).exists():
            raise Refused(f"{provider.name} kreeg in deze vrijgave geen spiegel.")
        running = _running(locked, provider)
        if until <= running:
            raise Refused(
                f"De duidingsperiode loopt al tot en met {format_datetime(running)}. Zij wordt nooit korter; kies een later"
                " moment."
            )
        require_own_term(until, locked.round)
        term = ResponseTerm.objects.create(
            release=locked, provider=provider, until=until, reason=why, set_by=actor.user
        )
        record(
            act=Act.RESPONSE_TERM_SET,
            actor=actor,
            subject=f"{locked}" if provider is None else f"{locked}: {provider}",
            details={"release": str(locked.uuid), "until": until.isoformat()},
        )
        _tell_of_term(term)
    return term


def _open(response: InterpretationResponse) -> InterpretationResponse:
    locked = lock(response)
    _require_open(locked)
    return locked


def _require_open(response: InterpretationResponse) -> None:
    if response.status == ResponseStatus.WITHDRAWN:
        raise Refused(
            f"{response.provider.name} heeft reactie {response.number} ingetrokken. U hoeft niets meer te doen."
        )
    if response.status not in OPEN:
        who = response.answered_by.name if response.answered_by else "de aanbieder zelf (akkoord)"
        raise Refused(f"Reactie {response.number} van {response.provider.name} is al beantwoord door {who}.")


def _require_outcome(response: InterpretationResponse, outcome: ResponseOutcome) -> None:
    possible = OUTCOMES[ResponseKind(response.kind)]
    if outcome not in possible:
        labels = " of ".join(f"‘{item.label.lower()}’" for item in possible)
        raise Refused(
            f"Op een reactie van de soort ‘{response.get_kind_display().lower()}’ past als uitkomst {labels}."
        )


def _accepted(response: InterpretationResponse, given: Answer) -> dict[str, str]:
    """Return which figures are accepted; wholly means all, partly some but not all."""
    if response.kind != ResponseKind.CORRECT or given.outcome not in corrections.ACCEPTED:
        return {}
    wanted: dict[str, str] = response.changes
    if given.outcome == ResponseOutcome.ACCEPTED:
        return dict(wanted)
    chosen = {code: wanted[code] for code in wanted if code in given.measures}
    if not chosen or len(chosen) == len(wanted):
        raise Refused(
            "Neemt u de correctie deels over, kies dan welke gegevens: niet geen, en niet alle. Neemt u alles over, kies dan"
            " ‘overgenomen’."
        )
    return chosen


def _with_next_year(text: str, round: Round, accepted: Mapping[str, str]) -> str:
    """Say in the answer that an accepted correction counts next year, where that is the policy."""
    if (
        accepted
        and current_policy(round).corrections_settled == Settlement.NEXT_YEAR
        and corrections.NEXT_YEAR not in text
    ):
        return f"{text}\n\n{corrections.NEXT_YEAR}"
    return text


def _store_answer(
    response: InterpretationResponse,
    outcome: ResponseOutcome,
    text: str,
    accepted: dict[str, str],
    actor: Actor,
    *,
    group: UUID | None = None,
) -> None:
    response.status, response.outcome, response.answer = ResponseStatus.ANSWERED, outcome, text
    response.accepted_changes, response.answer_group = accepted, group
    response.answered_by, response.answered_at = actor.user, timezone.now()
    response.save()
    details = {**facts_of(response), "outcome": outcome.value, **({"group": str(group)} if group else {})}
    record(act=Act.RESPONSE_ANSWERED, actor=actor, subject=subject_of(response), details=details)
    letters.answer(response, actor=actor, at=response.answered_at)


def _tell_answered(responses: Sequence[InterpretationResponse], round: Round, *, occasion: str) -> None:
    """Tell the people of each provider once, also where several of its responses got this answer."""
    first: dict[int, InterpretationResponse] = {}
    for item in responses:
        first.setdefault(item.provider_id, item)
    people = people_of_each(first)
    only = responses[0] if len(responses) == 1 else None
    notices.tell_all(
        kind="response_answered",
        round=round,
        path=reverse("own_response", args=[only.uuid]) if only else reverse("own_responses"),
        messages=[
            notices.Message(
                to=people.get(provider_id, []),
                provider=item.provider,
                occasion=occasion,
                facts={
                    "termijn": _shown_term(item),
                    "onderwerp": item.get_item_display(),
                    "uitkomst": item.get_outcome_display(),
                    "reden": item.answer,
                },
            )
            for provider_id, item in first.items()
        ],
    )


def _shown_term(response: InterpretationResponse) -> str:
    return format_datetime(respond_until(response.report.release, response.provider))


def _require_asked(release: Release) -> None:
    if not release.is_released or release.respond_until is None or release.status == ReportStatus.ADOPTED:
        raise Refused("Bij deze vrijgave hoort geen duidingsperiode. Er valt niets te verlengen.")
    newest = Release.objects.released().filter(round=release.round).first()
    if newest is not None and newest.pk != release.pk:
        raise Refused("Er is een nieuwere vrijgave van deze ronde. Verleng de duidingsperiode daarvan.")


def _running(release: Release, provider: Provider | None) -> datetime:
    """Return until when somebody can respond by the term that runs, for everybody or for one provider."""
    assert release.respond_until is not None
    if provider is not None:
        return respond_until(release, provider) or release.respond_until
    terms = ResponseTerm.objects.filter(Q(provider__isnull=True), release=release)
    return max([release.respond_until, *terms.values_list("until", flat=True)])


def _tell_of_term(term: ResponseTerm) -> None:
    """Tell those for whom the term moved; who had a longer one already hears nothing."""
    reports = MirrorReport.objects.filter(release=term.release).select_related("provider").defer("content")
    if term.provider_id is not None:
        reports = reports.filter(provider=term.provider_id)
    else:
        longer = ResponseTerm.objects.filter(release=term.release, until__gte=term.until).exclude(pk=term.pk)
        reports = reports.exclude(provider__in=longer.filter(provider__isnull=False).values("provider"))
    providers = {report.provider_id: report for report in reports}
    people = people_of_each(providers)
    notices.tell_all(
        kind="response_term_extended",
        round=term.release.round,
        path=reverse("own_responses"),
        messages=[
            notices.Message(
                to=people.get(provider_id, []),
                provider=report.provider,
                occasion=f"{term.pk}",
                facts={"termijn": format_datetime(term.until), "reden": term.reason},
            )
            for provider_id, report in providers.items()
        ],
    )


def _words(text: str, sentence: str) -> str:
    said = text.strip()
    if not says_why(said):
        raise Refused(f"{sentence} Gebruik ten minste {FEWEST_LETTERS} letters.")
    return said
