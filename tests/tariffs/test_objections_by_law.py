"""Objections to the letter: figures that add up, advice that goes along, what comes by post, groups, what stays as decided."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ivportal.pages.cases.shown import objection_shown
from providers.formatting import AMSTERDAM
from providers.models import Power
from providers.refusal import Refused
from tariffs.marks import mark_of
from tariffs.models import (
    CaseFile,
    Channel,
    Consequence,
    Decision,
    FileKind,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    TermEvent,
)
from tariffs.procedure import admission, deadlines, delays, due, groups, objections, rulings, timeline
from tariffs.procedure.case import case_of
from tariffs.procedure.files import Sent
from tariffs.procedure.form import CameIn
from tests import storing
from tests.cast import browser_of
from tests.delivering import acting, somebody_at
from tests.factories import make_round
from tests.tariffs import cases
from tests.tariffs.cases import PDF, REASONS, Adopted, at, dismissed, filed, heard, judged

ADVICE = "De commissie adviseert het bezwaar ongegrond te verklaren, want de huur telt één keer mee."
WHY_NOT = "De commissie kende de brief van de verhuurder nog niet, waaruit de dubbeltelling blijkt."


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        cases.sent(world)
        yield world


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def on(day: dt.date, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=AMSTERDAM)


def test_a_cost_line_that_no_longer_adds_up_is_refused_with_what_is_missing(world: Adopted) -> None:
    facts: dict[str, Any] = {
        "outcome": ObjectionOutcome.GRANTED,
        "reasons": REASONS,
        "consequence": Consequence.FROZEN_FRONTIER,
        "actor": world.noor,
    }
    with at(dt.date(2026, 9, 25)):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        for changes in ({"care_staff_employed": Decimal("6996586.28")}, {"total_cost": Decimal("7413977.41")}):
            with pytest.raises(Refused, match="klopt de opgave zelf niet meer") as refused:
                rulings.draft(objection=made, changes=changes, **facts)
            assert "kosten" in str(refused.value).splitlines()[1].lower()
        with pytest.raises(Refused, match="leverde deze aanbieder niet aan"):
            rulings.draft(objection=made, changes={"days_10vv": Decimal(3)}, **facts)
        both = {"care_staff_employed": Decimal("6996586.28"), "total_cost": Decimal("7413977.41")}
        # Measured against others, own costs alone move nothing but the rounding of a score: that is no new decision.
        with pytest.raises(Refused, match="verandert er niets aan het besluit"):
            rulings.draft(objection=made, changes=both, **facts)
        assert (
            rulings.draft(objection=made, changes={**both, "days_5vv": Decimal(19351)}, **facts).new_decision
            is not None
        )


def test_the_advice_goes_with_the_decision_and_so_does_why_it_was_not_followed(world: Adopted) -> None:
    facts: dict[str, Any] = {
        "outcome": ObjectionOutcome.GRANTED,
        "reasons": REASONS,
        "consequence": Consequence.OTHER_REASONS,
        "actor": world.noor,
    }
    with at(dt.date(2026, 9, 25)):
        made = filed(world, world.decision())
        admission.admit(objection=made, with_committee=True, actor=world.noor)
        cases.hearings.waive(objections=[made], ground="c", reason="Zij ziet ervan af.", actor=world.noor)
        rulings.advise(objection=made, advice=ADVICE, advised_on=dt.date(2026, 9, 25), actor=world.noor)
        judged(world, made, "founded")
        with pytest.raises(Refused, match="7:13, zevende lid"):
            rulings.draft(objection=made, **facts)
        with pytest.raises(Refused, match="waarom de NZa van het advies afwijkt"):
            rulings.draft(objection=made, deviates=True, deviation="Daarom.", **facts)
        rulings.draft(objection=made, deviates=False, **facts)
        concept = rulings.concept(Objection.objects.get(pk=made.pk), actor=world.ineke, at=cases.now())
        assert concept is not None
        assert "De NZa volgt dit advies." in concept.body
        rulings.draft(objection=made, deviates=True, deviation=WHY_NOT, **facts)
        page = browser_of(world.cast.anne).get(reverse("own_case", args=[world.round.slug])).content.decode()
        assert ADVICE not in page
        rulings.decide(objection=made, actor=world.ineke)
        page = browser_of(world.cast.anne).get(reverse("own_case", args=[world.round.slug])).content.decode()
        assert WHY_NOT in page
    body = Letter.objects.get(kind=LetterKind.OBJECTION_DECISION).body
    assert f"> {ADVICE}" in body
    assert WHY_NOT in body


@pytest.mark.parametrize(
    ("posted", "received", "said", "day"),
    [
        # The remedy term ends on Monday 23 November; on that day the clock runs again in any case.
        (dt.date(2026, 11, 17), dt.date(2026, 11, 19), "Dat is op tijd", dt.date(2026, 11, 19)),
        (dt.date(2026, 11, 23), dt.date(2026, 11, 30), "Dat is op tijd", dt.date(2026, 11, 23)),
        (dt.date(2026, 11, 24), dt.date(2026, 11, 25), "na het einde van de termijn", dt.date(2026, 11, 23)),
    ],
)
def test_a_supplement_by_post_counts_by_its_day_and_its_postmark(
    world: Adopted, posted: dt.date, received: dt.date, said: str, day: dt.date
) -> None:
    with at(dt.date(2026, 11, 2)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
    before = deadlines.decision_term_of(made).end
    with at(dt.date(2026, 11, 9)):
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
    came = CameIn(channel=Channel.POST, received_at=on(received), posted_on=posted)
    with at(dt.date(2026, 12, 2)):
        for wrong in (
            CameIn(channel=Channel.POST, received_at=on(received)),
            CameIn(channel=Channel.EMAIL, received_at=on(dt.date(2026, 12, 3))),
            CameIn(channel=Channel.POST, received_at=on(received), posted_on=received + dt.timedelta(days=1)),
        ):
            with pytest.raises(Refused, match="6:9"):
                objections.supplement(objection=made, grounds=["De huur."], came=wrong, actor=world.noor)
        objections.supplement(
            objection=made, grounds=["De huur."], sent=[Sent("brief.pdf", PDF)], came=came, actor=world.noor
        )
        made = Objection.objects.get(pk=made.pk)
        event = TermEvent.objects.get(objection=made, kind="remedied")
        assert (event.on, said in event.reason) == (received, True)
        assert made.grounds.get().brought_at == made.files.get().received_at == on(received)
        # From 10 November up to that day the clock stood still; both ends fall on working days here.
        moved = deadlines.decision_term_of(made).end - before
        assert moved == day - dt.date(2026, 11, 10)
        told = timeline.events(case_of(provider=made.provider, round=world.round, actor=world.anne))
        (came_then,) = [item for item in told if item.files]
        assert (came_then.at, came_then.what) == (on(received), f"Stukken bij bezwaar {made.reference}")


def test_the_file_of_an_objection_stands_with_it_and_a_mandate_is_shown_as_one(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        sent = {"sent": [Sent("huur.pdf", PDF)], "mandate": [Sent("machtiging.pdf", PDF)]}
        made = filed(world, world.decision(), representative="Actiz", **sent)
        assert not admission.missing(made)
        told = timeline.events(case_of(provider=made.provider, round=world.round, actor=world.anne))
        (with_it,) = [item for item in told if item.files]
        assert with_it.what.startswith(f"Bezwaar {made.reference}")
        page = browser_of(world.cast.anne).get(reverse("own_case", args=[world.round.slug])).content.decode()
        assert ">Machtiging<" in page
    assert {(item.kind, item.name) for item in CaseFile.objects.all()} == {
        (FileKind.EVIDENCE, "huur.pdf"),
        (FileKind.MANDATE, "machtiging.pdf"),
    }


def test_a_mandate_that_came_among_other_files_is_not_asked_for_again(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        sent = [Sent("huur.pdf", PDF), Sent("volmacht.pdf", PDF + b"%")]
        made = filed(world, world.decision(), representative="Actiz", sent=sent)
        noor, url = browser_of(world.cast.noor), reverse("objection_step", args=[made.uuid, "machtiging"])
        page = noor.get(reverse("case", args=[world.round.slug, made.provider.uuid])).content.decode()
        assert "zij voor de aanbieder mag optreden" in page
        assert ("uw gemachtigde" in page, "Neem in behandeling" in page) == (False, False)
        own = browser_of(world.cast.anne).get(reverse("own_case", args=[world.round.slug])).content.decode()
        assert "de machtiging van uw gemachtigde" in own
        other = filed(world, world.decision(world.cast.anker), actor=world.bram, sent=[Sent("dagen.pdf", PDF)])
        with pytest.raises(Refused, match="2:1"):
            admission.point_out_mandate(objection=made, file=other.files.get().uuid, actor=world.noor)
        assert "dagen.pdf" not in noor.get(url).content.decode()
        came = made.files.get(name="volmacht.pdf")
        told = timeline.events(case_of(provider=made.provider, round=world.round, actor=world.anne))
        assert {item.who for item in told if item.what == "Grond 1"} == {"Anne de Wit"}
        for _ in range(2):
            assert noor.post(url, {"file": str(came.uuid)}).status_code == 302
        kept = made.files.get(kind=FileKind.MANDATE)
        assert (kept.sha256, kept.received_at) == (came.sha256, came.received_at)
        admission.admit(objection=made, with_committee=False, actor=world.noor)


def test_asking_for_more_says_that_the_term_stands_still_only_if_it_does(world: Adopted) -> None:
    with at(dt.date(2026, 10, 5)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
        assert "verandert hierdoor niet" in admission.remedy_sentence(made)
        page = browser_of(world.cast.noor).get(reverse("objection_step", args=[made.uuid, "aanvulling-vragen"]))
        assert "verandert hierdoor niet" in page.content.decode()
    with at(dt.date(2026, 11, 9)):
        assert "staat de beslistermijn stil" in admission.remedy_sentence(made)
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
    assert Letter.objects.get(kind=LetterKind.OBJECTION_REMEDY).body.count("staat de beslistermijn stil") == 1


def test_a_suspension_has_no_last_day_also_if_the_term_has_not_begun(world: Adopted) -> None:
    with at(dt.date(2026, 9, 28)):
        made = filed(world, world.decision())
        delays.suspend(
            objection=made, cause="objector", reason="De stukken komen nog van de bezwaarmaker.", actor=world.noor
        )
    said = Letter.objects.get(kind=LetterKind.ADJOURNMENT).body
    assert "Zij staat stil zodra zij begint" in said
    assert "beslist later" not in said
    assert "begint op 4 november 2026" in said
    assert "Zij staat vanaf die dag stil" in said
    assert "art. 4:15, tweede lid, onder b, Awb" in said
    assert "er geen laatste dag" in said
    for day, since in ((dt.date(2026, 9, 28), "vanaf die dag stil"), (dt.date(2026, 12, 7), "sinds 4 november 2026")):
        with at(day):
            (term,) = deadlines.deadlines(Objection.objects.get(pk=made.pk))
            assert (term.stands_still, term.is_over) == (True, False)
            assert term.article == "art. 4:15, tweede lid, onder b, Awb"
            assert since in term.sentence
            page = browser_of(world.cast.anne).get(reverse("own_case", args=[world.round.slug])).content.decode()
            assert "Nu nog geen laatste dag" in page
            assert "Zij beslist uiterlijk" not in page
            assert ("de termijn staat nu stil (art. 4:15" in page) == (day.month == 12)
            assert ("de termijn begint op 4 november 2026 en staat vanaf die dag stil (art. 4:15" in page) == (
                day.month == 9
            )
            # It stands still because of her: then there is something that she can do.
            assert "U hoeft nu niets te doen" not in page
            assert "De stukken komen nog van de bezwaarmaker." in page
            assert "Vul uw bezwaar aan" in page
            *_, last = due.due()
            assert (last.reference, last.deadline.stands_still) == (made.reference, True)
            noor = browser_of(world.cast.noor)
            rows = noor.get(reverse("cases"), {"zoek": made.reference}).content.decode().split("<tbody>")[1]
            assert "staat stil" in rows.split("</th>")[0]
            assert str(term.on.year) not in rows.split("</th>")[0]
            assert f"bij {made.reference}." in noor.get(reverse("rounds")).content.decode()
    with at(dt.date(2026, 12, 8)):
        delays.resume(objection=made, reason="De stukken zijn er nu allemaal.", actor=world.noor)
        delays.adjourn(objection=made, weeks=1, reason="De hoorzitting valt later.", actor=world.noor)
        (term,) = deadlines.deadlines(Objection.objects.get(pk=made.pk))
    assert (term.stands_still, term.article) == (False, "art. 7:10, derde lid, Awb")
    later = [letter.body for letter in Letter.objects.filter(kind=LetterKind.ADJOURNMENT).order_by("pk")]
    assert [("stilstond, is voorbij" in body, "beslist later" in body) for body in later[1:]] == [
        (True, False),
        (False, True),
    ]


def test_what_came_with_only_a_day_stands_in_the_order_of_that_day(world: Adopted) -> None:
    day = dt.date(2026, 9, 25)
    with at(on(day, 9)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True, representative="Actiz")
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
        # Until the last day to object a new objection is possible, so the time to mend ends no earlier.
        (letter,) = Letter.objects.filter(kind=LetterKind.OBJECTION_REMEDY)
        assert "Aanvullen kan tot en met 3 november 2026" in letter.body
        assert "eindigt de hersteltermijn niet eerder" in letter.body
    url = reverse("supplement_for", args=[made.uuid])
    noor = browser_of(world.cast.noor)
    facts = {"channel": "email", "received_day": day.isoformat(), "received_time": ""}
    with at(on(day, 11)):
        refused = noor.post(url, facts).content.decode()
        assert "Er is niets vastgelegd" in refused
        assert "Leg de aanvulling vast" in refused
        before = {**facts, "grond": "De huur.", "received_time": "08:59"}
        assert "niet van vóór het bezwaar" in noor.post(url, before).content.decode()
        # An hour that is left empty on the day of the objection is not from before it.
        files = {"machtiging": SimpleUploadedFile("machtiging.pdf", PDF)}
        assert noor.post(url, {**facts, "grond": "De huur.", **files}).status_code == 302
        assert made.grounds.get().brought_at == made.received_at
        assert "De machtiging is er al" in noor.get(url).content.decode()
        # One thing stands out, and it is not to turn the objection away; what is rare stands folded up.
        page = noor.get(reverse("case", args=[world.round.slug, made.provider.uuid])).content.decode()
        assert re.findall(r"nl-button--primary\"\s+href=\"[^\"]+\">([^<]+)<", page) == ["Neem in behandeling"]
        shown, folded = page.split("Andere stappen")
        assert "Verklaar niet-ontvankelijk" not in page, "it is complete and in time"
        assert ("Leg een ingebrekestelling vast" in shown, "Leg een ingebrekestelling vast" in folded) == (False, True)
    with at(on(day, 12)):
        made = Objection.objects.get(pk=made.pk)
        admission.admit(objection=made, with_committee=True, actor=world.noor)
        cases.hearings.waive(objections=[made], ground="c", reason="Zij ziet ervan af.", actor=world.noor)
    with at(on(day, 15)):
        with pytest.raises(Refused, match="ten minste 20 tekens: u schreef er 4"):
            rulings.advise(objection=made, advice="Nee. ", advised_on=day, actor=world.noor)
        rulings.advise(objection=made, advice=ADVICE, advised_on=day, actor=world.noor)
        judged(world, made, "unfounded")
        rulings.draft(
            objection=made, outcome=ObjectionOutcome.DISMISSED, reasons=REASONS, consequence=Consequence.NONE,
            deviates=True, deviation=WHY_NOT, actor=world.noor,
        )  # fmt: skip
        rulings.decide(objection=made, actor=world.ineke)
    told = timeline.events(case_of(provider=made.provider, round=world.round, actor=world.noor))
    names = (
        "Bezwaar PROEF", "Aanvulling gevraagd (art. 6:6 Awb)", "Aangevuld (art. 6:6 Awb)", "In behandeling genomen",
        "Geen hoorzitting", "Advies over het bezwaar", "Grond 1: slaagt niet", "Waarom de NZa van het advies afwijkt",
        "Brief: beslissing op bezwaar",
    )  # fmt: skip
    places = [next(i for i, item in enumerate(told) if item.what.startswith(name)) for name in names]
    assert places == sorted(places), [(item.what, item.when) for item in told]
    assert told[places[5]].when == "25 september 2026"
    assert (told[places[4]].who, told[places[6]].text) == (world.noor.user.name, REASONS)


def test_once_one_of_a_group_is_decided_nobody_leaves_joins_or_adds(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        mine = filed(world, world.decision())
        theirs = filed(world, world.decision(world.cast.anker), actor=world.bram)
        empty = objections.register(
            decision=Decision.objects.exclude(provider__in=[mine.provider, theirs.provider])[0],
            channel=Channel.EMAIL, received_at=on(dt.date(2026, 9, 24)), posted_on=None, grounds=[], is_pro_forma=True,
            signed_by="", key="leeg", actor=world.noor,
        )  # fmt: skip
        three = [mine.uuid, theirs.uuid, empty.uuid]
        group = groups.join(round=world.round, name="Huur", objections=three, actor=world.noor)
        groups.share(group=group, text="De huur telt te laag mee.", actor=world.noor)
        admission.ask_remedy(objection=empty, what="De naam van wie bezwaar maakt.", actor=world.noor)
        cases.posted(world)
    with at(dt.date(2026, 11, 4)):
        turned_away: dict[str, Any] = {"outcome": ObjectionOutcome.INADMISSIBLE, "consequence": Consequence.NONE}
        rulings.draft(objection=empty, reasons=REASONS, actor=world.noor, **turned_away)
        rulings.decide(objection=empty, actor=world.ineke)
        # One that was not treated says nothing of what the others share, and they go on.
        groups.share(group=group, text="De verbouwing telt niet mee.", actor=world.noor)
        groups.leave(objection=theirs, actor=world.noor)
        groups.join(round=world.round, name="", objections=[theirs.uuid], group=group, actor=world.noor)
        with pytest.raises(Refused, match="blijft bij de groep"):
            groups.leave(objection=empty, actor=world.noor)
        judged(world, heard(world, Objection.objects.get(pk=theirs.pk)), "unfounded")
        who = acting(somebody_at(empty.provider, Power.SIGN))
        shown = objection_shown(
            case_of(provider=empty.provider, round=world.round, actor=who), Objection.objects.get(pk=empty.pk)
        )
        assert [(row["verdict"], row["reasons"]) for row in shown["grounds"]] == [("", "")] * 2
        dismissed(world, Objection.objects.get(pk=mine.pk))
        for verb in (
            lambda: groups.leave(objection=theirs, actor=world.noor),
            lambda: groups.leave(objection=mine, actor=world.noor),
            lambda: groups.share(group=group, text="Ook de dagen kloppen niet.", actor=world.noor),
        ):
            with pytest.raises(Refused, match="gelijke gevallen"):
                verb()
        with pytest.raises(Refused, match="7:2"):
            judged(world, Objection.objects.get(pk=mine.pk), "founded")
        with pytest.raises(Refused, match="7:11"):
            admission.assign(objection=mine, to=world.second, actor=world.noor)
    steps = browser_of(world.cast.noor).get(reverse("case", args=[world.round.slug, theirs.provider.uuid]))
    assert "Haal uit de groep" not in steps.content.decode()


def test_an_answer_in_the_interpretation_period_is_no_case_of_a_decision(world: Adopted) -> None:
    case = case_of(provider=world.cast.linde, round=world.round, actor=world.anne)
    assert not case.is_empty
    only_an_answer = type(case)(**{**vars(case), "decisions": (), "views": (), "objections": ()})
    assert only_an_answer.letters
    assert only_an_answer.is_empty


def test_rounds_with_long_names_that_begin_alike_have_marks_of_their_own(world: Adopted) -> None:
    beginning = "integrale-vergelijking-verpleeghuiszorg-boekjaar"
    rounds = [
        make_round([], slug=f"{beginning}-{year}", book_year=year, measures=("total_cost",)) for year in (2021, 2022)
    ]
    marks = [mark_of(round) for round in rounds]
    assert len(set(marks)) == 2
    assert all(len(mark) <= 40 and mark.startswith("INTEGRALE") for mark in marks)
    assert mark_of(world.round) == "PROEF-2024"
