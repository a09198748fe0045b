"""What the NZa does with responses in the interpretation period: take, hand on, ask for more, answer, give more time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record, record_each
from providers.formatting import format_datetime
from providers.mandates import mandates_of, people_of, people_of_each
from providers.models import Act, Round, User
from providers.refusal import Refused
from tariffs import letters
from tariffs.models import (
    InterpretationResponse,
    ResponseKind,
    ResponseMessage,
    ResponseOutcome,
    ResponseStatus,
    Settlement,
    respond_until,
)
from tariffs.own_terms import require_own_term
from tariffs.policies import current_policy
from tariffs.procedure import corrections, outlook
from tariffs.procedure.readers import named_to
from tariffs.procedure.responses import facts_of, in_words, lock, move, subject_of

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
    asked = in_words(text, "Schrijf op wat u nog wilt weten.")
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
    text = in_words(given.text, "Schrijf op waarom. De aanbieder leest dit.")
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
        _store_answers([locked], given.outcome, text, accepted, actor)
        _tell_answered([locked], round, occasion=str(locked.uuid))
    return locked


def answer_together(
    *, responses: Collection[InterpretationResponse], outcome: ResponseOutcome, text: str, actor: Actor
) -> UUID:
    """Give one answer to several responses of one kind, all or none; each provider is told once. Returns the name of the group.

    Corrections are answered one by one: each has consequences of its own. Nobody is named: all of them read the same words.
    """
    powers.require_staff(actor)
    said = in_words(text, "Schrijf het antwoord op. De aanbieders lezen dit.")
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
        _require_nameless(said, locked)
        group = uuid4()
        _store_answers(locked, outcome, said, {}, actor, group=group)
        for round in {item.report.release.round for item in locked}:
            _tell_answered([item for item in locked if item.report.release.round == round], round, occasion=str(group))
    return group


def _require_nameless(text: str, responses: Sequence[InterpretationResponse]) -> None:
    """Raise :class:`~providers.refusal.Refused` if a text names anybody else to one of those that read it."""
    readers = {item.provider for item in responses}
    rounds = {item.report.release.round for item in responses}
    found = {name for round in rounds for name in named_to(readers, text, round)}
    if found:
        who = f"{len(readers)} aanbieders lezen" if len(readers) > 1 else f"{responses[0].provider.name} leest"
        raise Refused(
            "\n".join(f"In het antwoord staat ‘{name}’. {who} dit. Schrijf het zonder namen." for name in sorted(found))
        )


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


def _store_answers(
    responses: Sequence[InterpretationResponse],
    outcome: ResponseOutcome,
    text: str,
    accepted: dict[str, str],
    actor: Actor,
    *,
    group: UUID | None = None,
) -> None:
    """Write one answer down at each of some responses, and send the letters: in few queries, however many there are."""
    now = timezone.now()
    told = {
        "status": ResponseStatus.ANSWERED,
        "outcome": outcome,
        "answer": text,
        "accepted_changes": accepted,
        "answer_group": group,
        "answered_by": actor.user,
        "answered_at": now,
    }
    for response in responses:
        for name, value in told.items():
            setattr(response, name, value)
    InterpretationResponse.objects.filter(pk__in=[response.pk for response in responses]).update(**told)
    details = {"outcome": outcome.value, **({"group": str(group)} if group else {})}
    if len(responses) == 1:
        details |= facts_of(responses[0])
    record_each(act=Act.RESPONSE_ANSWERED, actor=actor, details=details, subjects=map(subject_of, responses))
    letters.answers(responses, actor=actor, at=now)


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
