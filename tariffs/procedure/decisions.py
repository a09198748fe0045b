"""Decisions on the bandwidth of each provider: prepared, announced, drawn up, taken by another and sent (Awb 3:2, 3:41, 4:8).

Each verb does it for all of a round, or for those that are named, in a number of queries that does not depend on how many they
are. What is not ready is left as it is; who names one decision is told why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record, record_each
from providers.formatting import format_date
from providers.models import Act, Round
from providers.refusal import Refused, require_words
from tariffs import letters, standings
from tariffs.marks import mark_of
from tariffs.models import (
    Channel,
    Decision,
    DecisionStatus,
    MirrorReport,
    Occasion,
    Origin,
    Release,
    ReportStatus,
    StatementOfViews,
    concepts,
)
from tariffs.procedure import decision_letters, figures, views
from tariffs.procedure.decision_letters import unposted_intentions, views_of, views_term_of
from tariffs.procedure.handling import one_by_one
from tariffs.procedure.renewals import adopted_release, pending_among, renewals_of, to_prepare
from tariffs.procedure.withdrawing import OLD_OUTCOMES, OUTDATED, outdated
from tariffs.terms import amsterdam_day

S = DecisionStatus
Chosen = Collection[UUID] | None
OWN_DRAFT = (
    "U stelde dit besluit zelf op. Een collega stelt het vast, zodat er twee mensen naar hebben gekeken (art. 3:2 Awb)."
)
PENDING = (
    "Tegen het besluit waarvoor dit in de plaats komt loopt bezwaar of beroep. Dat zou zich ook tegen het nieuwe besluit richten"
    " (art. 6:19 Awb). Wacht de beslissing daarop af, of trek dit voornemen in."
)
UNPOSTED = (
    "Er staat niet vast dat de brief met het voornemen op de post is gedaan. Zonder die dag kon de termijn voor een zienswijze"
    " niet beginnen (art. 4:8 Awb). Schrijf de dag op bij de post van deze ronde, of wacht op een zienswijze."
)
UNANSWERED = (
    "Terwijl het besluit werd opgesteld, kwam er nog een zienswijze binnen. Geef het besluit terug, schrijf op wat de NZa ervan"
    " vindt en stel het opnieuw op (art. 3:46 en 3:47 Awb)."
)


class NotReady(Refused):
    """Nothing could be done; the message says why and on which article."""


@dataclass(frozen=True)
class Outcome:
    """How many were done, and how many were left as they are, by reason in Dutch."""

    done: int
    left: tuple[tuple[str, int], ...] = ()
    renewed: int = 0
    """How many of those that were done take the place of a decision that holds."""

    @property
    def sentence(self) -> str:
        """Return what was left, in a sentence; empty if nothing was."""
        return " ".join(
            f"{count} {'bleef' if count == 1 else 'bleven'} liggen: {reason}" for reason, count in self.left if count
        )


def prepare_all(*, release: Release, actor: Actor | None) -> Outcome:
    """Prepare a decision for everybody with a bandwidth in an adopted release who has none; done twice, nothing happens twice.

    Where a decision holds that rests on older outcomes, one is prepared that will take its place, as far as the policy of the
    round lets it (:mod:`tariffs.procedure.renewals`); the others keep theirs and are counted.
    """
    powers.require_staff(actor)
    if not release.is_released or release.status != ReportStatus.ADOPTED:
        raise Refused(
            "Een besluit rust op uitkomsten die zijn vastgesteld en vrijgegeven (art. 3:2 Awb). Geef ze eerst vrij als"
            " ‘vastgesteld’."
        )
    newest = adopted_release(release.round)
    if newest is None or newest.pk != release.pk:
        raise Refused("Er zijn nieuwere vastgestelde uitkomsten (art. 3:2 Awb). Bereid de besluiten daarop voor.")
    with transaction.atomic():
        # Who prepares at the same moment waits, and then finds nothing left to do.
        round = Round.objects.select_for_update(no_key=True).get(pk=release.round_id)
        reports = dict(MirrorReport.objects.filter(release=release).values_list("provider_id", "pk"))
        first = (
            to_prepare(round)
            .filter(provider__in=reports)
            .select_related("provider")
            .prefetch_related("products")
            .order_by("provider__key")
        )
        found = renewals_of(release)
        again = [item for item in found.to_renew if item.decision.provider_id in reports]
        number = Decision.objects.filter(round=round, origin=Origin.ADOPTION).count()
        made = Decision.objects.bulk_create(
            (
                Decision(
                    provider_id=band.provider_id,
                    round=round,
                    report_id=reports[band.provider_id],
                    reference=f"{mark_of(round)}-{number + index:04d}",
                    replaces=old,
                    figures=figures.of_bandwidth(band),
                    prepared_by=actor.user if actor else None,
                )
                for index, (band, old) in enumerate(
                    [*((band, None) for band in first), *((item.band, item.decision) for item in again)], start=1
                )
            ),
            batch_size=200,
        )
        _record(Act.DECISION_PREPARED, made, actor)
    return Outcome(len(made), found.left, renewed=len(again))


def announce_all(*, round: Round, actor: Actor, decisions: Chosen = None) -> Outcome:
    """Tell each provider what the NZa intends to decide, and until when it can give its views (Awb 4:8)."""
    powers.require_staff(actor)
    with transaction.atomic():
        found = list(_locked(round, S.PREPARED, decisions).filter(origin=Origin.ADOPTION))
        _require_some(found, decisions, S.PREPARED, round)
        old = outdated(found, adopted_release(round))
        waiting = {item.pk for item in old}
        ready = [item for item in found if item.pk not in waiting]
        if decisions is not None and not ready:
            raise NotReady(OUTDATED)
        now = timezone.now()
        today = amsterdam_day(now)
        term = views_term_of(round, today)
        _update(ready, status=S.ANNOUNCED, announced_on=today, views_until=term.end)
        letters.send_all(decision_letters.intended(ready, term=term, actor=actor), actor=actor, at=now)
        _record(Act.DECISION_ANNOUNCED, ready, actor)
    return Outcome(len(ready), ((OLD_OUTCOMES, len(old)),))


def draft_all(*, round: Round, actor: Actor, reasons: str = "", decisions: Chosen = None) -> Outcome:
    """Draw decisions up, each with the reasons given: once the time for views began and is over, or views came in or were waived.

    What the NZa thinks of each statement of views has to be written down first (Awb 3:46, 3:47).
    """
    powers.require_staff(actor)
    with transaction.atomic():
        found = list(_locked(round, S.ANNOUNCED, decisions))
        _require_some(found, decisions, S.ANNOUNCED, round)
        today = amsterdam_day(timezone.now())
        said = views_of(found)
        running = [item for item in found if _waits_for_views(item, said.get(item.pk, []), today)]
        unposted = unposted_intentions([item for item in found if item.pk not in said and item not in running])
        unanswered = _unanswered(found, said)
        old = outdated(found, adopted_release(round))
        waiting = {item.pk for item in (*running, *unposted, *unanswered, *old)}
        ready = [item for item in found if item.pk not in waiting]
        if decisions is not None and not ready:
            if old:
                raise NotReady(OUTDATED)
            if unposted:
                raise NotReady(UNPOSTED)
            if unanswered:
                raise NotReady(
                    "Bij een zienswijze staat nog niet wat de NZa ervan vindt. Schrijf dat eerst op (art. 3:46 en 3:47 Awb)."
                )
            raise NotReady(
                f"De aanbieder kan nog een zienswijze geven tot en met {format_date(running[0].views_until)} (art. 4:8 Awb)."
                " Daarna kunt u het besluit opstellen."
            )
        _update(ready, status=S.DRAFTED, drafted_by=actor.user, drafted_at=timezone.now())
        concepts.keep(ready, reasons=reasons.strip())
        _record(Act.DECISION_DRAFTED, ready, actor)
    return Outcome(
        len(ready),
        (
            ("de aanbieder kan nog een zienswijze geven (art. 4:8 Awb).", len(running)),
            (
                "van hun brief met het voornemen staat niet vast dat die op de post is gedaan. Zonder die dag kon de termijn voor"
                " een zienswijze niet beginnen (art. 4:8 Awb).",
                len(unposted),
            ),
            ("er staat nog niet wat de NZa van de zienswijze vindt (art. 3:46 Awb).", len(unanswered)),
            (OLD_OUTCOMES, len(old)),
        ),
    )


def why_not(decision: Decision, actor: Actor) -> str:
    """Say why somebody may not take a decision that is drawn up; empty if she may."""
    if decision.status == S.DRAFTED and decision.drafted_by_id == actor.user.pk:
        return "U stelde dit zelf op: een collega stelt vast (art. 3:2 Awb)."
    return ""


def take_back(*, decision: Decision, reason: str, actor: Actor) -> None:
    """Take a decision that was drawn up back for another text: it is not taken yet, and nobody outside knows of it."""
    powers.require_staff(actor)
    require_words(reason, "Schrijf op wat er aan dit besluit moet veranderen. Een collega leest dit (art. 3:2 Awb).")
    with transaction.atomic():
        locked = _one(decision, S.DRAFTED)
        locked.status, locked.reasons, locked.drafted_by, locked.drafted_at = S.ANNOUNCED, "", None, None
        locked.save(update_fields=["status", "reasons", "drafted_by", "drafted_at"])
        record(
            act=Act.DECISION_DRAFTED,
            actor=actor,
            subject=str(locked),
            details={"taken_back": True, "reason": reason.strip()},
        )


def send_all(*, round: Round, actor: Actor, decisions: Chosen = None) -> Outcome:
    """Take and send decisions that another person drew up: from the day after, the term for objections runs (Awb 6:8).

    Who consented gets it here (Awb 2:14); for the others it goes by post, and the letter has to be printed today. Views that
    came in while it was drawn up are weighed first (Awb 3:46).
    """
    powers.require_staff(actor)
    with transaction.atomic():
        found = list(_locked(round, S.DRAFTED, decisions))
        _require_some(found, decisions, S.DRAFTED, round)
        pending = _pending_against([item.replaces_id for item in found if item.replaces_id is not None])
        others = [item for item in found if item.drafted_by_id != actor.user.pk]
        held_up = [item for item in others if item.replaces_id in pending]
        # Whoever gives views at this moment does so before the decision is sent, or not at all.
        views.one_by_one(item.pk for item in found)
        free = [item for item in others if item.replaces_id not in pending]
        said = views_of(free)
        late, old = _unanswered(free, said), outdated(free, adopted_release(round))
        waiting = {item.pk for item in (*late, *old)}
        ready = [item for item in free if item.pk not in waiting]
        if decisions is not None and not ready:
            raise NotReady(PENDING if held_up else OUTDATED if old else UNANSWERED if late else OWN_DRAFT)
        _send(ready, said, actor)
    return Outcome(
        len(ready),
        (
            ("u stelde ze zelf op; een collega stelt ze vast (art. 3:2 Awb).", len(found) - len(others)),
            ("tegen het besluit waarvoor ze in de plaats komen loopt bezwaar of beroep (art. 6:19 Awb).", len(held_up)),
            (
                "er kwam nog een zienswijze binnen waarbij niet staat wat de NZa ervan vindt (art. 3:46 Awb). Geef ze terug en"
                " stel ze opnieuw op.",
                len(late),
            ),
            (OLD_OUTCOMES, len(old)),
        ),
    )


def _pending_against(decisions: Collection[int]) -> set[int]:
    """Return those of decisions against which something is pending; who objects at this moment waits."""
    if not decisions:
        return set()
    one_by_one(decisions)
    return set(pending_among(Decision.objects.filter(pk__in=decisions)).values_list("pk", flat=True))


def _send(ready: Sequence[Decision], said: Mapping[int, list[StatementOfViews]], actor: Actor) -> None:
    now = timezone.now()
    today = amsterdam_day(now)
    here = letters.gets_post_here([item.provider_id for item in ready])
    replaced = [item.replaces_id for item in ready if item.replaces_id is not None]
    Decision.objects.filter(pk__in=replaced, status=S.SENT).update(status=S.REPLACED)
    # What was drawn up is read from now on; once they are sent nothing of it changes.
    concepts.announce(ready)
    concepts.announce([statement for item in ready for statement in said.get(item.pk, [])])
    facts = {"status": S.SENT, "decided_by": actor.user, "sent_on": today}
    for how, those in (
        (Channel.PORTAL, [item for item in ready if item.provider_id in here]),
        (Channel.POST, [item for item in ready if item.provider_id not in here]),
    ):
        _update(those, **facts, sent_how=how)
    letters.send_all(decision_letters.decided(ready, said=said, sent_on=today, actor=actor), actor=actor, at=now)
    standings.record_decisions(ready, occasion=Occasion.DECISION, at=now)
    _record(Act.DECISION_SENT, ready, actor)


def _locked(round: Round, status: DecisionStatus, decisions: Chosen) -> QuerySet[Decision]:
    found = (
        Decision.objects.select_for_update(no_key=True, of=("self",))
        .filter(round=round, status=status)
        .select_related("provider", "round", "report__release", "replaces")
        .defer("report__content")
        .order_by("reference")
    )
    return found if decisions is None else found.filter(uuid__in=decisions)


def _one(decision: Decision, *statuses: DecisionStatus) -> Decision:
    locked = (
        Decision.objects.select_for_update(no_key=True, of=("self",))
        .select_related("provider", "round")
        .get(pk=decision.pk)
    )
    if locked.status not in statuses:
        raise Refused(
            f"Dit besluit staat op ‘{locked.get_status_display().lower()}’. Deze stap kan dan niet: ververs de bladzijde"
            " (art. 3:2 Awb)."
        )
    return locked


def _require_some(found: Sequence[Decision], decisions: Chosen, status: DecisionStatus, round: Round) -> None:
    if found:
        return
    if decisions is None:
        raise NotReady(
            f"In {round.title} staat geen besluit op ‘{status.label.lower()}’. Misschien was een collega u voor: ververs de"
            " bladzijde (art. 3:2 Awb)."
        )
    raise NotReady(
        f"Dit besluit staat niet meer op ‘{status.label.lower()}’. Misschien was een collega u voor: ververs de bladzijde"
        " (art. 3:2 Awb)."
    )


def _update(decisions: Sequence[Decision], **changes: object) -> None:
    """Change all of them in one statement, and in hand as well."""
    Decision.objects.filter(pk__in=[item.pk for item in decisions]).update(**changes)
    for item in decisions:
        for name, value in changes.items():
            setattr(item, name, value)


def _record(act: Act, decisions: Sequence[Decision], actor: Actor | None) -> None:
    record_each(act=act, actor=actor, details={"count": len(decisions)}, subjects=[str(item) for item in decisions])


def _waits_for_views(decision: Decision, said: Sequence[StatementOfViews], today: date) -> bool:
    assert decision.views_until is not None
    return not said and today <= decision.views_until


def _unanswered(decisions: Sequence[Decision], said: Mapping[int, Sequence[StatementOfViews]]) -> list[Decision]:
    """Return those of decisions with views of which it does not stand written what the NZa thinks of them."""
    return [item for item in decisions if any(map(views.lacks_reaction, said.get(item.pk, [])))]
