"""Intentions that are withdrawn: one, or at once all of a round that rest on outcomes which newer ones replaced (Awb 3:2).

What is withdrawn can be prepared anew, on the outcomes of then. Whoever knew of an intention is told why it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record_each
from providers.formatting import format_number
from providers.free_text import plain
from providers.mandates import people_of_each
from providers.models import Act, Round
from providers.refusal import Refused, require_words
from tariffs import letters
from tariffs.models import Bandwidth, Decision, DecisionStatus, Origin, Release
from tariffs.procedure import decision_letters, figures
from tariffs.procedure.renewals import UNDER_WAY, adopted_release

S = DecisionStatus
REASON_ASKED = "Schrijf op waarom u het voornemen intrekt. De aanbieder leest dit (art. 3:46 Awb)."
#: Signs: no longer than fits above a letter about one thing.
LONGEST = 2_000
#: Why one that is outdated goes no further, and how it can.
OUTDATED = (
    "Dit rust op uitkomsten die niet meer de nieuwste zijn: in de nieuwste zijn de cijfers van deze aanbieder anders. Trek het"
    " voornemen in en bereid het opnieuw voor (art. 3:2 Awb)."
)
#: The same for several that are left as they are.
OLD_OUTCOMES = (
    "ze rusten op uitkomsten die niet meer de nieuwste zijn, en in de nieuwste staan andere cijfers. Trek die voornemens in één"
    " keer in en bereid ze opnieuw voor (art. 3:2 Awb)."
)
#: The same for the provider whose intention it is.
OWN_OUTDATED = (
    "De uitkomsten waarop dit voornemen rust, zijn opnieuw vastgesteld, en voor u zijn ze anders. De NZa stelt dit voornemen niet"
    " meer vast (art. 3:2 Awb). U hoeft er geen zienswijze op te geven."
)


def outdated(found: Sequence[Decision], newest: Release | None) -> list[Decision]:
    """Return those that rest on adopted outcomes which ``newest`` replaces with other figures, or with no bandwidth at all."""
    older = [item for item in found if newest is not None and item.report.release_id != newest.pk]
    if newest is None or not older:
        return []
    bands = Bandwidth.objects.filter(
        run_id=newest.run_id, upper_rate__isnull=False, provider__in=[item.provider_id for item in older]
    ).prefetch_related("products")
    now = {band.provider_id: figures.of_bandwidth(band) for band in bands}
    return [
        item
        for item in older
        if item.provider_id not in now or not figures.says_the_same(now[item.provider_id], item.figures)
    ]


def outdated_in(round: Round, *, newest: Release | None = None) -> list[Decision]:
    """Return the intentions of a round that are outdated: by its newest adopted outcomes, or by those of ``newest``.

    Those that belong to a decision on an objection are left out: with that stands and falls what they rest on.
    """
    return outdated(list(_under_way(round)), newest or adopted_release(round))


def outdated_by_round() -> dict[Round, list[Decision]]:
    """Return the same for every round that has any."""
    rounds = Round.objects.filter(decisions__status__in=UNDER_WAY, decisions__origin=Origin.ADOPTION).distinct()
    return {round: found for round in rounds.order_by("pk") if (found := outdated_in(round))}


def in_words(found: Sequence[Decision], *, is_ahead: bool = False) -> list[str]:
    """Say how many intentions are outdated, by how far they are, and then what to do; empty if none is.

    ``is_ahead``: they will be, once the outcomes are released that are looked at now.
    """
    if not found:
        return []
    kinds = (
        (S.PREPARED, "voorbereid besluit", "voorbereide besluiten"),
        (S.ANNOUNCED, "bekendgemaakt voornemen", "bekendgemaakte voornemens"),
        (S.DRAFTED, "opgesteld besluit", "opgestelde besluiten"),
    )
    counts = [(sum(item.status == status for item in found), one, more) for status, one, more in kinds]
    parts = [f"{count} {one if count == 1 else more}" for count, one, more in counts if count]
    counted = " en ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    verb, them = ("rust", "het") if len(found) == 1 else ("rusten", "ze")
    return [
        f"{counted} {verb} op eerdere uitkomsten, en in de nieuwste staan andere cijfers. Zo stelt de NZa {them} niet"
        " meer vast (art. 3:2 Awb).",
        f"Trek {them} {'na de vrijgave ' if is_ahead else ''}in één keer in, met één reden, en bereid {them} daarna opnieuw"
        " voor.",
    ]


def withdraw(*, decision: Decision, reason: str, actor: Actor) -> None:
    """Take back an intention. Who knew of it is told why, and reads whether another follows."""
    powers.require_staff(actor)
    said = _reason(reason)
    with transaction.atomic():
        locked = _locked(decision.round).get(pk=decision.pk)
        if locked.status not in UNDER_WAY:
            raise Refused(
                f"Dit besluit staat op ‘{locked.get_status_display().lower()}’. Deze stap kan dan niet: ververs de bladzijde"
                " (art. 3:2 Awb)."
            )
        if locked.origin == Origin.OBJECTION:
            raise Refused("Dit besluit hoort bij een bezwaar. Stel daar de beslissing opnieuw op (art. 7:11 Awb).")
        _withdraw([locked], said, actor)


def withdraw_outdated(*, round: Round, reason: str, actor: Actor) -> int:
    """Take back all intentions of a round that are outdated, with one reason; return how many."""
    powers.require_staff(actor)
    said = _reason(reason)
    with transaction.atomic():
        found = outdated(list(_under_way(round, of=_locked(round))), adopted_release(round))
        if not found:
            raise Refused(
                f"In {round.title} rust geen voornemen meer op oude uitkomsten. Misschien was een collega u voor: ververs de"
                " bladzijde (art. 3:2 Awb)."
            )
        _withdraw(found, said, actor)
    return len(found)


def _reason(text: str) -> str:
    """Return a reason as it is kept; raises Refused unless it says something, at no greater length than there is room for."""
    said = plain(text)
    require_words(said, REASON_ASKED)
    if len(said) > LONGEST:
        raise Refused(
            f"Maak de reden korter: niet langer dan {format_number(LONGEST)} tekens; u schreef er {format_number(len(said))}"
            " (art. 3:46 Awb)."
        )
    return said


def _locked(round: Round) -> QuerySet[Decision]:
    return Decision.objects.select_for_update(no_key=True, of=("self",)).filter(round=round).order_by("reference")


def _under_way(round: Round, *, of: QuerySet[Decision] | None = None) -> QuerySet[Decision]:
    rows = Decision.objects.filter(round=round) if of is None else of
    return (
        rows.filter(status__in=UNDER_WAY, origin=Origin.ADOPTION)
        .select_related("provider", "round", "report__release", "replaces")
        .defer("report__content")
    )


def _withdraw(found: Sequence[Decision], reason: str, actor: Actor) -> None:
    """Withdraw what is locked, write down why, and tell the people of those who knew of it."""
    now = timezone.now()
    Decision.objects.filter(pk__in=[item.pk for item in found]).update(
        status=S.WITHDRAWN, withdrawn_reason=reason, withdrawn_by=actor.user, withdrawn_at=now
    )
    record_each(
        act=Act.DECISION_WITHDRAWN,
        actor=actor,
        details={"reason": reason, "count": len(found)},
        subjects=[str(item) for item in found],
    )
    known = [item for item in found if item.announced_on is not None]
    outgoing = decision_letters.withdrawn(known, reason=reason, followed=followed(known), actor=actor)
    letters.send_all(outgoing, actor=actor, at=now)
    _tell(known, reason)


def followed(found: Sequence[Decision]) -> list[Decision]:
    """Return those of a round after which another intention follows: the newest outcomes have a bandwidth with other figures.

    One that would take the place of a decision is followed only if the newest outcomes are reason for it (``renewals``).
    """
    newest = adopted_release(found[0].round) if found else None
    if newest is None:
        return []
    old = [item for item in outdated(found, newest) if item.replaces_id is None]
    bands = Bandwidth.objects.filter(
        run_id=newest.run_id, upper_rate__isnull=False, provider__in=[item.provider_id for item in old]
    )
    ahead = set(bands.values_list("provider", flat=True))
    return [item for item in old if item.provider_id in ahead]


def own_words(decision: Decision) -> str:
    """Say to a provider that its intention is outdated, and whether another follows; empty if it is not."""
    if decision.status not in UNDER_WAY or decision.origin != Origin.ADOPTION:
        return ""
    if not outdated([decision], adopted_release(decision.round)):
        return ""
    then = decision_letters.ANOTHER if followed([decision]) else decision_letters.PERHAPS_ANOTHER
    return f"{OWN_OUTDATED} {then}"


def _tell(found: Sequence[Decision], reason: str) -> None:
    people = people_of_each({item.provider_id for item in found})
    for round in {item.round: None for item in found}:
        notices.tell_all(
            kind="case_changed",
            round=round,
            path=letters.path_of(round),
            messages=[
                notices.Message(
                    to=people.get(item.provider_id, []),
                    provider=item.provider,
                    occasion=f"decision {item.uuid} withdrawn",
                    facts={
                        "onderwerp": "De NZa heeft een voorgenomen besluit ingetrokken",
                        "zaak": item.reference,
                        "reden": reason,
                        "termijn": "",
                    },
                )
                for item in found
            ],
        )
