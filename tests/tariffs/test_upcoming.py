"""What comes next in a case, through a whole procedure: the banner of the provider, and the board of the NZa."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ivportal.pages.cases.upcoming import next_of
from tariffs.models import Decision, Objection, SuspensionCause
from tariffs.procedure import admission, decisions, delays, due, hearings, objections, views, withdrawing
from tariffs.procedure.case import case_of
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, REASONS, Adopted, at, dismissed, filed


def words_of(world: Adopted) -> Callable[[dt.date], str]:
    """Return what tells what is next for De Linde on a day."""

    def words(day: dt.date) -> str:
        with at(day):
            found = next_of(case_of(provider=world.cast.linde, round=world.round, actor=world.anne))
        return " ".join(f"{found.title}. {found.text} [{found.link}]".split())

    return words


def board(day: dt.date, code: str) -> list[tuple[str, str, int]]:
    """Return what the board of the NZa says of one kind on a day: what, whose turn it is, and how many."""
    with at(day):
        found = [item for item in due.due() if item.deadline.code == code]
    return sorted((item.deadline.name, item.deadline.whose, item.count) for item in found)


def test_each_banner_says_what_is_so_that_day(db: None) -> None:
    world = cases.adopted()
    words = words_of(world)
    with at(MONDAY):
        cases.announced(world)
        withdrawing.withdraw(decision=world.decision(), reason="De brief klopte niet.", actor=world.noor)
    assert "heeft haar voornemen ingetrokken" in words(MONDAY.date())
    with at(MONDAY):
        cases.announced(world)
    intended = Decision.objects.filter(status="announced").count()
    # As long as nobody knows when the letters went, no term is over and nothing can be drawn up.
    assert board(dt.date(2026, 11, 30), "views") == [("Zienswijzen tot en met", "provider", intended)]
    with at(MONDAY):
        cases.posted(world)
        given = views.give(decision=world.decision(world.cast.anker), text=REASONS, key="een", actor=world.bram)
    # Views wait for an answer, which comes first.
    assert board(dt.date(2026, 11, 30), "views") == [("Besluiten op te stellen", "nza", intended - 1)]
    assert board(dt.date(2026, 11, 30), "react") == [("Overweeg een zienswijze", "nza", 1)]
    with at(MONDAY):
        views.react(views=given, reaction=REASONS, actor=world.noor)
        views.waive(decision=world.decision(), key="geen", actor=world.anne)
    assert board(MONDAY.date(), "views") == [
        ("Besluiten op te stellen", "nza", 2),
        ("Zienswijzen tot en met", "provider", intended - 2),
    ]
    said = words(MONDAY.date())
    assert "U liet weten dat u geen zienswijze geeft" in said
    assert "ontvangen" not in said
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        decisions.send_all(round=world.round, actor=world.rinske)
        cases.posted(world)
    with at(dt.date(2026, 9, 23)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
        admission.ask_remedy(objection=made, what="De gronden ontbreken nog.", actor=world.noor)
    assert "Uw bezwaar is nog niet compleet. Vul het aan" in words(dt.date(2026, 9, 24))
    # The risk does not go out of sight when the term is over.
    said = words(dt.date(2026, 11, 4))
    assert "termijn om uw bezwaar aan te vullen is voorbij" in said
    assert "niet-ontvankelijk" in said
    assert "[Vul alsnog aan]" in said
    assert board(dt.date(2026, 11, 4), "remedy") == [("Beslis over een bezwaar dat niet is aangevuld", "nza", 1)]
    sent = Decision.objects.filter(status="sent").count()
    assert board(dt.date(2026, 11, 3), "objection") == [("Bezwaartermijn", "provider", sent - 1)]
    with at(dt.date(2026, 10, 6)):
        objections.supplement(objection=made, grounds=["De huur telt dubbel."], sent=[], mandate=[], actor=world.anne)
        made = Objection.objects.get(pk=made.pk)
        admission.admit(objection=made, with_committee=False, actor=world.noor)
        delays.suspend(
            objection=made, cause=SuspensionCause.OBJECTOR, reason="Wij wachten op de accountant.", actor=world.noor
        )
    assert "de termijn staat nu stil" in words(dt.date(2026, 12, 1))
    with at(dt.date(2026, 12, 1)):
        delays.resume(objection=made, reason="De accountant is klaar.", actor=world.noor)
        held = hearings.plan(
            objections=[made],
            at=dt.datetime(2026, 12, 21, 14, tzinfo=MONDAY.tzinfo),
            place="Newtonlaan 1 in Utrecht",
            actor=world.noor,
        )
    assert "U bent uitgenodigd" in words(dt.date(2026, 12, 21))
    assert "De hoorzitting is geweest" in words(dt.date(2026, 12, 22))
    assert board(dt.date(2026, 12, 22), "hearing") == [("Leg het verslag van de hoorzitting vast", "nza", 1)]
    assert not board(dt.date(2026, 12, 22), "papers")
    with at(dt.date(2026, 12, 22)):
        hearings.report(hearing=held, text="Er is gehoord wat de aanbieder vindt.", actor=world.noor)
    late = dt.date(2027, 5, 3)
    assert "[Stel de NZa in gebreke]" in words(late)
    with at(late):
        delays.give_notice(objection=made, actor=world.anne)
    said = words(late)
    assert "U stelde de NZa in gebreke" in said
    assert "17 mei 2027" in said
    assert "Zij beslist uiterlijk" not in said


def test_after_a_dismissal_the_banner_says_so_and_until_when_an_appeal_can_be(db: None) -> None:
    world = cases.adopted()
    words = words_of(world)
    cases.sent(world)
    with at(dt.date(2026, 9, 23)):
        dismissed(world, filed(world, world.decision()))
    assert "voorlopig uiterlijk 4 november 2026" in words(dt.date(2026, 9, 24))
    with at(dt.date(2026, 9, 23)):
        cases.posted(world)
    said = words(dt.date(2026, 9, 24))
    assert "De NZa heeft op uw bezwaar beslist. Uw bezwaar is ongegrond." in said
    assert "voorlopig" not in said
    assert "uiterlijk 4 november 2026" in said
    said = words(dt.date(2026, 11, 5))
    assert "in beroep te gaan liep tot en met 4 november 2026" in said
    assert "Dan kunt u" not in said
