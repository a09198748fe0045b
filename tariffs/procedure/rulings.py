"""Deciding on an objection (Awb 7:11, 7:12): advice, a verdict with reasons on each ground, drawn up by one, decided by another.

What is drawn up can still be changed and nobody outside sees it. New figures are computed when it is drawn up, stand in a
decision that is prepared, and take the place of the old ones when the objection is decided. Nobody else's decision changes by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from benchmarking.calculation import RunFailed
from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.models import Act
from providers.refusal import Refused
from tariffs import consequences, letters, standings
from tariffs.models import (
    Bandwidth,
    Channel,
    Consequence,
    Decision,
    DecisionStatus,
    Ground,
    LetterKind,
    MirrorReport,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    Occasion,
    Origin,
    Release,
    TermEventKind,
    Verdict,
)
from tariffs.procedure import decisions, figures
from tariffs.procedure.admission import missing
from tariffs.procedure.deadlines import counts_as_in_time
from tariffs.procedure.handling import lock, move, require_step
from tariffs.procedure.objections import settle_standings
from tariffs.terms import amsterdam_day, appeal_term, equated_days

S = ObjectionStatus
O = ObjectionOutcome  # noqa: E741
Changes = Mapping[str, Decimal | None]
#: With these the decision objected to gives way to another.
NEW_DECISION = (Consequence.FROZEN_FRONTIER, Consequence.NEW_RUN, Consequence.OTHER_REASONS)
SENTENCES: dict[str, str] = {
    O.GRANTED: "Uw bezwaar is gegrond.",
    O.PARTLY: "Uw bezwaar is deels gegrond.",
    O.DISMISSED: "Uw bezwaar is ongegrond.",
    O.INADMISSIBLE: "Uw bezwaar is niet-ontvankelijk: de NZa behandelt de inhoud niet.",
}
FOLLOWS: dict[str, str] = {
    Consequence.NONE: "Het besluit blijft zoals het is.",
    Consequence.FROZEN_FRONTIER: (
        "De NZa neemt een nieuw besluit. Alleen uw eigen cijfers zijn opnieuw berekend; de vergelijking met anderen is dezelfde"
        " gebleven. Voor andere zorgaanbieders verandert er niets."
    ),
    Consequence.NEW_RUN: (
        "De NZa neemt een nieuw besluit, met de uitkomsten van een nieuwe landelijke berekening. De besluiten over andere"
        " zorgaanbieders veranderen daardoor niet."
    ),
    Consequence.OTHER_REASONS: "De NZa verbetert de motivering. De bandbreedte blijft zoals die was.",
}


def advise(*, objection: Objection, advice: str, advised_on: date, actor: Actor) -> Objection:
    """Write down what the committee advised (Awb 7:13)."""
    powers.require_staff(actor)
    if len(advice.strip()) < 20:
        raise Refused("Neem het advies van de commissie over (art. 7:13 Awb).")
    if advised_on > amsterdam_day(timezone.now()):
        raise Refused("Kies een dag die is geweest: wanneer bracht de commissie advies uit (art. 7:13 Awb)?")
    with transaction.atomic():
        locked = lock(objection, actor)
        if not locked.with_committee:
            raise Refused("In deze zaak adviseert geen commissie (art. 7:13 Awb).")
        require_step(locked, S.ADVISED)
        locked.advice, locked.advised_on = advice.strip(), advised_on
        move(locked, S.ADVISED, actor, "advice", "advised_on")
    return locked


def judge(*, objection: Objection, verdicts: Mapping[int, tuple[str, str]], actor: Actor) -> int:
    """Write down the verdict on grounds, each with its reasons: by key of the ground, own or shared. Returns how many changed.

    What is decided of a shared ground holds for everybody in the group; once one of them has its decision, it stays.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        _require_ripe(locked)
        changed = 0
        for ground in grounds_of(locked, for_update=True):
            if ground.pk not in verdicts:
                continue
            verdict, reasons = verdicts[ground.pk]
            if (ground.verdict, ground.reasons) == (verdict, reasons.strip()):
                continue
            if verdict not in Verdict.values or len(reasons.strip()) < 10:
                raise Refused(
                    f"Kies bij grond {ground.number} een oordeel en schrijf op waarom (art. 7:12, eerste lid, Awb)."
                )
            if ground.group_id is not None and _is_decided_elsewhere(ground, locked):
                raise Refused(
                    f"Op gedeelde grond {ground.number} is in een andere zaak van de groep al beslist. Het oordeel blijft"
                    " hetzelfde (art. 7:12 Awb; gelijke gevallen)."
                )
            ground.verdict, ground.reasons = verdict, reasons.strip()
            ground.save(update_fields=["verdict", "reasons"])
            changed += 1
        if changed:
            _undraft(locked)
            record(act=Act.GROUND_JUDGED, actor=actor, subject=str(locked), details={"grounds": changed})
    return changed


