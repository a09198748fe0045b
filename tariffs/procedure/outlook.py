"""What accepting a correction would do, looked at before anybody decides: to the provider itself, and to all others.

The figures are of others too: they are for the NZa alone. They hold for exactly one set of corrections: this one as it would be
accepted, on top of all that were accepted before and are not in the run. When the set changes they are out of date.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from benchmarking.calculation import RunFailed
from benchmarking.models import Run
from providers import powers
from providers.access import Actor
from providers.models import Round, Submission, SubmissionVersion
from providers.refusal import Refused
from providers.waking import wake
from tariffs import consequences, tasks
from tariffs.models import Consequences, InterpretationResponse, Release, ResponseKind, Settlement
from tariffs.policies import current_policy
from tariffs.positions import stored_positions
from tariffs.procedure import corrected_figures, corrections
from tariffs.tries import MOST, alone

logger = logging.getLogger(__name__)

#: Where what is kept says how far it is, and what it says there.
STATE, WAITS, DONE, REFUSED = "state", "waits", "done", "refused"
WAITING = Q(**{f"document__{STATE}": WAITS})
#: Of what waits: how often a worker began with it.
TRIES = "tries"
GIVEN_UP = (
    "Het berekenen is drie keer halverwege gestopt. De technische melding staat in het logboek. Laat een beheerder daarnaar"
    " kijken en bereken de gevolgen daarna opnieuw."
)
FAILED = "Er ging iets mis in het programma. De technische melding staat in het logboek."
STALE = (
    "De gevolgen van deze correctie zijn nog niet berekend, of er is sindsdien iets veranderd: de cijfers die u overneemt, een"
    " andere correctie of de berekening. Bereken ze opnieuw en besluit daarna."
)


@dataclass(frozen=True)
class Question:
    """What is asked of the engine: a correction, on which run, on top of which others, and how the round settles it."""

    response: InterpretationResponse
    run: Run
    settlement: Settlement
    chosen: dict[str, Decimal]
    accepted: dict[str, dict[str, Decimal]]
    """Corrections that were accepted before and are not in the run, by key of the provider."""

    @property
    def asked(self) -> dict[str, dict[str, Decimal]]:
        """Return all corrections together, by key of the provider."""
        key = self.response.provider.key
        return {**self.accepted, key: {**self.accepted.get(key, {}), **self.chosen}}

    def errors(self) -> dict[str, str]:
        """Return, by key, the codes of hard errors that each corrected delivery would have."""
        found = {}
        submissions = Submission.objects.select_related("round__previous", "provider").filter(
            round=self.run.dataset.round_id, provider__key__in=self.asked
        )
        for submission in submissions:
            version = corrected_figures.newest_version(submission)
            if version is None:
                raise Refused(f"{submission.provider} leverde niets aan. Er valt niets te verbeteren.")
            key = submission.provider.key
            found[key] = corrected_figures.errors_after(submission=submission, version=version, changes=self.asked[key])
        return found

    @property
    def mark(self) -> str:
        """Return a mark that is another as soon as anything is asked differently."""
        asked = {
            "response": str(self.response.uuid),
            "run": str(self.run.uuid),
            "settlement": self.settlement.value,
            "chosen": corrected_figures.as_text(self.chosen),
            "accepted": {key: corrected_figures.as_text(figures) for key, figures in sorted(self.accepted.items())},
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def question(response: InterpretationResponse, measures: Collection[str] | None = None) -> Question:
    """Return what accepting ``measures`` of a correction (all, if not named) comes down to at this moment."""
    if response.kind != ResponseKind.CORRECT:
        raise Refused("Alleen bij een verzoek om gegevens te verbeteren zijn er gevolgen te berekenen.")
    chosen = {code: text for code, text in response.changes.items() if measures is None or code in measures}
    if not chosen:
        raise Refused("Kies ten minste één gegeven dat u overneemt.")
    round = response.report.release.round
    released = (
        Release.objects.released().filter(round=round).select_related("run__dataset", "run__specification").first()
    )
    if released is None:
        raise Refused("Van deze ronde is niets vrijgegeven.")
    run = released.run
    return Question(
        response=response,
        run=run,
        settlement=Settlement(current_policy(round).corrections_settled),
        chosen=corrected_figures.as_figures(chosen),
        accepted=accepted_after(run, round),
    )


def accepted_after(run: Run, round: Round) -> dict[str, dict[str, Decimal]]:
    """Return the accepted corrections that a next run holds and this one does not, by key of the provider.

    Where corrections count next year, what was accepted and is not in the data yet does not come into it either.
    """
    only_in_data = current_policy(round).corrections_settled == Settlement.NEXT_YEAR
    frozen = dict(
        SubmissionVersion.objects.filter(datasets=run.dataset_id).values_list("submission__provider_id", "number")
    )
    found: dict[str, dict[str, Decimal]] = {}
    accepted = corrections.accepted_in(round)
    versions = corrections.versions_of(accepted)
    for item in accepted:
        version = versions.get(item.pk)
        if only_in_data and item.carried_into_id is None and version is None:
            continue
        if version is None or version.number > frozen.get(item.provider_id, 0):
            found.setdefault(item.provider.key, {}).update(corrected_figures.as_figures(item.accepted_changes))
    return found


def ask(*, response: InterpretationResponse, actor: Actor, measures: Collection[str] | None = None) -> Consequences:
    """Ask what accepting ``measures`` of a correction would do; a worker computes it, for in a national round it takes seconds.

    Asked again, it is computed again. Raises :class:`~providers.refusal.Refused` if there is nothing to compute, or while that is
    being done.
    """
    powers.require_staff(actor)
    _require_open(response)
    chosen = sorted(question(response, measures).chosen)
    with transaction.atomic():
        known = Consequences.objects.filter(response=response)
        if known.exists() and not known.select_for_update(skip_locked=True).first():
            raise Refused("De gevolgen van deze correctie worden op dit moment berekend. Wacht tot dat klaar is.")
        document = {STATE: WAITS, TRIES: 0, "measures": chosen}
        kept, _ = Consequences.objects.update_or_create(
            response=response, defaults={"document": document, "computed_at": timezone.now()}
        )
        transaction.on_commit(lambda: wake(tasks.look_ahead))
    return kept


def compute_next() -> bool:
    """Compute of what somebody waits for what was tried least and waits longest; tell whether there was any. For workers.

    One worker at a time does this, and whoever else comes passes by: it takes seconds each, and others have to keep their hands
    free for what goes out at its moment. What a worker that is killed began is begun anew, as often as :mod:`tariffs.tries` says.
    """
    with alone("tariffs.outlook") as is_mine:
        pk = _count_try() if is_mine else None
        if pk is None:
            return False
        _compute_one(pk)
    return True


def wake_waiting() -> None:
    """Wake a worker if somebody waits for what a correction would do; who computes one wakes a worker for the next."""
    if Consequences.objects.filter(WAITING).exists():
        wake(tasks.look_ahead)


def _count_try() -> int | None:
    """Count a try and return of what; what was tried too often is given up, with the reason for who waits for it."""
    while True:
        with transaction.atomic():
            waiting = Consequences.objects.select_for_update(skip_locked=True, of=("self",)).filter(WAITING)
            kept = waiting.order_by(f"document__{TRIES}", "computed_at", "pk").first()
            if kept is None:
                return None
            tries = kept.document.get(TRIES, 0)
            if tries < MOST:
                kept.document[TRIES] = tries + 1
                kept.save(update_fields=["document"])
                return kept.pk
            logger.error("What a correction does could not be computed in %s tries: %s.", tries, kept.pk)
            kept.document = {STATE: REFUSED, "reason": GIVEN_UP, "measures": kept.document["measures"]}
            kept.save(update_fields=["document"])


def _compute_one(pk: int) -> None:
    with transaction.atomic():
        kept = (
            Consequences.objects.select_for_update(of=("self",))
            .select_related("response__report__release__round", "response__provider")
            .get(pk=pk)
        )
        measures = kept.document["measures"]
        try:
            with transaction.atomic():
                document = _document(kept.response, measures)
        except Refused as refused:
            document = {STATE: REFUSED, "reason": str(refused), "measures": measures}
        except Exception:
            logger.exception("What a correction does could not be computed: %s.", kept.response.uuid)
            document = {STATE: REFUSED, "reason": FAILED, "measures": measures}
        kept.document, kept.computed_at = document, timezone.now()
        kept.save(update_fields=["document", "computed_at"])


def _require_open(response: InterpretationResponse) -> None:
    if response.is_ended:
        raise Refused("Deze reactie is al afgehandeld.")


def _document(response: InterpretationResponse, measures: Collection[str] | None) -> dict[str, Any]:
    _require_open(response)
    asked = question(response, measures)
    document: dict[str, Any] = {
        STATE: DONE,
        "mark": asked.mark,
        "settlement": asked.settlement.value,
        "measures": sorted(asked.chosen),
        "accepted_before": sum(len(figures) for figures in asked.accepted.values()),
    }
    try:
        return document | _computed(asked)
    except (consequences.ChangeRefused, RunFailed) as refused:
        raise Refused(f"De gevolgen zijn niet te berekenen: {refused}") from refused


@dataclass(frozen=True)
class Seen:
    """How far it is with what a correction would do: nobody asked, being computed, not to be computed and why, or there it is."""

    kept: Consequences | None = None
    is_busy: bool = False
    reason: str = ""


def seen_of(response: InterpretationResponse) -> Seen:
    """Return how far it is with what a correction would do."""
    kept = Consequences.objects.filter(response=response).first()
    if kept is None:
        return Seen()
    # What was kept before there were states was computed.
    state = kept.document.get(STATE, DONE)
    if state == DONE:
        return Seen(kept=kept)
    return Seen(is_busy=state == WAITS, reason=kept.document.get("reason", ""))


def _computed(asked: Question) -> dict[str, Any]:
    key, errors = asked.response.provider.key, asked.errors()
    if asked.settlement == Settlement.FROZEN_FRONTIER:
        change = consequences.frozen_frontier(asked.run, key, asked.asked[key], errors=errors[key])
        alone = consequences.Consequences(run=str(asked.run.uuid), everyone=(change,), corrections=())
        return {"this": _kept(alone), "together": None}
    this = consequences.of(asked.run, {key: asked.chosen}, accepted=asked.accepted, errors=errors)
    if not asked.accepted:
        return {"this": _kept(this), "together": None}
    # What a next run gives is the same afterwards; what it is compared with is what was released.
    released = stored_positions(asked.run)
    together = consequences.Consequences(
        run=this.run,
        everyone=tuple(
            replace(change, before=released[change.key], is_corrected=change.key in asked.asked)
            for change in this.everyone
        ),
        corrections=(),
    )
    return {"this": _kept(this), "together": _kept(together)}


def _kept(found: consequences.Consequences) -> dict[str, Any]:
    """Return what is kept for who decides: of all who move only the largest, with how many there are."""
    document = found.as_document()
    moved = document.pop("moved")
    return {**document, "moved": len(moved), "largest": [change.as_document() for change in found.largest]}


def require_fresh(response: InterpretationResponse, measures: Collection[str]) -> None:
    """Raise :class:`~providers.refusal.Refused` unless what was computed holds for accepting exactly ``measures`` now.

    Where corrections count next year nothing changes now, and nothing has to be computed. Call it under the lock of the round.
    """
    asked = question(response, measures)
    if asked.settlement == Settlement.NEXT_YEAR:
        return
    kept = Consequences.objects.filter(response=response).first()
    if kept is None or kept.document.get("mark") != asked.mark:
        raise Refused(STALE)
