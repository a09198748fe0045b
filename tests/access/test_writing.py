"""What the database refuses to somebody of a provider who gets plain SQL past the portal, as the role that serves.

Every attack is valid SQL that succeeds for who may do everything: what refuses it is the rule of who writes what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from providers import api_keys, drafts, exemptions, findings, mandates, notices, signing, uploads
from providers.access import EVERYTHING, NOTHING, scope
from providers.models import (
    Finding,
    Mail,
    Mandate,
    SourceFile,
    StatusChange,
    Submission,
    SubmissionStatus,
    User,
)
from providers.models.submissions import PROVIDER_STEPS
from providers.refusal import Refused
from tests import plain_sql, storing
from tests.access.attacks import (
    ATTACKS,
    KEY,
    LET_THROUGH,
    NONE,
    ONLY_IN_TIME,
    all_of,
    another,
    answer,
    explanation,
    file,
    mandate,
    notice,
    record,
    state,
    statement,
    to,
    version,
    withdrawal,
)
from tests.cast import PASSWORD, browser_of, make_cast
from tests.delivering import acting, delivered, offered, portal_round, prepared, submission_of
from tests.plain_sql import query

PEOPLE = ("anne", "bram", "noor", "olaf", "maria", "daan", "fatima", "greet")


def refused(sql: str) -> str | None:
    """Return the database's message if it refuses ``sql`` at once or at the end of the transaction, else ``None``."""
    return plain_sql.refused(sql, at_its_end="what_somebody_delivers_is_signed")


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Mapping[str, int]]:
    """Give the numbers of rows of De Linde, and of others: what was delivered, what waits to be signed, what was begun."""
    with storing.stored(django_db_blocker):
        cast = make_cast()
        earlier = portal_round(slug="uitvraag-2021", book_year=2021, providers=[cast.linde, cast.anker])
        now = portal_round(slug="uitvraag-2022", book_year=2022, providers=[cast.linde])
        later = portal_round(slug="uitvraag-2023", book_year=2023, providers=[cast.linde])
        done = delivered(submission_of(earlier, cast.linde))
        finding = Finding.objects.create(version=done, rule="X", severity="note", message="x")
        waiting, begun = submission_of(now, cast.linde), submission_of(later, cast.linde)
        offered(waiting)
        prepared(begun)
        asked = exemptions.ask(submission=waiting, grounds="Wij zijn klein.", actor=acting(cast.daan))
        uploads.receive(submission=waiting, name="a.xlsx", content=b"a", key="a", based_on=0, actor=acting(cast.daan))
        (told,) = notices.tell(kind="validated", to=[cast.anne], provider=cast.linde, occasion="1")
        earlier_mandate = cast.greet.mandates.get()
        Mandate.objects.filter(pk=earlier_mandate.pk).update(valid_from=timezone.now() - timedelta(days=9))
        key, _ = api_keys.make(name="x", valid_until=timezone.now() + timedelta(days=9), actor=acting(cast.anne))
        yield {
            **{name: getattr(cast, name).pk for name in PEOPLE},
            "linde": cast.linde.pk,
            "anker": cast.anker.pk,
            "place": cast.linde.locations.get().pk,
            "round": now.pk,
            "delivered": done.submission_id,
            "version": done.pk,
            "document": done.source_file_id,
            "value": done.values.earliest("pk").pk,
            "finding": finding.pk,
            "step": StatusChange.objects.filter(submission=done.submission_id).latest("pk").pk,
            "waiting": waiting.pk,
            "first": waiting.drafts.earliest("number").pk,
            "draft": waiting.drafts.latest("number").pk,
            "request": waiting.signature_requests.get().pk,
            "exemption": asked.pk,
            "upload": waiting.uploads.get().pk,
            "begun": begun.pk,
            "saved": begun.drafts.latest("number").pk,
            "their_document": delivered(submission_of(earlier, cast.anker)).source_file_id,
            "mandate": cast.daan.mandates.get().pk,
            "earlier_mandate": earlier_mandate.pk,
            "notice": told.pk,
            "mail": told.mail.pk,
            "key": key.pk,
        }


@pytest.fixture
def world(stored: Mapping[str, int], db: None) -> Mapping[str, int]:
    """Give the numbers; what a test does to the rows is undone."""
    return stored


def as_(world: Mapping[str, int], who: str) -> str:
    """Return the scope of somebody of De Linde; ``nobody``: it is not known who."""
    return f"provider:{world['linde']}" + (f":{world[who]}" if who != "nobody" else "")


