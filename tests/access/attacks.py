"""What people of a provider write and try to write, as plain SQL: each attack is what somebody may do with one thing changed.

Numbers of rows stand in braces and are filled in by the test that knows them.
"""

from __future__ import annotations


def another(table: str, row: str, **changes: str) -> str:
    """Return SQL that adds a row like ``row`` (an id) with other values (SQL); keys to other tables are checked at the end."""
    given = {"id": f"{row} + 1000000", **changes}
    pairs = ", ".join(f"'{name}', {value}" for name, value in given.items())
    fresh = " || CASE WHEN to_jsonb(x) ? 'uuid' THEN jsonb_build_object('uuid', gen_random_uuid()) ELSE '{{}}' END"
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table},"
        f" to_jsonb(x){fresh} || jsonb_build_object({pairs}))).* FROM {table} x WHERE x.id = {row}"
    )


NONE = "NULL::int"


def state(made_by: str, **changes: str) -> str:
    """Save a state."""
    return another("providers_draft", "{draft}", **{"number": "3", "how": "'form'", "made_by_id": made_by, **changes})


def file(sent_by: str, **changes: str) -> str:
    """Send a file in."""
    return another("providers_upload", "{upload}", **{"key": "'b'", "sent_by_id": sent_by, **changes})


def request(asked_by: str, **changes: str) -> str:
    """Offer what was begun to be signed."""
    given = {"submission_id": "{begun}", "draft_id": "{saved}", "asked_by_id": asked_by}
    return another("providers_signaturerequest", "{request}", **{**given, **changes})


def answer(what: str, by: str) -> str:
    """Answer the request to sign."""
    return f"UPDATE providers_signaturerequest SET answer = '{what}', answered_by_id = {by} WHERE id = {{request}}"


NOW = "clock_timestamp()"
NEW = "(SELECT max(id) FROM providers_submissionversion)"


def version(by: str, **changes: str) -> str:
    """Deliver what waits to be signed, as a version that nobody signed yet."""
    given = {"number": "9", "submission_id": "{waiting}", "submitted_by_id": by, "submitted_at": NOW, **changes}
    return another("providers_submissionversion", "{version}", **given)


def statement(by: str, state: str = "{draft}", at: str = NOW) -> str:
    """Sign the newest version."""
    return (
        "INSERT INTO providers_statement (version_id, draft_id, text, signed_by_id, signed_as, signed_at, filled_in_by)"
        f" VALUES ({NEW}, {state}, 'x', {by}, 'x', {at}, '[]')"
    )


def step(by: str, before: str, after: str, submission: str = "{delivered}") -> str:
    """Write a step down."""
    given = {"by_id": by, "before": f"'{before}'", "after": f"'{after}'", "submission_id": submission}
    return another("providers_statuschange", "{step}", **given)


def to(status: str, submission: str = "{delivered}") -> str:
    """Make a step."""
    return f"UPDATE providers_submission SET status = '{status}' WHERE id = {submission}"


def explanation(by: str) -> str:
    """Explain what was noticed in what was delivered."""
    return (
        "INSERT INTO providers_explanation (finding_id, text, made_by_id, made_at)"
        f" VALUES ({{finding}}, 'x', {by}, now())"
    )


def exemption(asked_by: str, **changes: str) -> str:
    """Ask for exemption."""
    return another(
        "providers_exemption", "{exemption}", **{"submission_id": "{begun}", "asked_by_id": asked_by, **changes}
    )


def withdrawal(by: str, status: str = "withdrawn") -> str:
    """Take back the request for exemption."""
    return f"UPDATE providers_exemption SET status = '{status}', answered_by_id = {by} WHERE id = {{exemption}}"


def mandate(granted_by: str, **changes: str) -> str:
    """Give Olaf a mandate."""
    given = {"user_id": "{olaf}", "granted_by_id": granted_by, "valid_from": NOW, **changes}
    return another("providers_mandate", "{mandate}", **given)


def ended(until: str, mandate: str = "{mandate}") -> str:
    """End a mandate."""
    return f"UPDATE providers_mandate SET valid_until = {until} WHERE id = {mandate}"


def notice(to: str, **changes: str) -> str:
    """Tell somebody that there is something to sign."""
    given = {"kind": "'signature_requested'", "key": f"'signature_requested:b:{to}'", "created_at": NOW, **changes}
    return another("providers_notice", "{notice}", recipient_id=to, **given)


