"""A portal that sent decisions before it kept which letters go by post: they wait for their day, and nobody goes back unawares.

A copy of the database is brought back to before migrations 0006 and 0007 of tariffs, filled with the models of that time,
and then migrated as an installation is, there and back and there again.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from ivportal.database.roles import connecting_as_owner
from providers.access import EVERYTHING, scope
from providers.models import AuditRecord
from tariffs.models import (
    CaseFile,
    Decision,
    Ground,
    Letter,
    LetterKind,
    Objection,
    Posting,
    Printing,
    StatementOfViews,
    concepts,
)
from tariffs.procedure import posting
from tests.plain_sql import query, refused
from tests.tariffs import cases
from tests.tariffs.cases import Adopted

BEFORE = ("tariffs", "0005_rules_of_procedure")
GUARD = import_module("tariffs.migrations.0006_post").NOT_WITH_WHAT_WOULD_BE_LOST
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
SENT = dt.date(2026, 9, 22)
SENT_AT = dt.datetime(2026, 9, 22, 8, tzinfo=dt.UTC)
#: Those of which is known that they went by post: a decision, and the letter with a decision that took the place of another.
BY_POST = {"PER-POST", "IN-DE-PLAATS-B1"}
#: What was seen on the way: letters as they were, what was marked the first time, what the database said.
seen: dict[str, Any] = {}


def migrate(to: tuple[str, str] | None = None) -> Any:
    """Bring ``tariffs`` to a migration, or up to date, as the owner of the tables, and return the models of then."""
    with connecting_as_owner(), scope(EVERYTHING):
        executor = MigrationExecutor(connection)
        targets = executor.loader.graph.leaf_nodes("tariffs") if to is None else [to]
        return executor.migrate(targets).apps


def letters() -> dict[str, dict[str, Any]]:
    """Return every letter as it is stored."""
    return {
        reference: json.loads(row)
        for reference, row in query("SELECT reference, to_jsonb(l)::text FROM tariffs_letter l")
    }


def fill(models: Any, world: Adopted) -> None:
    """Store what the portal of that time stored of decisions and letters, by post and in the portal."""

    def of(name: str) -> Any:
        return models.get_model("tariffs", name).objects

    linde, anker, noor = world.cast.linde.pk, world.cast.anker.pk, world.cast.noor.pk
    report = world.release.reports.get(provider=linde).pk

    def decided(reference: str, how: str, **facts: Any) -> Any:
        given = {"provider_id": linde, "status": "sent", **facts}
        return of("Decision").create(
            round_id=world.round.pk, report_id=report, reference=reference, figures={}, prepared_by_id=noor,
            drafted_by_id=noor, decided_by_id=world.second.pk, sent_on=SENT, sent_how=how, **given,
        )  # fmt: skip

    def written(kind: str, reference: str, **about: Any) -> None:
        of("Letter").create(
            provider_id=linde, round_id=world.round.pk, kind=kind, reference=reference, subject="x", body="y",
            sha256="1" * 64, dated=SENT, sent_at=SENT_AT, sent_by_id=world.second.pk, **about,
        )  # fmt: skip

    old = decided("PER-POST", "post", status="replaced")
    new = decided("IN-DE-PLAATS", "post", origin="objection", replaces=old)
    here = decided("IN-HET-PORTAAL", "portal", provider_id=anker)
    objection = of("Objection").create(
        provider_id=linde, decision=new, reference="IN-DE-PLAATS-B1", key="een", status="received", received_by_id=noor
    )
    decided("INGETROKKEN", "", status="withdrawn")
    AuditRecord.objects.create(
        act="decision_withdrawn",
        user=world.cast.noor,
        subject="INGETROKKEN",
        details={"reason": "Er is een nieuwe berekening."},
    )
    drafted = decided("OPGESTELD", "", status="drafted", reasons="Nog geheim.")
    of("StatementOfViews").create(
        provider_id=linde, decision=drafted, key="een", text="Te laag.", received_by_id=noor, reaction="Ook geheim.",
        reaction_by_id=noor, reaction_at=SENT_AT,
    )  # fmt: skip
    heard = of("Objection").create(
        provider_id=anker, decision=here, reference="GEHOORD-B1", key="een", status="heard", received_by_id=noor,
        outcome="dismissed", reasons="Zo is het.", drafted_by_id=noor,
    )  # fmt: skip
    of("Ground").create(objection=heard, number=1, text="Oneerlijk.", verdict="unfounded", reasons="Niet waar.")
    written("letter_intended", "VOORNEMEN", decision=old)
    written("letter_decision", "PER-POST", decision=old)
    written("letter_decision", "IN-HET-PORTAAL", decision=here)
    written("letter_objection_decision", "IN-DE-PLAATS-B1", decision=new, objection=objection)
    written("letter_objection_decision", "AFGEWEZEN-B1", objection=objection)


def notices_given_twice(models: Any, world: Adopted) -> tuple[str, list[Any]]:
    """Store two notices of default on one objection; return what a newer portal said, and which is left after the recipe."""
    with scope(EVERYTHING):
        of, days = models.get_model("tariffs", "TermEvent").objects, (SENT + dt.timedelta(9), SENT)
        about = {
            "objection_id": Objection.objects.only("pk").get(reference="GEHOORD-B1").pk,
            "by_id": world.cast.noor.pk,
        }
        for day in days:
            of.create(kind="default_notice", on=day, **about)
    with pytest.raises(IntegrityError) as refusal:
        migrate()
    (recipe,) = re.findall(r"```sql\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    with connecting_as_owner(), scope(EVERYTHING):
        query(recipe.replace("KENMERK", "GEHOORD-B1"))
        (enabled,) = query(
            "SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'tariffs_termevent'::regclass AND tgname = 'never_changed'"
        )
        assert enabled == ("O",)
    with scope(EVERYTHING):
        return str(refusal.value), list(of.filter(**about).values_list("on", flat=True))


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    """Give the world of a portal that was brought up to date; the connection is that of its database."""
    name = connection.settings_dict["NAME"]
    made = os.environ.get("IVPORTAL_TESTS_TEMPLATE")
    template = Path(made).read_text(encoding="utf-8") if made else name
    with django_db_blocker.unblock():
        connection.close()
        with connecting_as_owner():
            query(f'CREATE DATABASE "{name}_post" TEMPLATE "{template}"')
        try:
            connection.settings_dict["NAME"] = f"{name}_post"
            with scope(EVERYTHING):
                world = cases.adopted()
            models = migrate(BEFORE)
            with scope(EVERYTHING):
                fill(models, world)
                seen["before"] = letters()
            migrate()
            with scope(EVERYTHING):
                seen["once"] = letters()
            seen["twice"] = notices_given_twice(migrate(BEFORE), world)
            migrate()
            with scope(EVERYTHING):
                (objection,) = Objection.objects.filter(reference="IN-DE-PLAATS-B1")
                concepts.keep([objection], deviation="Anders dan het advies.")
            with pytest.raises(IntegrityError) as refusal:
                migrate(BEFORE)
            seen["said"] = str(refusal.value)
            with scope(EVERYTHING):
                Objection.objects.update(deviation="")
            migrate()
            yield world
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
            with connecting_as_owner():
                query(f'DROP DATABASE "{name}_post" WITH (FORCE)')


@pytest.fixture
def world(migrated: Adopted, db: None) -> Adopted:
    """Give that world; what a test does is undone."""
    return migrated


def test_no_letter_is_lost_or_changed_there_and_back_and_there_again(world: Adopted) -> None:
    assert len(seen["before"]) == 5
    assert letters() == seen["once"]
    for reference, row in seen["before"].items():
        assert row.items() <= seen["once"][reference].items()


def test_what_was_drawn_up_is_kept_apart_and_is_still_there(world: Adopted) -> None:
    """In its row nothing stands of it any more; the NZa finds it there all the same."""
    drafted, heard = Decision.objects.get(reference="OPGESTELD"), Objection.objects.get(reference="GEHOORD-B1")
    said, ground = StatementOfViews.objects.get(decision=drafted), Ground.objects.get(objection=heard)
    assert query(
        "SELECT d.reasons || v.reaction, o.outcome || o.reasons || g.verdict || g.reasons FROM tariffs_decision d"
        " JOIN tariffs_statementofviews v ON v.decision_id = d.id, tariffs_objection o JOIN tariffs_ground g"
        " ON g.objection_id = o.id WHERE d.id = %s AND o.id = %s",
        drafted.pk,
        heard.pk,
    ) == [("", "")]
    assert (drafted.reasons, said.reaction) == ("Nog geheim.", "Ook geheim.")
    assert (heard.outcome, heard.reasons) == ("dismissed", "Zo is het.")
    assert (ground.verdict, ground.reasons) == ("unfounded", "Niet waar.")


def test_of_two_notices_of_default_the_first_stays_by_the_recipe_in_the_docs(world: Adopted) -> None:
    said, left = seen["twice"]
    assert "GEHOORD-B1" in said
    assert left == [SENT]


def test_why_an_intention_was_withdrawn_is_taken_from_the_records(world: Adopted) -> None:
    gone = Decision.objects.get(reference="INGETROKKEN")
    (written,) = AuditRecord.objects.filter(act="decision_withdrawn", subject="INGETROKKEN")
    said = (gone.withdrawn_reason, gone.withdrawn_by, gone.withdrawn_at)
    assert said == ("Er is een nieuwe berekening.", world.cast.noor, written.at)


def test_what_went_by_post_was_printed_and_its_day_can_be_written_down_at_once(world: Adopted) -> None:
    assert set(Letter.objects.filter(goes_by_post=True).values_list("reference", flat=True)) == BY_POST
    assert set(Printing.objects.values_list("letter__reference", "at", "by")) == {
        (reference, SENT_AT, None) for reference in BY_POST
    }
    assert [(pile.total, pile.printed, pile.posted) for pile in posting.piles()] == [(1, 1, 0), (1, 1, 0)]
    uuids = Letter.objects.filter(goes_by_post=True).values_list("uuid", flat=True)
    with cases.at(SENT + dt.timedelta(days=3)):
        assert posting.put_in_post(round=world.round, letters=list(uuids), on=SENT, actor=world.noor) == 2
    assert {pile.unposted for pile in posting.piles()} == {0}


def another_letter(world: Adopted, kind: LetterKind, **facts: Any) -> Letter:
    given = {"decision": Decision.objects.get(reference="PER-POST"), "goes_by_post": False, **facts}
    return Letter.objects.create(
        provider=world.cast.linde, round=world.round, kind=kind, reference="NIEUW", subject="x", body="y",
        sha256="1" * 64, dated=SENT, sent_at=SENT_AT, **given,
    )  # fmt: skip


def a_day(world: Adopted) -> None:
    letter = Letter.objects.get(reference="PER-POST")
    Posting.objects.create(letter=letter, posted_on=SENT, by=world.cast.noor, at=SENT_AT)


def taken_to_be_printed(world: Adopted) -> None:
    letter = another_letter(world, LetterKind.DECISION, goes_by_post=True)
    assert refused(GUARD) is None, "that it goes by post is found again"
    posting.take([letter], actor=world.noor)


def another_that_goes_by_post(world: Adopted) -> None:
    another_letter(world, LetterKind.INTENDED, goes_by_post=True)


def a_cancelled_hearing(world: Adopted) -> None:
    another_letter(world, LetterKind.HEARING_CANCELLED)


def why_advice_was_not_followed(world: Adopted) -> None:
    Objection.objects.filter(reference="IN-DE-PLAATS-B1").update(
        status="decided", outcome="dismissed", reasons="Zo is het.", deviation="Anders dan het advies.", decided_on=SENT,
        drafted_by=world.cast.noor, decided_by=world.second,
    )  # fmt: skip


def a_mandate(world: Adopted) -> None:
    CaseFile.objects.create(
        provider=world.cast.linde, objection=Objection.objects.get(reference="IN-DE-PLAATS-B1"), kind="mandate",
        name="machtiging.pdf",
        content_type="application/pdf", sha256="1" * 64, size=4, content=b"%PDF", received_from=world.cast.anne,
    )  # fmt: skip


@pytest.mark.parametrize(
    "happens",
    [
        a_day,
        taken_to_be_printed,
        another_that_goes_by_post,
        a_cancelled_hearing,
        why_advice_was_not_followed,
        a_mandate,
    ],
)
def test_nobody_goes_back_to_a_portal_that_would_lose_it(world: Adopted, happens: Callable[[Adopted], None]) -> None:
    assert "Teruggaan zou wissen" in seen["said"]
    assert refused(GUARD) is None
    happens(world)
    assert "Teruggaan zou wissen" in str(refused(GUARD))
