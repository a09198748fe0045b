"""The world after a whole procedure: responses, a note, decisions, views, objections, agreements, letters, files and dossiers.

Everything that somebody of a provider or of a care office writes, or that is written to one of them, has a word in it that stands
nowhere else: where that word turns up, something was told to who should not read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from providers.access import scope
from providers.models import Provider
from tariffs import agreements, standings
from tariffs.models import (
    Channel,
    Consequence,
    Decision,
    InterpretationResponse,
    Item,
    MirrorReport,
    Objection,
    ObjectionOutcome,
    ReportStatus,
    ResponseKind,
    ResponseOutcome,
    Standing,
)
from tariffs.procedure import (
    admission,
    answering,
    decisions,
    files,
    groups,
    hearings,
    interpretation,
    objections,
    rulings,
    views,
)
from tariffs.release import release_run
from tariffs.room import Terms
from tests.access.world import World, build_world
from tests.delivering import acting, an_employee

REASONS = "De NZa heeft de kosten beoordeeld zoals het beleid zegt."
#: Of whom something is decided; the first two object, in one group.
DECIDED = ("99900001", "99900002", "99900003", "99900010")


def word(owner: str, what: str) -> str:
    """Return the word that stands only in what is of ``owner``: a key, or the name of who works for a care office."""
    return f"geheim{what}van{owner}"


@dataclass(frozen=True)
class Played:
    """The world, and the words in it by whom they are of."""

    world: World
    words: Mapping[str, tuple[str, ...]] = field(hash=False)


def play() -> Played:
    """Store the world and play the procedure in it; needs a database."""
    world = build_world()
    words: dict[str, list[str]] = {}

    def said(owner: str, what: str) -> str:
        words.setdefault(owner, []).append(word(owner, what))
        return f"Dit gaat over {word(owner, what)} en wat daarbij hoort."

    people = {
        "99900001": acting(world.cast.anne),
        "99900002": acting(world.cast.bram),
    }
    noor, rinske, ineke = acting(world.cast.noor), acting(an_employee()), acting(an_employee("Ineke Vos"))

    def pdf(owner: str, what: str) -> files.Sent:
        said(owner, what)
        return files.Sent(f"{word(owner, what)}.csv", f"regel;{word(owner, what)}\n".encode())

    # The interpretation period.
    for key, actor in people.items():
        report = MirrorReport.objects.select_related("release__round", "provider").get(
            release=world.release, provider__key=key
        )
        with scope(actor.database_scope):
            response = interpretation.respond(
                report=report, item=Item.PEERS, kind=ResponseKind.EXPLAIN, text=said(key, "reactie"), key="toelichting",
                sent=[pdf(key, "bewijs")], actor=actor,
            )  # fmt: skip
        given = answering.Answer(ResponseOutcome.NOTED, said(key, "antwoord"))
        answering.answer(response=InterpretationResponse.objects.get(pk=response.pk), given=given, actor=noor)
    # What the world itself asked is answered too: nothing is adopted before that.
    answering.answer(
        response=world.response,
        given=answering.Answer(ResponseOutcome.REPLIED, "Dat leest u in de toelichting."),
        actor=noor,
    )
    # Adopted, intended, decided.
    adopted = release_run(
        run=world.released, actor=None, status=ReportStatus.ADOPTED, note="De uitkomsten zijn vastgesteld."
    )
    decisions.prepare_all(release=adopted, actor=noor)
    decisions.announce_all(round=world.round, actor=noor)
    for key in DECIDED:
        decision = Decision.objects.get(provider__key=key)
        made = views.write_down(
            decision=decision, text=said(key, "zienswijze"), channel=Channel.POST, received_at=timezone.now(), key="post",
            actor=noor, sent=[pdf(key, "stuk")],
        )  # fmt: skip
        views.react(views=made, reaction=said(key, "weerwoord"), actor=noor)
        decisions.draft_all(round=world.round, actor=noor, reasons=said(key, "motivering"), decisions=[decision.uuid])
    decisions.send_all(round=world.round, actor=rinske)
    # Objected, heard, decided: granted for the one, dismissed for the other.
    made_by = {}
    for key, actor in people.items():
        decision = Decision.objects.select_related("provider", "round").get(provider__key=key)
        with scope(actor.database_scope):
            made_by[key] = objections.file(
                decision=decision, grounds=[said(key, "grond")], is_pro_forma=False, signed_by="Het bestuur", key="bezwaar",
                sent=[pdf(key, "bijlage")], actor=actor,
            )  # fmt: skip
    objections.settle_standings()
    group = groups.join(
        round=world.round, name="De methode", objections=[one.uuid for one in made_by.values()], actor=noor
    )
    groups.share(group=group, text="De methode houdt geen rekening met de huur.", actor=noor)
    for key, made_objection in made_by.items():
        objection = Objection.objects.get(pk=made_objection.pk)
        admission.admit(objection=objection, with_committee=False, actor=noor)
        hearings.waive(objections=[objection], ground="c", reason=said(key, "afzien"), actor=noor)
    for key, made_objection in made_by.items():
        objection = Objection.objects.get(pk=made_objection.pk)
        is_granted = key == "99900001"
        rulings.judge(
            objection=objection,
            verdicts={
                ground.pk: ("unfounded", REASONS)
                if ground.group_id
                else ("founded" if is_granted else "unfounded", said(key, "oordeel"))
                for ground in rulings.grounds_of(objection)
            },
            actor=noor,
        )
        rulings.draft(
            objection=Objection.objects.get(pk=objection.pk),
            outcome=ObjectionOutcome.PARTLY if is_granted else ObjectionOutcome.DISMISSED,
            reasons=said(key, "beslissing"),
            consequence=Consequence.FROZEN_FRONTIER if is_granted else Consequence.NONE,
            changes={"days_5vv": Decimal(19_351)} if is_granted else None,
            actor=noor,
        )
        rulings.decide(objection=Objection.objects.get(pk=objection.pk), actor=ineke)
    _agree(world, said)
    return Played(world, {owner: tuple(found) for owner, found in words.items()})


def _agree(world: World, said: object) -> None:
    """Let both care offices write about, and agree with, the provider that works in both regions, and one of their own."""
    assert callable(said)
    for name, keys in (("karim", ("99900003", "99900010")), ("eva", ("99900002", "99900010"))):
        officer = acting(getattr(world.cast, name))
        with scope(officer.database_scope):
            agreements.set_guide(tariff_year=2025, share=Decimal("0.9"), source=said(name, "richt"), actor=officer)
            for key in keys:
                provider = Provider.objects.get(key=key)
                agreements.write_note(
                    provider=provider, tariff_year=2025, text=said(name, f"notitie{key}"), actor=officer
                )
                holds: Standing | None = standings.newest(officer).filter(provider=provider, round=world.round).first()
                if holds is None or agreements.why_not(holds):
                    continue
                assert holds.upper_rate is not None
                rate = holds.upper_rate.quantize(Decimal("0.0001"), "ROUND_FLOOR")
                agreements.register(
                    provider=provider, round=world.round, seen=holds.uuid, after=0, terms=Terms(rate=rate),
                    agreed_on=timezone.localdate() - timedelta(days=1), actor=officer,
                )  # fmt: skip