def mail(to: str, **changes: str) -> str:
    """Send Daan something."""
    told = "(SELECT id FROM providers_notice WHERE key = 'signature_requested:b:{daan}')"
    return (
        notice("{daan}") + "; " + another("providers_mail", "{mail}", **{"notice_id": told, "address": to, **changes})
    )


def named(table: str, row: str) -> str:
    """Return the name of an organisation, in SQL."""
    return f"(SELECT name FROM providers_{table} WHERE id = {row})"


def record(act: str, by: str, *, of: str = named("provider", "{linde}"), at: str = NOW, details: str = "'{{}}'") -> str:
    """Write down that somebody did something, on behalf of De Linde."""
    return (
        "INSERT INTO providers_auditrecord (at, act, user_id, organisation, subject, details)"
        f" VALUES ({at}, '{act}', {by}, {of}, '', {details})"
    )


def all_of(*statements: str) -> str:
    """Do one after the other."""
    return "; ".join(statements)


#: What is given out once.
KEY = {"start": "'b'", "sha256": "'b'"}
EARLIER, LATER = "clock_timestamp() - interval '1 hour'", "clock_timestamp() + interval '1 hour'"
ALONG = "'Nederlandse Zorgautoriteit (kijkt mee bij ' || " + named("provider", "{linde}") + " || ')'"

LET_THROUGH = [
    ("daan", state("{daan}")),
    ("fatima", state(NONE, how="'prefilled'")),
    ("daan", file("{daan}")),
    ("fatima", another("providers_sourcefile", "{document}", sha256="'x'")),
    ("daan", request("{daan}")),
    ("fatima", answer("declined", "{fatima}")),
    ("daan", all_of(state("{daan}"), answer("overtaken", "{daan}"))),
    (
        "fatima",
        all_of(
            version("{fatima}"),
            another("providers_measuredvalue", "{value}", version_id=NEW),
            another("providers_finding", "{finding}", version_id=NEW),
            "INSERT INTO providers_explanation (finding_id, text, made_at) SELECT max(id), 'x', now() FROM providers_finding",
            statement("{fatima}"),
            answer("signed", "{fatima}"),
            to("submitted", "{waiting}"),
            step("{fatima}", "draft", "submitted", "{waiting}"),
        ),
    ),
    ("daan", explanation("{daan}")),
    ("fatima", all_of(to("draft"), step("{fatima}", "submitted", "draft"))),
    ("daan", exemption("{daan}")),
    ("daan", withdrawal("{daan}")),
    ("anne", mandate("{anne}")),
    ("anne", "UPDATE providers_mandate SET valid_until = clock_timestamp() WHERE id = {mandate}"),
    ("anne", another("providers_user", "{daan}", email="'nieuw@example.org'")),
    ("daan", another("providers_apikey", "{key}", mandate_id="{mandate}", **KEY)),
    ("anne", "UPDATE providers_apikey SET valid_until = created_at WHERE id = {key}"),
    ("daan", mail("'daan@example.org'")),
    ("anne", "UPDATE providers_notice SET read_at = now() WHERE id = {notice}"),
    ("greet", record("submission_read", "{greet}")),
    ("daan", record("draft_saved", "{daan}")),
    ("fatima", record("objection_received", "{fatima}")),
    ("anne", record("mandate_granted", "{anne}")),
    ("noor", record("submission_read", "{noor}", of=ALONG)),
    ("noor", record("looked_along", "{noor}", of=ALONG)),
    ("fatima", "UPDATE providers_provider SET legal_form = 'BV' WHERE id = {linde}"),
    ("fatima", "UPDATE providers_location SET name = 'x' WHERE id = {place}"),
    ("fatima", "DELETE FROM providers_location WHERE id = {place}"),
    ("fatima", another("providers_location", "{place}", number="'x'")),
]

