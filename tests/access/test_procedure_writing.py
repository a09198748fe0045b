"""What the database refuses of the procedure to who gets plain SQL past the portal: as in ``test_writing``, after a release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from providers.access import scope
from providers.models import Provider
from tariffs.models import (
    CareOfficeNote,
    CaseFile,
    Consent,
    Decision,
    Ground,
    GuidePercentage,
    Hearing,
    InterpretationResponse,
    Letter,
    MirrorReport,
    Objection,
    ObjectionGroup,
    OutsideBandwidth,
    Posting,
    Printing,
    PublicNote,
    Release,
    ResponseMessage,
    Standing,
    StatementOfViews,
    TariffAgreement,
    TermEvent,
)
from tariffs.policies import set_policy
from tests import plain_sql, storing
from tests.access.attacks import all_of, another
from tests.access.attacks_bounds import ATTACKS_TOO, LET_THROUGH_TOO, TO_NOBODY_TOO
from tests.access.attacks_procedure import (
    ATTACKS,
    LET_THROUGH,
    OF_THE_NZA,
    PRINTED,
    TO_NOBODY,
    TODAY,
    agreement,
    letter,
    posted,
    tariffs,
    views,
)
from tests.access.objected import answered_or_replaced, objected_to
from tests.access.world import SOUTH
from tests.factories import delivery, make_round
from tests.plain_sql import query
from tests.procedure_rows import Side, store_procedure
from tests.responding import Period, make_period

COMPLETE = "who_agrees_without_a_rate_agrees_on_every_product"
OFFICERS = ("karim", "eva")
PEOPLE = ("anne", "bram", "noor", "daan", "fatima", "greet", *OFFICERS)
#: What holds about De Linde and Het Anker: rates that do not end on a hundredth of a percent.
HOLDS = {
    "status": "adopted",
    "lower_rate": Decimal("0.800051"),
    "upper_rate": Decimal("0.880099"),
    "products": [
        {"product": "days_5vv", "maximum_tariff": "251.43", "lower": "201.16", "upper": "221.28"},
        {"product": "days_5vv_with_treatment", "maximum_tariff": "294.61", "lower": "235.70", "upper": "259.28"},
    ],
}
#: The outermost that may be agreed within it.
ENDS = {
    "lowest_rate": "0.8001",
    "highest_rate": "0.8800",
    "lowest": "201.16",
    "highest": "221.28",
    "lowest_treated": "235.70",
}
Numbers = Mapping[str, Any]


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Numbers]:
    """Give the numbers of rows of De Linde, of Het Anker (``their_…``) and of what was decided."""
    with storing.stored(django_db_blocker):
        period = make_period()
        rows = _rows(period)
        yield {
            **_people(period),
            **rows,
            **_decided(period),
            **answered_or_replaced(period, rows),
            **objected_to(period),
        }


@pytest.fixture
def world(stored: Numbers, db: None) -> Numbers:
    """Give the numbers; what a test does to the rows is undone."""
    return stored


def _people(period: Period) -> dict[str, Any]:
    cast = period.cast
    return {
        **{name: getattr(cast, name).pk for name in PEOPLE},
        "linde": cast.linde.pk,
        "anker": cast.anker.pk,
        "north": cast.north.pk,
        "south": cast.south.pk,
    }


def _rows(period: Period) -> dict[str, Any]:
    """Store a row of everything for both, and return the numbers."""
    cast, round = period.cast, period.release.round
    found: dict[str, Any] = {"round": round.pk}
    for provider, their in ((cast.linde, ""), (cast.anker, "their_")):
        earlier = Standing.objects.get(provider=provider)
        found[f"{their}earlier_standing"] = earlier.pk
        holds = {name.attname: getattr(earlier, name.attname) for name in Standing._meta.concrete_fields}
        del holds["id"], holds["uuid"]
        standing = Standing.objects.create(**{**holds, **HOLDS, "since": earlier.since + timedelta(seconds=1)})
        found[f"{their}standing"] = standing.pk
    store_procedure(
        release=period.release,
        sides={
            cast.linde: Side(user=cast.anne, office=cast.north, officer=cast.karim),
            cast.anker: Side(user=cast.bram, office=cast.south, officer=cast.eva),
        },
        staff=(cast.noor, period.rinske.user),
    )
    for provider, their in ((cast.linde, ""), (cast.anker, "their_")):
        response = InterpretationResponse.objects.get(provider=provider)
        for status in ("assigned", "more_asked"):
            InterpretationResponse.objects.filter(pk=response.pk).update(status=status)
        objection = Objection.objects.get(provider=provider)
        rows = {
            "report": MirrorReport.objects.get(provider=provider),
            "response": response,
            "message": ResponseMessage.objects.get(response=response),
            "file": CaseFile.objects.get(provider=provider),
            "consent": Consent.objects.get(provider=provider),
            "views": StatementOfViews.objects.get(provider=provider),
            "sent": Decision.objects.get(provider=provider),
            "letter": Letter.objects.get(provider=provider),
            "printing": Printing.objects.get(letter__provider=provider),
            "posting": Posting.objects.get(letter__provider=provider),
            "objection": objection,
            "group": objection.group,
            "ground": Ground.objects.get(objection=objection),
            "event": TermEvent.objects.get(objection=objection),
            "agreement": TariffAgreement.objects.get(provider=provider),
            "note": CareOfficeNote.objects.get(provider=provider),
            "guide": GuidePercentage.objects.get(care_office=cast.south if their else cast.north),
        }
        found |= {f"{their}{name}": row.pk for name, row in rows.items() if row is not None}
    return {**found, **ENDS}


def _decided(period: Period) -> dict[str, Any]:
    """Store decisions and objections that are further, and return their numbers."""
    cast, round, noor, rinske = period.cast, period.release.round, period.noor.user, period.rinske.user
    kompas, terp, brink = (Provider.objects.get(name=name) for name in ("Het Kompas", "De Terp", "De Brink"))
    elsewhere = make_round([delivery("99900001", "De Linde", total_cost=1, days_5vv=1)], slug="ander-2024")
    without = make_round([delivery("99900004", "De Vlonder", SOUTH, total_cost=1, days_5vv=1)], slug="zonder-linde")
    report = MirrorReport.objects.get(provider=cast.linde)
    names = {"drafted_by": noor, "decided_by": rinske, "sent_on": timezone.localdate(), "sent_how": "portal"}

    def decision(provider: Provider, reference: str, status: str, **facts: Any) -> Decision:
        given = {"round": round, "report": report, "figures": {}, **facts}
        return Decision.objects.create(provider=provider, reference=reference, status=status, **given)

    def objection(provider: Provider, reference: str, status: str, **facts: Any) -> Objection:
        against = decision(provider, reference, "sent", **{**names, **facts.pop("decision", {})})
        return Objection.objects.create(
            provider=provider, decision=against, reference=f"{reference}-B1", key="x", status=status, received_by=noor,
            **facts,
        )  # fmt: skip

    group = ObjectionGroup.objects.create(round=round, name="Samen", made_by=noor)
    ruled = {"outcome": "dismissed", "reasons": "Daarom.", "decided_on": timezone.localdate()}
    judged = {"verdict": "unfounded", "reasons": "Daarom."}
    done = objection(kompas, "PROEF-K", "heard", group=group, drafted_by=noor, decided_by=rinske)
    beside = objection(terp, "PROEF-T", "heard", group=group)
    hearing = Hearing.objects.create(at=timezone.now(), place="Utrecht", invited_by=noor, report="Wat er is gezegd.")
    hearing.objections.add(done)
    announced = decision(cast.linde, "PROEF-VOORNEMEN", "announced", views_until=timezone.localdate())
    said = {"text": "Te laag.", "key": "a", "received_by": cast.daan}
    rows = {
        "announced": announced,
        "said": StatementOfViews.objects.create(provider=cast.linde, decision=announced, **said),
        "drafted": decision(brink, "PROEF-OPGESTELD", "drafted", drafted_by=noor),
        "unopposed": decision(cast.linde, "PROEF-ANDER", "sent", **{**names, "round": elsewhere}),
        "decided": done,
        "beside_decided": beside,
        "heard": objection(cast.anker, "PROEF-H", "heard", decision={"round": elsewhere}),
        "decided_group": group,
        "decided_ground": Ground.objects.create(objection=done, number=1, text="Eigen.", **judged),
        "decided_shared": Ground.objects.create(group=group, number=1, text="Gedeeld.", **judged),
        "decided_hearing": hearing,
        "draft_note": PublicNote.objects.create(round=round, number=2, prepared_by=noor),
        "under_way": Release.objects.create(run=period.run, round=round, status="adopted", stage="prepared", prepared_by=noor),
    }  # fmt: skip
    Objection.objects.filter(pk=done.pk).update(status="decided", **ruled)
    return {**{name: row.pk for name, row in rows.items()}, "round_without": without.pk}


def as_(world: Numbers, who: str) -> str:
    """Return the scope of somebody: of the care office in the north, or of De Linde; ``nobody``: it is not known who."""
    if who in OFFICERS:
        return f"care_office:{world['north']}:{world[who]}"
    return f"provider:{world['linde']}" + (f":{world[who]}" if who != "nobody" else "")


def refused(sql: str) -> str | None:
    """Return the database's message if it refuses ``sql`` at once or at the end of the transaction, else ``None``."""
    return plain_sql.refused(sql, at_its_end=COMPLETE)