def grounds_of(objection: Objection, *, for_update: bool = False) -> list[Ground]:
    """Return the grounds of an objection: shared ones first, then its own."""
    found = Ground.objects.select_for_update(of=("self",)) if for_update else Ground.objects.all()
    shared = list(found.filter(group=objection.group_id).order_by("number")) if objection.group_id else []
    return [*shared, *found.filter(objection=objection).order_by("number")]


def draft(
    *,
    objection: Objection,
    outcome: ObjectionOutcome,
    reasons: str,
    consequence: Consequence,
    changes: Changes | None = None,
    actor: Actor,
) -> Objection:
    """Draw the decision on an objection up: in keeping with the verdicts, with reasons and what follows; also a second time.

    ``changes``: for a new decision with the same comparison, the figures of the provider that become other ones.
    Raises :class:`~providers.refusal.Refused`.
    """
    powers.require_staff(actor)
    if len(reasons.strip()) < 20:
        raise Refused("Schrijf op waarop de beslissing rust (art. 7:12, eerste lid, Awb).")
    with transaction.atomic():
        locked = lock(objection, actor)
        if outcome == O.INADMISSIBLE:
            _require_inadmissible(locked)
        else:
            _require_ripe(locked)
            _require_in_keeping(grounds_of(locked), outcome)
        _require_consequence(outcome, consequence)
        _undraft(locked)
        locked.outcome, locked.reasons, locked.consequence = outcome, reasons.strip(), consequence
        locked.drafted_by = actor.user
        locked.new_decision = _prepared(locked, consequence, changes or {}, actor)
        locked.save(update_fields=["outcome", "reasons", "consequence", "drafted_by", "new_decision"])
        record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details={"drafted": outcome.value})
    return locked