ATTACKS = [
    # Her own submission.
    ("anne", "UPDATE providers_submission SET extended_until = now() + interval '1 year' WHERE id = {waiting}"),
    ("anne", "UPDATE providers_submission SET merged_into_id = {anker} WHERE id = {waiting}"),
    ("anne", "DELETE FROM providers_submission WHERE id = {begun}"),
    ("anne", to("exempt", "{waiting}")),
    ("anne", to("in_review")),
    ("anne", to("submitted", "{waiting}")),  # nothing is signed
    ("greet", to("draft")),
    ("nobody", to("draft")),
    ("bram", to("draft")),
    # Its history.
    ("anne", step("{anne}", "draft", "submitted")),  # it is written down already
    ("anne", step("{anne}", "submitted", "draft")),  # it is not so
    ("anne", all_of(to("draft"), step("{anne}", "in_review", "draft"))),
    ("anne", all_of(to("draft"), step("{daan}", "submitted", "draft"))),
    ("anne", all_of(to("draft"), step(NONE, "submitted", "draft"))),
    # Saved states.
    ("anne", state("{daan}")),
    ("anne", state("{noor}")),
    ("anne", state(NONE)),
    ("anne", state(NONE, how="'prefilled'", contents="'{{}}'::jsonb")),
    ("anne", state(NONE, how="'prefilled'", contents="(SELECT contents FROM providers_draft WHERE id = {saved})")),
    ("greet", state(NONE, how="'prefilled'")),
    ("anne", state("{anne}", how="'prefilled'")),
    ("anne", state("{anne}", number="9")),
    ("anne", state("{anne}", submission_id="{begun}", upload_id="{upload}")),
    ("fatima", state("{fatima}")),
    ("greet", state("{greet}")),
    ("nobody", state("{daan}")),
    # Who makes a table of her own with the name of another is still asked what she may.
    ("greet", all_of("CREATE TEMP TABLE providers_mandate AS SELECT * FROM public.providers_mandate",
                     "UPDATE pg_temp.providers_mandate SET powers = '{{deliver}}'", state("{greet}"))),
    # Files.
    ("anne", file("{daan}")),
    ("anne", file("{anne}", source_file_id="{their_document}")),
    ("anne", file("{anne}", status="'read'")),
    ("anne", file("{anne}", contents="'{{}}'::jsonb")),
    ("fatima", file("{fatima}")),
    ("greet", another("providers_sourcefile", "{document}", sha256="'x'")),
    ("anne", "UPDATE providers_upload SET status = 'read' WHERE id = {upload}"),
    ("anne", "UPDATE providers_sourcefile SET content = '' WHERE id = (SELECT source_file_id FROM providers_upload)"),
    # Offering.
    ("anne", request("{daan}")),
    ("anne", request("{anne}", draft_id="{first}", answer="'declined'")),
    ("anne", request("{anne}", draft_id="(SELECT min(id) FROM providers_draft WHERE submission_id = {begun})")),
    ("anne", all_of(answer("declined", "{anne}"), request("{anne}", submission_id="{waiting}", answer="'waiting'"))),
    ("anne", request("{anne}", answer="'declined'")),
    ("fatima", request("{fatima}")),
    ("fatima", answer("signed", "{fatima}")),
    ("fatima", answer("declined", "{anne}")),
    ("daan", answer("declined", "{daan}")),
    ("daan", answer("overtaken", "{daan}")),
    ("fatima", all_of(answer("declined", "{fatima}"), answer("declined", "{fatima}").replace("SET", "SET remark = 'x',"))),
    # Signing.
    ("fatima", version("{fatima}")),  # without a statement
    ("fatima", version(NONE)),
    ("anne", all_of(version("{fatima}"), statement("{anne}"))),
    ("daan", all_of(version("{daan}"), statement("{daan}"))),
    ("nobody", all_of(version("{fatima}"), statement("{fatima}"))),
    ("fatima", all_of(version("{fatima}", source_file_id="{their_document}"), statement("{fatima}"))),
    ("fatima", all_of(version("{fatima}", submission_id="{begun}"), statement("{fatima}"))),
    ("fatima", all_of(version("{fatima}"), statement("{fatima}", state="{first}"))),
    ("fatima", all_of(version("{fatima}"), answer("declined", "{fatima}"), statement("{fatima}"))),
    ("anne", all_of(version("{anne}"), statement("{fatima}"))),
    ("anne", all_of(version("{anne}"), state("{anne}"), statement("{anne}"))),
    # Adding to what was delivered.
    ("fatima", another("providers_measuredvalue", "{value}", measure="'x'")),
    ("fatima", another("providers_finding", "{finding}")),
    ("fatima", "UPDATE providers_finding SET ended_at = now() WHERE id = {finding}"),
    ("anne", explanation("{daan}")),
    ("anne", explanation(NONE)),
    ("greet", explanation("{greet}")),
    # Exemption.
    ("anne", withdrawal("{anne}", "granted")),
    ("anne", withdrawal("{noor}")),
    ("fatima", withdrawal("{fatima}")),
    ("anne", all_of(withdrawal("{anne}"), withdrawal("{anne}").replace("SET", "SET answered_at = now(),"))),
    ("anne", "UPDATE providers_exemption SET answer = 'Ja.' WHERE id = {exemption}"),
    ("daan", withdrawal("{daan}").replace(" WHERE", ", answer = 'Ja.' WHERE")),
    ("fatima", withdrawal("{fatima}").replace(" WHERE", ", answer = 'Vervallen: zomaar.' WHERE")),
    ("anne", exemption("{daan}")),
    ("anne", exemption("{anne}", status="'granted'")),
    ("anne", exemption("{anne}", answer="'Ja.'")),
    ("fatima", exemption("{fatima}")),
    # Signing on another day.
    ("fatima", all_of(version("{fatima}"), statement("{fatima}", at=EARLIER))),
    ("fatima", all_of(version("{fatima}", submitted_at=EARLIER), statement("{fatima}"))),
    # Messages: also what the NZa tells, of which the key would be taken, and where it leads to.
    *(
        ("anne", notice("{daan}", kind=f"'{kind}'", key=f"'{kind}:b:{{daan}}'"))
        for kind in ("case_letter", "response_answered", "validated", "reset_password", "case_changed")
    ),
    ("anne", notice("{daan}", key="'case_letter:b:{daan}'")),
    ("anne", notice("{daan}", key="'signature_requested:b:{anne}'")),
    *(
        ("anne", notice("{daan}", path=f"'{path}'"))
        for path in ("//kwaad.example", "/\\kwaad.example", "/\t/kwaad.example", "https://kwaad.example", "kwaad")
    ),
    ("anne", notice("{daan}", created_at=EARLIER)),
    ("anne", notice("{daan}", read_at="clock_timestamp()")),
    ("anne", notice("{bram}")),
    ("anne", notice("{noor}")),
    ("nobody", notice("{daan}")),
    ("daan", "UPDATE providers_notice SET read_at = now() WHERE id = {notice}"),
    ("anne", "UPDATE providers_notice SET path = '/kwaad/' WHERE id = {notice}"),
    ("daan", mail("'vreemde@example.org'")),
    ("daan", mail("'daan@example.org'", status="'sent'")),
    ("anne", "UPDATE providers_mail SET status = 'sent' WHERE id = {mail}"),
    # People.
    ("anne", mandate("{anne}", provider_id="{anker}")),
    ("anne", mandate("{anne}", provider_id=NONE, role="'nza'", powers="'{{}}'::text[]")),
    ("anne", mandate("{fatima}")),
    ("daan", mandate("{daan}")),
    ("anne", "UPDATE providers_mandate SET powers = '{{sign}}' WHERE id = {mandate}"),
    ("anne", "UPDATE providers_mandate SET user_id = {olaf} WHERE id = {mandate}"),
    ("daan", "UPDATE providers_mandate SET valid_until = clock_timestamp() WHERE user_id = {anne}"),
    ("anne", "UPDATE providers_mandate SET valid_until = clock_timestamp() WHERE user_id = {bram}"),
    ("anne", "UPDATE providers_mandate SET valid_until = clock_timestamp() WHERE user_id = {noor}"),
    *(
        ("anne", all_of("UPDATE providers_mandate SET valid_until = clock_timestamp() + interval '1 hour' WHERE id = {mandate}",
                        f"UPDATE providers_mandate SET valid_until = {until} WHERE id = {{mandate}}"))
        for until in ("NULL", "clock_timestamp() + interval '1 day'")
    ),
    ("anne", "DELETE FROM providers_mandate WHERE id = {mandate}"),
    ("anne", mandate("{anne}", valid_from=EARLIER)),
    ("anne", mandate("{anne}", valid_from=LATER)),
    ("anne", ended("greatest(valid_from, clock_timestamp() - interval '1 hour')", "{earlier_mandate}")),
    ("anne", "UPDATE providers_user SET password = 'x' WHERE id = {noor}"),
    ("anne", "UPDATE providers_user SET email = 'kwaad@example.org' WHERE id = {anne}"),
    ("anne", "UPDATE providers_user SET is_active = false WHERE id = {daan}"),
    ("daan", another("providers_user", "{daan}", email="'kwaad@example.org'")),
    ("anne", another("providers_user", "{daan}", email="'kwaad@example.org'", is_active="false")),
    ("anne", another("providers_user", "{daan}", email="'kwaad@example.org'", last_login="now()")),
    ("anne", another("providers_apikey", "{key}", mandate_id="{mandate}", **KEY)),
    ("bram", another("providers_apikey", "{key}", **KEY,
                     mandate_id="(SELECT id FROM providers_mandate WHERE user_id = {bram})")),
    ("maria", another("providers_apikey", "{key}", **KEY,
                      mandate_id="(SELECT id FROM providers_mandate WHERE user_id = {maria} AND role = 'nza')")),
    ("daan", "UPDATE providers_apikey SET last_used_at = now() WHERE id = {key}"),
    ("anne", "UPDATE providers_apikey SET sha256 = 'b' WHERE id = {key}"),
    ("anne", "UPDATE providers_apikey SET valid_until = valid_until + interval '9 years' WHERE id = {key}"),
    ("daan", "UPDATE providers_apikey SET valid_until = created_at WHERE id = {key}"),
    ("anne", another("providers_apikey", "{key}", **KEY, valid_until="clock_timestamp() + interval '9 years'")),
    # Records: in another's name, of what she cannot have done, on behalf of others, or endless.
    ("anne", record("submission_read", "{noor}")),
    ("anne", record("login_failed", NONE)),
    *(
        ("anne", record(act, "{anne}"))
        for act in (
            "login_failed", "password_reset", "logged_in", "results_released", "decision_sent", "objection_decided",
            "exemption_granted", "round_moved", "letters_posted", "looked_along", "agreement_registered", "verzonnen",
        )
    ),
    ("greet", record("draft_saved", "{greet}")),
    ("daan", record("submission_signed", "{daan}")),
    ("daan", record("consent_changed", "{daan}")),
    ("fatima", record("mandate_granted", "{fatima}")),
    ("bram", record("submission_read", "{bram}")),
    ("noor", record("submission_read", "{noor}")),
    ("noor", record("draft_saved", "{noor}", of=ALONG)),
    ("anne", record("submission_read", "{anne}", of=ALONG)),
    *(("anne", record("submission_read", "{anne}", of=of)) for of in ("''", "'NZa'", named("provider", "{anker}"))),
    ("anne", record("submission_read", "{anne}", details="to_jsonb(repeat('x', 50001))")),
    # What everybody reads.
    ("anne", "UPDATE providers_round SET deadline = deadline + interval '1 year' WHERE id = {round}"),
    ("anne", "UPDATE providers_round SET status = 'closed' WHERE id = {round}"),
    ("anne", "INSERT INTO providers_roundtext (round_id, kind, subject, body) VALUES ({round}, 'statement', 'x', 'x')"),
    ("anne", "UPDATE providers_provider SET name = 'De Eik' WHERE id = {linde}"),
    ("fatima", "UPDATE providers_provider SET legal_form = 'BV' WHERE id = {anker}"),
    ("daan", "UPDATE providers_provider SET legal_form = 'BV' WHERE id = {linde}"),
    ("fatima", another("providers_location", "{place}", provider_id="{anker}")),
    ("daan", another("providers_location", "{place}", number="'x'")),
    ("daan", "UPDATE providers_location SET name = 'x' WHERE id = {place}"),
    ("fatima", "UPDATE providers_location SET name = 'x' WHERE provider_id = {anker}"),
    ("daan", "DELETE FROM providers_location WHERE id = {place}"),
    ("fatima", "DELETE FROM providers_location WHERE provider_id = {anker}"),
    ("anne", "UPDATE providers_careofficeregion SET name = 'x' WHERE code = '5501'"),
    ("anne", "INSERT INTO tariffs_release (uuid, run_id, round_id, status, stage, note, for_care_offices, prepared_at,"
             " withdrawn_reason, tries) VALUES (gen_random_uuid(), 1, {round}, 'x', 'preparing', '', false, now(), '', 0)"),
    ("anne", "INSERT INTO benchmarking_specification (uuid, sha256, document, created_at)"
             " VALUES (gen_random_uuid(), 'x', '{{}}', now())"),
    ("anne", "INSERT INTO django_migrations (app, name, applied) VALUES ('providers', 'x', now())"),
]  # fmt: skip

#: What is only done within the term, by whom.
ONLY_IN_TIME = {
    "a saved state": ("daan", state("{daan}")),
    "a file": ("daan", file("{daan}")),
    "a request to sign": ("daan", request("{daan}")),
    "a version": ("fatima", all_of(version("{fatima}"), statement("{fatima}"))),
    "a request for exemption": ("daan", exemption("{daan}")),
    "a withdrawal": ("daan", to("draft")),
}
