"""Whether an objection is treated: what is missing, whether it came in time, and taking it on (Awb 6:5, 6:6, 6:11)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.models import Act, Role, User
from providers.refusal import Refused, require_words
from tariffs import letters
from tariffs.models import CaseFile, FileKind, LetterKind, Objection, ObjectionStatus, TermEvent, TermEventKind
from tariffs.policies import current_policy
from tariffs.procedure import files
from tariffs.procedure.deadlines import (
    counts_as_in_time,
    decision_term_of,
    objection_term_of,
    timeliness_of,
)
from tariffs.procedure.form import require_address, require_length, require_reachable
from tariffs.procedure.handling import lock, move, require_sound, require_step, tell, undraft
from tariffs.procedure.notified import is_posting_unknown
from tariffs.terms import Length, Term, amsterdam_day, equated_days, remedy_term

S = ObjectionStatus
NO_FILE = (
    "de machtiging van {whose} gemachtigde: die krijgt pas brieven van de NZa als vaststaat dat zij voor {whom} mag optreden, wie"
    " het bezwaar ook ondertekende (art. 2:1, tweede lid, Awb)"
)


def missing(objection: Objection, *, to_provider: bool = False) -> list[str]:
    """Return what an objection lacks before it can be treated (Awb 6:5 and 2:1), as the items of a list.

    ``to_provider``: it is said to the provider itself, not to the NZa about it.
    """
    found = []
    if not objection.signed_by:
        found.append("de naam en de handtekening van wie bezwaar maakt (art. 6:5, eerste lid, Awb)")
    shared = objection.group.grounds.exists() if objection.group is not None else False
    if not shared and not objection.grounds.exists():
        found.append("de gronden: waarom u het niet eens bent met het besluit (art. 6:5, eerste lid, onder d, Awb)")
    if _lacks_mandate(objection):
        found.append(
            NO_FILE.format(whose="uw", whom="u") if to_provider else NO_FILE.format(whose="de", whom="de aanbieder")
        )
    return found


def _lacks_mandate(objection: Objection) -> bool:
    return bool(objection.representative) and not objection.files.filter(kind=FileKind.MANDATE).exists()


def may_be_mandate(objection: Objection) -> QuerySet[CaseFile]:
    """Return the files among which a mandate may be, of an objection that was not admitted and whose proxy has shown none."""
    if objection.status != S.RECEIVED or not _lacks_mandate(objection):
        return CaseFile.objects.none()
    return CaseFile.objects.filter(objection=objection).order_by("pk")


def point_out_mandate(*, objection: Objection, file: UUID, actor: Actor) -> CaseFile:
    """Say which of the files that came with an objection holds the mandate (Awb 2:1), so that it need not be asked for again."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        found = may_be_mandate(locked).filter(uuid=file).first()
        if found is None:
            raise Refused(
                "Kies een bestand dat bij dit bezwaar binnenkwam, zolang er nog geen machtiging is (art. 2:1, tweede lid, Awb)."
            )
        # What was received is never changed: it is kept for this purpose as well, as of the same moment.
        (made,) = files.receive(
            case=locked,
            sent=[files.Sent(found.name, bytes(found.content))],
            kind=FileKind.MANDATE,
            received_at=found.received_at,
            actor=actor,
        )
    return made


def mend_address(*, objection: Objection, address: str, reason: str, actor: Actor) -> Objection:
    """Write down where letters reach a proxy from now on (Awb 6:17), and why; letters that were sent stay as they are."""
    powers.require_staff(actor)
    require_words(reason, "Schrijf op waaruit het adres blijkt (art. 3:2 Awb).")
    with transaction.atomic():
        locked = lock(objection, actor)
        if not locked.is_open or not locked.representative:
            raise Refused("Een adres hoort bij een bezwaar dat nog open is en een gemachtigde heeft (art. 6:17 Awb).")
        require_reachable(locked.representative, address)
        kept = require_address(locked.representative, address)
        if kept == locked.representative_address:
            raise Refused("Dit adres staat er al. Er valt niets te herstellen (art. 6:17 Awb).")
        locked.representative_address = kept
        locked.save(update_fields=["representative_address"])
        details = {"address_mended": True, "reason": reason.strip()}
        record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details=details)
    return locked


