"""Hearings of objections (Awb 7:2 to 7:7): planned with its terms, cancelled, held and reported; or waived (7:3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date, format_datetime
from providers.models import Act
from providers.refusal import Refused, require_words
from tariffs import letters
from tariffs.models import Hearing, Letter, LetterKind, Objection, ObjectionStatus
from tariffs.procedure.handling import lock, move, require_step, tell
from tariffs.terms import Length, amsterdam_day, hearing_terms

S = ObjectionStatus
#: The law names no time between invitation and hearing; it has to leave time for papers (7:4).
NOTICE = Length(2, "weeks")
#: Why nobody need be heard, by letter of article 7:3.
WAIVERS: dict[str, str] = {
    "a": "Het bezwaar is kennelijk niet-ontvankelijk (art. 7:3, onder a, Awb).",
    "b": "Het bezwaar is kennelijk ongegrond (art. 7:3, onder b, Awb).",
    "c": "De aanbieder verklaarde dat zij niet wil worden gehoord (art. 7:3, onder c, Awb).",
    "d": "De aanbieder liet niet binnen de gegeven termijn weten dat zij wil worden gehoord (art. 7:3, onder d, Awb).",
    "e": "Aan het bezwaar wordt volledig tegemoetgekomen en niemand anders wordt geschaad (art. 7:3, onder e, Awb).",
}
#: What an invitation says of a hearing of several objections.
TOGETHER = (
    "Andere aanbieders die bezwaar maakten, worden op hetzelfde moment gehoord (art. 7:6, eerste lid, Awb). Wilt u apart worden"
    " gehoord, bijvoorbeeld omdat u gegevens wilt bespreken die anderen niet mogen weten? Laat het de NZa dan weten, met de reden"
    " (art. 7:6, tweede lid, Awb)."
)


def together_with(objection: Objection) -> list[Objection]:
    """Return the objections that are heard with this one: those of its group that are as far, or it alone."""
    if objection.group_id is None:
        return [objection]
    return list(Objection.objects.filter(group=objection.group_id, status=objection.status).order_by("pk"))


def plan(*, objections: Iterable[Objection], at: datetime, place: str, actor: Actor) -> Hearing:
    """Plan a hearing and invite everybody by letter, in time for papers and with the file open a week before (7:4)."""
    powers.require_staff(actor)
    if not place.strip():
        raise Refused("Vul in waar de hoorzitting is, of de link van het videogesprek (art. 7:2 Awb).")
    now = timezone.now()
    day = amsterdam_day(at)
    terms = hearing_terms(hearing_on=day, notice=NOTICE)
    if amsterdam_day(now) > terms.notice.end:
        raise Refused(
            f"Deze dag is te dichtbij: de uitnodiging moet dan uiterlijk op {format_date(terms.notice.end)} weg, zodat er tijd"
            " is voor stukken en inzage (art. 7:2 en 7:4 Awb). Kies een latere dag."
        )
    with transaction.atomic():
        found = _locked(objections, actor)
        for item in found:
            require_step(item, S.HEARING)
        hearing = Hearing.objects.create(
            at=at,
            place=place.strip()[:250],
            file_open_from=terms.file.starts,
            papers_until=terms.papers.end,
            invited_at=now,
            invited_by=actor.user,
        )
        hearing.objections.set(found)
        for item in found:
            move(item, S.HEARING, actor)
        record(
            act=Act.HEARING_PLANNED, actor=actor, subject=str(hearing), details={"objections": [str(i) for i in found]}
        )
        together = f"\n\n{TOGETHER}" if len(found) > 1 else ""
        letters.send_all(
            [
                letters.Outgoing(
                    kind=LetterKind.HEARING,
                    provider=item.provider,
                    round=item.decision.round,
                    reference=item.reference,
                    facts={
                        "zitting": f"{format_datetime(at)}\n{place.strip()}{together}",
                        "termijnzin": f"{terms.papers.sentence}\n\n{terms.file.sentence}",
                        "ondertekenaar": actor.user.name,
                    },
                    objection=item,
                )
                for item in found
            ],
            actor=actor,
            at=now,
        )
    return hearing


def says_together(hearing: Hearing, letters: Iterable[Letter]) -> bool:
    """Tell whether the invitation to a hearing, among these letters to one provider, says that others are heard as well."""
    return any(
        letter.kind == LetterKind.HEARING and letter.sent_at == hearing.invited_at and TOGETHER in letter.body
        for letter in letters
    )


def cancel(*, hearing: Hearing, reason: str, actor: Actor) -> Hearing:
    """Cancel a hearing; everybody who was invited gets a letter that says why. A new one can be planned then: so it is moved."""
    powers.require_staff(actor)
    require_words(
        reason, "Schrijf op waarom de hoorzitting niet doorgaat. Wie is uitgenodigd leest dit (art. 7:2 Awb)."
    )
    with transaction.atomic():
        locked = Hearing.objects.select_for_update(of=("self",)).get(pk=hearing.pk)
        if locked.cancelled_because or locked.at is None or locked.reported_at is not None:
            raise Refused("Deze hoorzitting is al afgezegd of gehouden (art. 7:2 Awb). Ververs de bladzijde.")
        found = _locked(locked.objections.all(), actor)
        locked.cancelled_because = reason.strip()
        locked.save(update_fields=["cancelled_because"])
        for item in found:
            if item.status == S.HEARING:
                move(item, S.ADMITTED, actor)
        _send_cancelled(locked, [item for item in found if item.status != S.WITHDRAWN], actor)
        record(
            act=Act.HEARING_PLANNED,
            actor=actor,
            subject=str(locked),
            details={"cancelled": True, "objections": [str(item) for item in found]},
        )
    return locked


def _send_cancelled(hearing: Hearing, invited: Sequence[Objection], actor: Actor) -> None:
    """Write to everybody who was invited and did not withdraw, and tell them at once in the portal and by mail."""
    assert hearing.at is not None
    reason = letters.plain_lines(hearing.cancelled_because)
    sent = letters.send_all(
        [
            letters.Outgoing(
                kind=LetterKind.HEARING_CANCELLED,
                provider=item.provider,
                round=item.decision.round,
                reference=item.reference,
                facts={
                    "zitting": f"{format_datetime(hearing.at)}\n{hearing.place}",
                    "motivering": reason,
                    "ondertekenaar": actor.user.name,
                },
                objection=item,
                is_told=False,
            )
            for item in invited
        ],
        actor=actor,
        at=timezone.now(),
    )
    for item, letter in zip(invited, sent, strict=True):
        tell(
            item,
            f"De hoorzitting van {format_datetime(hearing.at)} gaat niet door",
            f"{reason}\n\n{letters.how_it_goes(letter)}",
            f"hearing {hearing.uuid} cancelled",
        )


def waive(*, objections: Iterable[Objection], ground: str, reason: str, actor: Actor) -> Hearing:
    """Hear nobody, on one of the grounds of 7:3, with the reason: it stands in the file."""
    powers.require_staff(actor)
    if ground not in WAIVERS:
        raise Refused("Kies op welke grond de NZa niemand hoort (art. 7:3 Awb).")
    require_words(reason, "Schrijf op waarom die grond hier geldt. De aanbieder leest dit (art. 7:3 Awb).")
    with transaction.atomic():
        found = _locked(objections, actor)
        for item in found:
            if item.status != S.ADMITTED:
                require_step(item, S.HEARING)
        hearing = Hearing.objects.create(waived_because=f"{WAIVERS[ground]} {reason.strip()}", invited_by=actor.user)
        hearing.objections.set(found)
        for item in found:
            move(item, S.HEARD, actor)
        record(
            act=Act.HEARING_PLANNED,
            actor=actor,
            subject=str(hearing),
            details={"waived": ground, "objections": [str(item) for item in found]},
        )
    return hearing


def not_heard(objection: Objection, *, actor: Actor) -> None:
    """Write down that nobody is heard on a locked objection that is not treated (Awb 7:3(a)): it stands in the file."""
    hearing = Hearing.objects.create(waived_because=WAIVERS["a"], invited_by=actor.user)
    hearing.objections.set([objection])


def report(*, hearing: Hearing, text: str, actor: Actor) -> Hearing:
    """Write the report of a hearing down (Awb 7:7); from then on its objections were heard."""
    powers.require_staff(actor)
    require_words(text, "Schrijf het verslag: wie er was, en wat er is gezegd (art. 7:7 Awb).", least=20)
    now = timezone.now()
    with transaction.atomic():
        locked = Hearing.objects.select_for_update(of=("self",)).get(pk=hearing.pk)
        if locked.cancelled_because or locked.at is None or locked.reported_at is not None:
            raise Refused("Deze hoorzitting is afgezegd, of het verslag is er al (art. 7:7 Awb). Ververs de bladzijde.")
        if locked.at > now:
            raise Refused(
                f"De hoorzitting is pas op {format_datetime(locked.at)}. Het verslag komt daarna (art. 7:7 Awb)."
            )
        found = _locked(locked.objections.all(), actor)
        locked.report, locked.reported_at, locked.reported_by = text.strip(), now, actor.user
        locked.save(update_fields=["report", "reported_at", "reported_by"])
        for item in found:
            if item.status == S.HEARING:
                move(item, S.HEARD, actor)
        record(
            act=Act.HEARING_REPORTED,
            actor=actor,
            subject=str(locked),
            details={"objections": [str(item) for item in found]},
        )
    return locked


def _locked(objections: Iterable[Objection], actor: Actor) -> Sequence[Objection]:
    """Lock several objections, always in the same order."""
    found = [lock(item, actor) for item in sorted(objections, key=lambda item: item.pk)]
    if not found:
        raise Refused("Kies ten minste één bezwaar (art. 7:6 Awb).")
    return found