def decide(*, objection: Objection, actor: Actor) -> Objection:
    """Decide on an objection, by another than who drew the decision up, and send it with reasons per ground and how to appeal."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        require_step(locked, S.DECIDED)
        if not locked.outcome or locked.drafted_by_id is None:
            raise Refused("Er is nog geen beslissing opgesteld (art. 7:12 Awb). Stel haar eerst op.")
        if locked.drafted_by_id == actor.user.pk:
            raise Refused(
                "U stelde deze beslissing zelf op. Een collega beslist, zodat er twee mensen naar hebben gekeken (art. 3:2 Awb)."
            )
        if locked.decision.decided_by_id == actor.user.pk:
            raise Refused(
                "U nam het besluit waartegen dit bezwaar is gericht. Een ander beslist op het bezwaar (art. 10:3, derde lid,"
                " Awb)."
            )
        if locked.outcome == O.INADMISSIBLE:
            # Lateness may have been excused meanwhile, or what was missing may have come in.
            _require_inadmissible(locked)
        else:
            # Somebody may have brought a ground forward meanwhile.
            _require_ripe(locked)
            _require_in_keeping(grounds_of(locked), ObjectionOutcome(locked.outcome))
        now = timezone.now()
        today = amsterdam_day(now)
        locked.decided_by, locked.decided_on = actor.user, today
        move(locked, S.DECIDED, actor, "decided_by", "decided_on")
        if locked.new_decision is not None:
            _replace(locked, locked.new_decision, actor, today)
        _send(locked, actor)
        record(
            act=Act.OBJECTION_DECIDED,
            actor=actor,
            subject=str(locked),
            details={"outcome": locked.outcome, "consequence": locked.consequence},
        )
        settle_standings()
    return locked


def _require_ripe(objection: Objection) -> None:
    if objection.status == S.HEARD and objection.with_committee:
        raise Refused("De commissie heeft nog geen advies uitgebracht. Neem eerst haar advies over (art. 7:13 Awb).")
    if objection.status not in (S.HEARD, S.ADVISED):
        raise Refused(
            f"Dit bezwaar staat op ‘{objection.get_status_display().lower()}’. Hoor eerst de aanbieder, of leg vast waarom dat"
            " niet nodig is (art. 7:2 en 7:3 Awb)."
        )


def _require_inadmissible(objection: Objection) -> None:
    if objection.status not in (S.RECEIVED, S.INCOMPLETE):
        raise Refused("Dit bezwaar is al in behandeling genomen. Beslis op de inhoud (art. 7:11 Awb).")
    if counts_as_in_time(objection) is False:
        return
    asked = objection.events.filter(kind=TermEventKind.REMEDY_ASKED).order_by("pk").last()
    today = amsterdam_day(timezone.now())
    if asked is None or asked.until is None:
        raise Refused(
            "Niet-ontvankelijk kan pas als de aanbieder de kans kreeg om aan te vullen (art. 6:6 Awb), of als het bezwaar"
            " onverschoonbaar te laat is (art. 6:11 Awb)."
        )
    if today <= asked.until and objection.status == S.INCOMPLETE:
        raise Refused(
            f"De aanbieder kan nog aanvullen tot en met {format_date(asked.until)} (art. 6:6 Awb). Wacht dat af."
        )
    if objection.status == S.RECEIVED and not missing(objection):
        raise Refused(
            "Het bezwaar is aangevuld en er ontbreekt niets meer (art. 6:6 Awb). Neem het in behandeling en beslis op de inhoud."
        )


def _require_in_keeping(grounds: list[Ground], outcome: ObjectionOutcome) -> None:
    if not grounds or any(not ground.verdict for ground in grounds):
        raise Refused("Geef eerst bij elke grond een oordeel, met de redenen (art. 7:12, eerste lid, Awb).")
    verdicts = {ground.verdict for ground in grounds}
    some = verdicts & {Verdict.FOUNDED, Verdict.PARTLY}
    if outcome == O.GRANTED and Verdict.FOUNDED not in verdicts:
        raise Refused("Gegrond kan alleen als ten minste één grond slaagt (art. 7:12 Awb).")
    if outcome == O.PARTLY and not some:
        raise Refused("Deels gegrond kan alleen als een grond ten minste deels slaagt (art. 7:12 Awb).")
    if outcome == O.DISMISSED and some:
        raise Refused("Er slaagt een grond, dus ongegrond past daar niet bij (art. 7:12 Awb).")


def _require_consequence(outcome: ObjectionOutcome, consequence: Consequence) -> None:
    if outcome in (O.GRANTED, O.PARTLY) and consequence == Consequence.NONE:
        raise Refused(
            "Bij een gegrond bezwaar hoort een gevolg: een nieuw besluit, of een betere motivering (art. 7:11, tweede lid, Awb)."
        )
    if outcome in (O.DISMISSED, O.INADMISSIBLE) and consequence != Consequence.NONE:
        raise Refused("Bij deze uitkomst blijft het besluit zoals het is (art. 7:11 Awb).")


def _is_decided_elsewhere(ground: Ground, objection: Objection) -> bool:
    others = Objection.objects.filter(group=ground.group_id, status__in=[S.DECIDED, S.APPEALED])
    return others.exclude(pk=objection.pk).exists()


def _undraft(objection: Objection) -> None:
    """Take back what was drawn up before: another verdict or another text makes another decision."""
    before = objection.new_decision
    if before is not None:
        before.status = DecisionStatus.WITHDRAWN
        before.save(update_fields=["status"])
    objection.outcome, objection.reasons, objection.consequence = "", "", ""
    objection.drafted_by, objection.new_decision = None, None
    objection.save(update_fields=["outcome", "reasons", "consequence", "drafted_by", "new_decision"])


def _prepared(objection: Objection, consequence: Consequence, changes: Changes, actor: Actor) -> Decision | None:
    """Prepare the decision that will take the place of the one objected to; ``None`` if that stays."""
    if consequence not in NEW_DECISION:
        return None
    old = objection.decision
    report = old.report
    if consequence == Consequence.FROZEN_FRONTIER:
        found = _recomputed(old, changes)
    elif consequence == Consequence.NEW_RUN:
        report, found = _of_new_run(old)
    else:
        found = dict(old.figures)
    if consequence != Consequence.OTHER_REASONS and figures.is_lower(found, old.figures):
        raise Refused(
            "De aanbieder zou hiermee slechter uitkomen dan met het besluit waartegen zij bezwaar maakt. Dat mag niet door haar"
            " eigen bezwaar (art. 7:11 Awb)."
        )
    if consequence != Consequence.OTHER_REASONS and figures.is_same(found, old.figures):
        raise Refused(
            "Hiermee verandert er niets aan het besluit. Kijk na welke gegevens anders worden (verandert een kostenpost, dan ook"
            " het totaal), of kies ‘Zelfde uitkomst, betere motivering’ (art. 7:11, tweede lid, Awb)."
        )
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


def _recomputed(old: Decision, changes: Changes) -> figures.Figures:
    if not changes:
        raise Refused(
            "Vul in welke gegevens van de aanbieder anders worden. Daarmee wordt opnieuw gerekend (art. 7:11 Awb)."
        )
    try:
        change = consequences.frozen_frontier(old.report.release.run, old.provider.key, changes)
    except (consequences.ChangeRefused, RunFailed) as error:
        raise Refused(f"{error} Daarmee kan de NZa niet opnieuw rekenen (art. 7:11 Awb).") from error
    if change.after.upper_rate is None:
        raise Refused("Met deze gegevens is er geen bandbreedte. Kijk na wat u invulde (art. 7:11 Awb).")
    return {
        **figures.of_position(change.after),
        "changes": {measure: None if value is None else str(value) for measure, value in changes.items()},
    }


def _of_new_run(old: Decision) -> tuple[MirrorReport, figures.Figures]:
    release = decisions.adopted_release(old.round)
    if release is None or release.pk == old.report.release_id:
        raise Refused(
            "Er is nog geen nieuwe landelijke berekening vastgesteld en vrijgegeven. Doe dat eerst, of kies een ander gevolg"
            " (art. 7:11, tweede lid, Awb)."
        )
    report = MirrorReport.objects.filter(release=release, provider=old.provider_id).first()
    band = (
        Bandwidth.objects.filter(run_id=release.run_id, provider=old.provider_id, upper_rate__isnull=False)
        .prefetch_related("products")
        .first()
    )
    if report is None or band is None:
        raise Refused("In de nieuwe berekening heeft deze aanbieder geen bandbreedte (art. 7:11 Awb).")
    return report, figures.of_bandwidth(band)


def lower_in(release: Release, *, instead_of: Decision) -> int:
    """Return how many others have a lower maximum in a newer release than in the one that a decision rests on."""
    before: dict[int, Decimal | None] = dict(
        Bandwidth.objects.filter(run_id=instead_of.report.release.run_id, upper_rate__isnull=False)
        .exclude(provider=instead_of.provider_id)
        .values_list("provider", "upper_rate")
    )
    after = Bandwidth.objects.filter(run_id=release.run_id, provider__in=before).values_list("provider", "upper_rate")
    return sum(rate is not None and rate < (before[provider] or 0) for provider, rate in after)


def _replace(objection: Objection, new: Decision, actor: Actor, today: date) -> None:
    """Let the new decision take the place of the old one, in one go through the steps of every decision."""
    old = Decision.objects.select_for_update(of=("self",)).get(pk=objection.decision_id)
    old.status = DecisionStatus.REPLACED
    old.save(update_fields=["status"])
    new.reasons, new.drafted_by, new.drafted_at = objection.reasons, objection.drafted_by, timezone.now()
    for status in (DecisionStatus.ANNOUNCED, DecisionStatus.DRAFTED):
        new.status = status
        new.save(update_fields=["status", "reasons", "drafted_by", "drafted_at"])
    here = letters.gets_post_here([new.provider_id])
    new.status, new.decided_by, new.sent_on = DecisionStatus.SENT, actor.user, today
    new.sent_how = Channel.PORTAL if here else Channel.POST
    new.save(update_fields=["status", "decided_by", "sent_on", "sent_how"])
    standings.record_decision(new, occasion=Occasion.NEW_DECISION)


def _send(objection: Objection, actor: Actor) -> None:
    new, round = objection.new_decision, objection.decision.round
    assert objection.decided_on is not None
    letters.send(
        letters.Outgoing(
            kind=LetterKind.OBJECTION_DECISION,
            provider=objection.provider,
            round=round,
            reference=objection.reference,
            facts={
                "uitkomst": SENTENCES[objection.outcome],
                "gevolg": " ".join([FOLLOWS[objection.consequence], *_replacing(objection, new)]),
                "bandbreedte": figures.in_words(new.figures, round.currency) if new is not None else "",
                "motivering": letters.plain_lines(objection.reasons),
                "gronden": _grounds_in_words(grounds_of(objection) if objection.outcome != O.INADMISSIBLE else []),
                "rechtsmiddel": appeal_clause(objection.decided_on),
                "ondertekenaar": actor.user.name,
            },
            figures=None if new is None else figures.table(new.figures, round.currency, new.report.release.tariff_year),
            objection=objection,
            decision=new,
        ),
        actor=actor,
        at=timezone.now(),
    )


def _replacing(objection: Objection, new: Decision | None) -> list[str]:
    """Say which decision takes the place of which, as the law asks (Awb 7:11(2))."""
    if new is None:
        return []
    return [
        f"De NZa herroept besluit {objection.decision.reference} en neemt daarvoor in de plaats besluit {new.reference} (art."
        " 7:11, tweede lid, Awb)."
    ]


def appeal_clause(decided_on: date) -> str:
    """Return where, until when and how somebody can appeal against a decision on an objection (Awb 6:23)."""
    term = appeal_term(notified_on=decided_on, equated=equated_days())
    return letters.clause(
        channel="beroep instellen",
        until=term.end,
        starts=term.starts,
        articles=("art. 6:23 Awb", *term.articles, "bijlage 2, art. 4, Awb"),
        whom="het College van Beroep voor het bedrijfsleven (CBb)",
        needs="U kunt alleen beroep instellen tegen deze beslissing, niet meer tegen het eerste besluit.",
    )


def _grounds_in_words(grounds: list[Ground]) -> str:
    return "\n\n".join(
        f"## {'Gedeelde grond' if ground.group_id else 'Grond'} {ground.number}\n\n{letters.quoted(ground.text)}\n\n"
        f"{ground.get_verdict_display()}. {letters.plain_lines(ground.reasons)}"
        for ground in grounds
    )
