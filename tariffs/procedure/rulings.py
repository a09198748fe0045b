"""Deciding on an objection (Awb 7:11, 7:12): advice, a verdict with reasons on each ground, drawn up by one, decided by another.

What is drawn up can still be changed and nobody outside sees it. New figures are computed when it is drawn up, stand in a
decision that is prepared, and take the place of the old ones when the objection is decided (:mod:`tariffs.procedure.replacing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record, record_each
from providers.formatting import format_date
from providers.models import Act
from providers.refusal import Refused, require_words
from tariffs import letters
from tariffs.models import (
    Consequence,
    Ground,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    TermEventKind,
    Verdict,
    concepts,
)
from tariffs.procedure import granted, groups, hearings, posting, replacing, ruling_letters
from tariffs.procedure.admission import missing
from tariffs.procedure.deadlines import counts_as_in_time
from tariffs.procedure.handling import DRAFTED, lock, move, require_step, undraft
from tariffs.procedure.objections import settle_standings
from tariffs.procedure.replacing import Changes
from tariffs.terms import amsterdam_day

S = ObjectionStatus
O = ObjectionOutcome  # noqa: E741


def advise(*, objection: Objection, advice: str, advised_on: date, actor: Actor) -> Objection:
    """Write down what the committee advised (Awb 7:13)."""
    powers.require_staff(actor)
    require_words(advice, "Neem het advies van de commissie over (art. 7:13 Awb).", least=20)
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

    What is decided of a shared ground holds for everybody in the group, also for an own ground that is answered by it; what was
    drawn up for any of them is taken back. Once one of them has its decision, it stays.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        locked, others = groups.lock_all(objection, actor)
        _require_ripe(locked)
        changed: list[Ground] = []
        grounds = grounds_of(locked, for_update=True)
        shared = {groups.same_as(ground): ground for ground in grounds if ground.group_id is not None}
        for ground in grounds:
            if ground.pk not in verdicts:
                continue
            verdict, reasons = verdicts[ground.pk]
            if ground.group_id is None and reasons.strip() in shared:
                verdict = shared[reasons.strip()].verdict
            if (ground.verdict, ground.reasons) == (verdict, reasons.strip()):
                continue
            why = f"Kies bij grond {ground.number} een oordeel en schrijf op waarom (art. 7:12, eerste lid, Awb)."
            require_words(reasons, why)
            if verdict not in Verdict.values:
                raise Refused(why)
            if ground.group is not None and groups.is_decided(ground.group):
                raise Refused(
                    f"Op gedeelde grond {ground.number} is in een andere zaak van de groep al beslist. Het oordeel blijft"
                    " hetzelfde (art. 7:12 Awb; gelijke gevallen)."
                )
            ground.verdict, ground.reasons = verdict, reasons.strip()
            ground.save(update_fields=["verdict", "reasons"])
            changed.append(ground)
        touched = [locked] if changed else []
        if for_all := [ground for ground in changed if ground.group_id is not None]:
            touched += others
            groups.follow(for_all, touched)
        for item in touched:
            groups.undraft_on_grounds(item)
        record_each(
            act=Act.GROUND_JUDGED,
            actor=actor,
            details={"grounds": len(changed), "shared": len(for_all)},
            subjects=[str(item) for item in touched],
        )
    return len(changed)


def grounds_of(objection: Objection, *, for_update: bool = False) -> list[Ground]:
    """Return the grounds of an objection: shared ones first, then its own.

    Its own in the words of a shared one is that one: it is answered there.
    """
    found = Ground.objects.select_for_update(of=("self",)) if for_update else Ground.objects.all()
    shared = list(found.filter(group=objection.group_id).order_by("number")) if objection.group_id else []
    said = {groups.words_of(ground.text) for ground in shared}
    own = found.filter(objection=objection).order_by("number")
    return [*shared, *(ground for ground in own if groups.words_of(ground.text) not in said)]


def draft(
    *,
    objection: Objection,
    outcome: ObjectionOutcome,
    reasons: str,
    consequence: Consequence,
    changes: Changes | None = None,
    deviates: bool | None = None,
    deviation: str = "",
    actor: Actor,
) -> Objection:
    """Draw the decision on an objection up: in keeping with the verdicts, with reasons and what follows; also a second time.

    ``changes``: for a new decision with the same comparison, the figures of the provider that become other ones. ``deviates``:
    whether it is other than the committee advised, if one did, and ``deviation`` why (Awb 7:13(7)).
    Raises :class:`~providers.refusal.Refused`.
    """
    powers.require_staff(actor)
    require_words(reasons, "Schrijf op waarop de beslissing rust (art. 7:12, eerste lid, Awb).", least=20)
    with transaction.atomic():
        locked = lock(objection, actor)
        if outcome == O.INADMISSIBLE:
            _require_inadmissible(locked)
        else:
            _require_ripe(locked)
            _require_in_keeping(grounds_of(locked), outcome)
        _require_consequence(outcome, consequence)
        if consequence == Consequence.NONE:
            granted.require_put_back(locked)
        replacing.require_policy(locked.decision.round, consequence)
        _require_deviation(locked, deviates, deviation)
        undraft(locked)
        locked.outcome, locked.reasons, locked.consequence = outcome, reasons.strip(), consequence
        locked.deviation = deviation.strip() if deviates else ""
        locked.drafted_by = actor.user
        locked.new_decision = replacing.prepare(locked, consequence, changes or {}, actor)
        locked.save(update_fields=DRAFTED)
        record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details={"drafted": outcome.value})
    return locked


def decide(*, objection: Objection, actor: Actor) -> Objection:
    """Decide on an objection, by another than who drew the decision up, and send it with reasons per ground and how to appeal."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        require_step(locked, S.DECIDED)
        groups.hold(locked)
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
            hearings.not_heard(locked, actor=actor)
        else:
            # Somebody may have brought a ground forward meanwhile.
            _require_ripe(locked)
            _require_in_keeping(grounds_of(locked), ObjectionOutcome(locked.outcome))
            concepts.announce(grounds_of(locked))
        replacing.require_policy(locked.decision.round, Consequence(locked.consequence))
        if locked.consequence == Consequence.NONE:
            granted.require_put_back(locked)
        now = timezone.now()
        today = amsterdam_day(now)
        locked.decided_by, locked.decided_on = actor.user, today
        move(locked, S.DECIDED, actor, "decided_by", "decided_on")
        if locked.new_decision is not None:
            replacing.replace(locked, locked.new_decision, actor, today)
        letters.send(_outgoing(locked, today, actor), actor=actor, at=now)
        record(
            act=Act.OBJECTION_DECIDED,
            actor=actor,
            subject=str(locked),
            details={"outcome": locked.outcome, "consequence": locked.consequence},
        )
        settle_standings()
    return locked