@pytest.mark.parametrize(("who", "written"), LET_THROUGH)
def test_what_she_may_write_is_let_through(world: Mapping[str, int], who: str, written: str) -> None:
    with scope(as_(world, who)):
        assert refused(written.format(**world)) is None


@pytest.mark.parametrize(("who", "attack"), ATTACKS)
def test_nobody_of_a_provider_writes_what_no_page_lets_her_write(
    world: Mapping[str, int], who: str, attack: str
) -> None:
    sql = attack.format(**world)
    with scope(as_(world, who)):
        message = refused(sql)
    if message is None:
        # Row-level security passes rows by in silence: then nothing may have happened.
        with scope(as_(world, who)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.rowcount == 0
    possible = refused(sql)
    assert possible is None or "is_signed" in possible, f"nobody can do this, so the test proves nothing: {possible}"


@pytest.mark.parametrize("what", ONLY_IN_TIME)
@pytest.mark.parametrize(
    "when",
    [
        "UPDATE providers_round SET deadline = now() - interval '1 hour'",
        "UPDATE providers_round SET opens_at = now() + interval '1 hour'",
        "UPDATE providers_round SET status = 'closed'",
        "UPDATE providers_round SET source = 'iv'",
        "UPDATE providers_submission SET merged_into_id = {anker} WHERE provider_id = {linde}",
        "UPDATE providers_submission SET status = 'submitted' WHERE status = 'draft';"
        " UPDATE providers_submission SET status = 'in_review' WHERE status = 'submitted'",
    ],
)
def test_nothing_is_delivered_by_plain_sql_outside_the_term(world: Mapping[str, int], what: str, when: str) -> None:
    """Whatever stood on the page: before the opening, after the term, and while the figures are with the NZa."""
    who, written = ONLY_IN_TIME[what]
    with scope(as_(world, who)):
        assert refused(written.format(**world)) is None
    query(when.format(**world))
    with scope(as_(world, who)):
        message = refused(written.format(**world))
    # A step back from where the NZa has it is refused to everybody.
    assert "is not for provider" in str(message) or "is not allowed" in str(message)


def test_a_term_of_its_own_holds_after_the_round_closed(world: Mapping[str, int]) -> None:
    query("UPDATE providers_round SET status = 'closed', deadline = now() - interval '1 hour', opens_at = NULL")
    query("UPDATE providers_submission SET extended_until = now() + interval '1 hour'")
    with scope(as_(world, "daan")):
        assert refused(state("{daan}").format(**world)) is None


def test_what_another_signed_is_handed_in_by_nobody_else(world: Mapping[str, int]) -> None:
    query(all_of(version("{fatima}"), statement("{fatima}")).format(**world))
    messages = {}
    for who in ("anne", "fatima"):
        with scope(as_(world, who)):
            messages[who] = refused(to("submitted", "{waiting}").format(**world))
            refused_too = refused(answer("signed", f"{{{who}}}").format(**world))
            assert (messages[who] is None) == (refused_too is None)
    assert messages["fatima"] is None
    assert "update of providers_submission is not for provider" in str(messages["anne"])


def test_who_filled_in_does_not_sign_whatever_she_writes(world: Mapping[str, int]) -> None:
    """Anne may fill in and sign; what she filled in is signed by Fatima, who did not."""
    waiting = Submission.objects.select_related("round", "provider").get(pk=world["waiting"])
    anne = acting(User.objects.get(pk=world["anne"]))
    saved = drafts.save(submission=waiting, changes={"remarks": "Anders."}, based_on=2, actor=anne)
    signing.offer(submission=waiting, draft_number=saved.number, actor=anne)
    messages = {}
    for who in ("anne", "fatima"):
        with scope(as_(world, who)):
            me = f"{{{who}}}"
            messages[who] = refused(all_of(version(me), statement(me, state=str(saved.pk))).format(**world))
    assert messages["fatima"] is None
    assert "insert of providers_statement is not for provider" in str(messages["anne"])


def test_nobody_writes_for_a_provider_after_her_mandate_ended(world: Mapping[str, int]) -> None:
    written = [
        withdrawal("{daan}"),
        state("{daan}"),
        file("{daan}"),
        explanation("{daan}"),
        notice("{anne}"),
        another("providers_apikey", "{key}", mandate_id="{mandate}", **KEY),
    ]
    with scope(as_(world, "daan")):
        assert [sql for sql in written if refused(sql.format(**world)) is not None] == []
    query(
        "UPDATE providers_mandate SET valid_from = now() - interval '1 year', valid_until = now() - interval '1 hour'"
        f" WHERE id = {world['mandate']}"
    )
    with scope(as_(world, "daan")):
        assert [sql for sql in written if refused(sql.format(**world)) is None] == []
    with scope(as_(world, "anne")):
        assert refused(notice("{daan}").format(**world)) is not None, "who left is told what is not hers any more"


def test_what_was_delivered_is_erased_by_nobody(world: Mapping[str, int]) -> None:
    """A worker erases files with figures of persons; the document that was signed is none of them."""
    erase = "UPDATE providers_sourcefile SET content = '' WHERE id = {}"
    assert "what_was_delivered_is_kept" in str(refused(erase.format(world["document"])))
    assert refused(erase.format(SourceFile.objects.get(uploads=world["upload"]).pk)) is None
    assert refused(f"DELETE FROM providers_sourcefile WHERE id = {world['document']}") is not None


def test_a_provider_makes_its_own_steps_and_no_other(world: Mapping[str, int]) -> None:
    """Fatima signed what was delivered last, so that she could hand it in; from every status, to every status."""
    who = User.objects.get(name="Sign van De Linde").pk
    made = set()
    for before, after in product([str(status) for status in SubmissionStatus], repeat=2):
        with transaction.atomic():
            # A row gets into a status the hard way: it is thrown away and made once more.
            ((row,),) = query(f"SELECT to_jsonb(s)::text FROM providers_submission s WHERE id = {world['delivered']}")
            query(f"DELETE FROM providers_submission WHERE id = {world['delivered']}")
            query(
                "INSERT INTO providers_submission SELECT (jsonb_populate_record(NULL::providers_submission,"
                " %s::jsonb || jsonb_build_object('status', %s::text))).*",
                row,
                before,
            )
            with scope(f"provider:{world['linde']}:{who}"):
                if (
                    before != after
                    and refused(f"UPDATE providers_submission SET status = '{after}' WHERE id = {world['delivered']}")
                    is None
                ):
                    made.add((before, after))
            transaction.set_rollback(True)
    assert made == {(str(before), str(after)) for before, afters in PROVIDER_STEPS.items() for after in afters}


def test_who_is_not_logged_in_writes_what_logging_in_takes_and_nothing_else(world: Mapping[str, int]) -> None:
    possible = [
        "UPDATE providers_user SET last_login = now(), password = 'x' WHERE id = {anne}",
        "UPDATE providers_apikey SET last_used_at = now() WHERE id = {key}",
        record("login_failed", NONE, of="''"),
        record("mandate_switched", "{anne}", of="''"),
    ]
    not_possible = [
        "UPDATE providers_careofficeregion SET name = 'x' WHERE code = '5501'",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('providers', 'x', now())",
        "UPDATE providers_user SET email = 'kwaad@example.org' WHERE id = {anne}",
        "UPDATE providers_user SET is_active = false WHERE id = {anne}",
        "UPDATE providers_apikey SET valid_until = valid_until + interval '1 hour' WHERE id = {key}",
        "UPDATE providers_mandate SET valid_until = '2099-01-01' WHERE id = {mandate}",
        "UPDATE providers_round SET deadline = NULL WHERE id = {round}",
        another("providers_user", "{daan}", email="'kwaad@example.org'"),
        mandate("{anne}"),
        record("results_released", NONE, of="''"),
        record("login_failed", NONE),
    ]
    with scope(NOTHING):
        assert [sql for sql in possible if refused(sql.format(**world)) is not None] == []
        assert [sql for sql in not_possible if refused(sql.format(**world)) is None] == []


def test_who_is_logged_in_already_logs_in_as_another_and_chooses_a_password(world: Mapping[str, int]) -> None:
    """Two people at one desk: what is done before the second works for anybody is not done for the first one's provider."""
    anne, bram = (User.objects.get(pk=world[name]) for name in ("anne", "bram"))
    browser = browser_of(anne)
    browser.get("/aanlevering/")
    assert browser.post("/inloggen/", {"username": bram.email, "password": PASSWORD}).status_code == 302
    assert browser.session["_auth_user_id"] == str(bram.pk)
    browser.post("/wachtwoord/", {"email": anne.email})
    link = re.search(r"http://testserver(/wachtwoord/nieuw/\S+)", outgoing.outbox[-1].body)
    assert link is not None
    here = browser.get(link[1], follow=True).redirect_chain[-1][0]
    chosen = {"new_password1": "een-heel-nieuw-woord", "new_password2": "een-heel-nieuw-woord"}
    assert browser.post(here, chosen).status_code == 302
    anne.refresh_from_db()
    assert anne.check_password("een-heel-nieuw-woord")


def test_no_table_is_left_without_a_rule_of_who_writes_in_it(db: None) -> None:
    """Every table is closed to all but those who see everything, or tells row by row who writes; sessions sign themselves."""
    rows = query(
        "SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity,"
        " (SELECT count(*) FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname"
        "  AND p.cmd <> 'SELECT' AND p.policyname <> 'everything'),"
        " EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'who_writes' AND t.tgenabled = 'O'"
        # for each row, after, and of all three: insert, delete, update (pg_trigger.h)
        "  AND t.tgtype = 1 + 4 + 8 + 16)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    )
    assert len(rows) > 40
    left = {name for name, secured, open_policies, told in rows if not told and (not secured or open_policies)}
    assert left == {"django_session"}


def test_sessions_are_of_nobody_and_logging_out_ends_one(world: Mapping[str, int]) -> None:
    """Who acts for a provider or a care office reads none, with which she would be somebody else; hers ends when she logs out."""
    browser = Client()
    with scope(NOTHING):
        browser.post("/inloggen/", {"username": User.objects.get(pk=world["anne"]).email, "password": PASSWORD})
        assert browser.get("/aanlevering/", follow=True).status_code == 200
        assert query("SELECT count(*) FROM django_session") == [(1,)]
        for told in (as_(world, "anne"), as_(world, "nobody"), "care_office:1:1"):
            with scope(told):
                assert query("SELECT count(*) FROM django_session") == [(0,)]
                assert "row-level security" in str(
                    refused(
                        "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('x', 'x', now())"
                    )
                )
        with scope(EVERYTHING):
            assert query("SELECT count(*) FROM django_session") == [(1,)]
        browser.post("/uitloggen/")
        assert query("SELECT count(*) FROM django_session") == [(0,)]


def test_nobody_who_serves_reads_how_much_there_is_of_anything(db: None) -> None:
    rows = query(
        "SELECT c.relname FROM pg_class c WHERE c.relkind = 'S'"
        " AND has_sequence_privilege(current_user, c.oid, 'SELECT, USAGE, UPDATE')"
    )
    assert rows == []
    assert "permission denied" in str(refused("SELECT last_value FROM tariffs_decision_id_seq"))


def test_what_the_pages_do_is_let_through(world: Mapping[str, int]) -> None:
    """Filling in, offering, signing, explaining, withdrawing, exemption, people and keys: each as who may, through the verbs."""
    submission = Submission.objects.select_related("round", "provider").get(pk=world["begun"])
    who = {name: acting(User.objects.get(pk=world[name])) for name in ("anne", "daan", "fatima")}
    with scope(who["daan"].database_scope):
        asked = exemptions.ask(submission=submission, grounds="Wij zijn klein.", actor=who["daan"])
        exemptions.withdraw(submission=asked.submission, actor=who["daan"])
        saved = drafts.save(submission=submission, changes={"remarks": "Zo."}, based_on=2, actor=who["daan"])
        signing.offer(submission=submission, draft_number=saved.number, actor=who["daan"])
    with scope(who["fatima"].database_scope):
        signing.decline(submission=submission, remark="Nog niet.", actor=who["fatima"])
    with scope(who["daan"].database_scope):
        saved = drafts.save(
            submission=submission, changes={"remarks": "Nu wel."}, based_on=saved.number, actor=who["daan"]
        )
        signing.offer(submission=submission, draft_number=saved.number, actor=who["daan"])
    with scope(who["fatima"].database_scope):
        signed = signing.sign(
            submission=submission, draft_number=saved.number, position="bestuurder", actor=who["fatima"]
        )
        query("SET CONSTRAINTS what_somebody_delivers_is_signed IMMEDIATE")
    noted = Finding.objects.create(version=signed, rule="X", severity="note", message="x")
    with scope(who["daan"].database_scope):
        findings.explain(finding=noted, text="Het klopt met onze administratie.", actor=who["daan"])
        signing.withdraw(submission=submission, actor=who["daan"])
    with scope(who["fatima"].database_scope):
        notices.mark_read(actor=who["fatima"])
        with pytest.raises(Refused, match="niet ter ondertekening"):
            signing.sign(submission=submission, draft_number=saved.number + 1, position="x", actor=who["fatima"])
    with scope(who["anne"].database_scope):
        made = mandates.invite(
            email="nieuw@example.org", name="Nina", actor=who["anne"], provider=submission.provider, powers=["deliver"]
        )
        changed = mandates.change(mandate=made, powers=["sign"], valid_until=None, actor=who["anne"])
        mandates.end(mandate=changed, actor=who["anne"])
        key, _ = api_keys.make(name="x", valid_until=timezone.now() + timedelta(days=9), actor=who["anne"])
        api_keys.end(key=key, actor=who["anne"])
    assert Mail.objects.filter(address="nieuw@example.org").count() == 3
