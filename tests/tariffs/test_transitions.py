"""No step from state to state but those in the tables, also not by plain SQL: releases, responses, decisions, objections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from providers.access import scope
from tariffs.models import (
    DECISION_TRANSITIONS,
    OBJECTION_PROVIDER_STEPS,
    OBJECTION_TRANSITIONS,
    RELEASE_TRANSITIONS,
    RESPONSE_PROVIDER_STEPS,
    RESPONSE_TRANSITIONS,
    Decision,
    InterpretationResponse,
    Objection,
    Release,
)
from tests.plain_sql import query, refused
from tests.responding import Period, make_period
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

ANSWER = {"outcome": "noted", "answered_at": timezone.now()}
SENT = {"sent_on": date(2026, 3, 2), "sent_how": "portal"}
DECIDED = {"outcome": "dismissed", "reasons": "Daarom.", "decided_on": date(2026, 5, 4)}
APPROVED = {"approved_at": timezone.now(), "release_at": timezone.now()}


#: What comes with a step of a provider: the message that was asked for, and that what was missing came in.
GIVEN = {
    "more_asked": """
        INSERT INTO tariffs_responsemessage (response_id, is_from_nza, text, at, by_id)
        VALUES ({row}, false, 'x', now(), {by})""",
    "incomplete": """
        INSERT INTO tariffs_termevent (objection_id, kind, "on", cause, reason, at, by_id)
        SELECT {row}, kind, current_date, '', '', now(), {by} FROM unnest(ARRAY['remedy_asked', 'remedied']) kind""",
}


@dataclass(frozen=True)
class Table:
    """A table with states: its steps, how a row in a state is made, and what else a row in a state has to hold."""

    name: str
    steps: Mapping[Any, Any]
    make: Callable[[Period, str, Mapping[str, Any]], Any]
    holds: Mapping[str, Mapping[str, Any]]
    field: str = "status"
    own: Mapping[Any, Any] | None = None
    """The steps that are the provider's own; ``None``: it writes nothing there."""


def a_release(period: Period, stage: str, facts: Mapping[str, Any]) -> Release:
    return Release.objects.create(
        run=period.run, round=period.release.round, status="provisional", stage=stage, **facts
    )


def a_response(period: Period, status: str, facts: Mapping[str, Any]) -> InterpretationResponse:
    linde = period.cast.linde
    return InterpretationResponse.objects.create(
        provider=linde,
        report=period.report(linde),
        number=99,
        item="costs",
        kind="ask",
        text="Waarom is dit zo?",
        key="x",
        status=status,
        submitted_by=period.cast.anne,
        **facts,
    )


def a_decision(period: Period, status: str, facts: Mapping[str, Any]) -> Decision:
    linde = period.cast.linde
    return Decision.objects.create(
        provider=linde,
        round=period.release.round,
        report=period.report(linde),
        reference=f"PROEF-{status}",
        figures={},
        status=status,
        drafted_by=period.noor.user,
        decided_by=period.rinske.user,
        **facts,
    )


def an_objection(period: Period, status: str, facts: Mapping[str, Any]) -> Objection:
    return Objection.objects.create(
        provider=period.cast.linde,
        decision=a_decision(period, "sent", SENT),
        reference="PROEF-B1",
        key="x",
        status=status,
        received_by=period.cast.anne,
        drafted_by=period.noor.user,
        decided_by=period.rinske.user,
        **facts,
    )


TABLES = (
    Table(
        "tariffs_release",
        RELEASE_TRANSITIONS,
        a_release,
        {"approved": APPROVED, "released": {**APPROVED, "released_at": timezone.now()}},
        field="stage",
    ),
    Table(
        "tariffs_interpretationresponse",
        RESPONSE_TRANSITIONS,
        a_response,
        {"answered": ANSWER},
        own=RESPONSE_PROVIDER_STEPS,
    ),
    Table("tariffs_decision", DECISION_TRANSITIONS, a_decision, {"sent": SENT, "replaced": SENT}),
    Table(
        "tariffs_objection",
        OBJECTION_TRANSITIONS,
        an_objection,
        {"decided": DECIDED, "appealed": DECIDED},
        own=OBJECTION_PROVIDER_STEPS,
    ),
)


@pytest.fixture(scope="module")
def period(django_db_setup: None, django_db_blocker: Any) -> Iterator[Period]:
    """Give a released round."""
    with stored(django_db_blocker):
        yield make_period()


def attempt(table: Table, pk: int, to: str, *, with_what_it_holds: bool) -> str | None:
    """Try to bring a row into another state by plain SQL; return the database's refusal."""
    columns = {table.field: to, **(table.holds.get(to, {}) if with_what_it_holds else {})}
    assignments = ", ".join(f"{name} = %s" for name in columns)
    return refused(f"UPDATE {table.name} SET {assignments} WHERE id = %s", *columns.values(), pk)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_step_that_is_not_in_the_table_is_refused_by_the_database_and_any_other_is_not(
    period: Period, table: Table
) -> None:
    states = [str(state.value) for state in table.steps]
    wrong = []
    for before in states:
        with transaction.atomic():
            row = table.make(period, before, table.holds.get(before, {}))
            for after in states:
                if after == before:
                    continue
                is_step = after in {state.value for state in table.steps[type(next(iter(table.steps)))(before)]}
                message = attempt(table, row.pk, after, with_what_it_holds=is_step)
                expected = None if is_step else f"transition from {before} to {after} is not allowed"
                if (message is None) != is_step or (expected and expected not in str(message)):
                    wrong.append((before, after, message))
            transaction.set_rollback(True)
    assert wrong == []
    assert sum(len(steps) for steps in table.steps.values()) < len(list(permutations(states, 2)))


@pytest.mark.parametrize("table", [table for table in TABLES if table.own is not None], ids=lambda table: table.name)
def test_of_those_steps_somebody_of_a_provider_makes_only_her_own(period: Period, table: Table) -> None:
    assert table.own is not None
    anne = period.cast.anne
    wrong = []
    for state in table.steps:
        with transaction.atomic():
            row = table.make(period, state.value, table.holds.get(state.value, {}))
            if state.value in GIVEN:
                query(GIVEN[state.value].format(row=row.pk, by=anne.pk))
            for after in table.steps:
                if after == state:
                    continue
                is_own = after in table.own.get(state, ())
                with scope(f"provider:{period.cast.linde.pk}:{anne.pk}"):
                    message = attempt(table, row.pk, after.value, with_what_it_holds=False)
                if (message is None) != is_own:
                    wrong.append((state.value, after.value, message))
            transaction.set_rollback(True)
    assert wrong == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_row_with_states_is_ever_deleted(period: Period, table: Table) -> None:
    for state in table.steps:
        with transaction.atomic():
            row = table.make(period, state.value, table.holds.get(state.value, {}))
            message = refused(f"DELETE FROM {table.name} WHERE id = %s", row.pk)
            assert message is not None
            assert "never changed or deleted" in message
            transaction.set_rollback(True)