def ask_remedy(*, objection: Objection, what: str, actor: Actor) -> TermEvent:
    """Ask the provider to mend what is missing, within the term of the policy; meanwhile the term to decide stands still."""
    powers.require_staff(actor)
    require_words(what, "Schrijf op wat er ontbreekt. De aanbieder leest dit (art. 6:6 Awb).")
    with transaction.atomic():
        locked = lock(objection, actor)
        require_step(locked, S.INCOMPLETE)
        now = timezone.now()
        today = amsterdam_day(now)
        term = _remedy_term(locked, today)
        still = remedy_sentence(locked)
        event = TermEvent.objects.create(
            objection=locked,
            kind=TermEventKind.REMEDY_ASKED,
            on=today,
            until=term.end,
            reason=what.strip(),
            by=actor.user,
        )
        require_sound(locked)
        move(locked, S.INCOMPLETE, actor)
        letters.send(
            letters.Outgoing(
                kind=LetterKind.OBJECTION_REMEDY,
                provider=locked.provider,
                round=locked.decision.round,
                reference=locked.reference,
                facts={
                    "gevraagd": letters.plain_lines(what),
                    "termijnzin": f"{_in_words(locked, term)}\n\n{still}",
                    "ondertekenaar": actor.user.name,
                },
                objection=locked,
                later="Ontvangt u deze brief pas kort voor die dag, laat het de NZa weten: zij kan langer wachten.",
            ),
            actor=actor,
            at=now,
        )
    return event


def remedy_sentence(objection: Objection) -> str:
    """Say what asking for a remedy today does to the term to decide: it moves only if it would run meanwhile (Awb 7:10(2))."""
    today = amsterdam_day(timezone.now())
    events = list(objection.events.all())
    asked = TermEvent(
        objection=objection, kind=TermEventKind.REMEDY_ASKED, on=today, until=_remedy_term(objection, today).end
    )
    try:
        now, then = (decision_term_of(objection, events=found).end for found in (events, [*events, asked]))
    except ValueError:
        return ""
    if then > now:
        return (
            "Zolang de aanvulling uitblijft, staat de beslistermijn stil (art. 7:10, tweede lid, Awb). Komt zij op de laatste"
            f" dag, dan beslist de NZa uiterlijk op {format_date(then)} in plaats van {format_date(now)}."
        )
    return (
        f"De beslistermijn verandert hierdoor niet: zij begint na de bezwaartermijn en loopt tot en met {format_date(now)}"
        " (art. 7:10, eerste en tweede lid, Awb)."
    )


def remedy_days(objection: Objection) -> str:
    """Say until when the provider can complete an objection if it is asked for today, and why until then (Awb 6:6, 6:7)."""
    return _in_words(objection, _remedy_term(objection, amsterdam_day(timezone.now())))


def _in_words(objection: Objection, term: Term) -> str:
    ends = objection_term_of(objection.decision).end
    again = (
        f" Tot en met {format_date(ends)} loopt de bezwaartermijn: zo lang kan ook nog een nieuw of aangevuld bezwaar worden"
        " gemaakt (art. 6:7 Awb)."
        if amsterdam_day(timezone.now()) <= ends < term.end
        else ""
    )
    return f"Aanvullen kan tot en met {format_date(term.end)} (art. 6:6 Awb). {term.sentence}{again}"


def _remedy_term(objection: Objection, today: date) -> Term:
    policy = current_policy(objection.decision.round)
    return remedy_term(
        asked_on=today,
        length=Length(policy.remedy_days, "days"),
        courtesy=policy.courtesy_terms,
        equated=equated_days(),
        objection_until=objection_term_of(objection.decision).end,
    )


