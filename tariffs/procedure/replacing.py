"""What a granted objection puts in the place of the decision objected to (Awb 7:11(2)): computed, prepared, and sent with it.

The policy of the round says how a granted objection works through; the figures of the provider are held to the same checks as a
correction in the interpretation period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils import timezone

from benchmarking import datasets
from benchmarking.calculation import RunFailed
from providers.access import Actor
from providers.measures import CATALOGUE
from providers.models import Round, Submission, SubmissionVersion
from providers.refusal import Refused
from tariffs import consequences, letters, standings
from tariffs.models import (
    Bandwidth,
    Channel,
    Consequence,
    Decision,
    DecisionStatus,
    MirrorReport,
    Objection,
    Occasion,
    Origin,
    Release,
    Settlement,
)
from tariffs.policies import current_policy
from tariffs.procedure import corrected_figures, figures, figures_in_words
from tariffs.procedure.renewals import UNDER_WAY, adopted_release

Changes = Mapping[str, Decimal | None]
#: With these the decision objected to gives way to another.
NEW_DECISION = (Consequence.FROZEN_FRONTIER, Consequence.NEW_RUN, Consequence.OTHER_REASONS)
#: What a granted objection can lead to, by what the policy says that it means for the others.
ALLOWED: dict[str, tuple[Consequence, ...]] = {
    Settlement.FULL_RERUN: (Consequence.NEW_RUN, Consequence.OTHER_REASONS),
    Settlement.FROZEN_FRONTIER: (Consequence.FROZEN_FRONTIER, Consequence.OTHER_REASONS),
    Settlement.NEXT_YEAR: (Consequence.FROZEN_FRONTIER, Consequence.OTHER_REASONS),
}


def allowed(round: Round) -> tuple[Consequence, ...]:
    """Return what a granted objection can lead to in a round, as its policy says."""
    return ALLOWED[current_policy(round).objections_settled]


def require_policy(round: Round, consequence: Consequence) -> None:
    """Raise :class:`~providers.refusal.Refused` if the policy of the round does not settle objections so."""
    if consequence == Consequence.NONE or consequence in allowed(round):
        return
    raise Refused(
        "Dit gevolg past niet bij het beleid van deze ronde. Volgens dat beleid betekent een gegrond bezwaar:"
        f" ‘{current_policy(round).get_objections_settled_display().lower()}’. Kies"
        f" {' of '.join(f'‘{item.label}’' for item in allowed(round))}, of verander het beleid: open de"
        " ronde en kies ‘Beleid’ (art. 3:4 en 7:11, tweede lid, Awb)."
    )


def prepare(objection: Objection, consequence: Consequence, changes: Changes, actor: Actor) -> Decision | None:
    """Prepare the decision that will take the place of the one objected to; ``None`` if that stays."""
    if consequence not in NEW_DECISION:
        return None
    old = objection.decision
    _require_none_under_way(old)
    report = old.report
    if consequence == Consequence.FROZEN_FRONTIER:
        found = recomputed(old, changes)
    elif consequence == Consequence.NEW_RUN:
        report, found = _of_new_run(old)
    else:
        found = dict(old.figures)
    if consequence != Consequence.OTHER_REASONS:
        _require_better(found, old)
    number = Decision.objects.filter(provider=old.provider_id, round=old.round_id).count() + 1
    return Decision.objects.create(
        provider_id=old.provider_id,
        round_id=old.round_id,
        report=report,
        reference=f"{old.reference}-N{number}",
        origin=Origin.OBJECTION,
        replaces=old,
        figures=found,
        prepared_by=actor.user,
    )


def _require_better(found: figures.Figures, old: Decision) -> None:
    """Raise :class:`~providers.refusal.Refused` unless figures say something else than a decision, and nowhere less."""
    if figures.says_the_same(found, old.figures):
        raise Refused(
            "Hiermee verandert er niets aan het besluit: tarieven, percentages en bedragen blijven gelijk, of schuiven"
            " alleen door afronding. Kijk na welke gegevens anders worden (verandert een kostenpost, dan ook het totaal), of"
            " kies ‘Zelfde uitkomst, betere motivering’ (art. 7:11, tweede lid, Awb)."
        )
    if figures.is_lower(found, old.figures) or figures.starts_lower(found, old.figures):
        raise Refused(
            "\n".join(
                [
                    "De aanbieder zou hiermee slechter uitkomen dan met het besluit waartegen zij bezwaar maakt. Dat mag niet"
                    " door haar eigen bezwaar (art. 7:11 Awb).",
                    *figures_in_words.lowered(found, old.figures, old.round.currency),
                ]
            )
        )


def _require_none_under_way(old: Decision) -> None:
    other = Decision.objects.filter(provider=old.provider_id, round=old.round_id, status__in=UNDER_WAY).first()
    if other is not None:
        raise Refused(
            f"Er loopt al een voornemen om dit besluit te vervangen: {other.reference}. Trek dat eerst in; dan kan de beslissing"
            " op het bezwaar iets anders in de plaats stellen (art. 6:19 en 7:11, tweede lid, Awb)."
        )


def recomputed(old: Decision, changes: Changes) -> figures.Figures:
    """Return the figures of a decision with other figures of the provider, measured against everybody as it was.

    Raises :class:`~providers.refusal.Refused` if the figures do not go together, or cannot be computed with.
    """
    if not changes:
        raise Refused(
            "Vul in welke gegevens van de aanbieder anders worden. Daarmee wordt opnieuw gerekend (art. 7:11 Awb)."
        )
    for code, value in changes.items():
        if value is not None:
            corrected_figures.require_number(code, value)
    errors = _checked(old, changes)
    try:
        change = consequences.frozen_frontier(old.report.release.run, old.provider.key, changes, errors=errors)
    except (consequences.ChangeRefused, RunFailed) as error:
        raise Refused(f"{error} Daarmee kan de NZa niet opnieuw rekenen (art. 7:11 Awb).") from error
    if change.after.upper_rate is None:
        raise Refused("Met deze gegevens is er geen bandbreedte. Kijk na wat u invulde (art. 7:11 Awb).")
    return {
        **figures.of_position(change.after),
        "changes": {measure: None if value is None else str(value) for measure, value in changes.items()},
        "changed_from": _computed_with(old, changes),
    }


def _computed_with(old: Decision, changes: Changes) -> dict[str, str | None]:
    """Return the figures that a decision rests on, of those that become other ones: as the run read them, as text."""
    row = datasets.read(bytes(old.report.release.run.dataset.content)).loc[old.provider.key]
    return {measure: None if row[measure] is None else str(row[measure]) for measure in changes}


def _checked(old: Decision, changes: Changes) -> str | None:
    """Hold changed figures to the checks of a delivery; return its codes of errors, ``None`` if there is no delivery to check.

    What was wrong before stays as it was; what goes wrong by the change is refused, with what is missing.
    """
    submission = Submission.objects.filter(round=old.round_id, provider=old.provider_id).first()
    version = (
        SubmissionVersion.objects.filter(submission=submission, datasets=old.report.release.run.dataset_id).first()
        if submission is not None
        else None
    )
    if submission is None or version is None:
        return None
    new = {code: value for code, value in changes.items() if value is not None}
    return corrected_figures.require_sound(submission=submission, version=version, changes=new)


def _of_new_run(old: Decision) -> tuple[MirrorReport, figures.Figures]:
    release = adopted_release(old.round)
    if release is None or release.pk == old.report.release_id:
        raise Refused(
            "Er is nog geen nieuwe landelijke berekening vastgesteld en vrijgegeven. Neem eerst bij deze zaak de gegevens over"
            " die anders worden, en reken dan opnieuw. Of kies een ander gevolg (art. 7:11, tweede lid, Awb)."
        )
    report = MirrorReport.objects.filter(release=release, provider=old.provider_id).first()
    band = (
        Bandwidth.objects.filter(run_id=release.run_id, provider=old.provider_id, upper_rate__isnull=False)
        .prefetch_related("products")
        .first()
    )
    if report is None or band is None:
        raise Refused("In de nieuwe berekening heeft deze aanbieder geen bandbreedte (art. 7:11 Awb).")
    return report, {**figures.of_bandwidth(band), **_changed_in_data(old, release)}


def _changed_in_data(old: Decision, release: Release) -> figures.Figures:
    """Return which figures of the provider are other ones in the data of a newer run, and what they were; empty if none is."""
    runs = (old.report.release.run, release.run)
    rows = [datasets.read(bytes(run.dataset.content)).loc[old.provider.key] for run in runs]
    measures = [name for name in rows[0].index if name in CATALOGUE and name in rows[1].index]
    other = [name for name in measures if rows[0][name] != rows[1][name]]
    was, becomes = (
        {name: None if row[name] is None else datasets.canonical_number(row[name]) for name in other} for row in rows
    )
    return {"changes": becomes, "changed_from": was, "are_in_data": True} if other else {}


def replace(objection: Objection, new: Decision, actor: Actor, today: date) -> None:
    """Let the new decision take the place of the old one, in one go through the steps of every decision."""
    old = Decision.objects.select_for_update(no_key=True, of=("self",)).get(pk=objection.decision_id)
    old.status = DecisionStatus.REPLACED
    old.save(update_fields=["status"])
    new.reasons, new.drafted_by, new.drafted_at = objection.reasons, objection.drafted_by, timezone.now()
    for status in (DecisionStatus.ANNOUNCED, DecisionStatus.DRAFTED):
        new.status = status
        new.save(update_fields=["status", "reasons", "drafted_by", "drafted_at"])
    # The letter goes to a proxy, who has no account here, by post (Awb 6:17).
    here = letters.gets_post_here([new.provider_id]) and not objection.representative
    new.status, new.decided_by, new.sent_on = DecisionStatus.SENT, actor.user, today
    new.sent_how = Channel.PORTAL if here else Channel.POST
    new.save(update_fields=["status", "decided_by", "sent_on", "sent_how"])
    standings.record_decision(new, occasion=Occasion.NEW_DECISION)