@pytest.mark.parametrize(("who", "written"), [*LET_THROUGH, *LET_THROUGH_TOO])
def test_what_she_may_write_is_let_through(world: Numbers, who: str, written: str) -> None:
    with scope(as_(world, who)):
        assert refused(written.format(**world)) is None


@pytest.mark.parametrize(("who", "attack"), [*ATTACKS, *ATTACKS_TOO])
def test_nobody_writes_what_no_page_lets_her_write(world: Numbers, who: str, attack: str) -> None:
    sql = attack.format(**world)
    with scope(as_(world, who)):
        message = refused(sql)
    if message is None:
        # Row-level security passes rows by in silence: then nothing may have happened.
        with scope(as_(world, who)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.rowcount == 0
    else:
        assert "is not for" in message or "row-level security" in message, message
    possible = refused(sql)
    assert possible is None or COMPLETE in possible, f"nobody can do this, so the test proves nothing: {possible}"


@pytest.mark.parametrize("table", OF_THE_NZA)
def test_what_is_the_nzas_is_written_by_nobody_else(world: Numbers, table: str) -> None:
    """Nothing is added, not even a row like one that is there; nothing is changed, and nothing is thrown away."""
    ((row,),) = query(f"SELECT min(id) FROM tariffs_{table}")
    for who in ("anne", "karim", "nobody"):
        with scope(as_(world, who)):
            message = refused(another(f"tariffs_{table}", str(row)).format())
            # Who does not see the row adds none like it.
            assert message is not None or query(f"SELECT 1 FROM tariffs_{table} WHERE id = {row}") == []
            for written in (f"UPDATE tariffs_{table} SET id = id + 1000", f"DELETE FROM tariffs_{table}"):
                if refused(written) is None:
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute(written)
                        assert cursor.rowcount == 0


@pytest.mark.parametrize(("written", "rule"), [*TO_NOBODY, *TO_NOBODY_TOO])
def test_what_was_decided_stays_and_two_people_look_whoever_asks(world: Numbers, written: str, rule: str) -> None:
    assert rule in str(refused(written.format(**world)))


def test_what_was_printed_today_may_have_been_posted_today(world: Numbers) -> None:
    assert refused(all_of(letter(), PRINTED, posted(TODAY)).format(**world)) is None


def test_views_are_given_until_the_last_minute_of_the_last_day(world: Numbers) -> None:
    for days, expected in ((0, True), (-1, False)):
        query(f"UPDATE tariffs_decision SET views_until = {TODAY} + {days} WHERE id = {world['announced']}")
        with scope(as_(world, "daan")):
            assert (refused(views("{daan}").format(**world)) is None) == expected


def test_outside_is_agreed_with_a_reason_where_the_policy_says_so_and_never_above_the_maximum(world: Numbers) -> None:
    set_policy(
        round=Release.objects.get(pk=world["under_way"]).round,
        actor=None,
        agreements_outside=OutsideBandwidth.RECORDED,
    )
    below = {"rate": "{lowest_rate} - 0.0001", "is_outside": "true"}
    why = {"reason": "'Zo kwam het uit.'"}
    expected = {
        agreement("{karim}", **below, **why): True,
        agreement("{karim}", **{**below, "is_outside": "false"}, **why): False,
        agreement("{karim}", rate="1.0001", is_outside="true", **why): False,
        agreement("{karim}", rate="'NaN'", is_outside="true", **why): False,
        tariffs(first="{lowest} - 0.01", is_outside="true", **why): True,
        tariffs(first="{lowest} - 0.01"): False,
        tariffs(first="1000", is_outside="true", **why): False,
    }
    with scope(as_(world, "karim")):
        assert {sql: refused(sql.format(**world)) is None for sql in expected} == expected


def test_who_agrees_per_product_agrees_on_every_product(world: Numbers) -> None:
    only_one = tariffs().format(**world).rsplit("; ", 1)[0]
    with scope(as_(world, "karim")):
        assert COMPLETE in str(refused(only_one))
        assert refused(tariffs().format(**world)) is None


#: What is drawn up, in the row that a provider reads.
DRAWN_UP = {
    "UPDATE tariffs_decision SET reasons = 'x' WHERE id = {drafted}": "reasons_wait_for_the_decision",
    "UPDATE tariffs_statementofviews SET reaction = 'x' WHERE id = {said}": "a_reaction_waits_for_the_decision",
    "UPDATE tariffs_ground SET verdict = 'founded', reasons = 'x' WHERE id = {ground}": "a_verdict_waits_for_the_decision",
    **{
        f"UPDATE tariffs_objection SET {column} = {value} WHERE id = {{heard}}": "an_outcome_waits_for_the_decision"
        for column, value in {
            "outcome": "'granted'", "reasons": "'x'", "consequence": "'none'", "advice": "'x'", "deviation": "'x'",
            "new_decision_id": "{announced}",
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize(("written", "rule"), DRAWN_UP.items())
def test_what_is_drawn_up_does_not_stand_where_a_provider_reads_it(world: Numbers, written: str, rule: str) -> None:
    assert rule in str(plain_sql.refused(written.format(**world), at_its_end=rule))


def on_other_ways(ground: Ground) -> list[tuple[Any, ...]]:
    """Return what an objection says that came along with its ground, one by one, in part, or saved without being looked at."""
    mine = Objection.objects.filter(pk=ground.objection_id)
    for column in ({"outcome": "granted"}, {"new_decision__isnull": False}):
        with pytest.raises(ValueError, match="kept apart"):
            mine.filter(**column)
    with pytest.raises(ValueError, match="kept apart"):
        mine.values_list("advice")
    assert mine.filter(Q(status="decided", outcome="granted") | Q(status="appealed")).exclude(reasons="").count() == 0
    came_along = Ground.objects.get(pk=ground.pk).objection
    assert came_along is not None
    came_along.save()
    Ground.objects.select_related("objection").get(pk=ground.pk).objection.save(update_fields=["status"])  # type: ignore[union-attr]
    joined = Ground.objects.select_related("objection").get(pk=ground.pk).objection
    assert joined is not None
    joined.refresh_from_db()
    found = [came_along, joined, next(mine.iterator()), mine.only("outcome").get()]
    return [(one.outcome, one.advice, one.new_decision_id) for one in found]


def test_what_was_drawn_up_is_read_by_the_nza_until_it_is_announced(world: Numbers) -> None:
    """Through the models: the NZa finds it in its row, and of De Linde nobody finds it anywhere."""
    drafted = Decision.objects.get(pk=world["announced"])
    Decision.objects.filter(pk=drafted.pk).update(status="drafted")
    drafted.refresh_from_db()
    drafted.reasons = "Nog geheim."
    drafted.save(update_fields=["reasons"])
    said = StatementOfViews.objects.get(pk=world["said"])
    said.reaction, said.reaction_by_id, said.reaction_at = "Nog geheim.", world["noor"], timezone.now()
    said.save()
    ground = Ground.objects.get(pk=world["ground"])
    ground.verdict, ground.reasons = "founded", "Nog geheim."
    ground.save(update_fields=["verdict", "reasons"])
    objection = Objection.objects.get(pk=world["objection"])
    objection.outcome, objection.advice, objection.drafted_by_id = "granted", "Nog geheim.", world["noor"]
    objection.new_decision = drafted
    objection.save(update_fields=["outcome", "advice", "drafted_by", "new_decision"])

    def found() -> tuple[Any, ...]:
        decision, objected = Decision.objects.get(pk=drafted.pk), Objection.objects.get(pk=objection.pk)
        judged, views_on = Ground.objects.get(pk=ground.pk), StatementOfViews.objects.get(pk=said.pk)
        by_itself = (judged.verdict, judged.reasons, views_on.reaction, decision.reasons)
        return (*by_itself, objected.outcome, objected.advice, objected.new_decision_id)

    secret = "Nog geheim."
    assert found() == ("founded", secret, secret, secret, "granted", secret, drafted.pk)
    assert on_other_ways(ground) == [("granted", secret, drafted.pk)] * 4
    for who in ("fatima", "nobody"):
        with scope(as_(world, who)):
            assert found() == ("", "", "", "", "", "", None)
            assert query("SELECT 1 FROM tariffs_concept") == []
            for table in ("decision", "objection", "ground", "statementofviews"):
                assert query(f"SELECT 1 FROM tariffs_{table} x WHERE to_jsonb(x)::text LIKE %s", f"%{secret}%") == []
    objection.outcome = ""
    objection.save(update_fields=["outcome"])
    assert found()[4:] == ("", secret, drafted.pk)
    held = Decision.objects.get(provider=drafted.provider_id, round=drafted.round_id, status="sent")
    Decision.objects.filter(pk=held.pk).update(status="replaced")
    sent = StatementOfViews.objects.select_related("decision").get(pk=said.pk).decision
    made = {name: getattr(held, name) for name in ("drafted_by", "decided_by", "sent_on", "sent_how")}
    for name, value in {"status": "sent", **made}.items():
        setattr(sent, name, value)
    sent.save(update_fields=["status", *made])
    assert query("SELECT reasons FROM tariffs_decision WHERE id = %s", drafted.pk) == [(secret,)]