def judge_lateness(
    *, objection: Objection, is_excused: bool, reason: str, late_because: str = "", actor: Actor
) -> Objection:
    """Decide whether an objection that was not plainly in time is treated all the same, with the reason (Awb 6:9–6:11)."""
    powers.require_staff(actor)
    require_words(
        reason, "Schrijf op waarom de overschrijding verschoonbaar is of niet. De aanbieder leest dit (art. 6:11 Awb)."
    )
    with transaction.atomic():
        locked = lock(objection, actor)
        if timeliness_of(locked).timing == "in_time":
            raise Refused("Dit bezwaar is op tijd. Er valt niets te verschonen (art. 6:9 Awb).")
        if not is_excused and is_posting_unknown(locked.decision):
            raise Refused(
                "Er staat nog niet op welke dag het besluit op de post ging. Zonder die dag is niemand te laat (art. 3:41 en 6:8"
                " Awb). Schrijf haar eerst op bij de post van deze ronde."
            )
        if locked.status not in (S.RECEIVED, S.INCOMPLETE):
            raise Refused("Over de termijn beslist u voordat u het bezwaar in behandeling neemt (art. 6:11 Awb).")
        because = locked.late_because or require_length(late_because, "wat de aanbieder zegt over de reden")
        if not because:
            raise Refused(
                "Er staat nog niet waarom het bezwaar te laat kwam. Vraag het de aanbieder, en schrijf op wat zij zegt"
                " (art. 6:11 Awb)."
            )
        locked.late_because = because
        locked.is_excused, locked.excused_reason = is_excused, reason.strip()
        locked.save(update_fields=["late_because", "is_excused", "excused_reason"])
        undraft(locked)
        record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details={"excused": is_excused})
    return locked


def admit(*, objection: Objection, with_committee: bool, actor: Actor) -> Objection:
    """Take an objection into treatment: complete and in time. With a committee that advises, the term to decide is longer."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        require_step(locked, S.ADMITTED)
        if locked.status != S.RECEIVED:
            raise Refused(
                "Dit bezwaar is al in behandeling (art. 7:2 Awb). Zeg de hoorzitting af als zij niet doorgaat."
            )
        in_time = counts_as_in_time(locked)
        if in_time is None:
            raise Refused(
                "Dit bezwaar kwam niet duidelijk op tijd. Beslis eerst of de overschrijding verschoonbaar is (art. 6:11 Awb)."
            )
        if not in_time:
            raise Refused(
                "Dit bezwaar kwam te laat en dat is niet verschoonbaar. Verklaar het niet-ontvankelijk (art. 6:7 en 6:11 Awb)."
            )
        if lacks := missing(locked):
            raise Refused("Vraag eerst om wat er ontbreekt (art. 6:6 Awb):\n" + "\n".join(lacks))
        undraft(locked)
        locked.with_committee = with_committee
        if locked.assigned_to_id is None:
            locked.assigned_to = actor.user
        locked.admitted_at = timezone.now()
        move(locked, S.ADMITTED, actor, "with_committee", "assigned_to", "admitted_at")
        require_sound(locked)
        tell(
            locked,
            "Uw bezwaar is in behandeling",
            ("Een onafhankelijke commissie brengt advies uit (art. 7:13 Awb). " if with_committee else "")
            + decision_term_of(locked).sentence,
            "admitted",
        )
    return locked


def assign(*, objection: Objection, to: User, actor: Actor) -> Objection:
    """Write down who of the NZa treats an objection."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        if not locked.is_open:
            raise Refused("Op dit bezwaar wordt niet meer beslist. Er valt niets meer te behandelen (art. 7:11 Awb).")
        if not to.current_mandates().filter(role=Role.NZA).exists():
            raise Refused("Alleen een medewerker van de NZa kan een bezwaar behandelen (art. 3:2 Awb).")
        locked.assigned_to = to
        locked.save(update_fields=["assigned_to"])
        record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details={"assigned": locked.assigned_to_id})
    return locked


def record_appeal(*, objection: Objection, actor: Actor) -> Objection:
    """Write down that the provider appealed to the court (CBb)."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        require_step(locked, S.APPEALED)
        move(locked, S.APPEALED, actor)
    return locked