def why_not(objection: Objection, actor: Actor) -> str:
    """Say why somebody may not decide on an objection as it is drawn up; empty if she may."""
    if objection.drafted_by_id == actor.user.pk:
        return "U stelde deze beslissing zelf op: een collega beslist (art. 3:2 Awb)."
    if objection.decision.decided_by_id == actor.user.pk:
        return "U nam het besluit waartegen dit bezwaar is: een ander beslist (art. 10:3, derde lid, Awb)."
    return ""


def concept(objection: Objection, *, actor: Actor, at: datetime) -> Letter | None:
    """Return the letter that would go out if ``actor`` decided now; ``None`` if she cannot. Nothing is stored."""
    if not can_be_decided(objection):
        return None
    (made,) = letters.composed([_outgoing(objection, amsterdam_day(at), actor)], actor=actor, at=at)
    return made


def _outgoing(objection: Objection, decided_on: date, actor: Actor) -> letters.Outgoing:
    grounds = [] if objection.outcome == O.INADMISSIBLE else grounds_of(objection)
    return ruling_letters.outgoing(objection, grounds=grounds, decided_on=decided_on, actor=actor)


def can_be_decided(objection: Objection) -> bool:
    """Tell whether a decision was drawn up, and for one not to treat the objection: whether that can still be decided.

    What was missing may have come in since then.
    """
    if not objection.is_open or not objection.outcome:
        return False
    return objection.outcome != O.INADMISSIBLE or can_be_turned_away(objection)


def can_be_turned_away(objection: Objection) -> bool:
    """Tell whether an objection can be declared inadmissible now: too late, or not completed in the time for it (Awb 6:6)."""
    try:
        _require_inadmissible(objection)
    except Refused:
        return False
    return True


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
    waiting = posting.by_post().filter(objection=objection, kind=LetterKind.OBJECTION_REMEDY, posting=None)
    if waiting.exclude(posting.is_needless()).exists():
        raise Refused(
            "Het verzoek om aanvulling is nog niet op de post gedaan, of die dag staat er nog niet. Zonder dat verzoek kreeg de"
            " aanbieder de kans niet om aan te vullen (art. 6:6 Awb)."
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


def _require_deviation(objection: Objection, deviates: bool | None, deviation: str) -> None:
    """Have it said whether a decision is other than was advised, and why: that stands in the letter (Awb 7:13(7))."""
    if objection.status != S.ADVISED:
        return
    if deviates is None:
        raise Refused("Zeg of de NZa van het advies van de commissie afwijkt (art. 7:13, zevende lid, Awb).")
    if deviates:
        require_words(
            deviation,
            "Schrijf op waarom de NZa van het advies afwijkt. Dat komt in de beslissing (art. 7:13, zevende lid, Awb).",
            least=20,
        )
