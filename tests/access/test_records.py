"""Who reads in the records what was done: the NZa everything, everybody else what she did herself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.access import NOTHING, scope
from providers.audit import failed_logins, record
from providers.models import Act, AuditRecord
from tests.cast import Cast, make_cast
from tests.delivering import acting
from tests.plain_sql import query, refused

#: What tells that there is a result before anybody may know, and what others do.
OF_OTHERS = (
    Act.RUN_REQUESTED,
    Act.RELEASE_PREPARED,
    Act.RELEASE_APPROVED,
    Act.DECISION_PREPARED,
    Act.OBJECTION_DECIDED,
)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_nobody_outside_the_nza_reads_there_that_a_release_was_approved_or_what_another_did(cast: Cast) -> None:
    for act in OF_OTHERS:
        record(act=act, actor=acting(cast.noor), subject="Het Anker")
    record(act=Act.RESULTS_RELEASED, actor=None, subject="uitvraag-2024")
    record(act=Act.MIRROR_READ, actor=acting(cast.bram), subject="Het Anker")
    for person, act in ((cast.anne, Act.CASE_READ), (cast.karim, Act.BANDWIDTHS_READ)):
        actor = acting(person)
        with scope(actor.database_scope):
            record(act=act, actor=actor, subject="De Linde")
            found = list(AuditRecord.objects.values_list("act", "user_id"))
        assert found == [(act, person.pk)]
    for told in (NOTHING, f"provider:{cast.linde.pk}", f"care_office:{cast.north.pk}", "provider:", "nza"):
        with scope(told):
            assert not AuditRecord.objects.exists(), told
    assert AuditRecord.objects.count() == len(OF_OTHERS) + 4


def test_the_brake_on_guessing_still_counts_and_tells_nothing_else(cast: Cast) -> None:
    with scope(NOTHING):
        for _ in range(3):
            query(
                "INSERT INTO providers_auditrecord (at, act, organisation, subject, details)"
                " VALUES (now(), 'login_failed', '', 'anne@example.org', '{}')"
            )
        assert failed_logins("anne@example.org", since=timezone.now() - timedelta(hours=1)) == 3
        assert set(AuditRecord.objects.values_list("act", flat=True)) == {Act.LOGIN_FAILED}
    with scope(acting(cast.bram).database_scope):
        assert failed_logins("anne@example.org", since=timezone.now() - timedelta(hours=1)) == 0


def test_a_care_office_writes_down_what_it_does_in_its_own_name(cast: Cast) -> None:
    """The name of the office, and an act that is of care offices."""
    insert = (
        "INSERT INTO providers_auditrecord (at, act, user_id, organisation, subject, details)"
        " VALUES (now(), %s, %s, %s, '', '{}')"
    )
    karim, eva = cast.karim.pk, cast.eva.pk
    with scope(acting(cast.karim).database_scope):
        assert refused(insert, "note_written", karim, cast.north.name) is None
        for act, user, name in (
            ("note_written", eva, cast.north.name),
            ("note_written", karim, cast.south.name),
            ("draft_saved", karim, cast.north.name),
            ("decision_sent", karim, cast.north.name),
        ):
            assert "is not for care_office" in str(refused(insert, act, user, name)), (act, name)


@pytest.mark.parametrize("who", ["anne", "nobody"])
def test_nobody_dates_what_she_did(cast: Cast, who: str) -> None:
    """Back, ahead or never: what is kept is when it was written down. So nobody lifts the brake on guessing either."""
    act, user, told = ("logged_in", cast.anne.pk, NOTHING)
    organisation = ""
    if who == "anne":
        act, told, organisation = "submission_read", acting(cast.anne).database_scope, cast.linde.name
    for moment in ("2020-01-01", "2099-01-01", "infinity"):
        with scope(told):
            query(
                "INSERT INTO providers_auditrecord (at, act, user_id, organisation, subject, details)"
                " VALUES (%s, %s, %s, %s, '', '{}')",
                moment, act, user, organisation,
            )  # fmt: skip
    found = AuditRecord.objects.filter(at__gt=timezone.now() - timedelta(minutes=1), at__lte=timezone.now())
    assert list(found.values_list("act", flat=True)) == [act] * 3


def test_nobody_writes_a_record_in_anothers_name_to_read_it(cast: Cast) -> None:
    with scope(acting(cast.anne).database_scope):
        assert refused("UPDATE providers_auditrecord SET user_id = %s", cast.anne.pk) is None  # none is hers
        message = refused(
            "INSERT INTO providers_auditrecord (at, act, user_id, organisation, subject, details)"
            " VALUES (now(), 'case_read', %s, '', '', '{}')",
            cast.bram.pk,
        )
    assert "is not for provider" in str(message)
