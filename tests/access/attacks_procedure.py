"""What people of a provider or a care office write and try to write after a release, as plain SQL: one attack a line.

Each is what somebody may do with one thing changed; the comment of a group says what every line in it is about. Numbers of rows
stand in braces and are filled in by the test that knows them.
"""

from __future__ import annotations

from tests.access.attacks import NONE, all_of, another

NOW, LATER, BEFORE = (
    "clock_timestamp()",
    "clock_timestamp() + interval '1 hour'",
    "clock_timestamp() - interval '1 hour'",
)
TODAY = "(clock_timestamp() AT TIME ZONE 'Europe/Amsterdam')::date"
NEVER = "'infinity'"


def respond(by: str, **changes: str) -> str:
    """Correct the costs in the mirror."""
    given = {
        "key": "'b'",
        "number": "9",
        "status": "'submitted'",
        "submitted_by_id": by,
        "submitted_at": NOW,
        **changes,
    }
    return another("tariffs_interpretationresponse", "{response}", **given)


def correct(changes: str) -> str:
    """Correct with these changes (JSON)."""
    return respond("{anne}", changes=f"'{changes}'::jsonb".replace("{", "{{").replace("}", "}}"))


def agree_with(item: str, **changes: str) -> str:
    """Agree with an item, which is noted at once."""
    given = {
        "item": f"'{item}'", "kind": "'agree'", "text": "''", "changes": "'{{}}'::jsonb", "status": "'answered'",
        "outcome": "'noted'", "answered_at": NOW,
    }  # fmt: skip
    return respond("{anne}", **{**given, **changes})


def add(by: str, **changes: str) -> str:
    """Give what was asked for."""
    given = {"is_from_nza": "false", "by_id": by, "at": NOW, **changes}
    return another("tariffs_responsemessage", "{message}", **given)


def send_file(by: str, **changes: str) -> str:
    """Send a file with a response."""
    return another("tariffs_casefile", "{file}", **{"received_from_id": by, "received_at": NOW, **changes})


def consent(by: str, **changes: str) -> str:
    """Consent to electronic post."""
    return another("tariffs_consent", "{consent}", **{"by_id": by, "at": NOW, **changes})


def views(by: str, **changes: str) -> str:
    """Give views on the intended decision."""
    given = {"decision_id": "{announced}", "key": "'b'", "received_by_id": by, "received_at": NOW, **changes}
    return another("tariffs_statementofviews", "{views}", **given)


def objection(by: str, **changes: str) -> str:
    """Object to the decision to which nobody objected."""
    given = {
        "decision_id": "{unopposed}", "reference": "'PROEF-ANDER-B1'", "key": "'b'", "status": "'received'",
        "group_id": NONE, "received_by_id": by, "received_at": NOW, "admitted_at": NONE, **changes,
    }  # fmt: skip
    return another("tariffs_objection", "{objection}", **given)


def ground(**changes: str) -> str:
    """Bring a ground forward."""
    return another("tariffs_ground", "{ground}", **{"number": "2", "brought_at": NOW, **changes})


def notice(by: str, **changes: str) -> str:
    """Give notice that the NZa is late, where it is."""
    given = {
        "objection_id": "{overdue}", "kind": "'default_notice'", "by_id": by, "at": NOW, "on": TODAY, **changes,
    }  # fmt: skip
    return another("tariffs_termevent", "{event}", **given)


def guide(by: str, **changes: str) -> str:
    """Set the guide percentage."""
    return another("tariffs_guidepercentage", "{guide}", **{"set_by_id": by, "set_at": NOW, **changes})


def note(by: str, **changes: str) -> str:
    """Write a note about a provider."""
    return another("tariffs_careofficenote", "{note}", **{"written_by_id": by, "written_at": NOW, **changes})


def agreement(by: str, **changes: str) -> str:
    """Agree on the lower rate of what holds."""
    given = {
        "number": "2", "standing_id": "{standing}", "registered_by_id": by, "registered_at": NOW, "agreed_on": TODAY,
        "rate": "{lowest_rate}", **changes,
    }  # fmt: skip
    return another("tariffs_tariffagreement", "{agreement}", **given)


NEWEST = "(SELECT max(id) FROM tariffs_tariffagreement)"


def tariff(product: str = "days_5vv", amount: str = "{lowest}", to: str = NEWEST) -> str:
    """Agree on the tariff of one product."""
    return f"INSERT INTO tariffs_agreedtariff (agreement_id, product, amount) VALUES ({to}, '{product}', {amount})"


def tariffs(*, first: str = "{lowest}", **changes: str) -> str:
    """Agree on a tariff for each product."""
    treated = tariff("days_5vv_with_treatment", "{lowest_treated}")
    return all_of(agreement("{karim}", rate="NULL::numeric", **changes), tariff(amount=first), treated)


def moved(table: str, row: str, **columns: str) -> str:
    """Change a row."""
    return f"UPDATE {table} SET {', '.join(f'{name} = {value}' for name, value in columns.items())} WHERE id = {row}"


def move(what: str, status: str) -> str:
    """Bring a response or an objection a step further."""
    return moved(f"tariffs_{what}", f"{{{what.removeprefix('interpretation')}}}", status=f"'{status}'")


LET_THROUGH = [
    ("daan", respond("{daan}")),
    ("anne", agree_with("score")),
    ("fatima", all_of(add("{fatima}"), move("interpretationresponse", "assigned"))),
    ("daan", move("interpretationresponse", "withdrawn")),
    ("daan", add("{daan}")),
    ("daan", send_file("{daan}")),
    ("fatima", consent("{fatima}")),
    ("fatima", consent("{fatima}", kind="'named_as_peer'", round_id="{round}")),
    ("daan", views("{daan}")),
    ("fatima", objection("{fatima}")),
    (
        "fatima",
        all_of(objection("{fatima}"), ground(objection_id="(SELECT max(id) FROM tariffs_objection)", number="1")),
    ),
    ("fatima", move("objection", "withdrawn")),
    ("fatima", ground()),
    ("fatima", notice("{fatima}")),
    ("karim", guide("{karim}")),
    ("karim", note("{karim}")),
    ("karim", agreement("{karim}")),
    ("karim", agreement("{karim}", rate="{highest_rate}")),
    ("karim", tariffs()),
]

ATTACKS = [
    # Who responds: somebody of it, with the power, in her own name.
    ("greet", respond("{greet}")),
    ("nobody", respond("{daan}")),
    ("bram", respond("{bram}")),
    ("daan", respond("{anne}")),
    ("anne", respond("{anne}", provider_id="{anker}")),
    ("anne", respond("{anne}", report_id="{their_report}")),
    # Dated back, ahead, or on no day at all.
    *(("anne", respond("{anne}", submitted_at=moment)) for moment in (BEFORE, LATER, NEVER, "'-infinity'")),
    ("anne", agree_with("score", answered_at=BEFORE)),
    # About what is not in the mirror.
    *(("anne", respond("{anne}", item=f"'{item}'")) for item in ("iets_eigens", "quality", "outlier", "total_cost", "")),
    # In a way that is not there.
    ("anne", respond("{anne}", kind="'decide'", changes="'{{}}'::jsonb")),
    # Figures that are none, or of measures that nobody asked for.
    *(
        ("anne", correct(changes))
        for changes in (
            '{"total_cost": "NaN"}', '{"total_cost": "Infinity"}', '{"total_cost": 1}', '{"total_cost": null}',
            '{"total_cost": "1e9"}', '{"total_cost": ""}', '{"total_cost": " 1"}', '{"total_cost": "1,5"}',
            '{"total_cost": "٣"}', '{"total_cost": "1\\n"}', '{"total_cost": ["1"]}', '{"total_cost": {"a": "1"}}',
            '{"total_cost": "1", "verzonnen": "1"}', '["total_cost"]', '"total_cost"',
            f'{{"total_cost": "{"9" * 19}"}}', f'{{"total_cost": "0.{"9" * 7}"}}',
        )
    ),
    ("anne", respond("{anne}", text="repeat('x', 5001)")),
    # Answered by oneself.
    ("anne", respond("{anne}", answer="'Ja.'")),
    ("anne", respond("{anne}", assigned_to_id="{noor}")),
    ("anne", respond("{anne}", accepted_changes="changes")
     .replace("'accepted_changes', changes", "'accepted_changes', x.changes")),
    ("anne", respond("{anne}", status="'assigned'")),
    ("anne", agree_with("score", outcome="'accepted'", answer="'Ja.'")),
    ("anne", agree_with("score", answered_by_id="{noor}")),
    ("anne", respond("{anne}", kind="'ask'", changes="'{{}}'::jsonb", status="'answered'", outcome="'noted'", answered_at=NOW)),
    ("anne", moved("tariffs_interpretationresponse", "{response}", status="'answered'", outcome="'accepted'", answer="'Ja.'",
                   answered_at=NOW)),
    ("anne", moved("tariffs_interpretationresponse", "{response}", answer="'Ja.'")),
    ("greet", move("interpretationresponse", "withdrawn")),
    ("bram", move("interpretationresponse", "withdrawn")),
    # What is added to it.
    ("daan", add("{anne}")),
    ("daan", add("{noor}", is_from_nza="true")),
    ("daan", add("{daan}", is_from_nza="true")),
    ("greet", add("{greet}")),
    ("daan", add("{daan}", at=BEFORE)),
    ("daan", add("{daan}", until=LATER)),
    ("daan", add("{daan}", response_id="{their_response}")),
    ("daan", add("{daan}", text="repeat('x', 5001)")),
    # Files: in another's name or case, of another day, other than they say.
    ("greet", send_file("{greet}")),
    ("daan", send_file("{anne}")),
    ("daan", send_file("{daan}", provider_id="{anker}")),
    ("daan", send_file("{daan}", response_id="{their_response}")),
    ("daan", send_file("{daan}", response_id=NONE, objection_id="{their_objection}")),
    ("daan", send_file("{daan}", response_id=NONE, views_id="{their_views}")),
    ("daan", send_file("{daan}", received_at=BEFORE)),
    ("daan", send_file("{daan}", name="'../../kwaad.pdf'")),
    ("daan", send_file("{daan}", sha256="repeat('0', 64)")),
    ("daan", send_file("{daan}", size="5")),
    ("daan", send_file("{daan}", content_type="'text/html'")),
    ("daan", send_file("{daan}", kind="'besluit'")),
    ("daan", send_file("{daan}", kind="'mandate'")),
    # Consent: by who signs, of today, in a round that it is in.
    ("daan", consent("{daan}")),
    ("fatima", consent("{anne}")),
    ("fatima", consent("{fatima}", provider_id="{anker}")),
    ("fatima", consent("{fatima}", at=BEFORE)),
    ("fatima", consent("{fatima}", kind="'named_as_peer'", round_id="{round_without}")),
    # Views: on an intention about itself, while there is time, and without an answer.
    ("greet", views("{greet}")),
    ("daan", views("{anne}")),
    ("daan", views("{daan}", decision_id="{sent}")),
    ("daan", views("{daan}", decision_id="{their_sent}")),
    ("daan", views("{daan}", provider_id="{anker}")),
    ("daan", views("{daan}", channel="'post'")),
    ("daan", views("{daan}", received_at=BEFORE)),
    ("daan", views("{daan}", received_at=NEVER)),
    ("daan", views("{daan}", reaction="'Wij zijn het eens.'")),
    ("daan", views("{daan}", reaction_by_id="{noor}")),
    ("daan", views("{daan}", text="repeat('x', 20001)")),
    ("daan", moved("tariffs_statementofviews", "{said}", reaction="'Wij zijn het eens.'")),
    # Objecting: by who signs, here, now, to a decision about itself, under its mark.
    ("daan", objection("{daan}")),
    ("fatima", objection("{anne}")),
    ("fatima", objection("{fatima}", provider_id="{anker}")),
    ("fatima", objection("{fatima}", decision_id="{announced}", reference="'PROEF-VOORNEMEN-B1'")),
    ("fatima", objection("{fatima}", reference="'IETS-B1'")),
    ("fatima", objection("{fatima}", channel="'post'", posted_on=TODAY)),
    ("fatima", objection("{fatima}", received_at=BEFORE)),
    ("fatima", objection("{fatima}", received_at=LATER)),
    # What the NZa decides on it.
    *(
        ("fatima", objection("{fatima}", **{column: value}))
        for column, value in {
            "outcome": "'granted'", "is_excused": "true", "excused_reason": "'x'", "with_committee": "true", "advice": "'x'",
            "advised_on": TODAY, "deviation": "'x'", "assigned_to_id": "{noor}", "reasons": "'x'", "consequence": "'none'",
            "drafted_by_id": "{noor}", "decided_by_id": "{noor}", "decided_on": TODAY, "new_decision_id": "{sent}",
            "group_id": "{group}", "status": "'admitted'",
        }.items()
    ),
    *(
        ("fatima", moved("tariffs_objection", "{objection}", **{column: value}))
        for column, value in {
            "is_excused": "true", "with_committee": "true", "advice": "'x'", "deviation": "'x'", "reasons": "'x'",
            "status": "'heard'", "group_id": NONE, "late_because": "'x'", "signed_by": "'x'",
        }.items()
    ),
    ("daan", move("objection", "withdrawn")),
    ("bram", move("objection", "withdrawn")),
    # Grounds.
    ("daan", ground()),
    ("fatima", ground(objection_id="{their_objection}")),
    ("fatima", ground(objection_id=NONE, group_id="{group}")),
    ("fatima", ground(verdict="'founded'", reasons="'x'")),
    ("fatima", ground(reasons="'x'")),
    ("fatima", ground(brought_at=BEFORE)),
    ("fatima", ground(text="repeat('x', 20001)")),
    ("fatima", moved("tariffs_ground", "{ground}", verdict="'founded'", reasons="'x'")),
    # Terms.
    ("daan", notice("{daan}")),
    ("fatima", notice("{anne}")),
    ("fatima", notice("{fatima}", objection_id="{heard}")),
    ("fatima", notice("{fatima}", on=f"{TODAY} - 30")),
    ("fatima", notice("{fatima}", on=f"{TODAY} + 2")),
    ("fatima", notice("{fatima}", on=NEVER)),
    ("fatima", notice("{fatima}", at=BEFORE)),
    ("fatima", notice("{fatima}", until=f"{TODAY} + 90")),
    ("fatima", notice("{fatima}", kind="'remedied'")),  # nothing was asked
    ("fatima", notice("{fatima}", kind="'agreed'", until=f"{TODAY} + 90")),
    ("fatima", notice("{fatima}", kind="'suspended'", cause="'force_majeure'")),
    ("fatima", notice("{fatima}", kind="'adjourned'", weeks="6")),
    # Of a care office: the guide percentage and notes, in its own name, of now.
    ("eva", guide("{eva}")),
    ("karim", guide("{eva}")),
    ("anne", guide("{anne}")),
    ("karim", guide("{karim}", care_office_id="{south}")),
    ("karim", guide("{karim}", set_at=BEFORE)),
    *(("karim", guide("{karim}", share=share)) for share in ("1.0001", "1.5", "2")),
    ("eva", note("{eva}")),
    ("karim", note("{karim}", care_office_id="{south}")),
    ("karim", note("{karim}", provider_id="{anker}")),
    ("karim", note("{karim}", written_at=BEFORE)),
    ("karim", note("{karim}", text="repeat('x', 5001)")),
    # Agreements: its own, of now, within what holds now.
    ("eva", agreement("{eva}")),
    ("anne", agreement("{anne}")),
    ("karim", agreement("{eva}")),
    ("karim", agreement("{karim}", care_office_id="{south}")),
    ("karim", agreement("{karim}", provider_id="{anker}", standing_id="{their_standing}", number="3")),
    ("karim", agreement("{karim}", standing_id="{their_standing}")),
    ("karim", agreement("{karim}", standing_id="{earlier_standing}")),
    ("karim", agreement("{karim}", tariff_year="2024")),
    ("karim", agreement("{karim}", number="7")),
    ("karim", agreement("{karim}", registered_at=BEFORE)),
    ("karim", agreement("{karim}", agreed_on=f"{TODAY} + 2")),
    ("karim", agreement("{karim}", agreed_on="'0225-01-01'")),
    ("karim", agreement("{karim}", agreed_on=NEVER)),
    *(
        ("karim", agreement("{karim}", rate=rate))
        for rate in ("{lowest_rate} - 0.0001", "{highest_rate} + 0.0001", "{lowest_rate} + 0.00001", "'NaN'", "9")
    ),
    ("karim", agreement("{karim}", rate="{highest_rate} + 0.0001", is_outside="true", reason="'Zo kwam het uit.'")),
    ("karim", agreement("{karim}", is_outside="true", reason="'Zo kwam het uit.'")),
    *(("karim", tariffs(first=amount)) for amount in ("{lowest} - 0.01", "{highest} + 0.01", "1", "'NaN'")),
    ("karim", tariffs(first="{highest} + 0.01", is_outside="true", reason="'Zo kwam het uit.'")),
    ("karim", all_of(tariffs(), tariff("days_9vv"))),
    ("karim", all_of(agreement("{karim}"), tariff())),
    ("karim", tariff("days_9vv", to="{agreement}")),
    ("eva", tariff("days_9vv", to="{agreement}")),
    ("anne", tariff("days_9vv", to="{agreement}")),
]  # fmt: skip


def letter(**changes: str) -> str:
    """Write one more letter that goes by post."""
    return another("tariffs_letter", "{letter}", **changes)


#: That letter was taken to be printed.
PRINTED = another("tariffs_printing", "{printing}", letter_id="{letter} + 1000000")


def posted(on: str) -> str:
    """Write down now that it was posted on a day."""
    return another("tariffs_posting", "{posting}", letter_id="{letter} + 1000000", posted_on=on, at=NOW)


#: What nobody outside the NZa writes at all.
OF_THE_NZA = (
    "release", "releaseeffects", "bandwidth", "productbandwidth", "mirrorreport", "responseterm", "standing", "consequences",
    "publicnote", "publicnoteitem", "letter", "printing", "posting", "decision", "objectiongroup", "hearing",
    "hearing_objections", "roundpolicy", "tarifftable", "maximumtariff", "concept",
)  # fmt: skip

JUDGED = moved("tariffs_ground", "{decided_ground}", verdict="'founded'", reasons="'Toch wel.'")
SHARED = moved("tariffs_ground", "{decided_shared}", verdict="'founded'", reasons="'Toch wel.'")
#: What is refused to everybody, staff, workers and commands as well; beside each, the rule that says so.
TO_NOBODY = [
    (JUDGED, "a_verdict_that_counted_stays"),
    (SHARED, "a_verdict_that_counted_stays"),
    (moved("tariffs_ground", "{decided_ground}", reasons="'Anders.'"), "a_verdict_that_counted_stays"),
    (moved("tariffs_objection", "{beside_decided}", group_id=NONE), "a_group_of_which_one_is_decided_stays"),
    (moved("tariffs_objection", "{objection}", group_id="{decided_group}"), "a_group_of_which_one_is_decided_stays"),
    (moved("tariffs_statementofviews", "{views}", reaction="'Anders.'"), "a_reaction_that_was_sent_stays"),
    (moved("tariffs_hearing", "{decided_hearing}", report="'Anders.'"), "a_hearing_that_counted_stays"),
    (moved("tariffs_hearing", "{decided_hearing}", at=NOW), "a_hearing_that_counted_stays"),
    ("DELETE FROM tariffs_hearing_objections WHERE hearing_id = {decided_hearing}", "who_was_heard_stays"),
    (moved("tariffs_objection", "{decided}", reasons="'Anders.'"), "never changed"),
    (moved("tariffs_decision", "{sent}", reasons="'Anders.'"), "never changed"),
    # Two people.
    (moved("tariffs_decision", "{drafted}", status="'sent'", sent_on=TODAY, sent_how="'portal'"), "a_decision_is_taken_by_two"),
    (moved("tariffs_decision", "{drafted}", status="'sent'", sent_on=TODAY, sent_how="'portal'", decided_by_id="{noor}",
           drafted_by_id=NONE), "a_decision_is_taken_by_two"),
    (moved("tariffs_decision", "{drafted}", status="'sent'", sent_on=TODAY, sent_how="'portal'", decided_by_id="{noor}",
           drafted_by_id="{noor}"), "by_another"),
    (moved("tariffs_objection", "{heard}", status="'decided'", outcome="'dismissed'", reasons="'x'", decided_on=TODAY,
           decided_by_id="{noor}"), "an_objection_is_decided_by_two"),
    (moved("tariffs_publicnote", "{draft_note}", published_at=NOW), "a_public_note_is_published_by_two"),
    (moved("tariffs_publicnote", "{draft_note}", published_at=NOW, published_by_id="{noor}"), "by_another"),
    *(
        (moved("tariffs_release", "{under_way}", stage="'approved'", approved_at=NOW, release_at=NOW, approved_by_id=by), rule)
        for by, rule in ((NONE, "a_release_is_approved_by_two"), ("{noor}", "approved_by"))
    ),
    # What is posted was printed, and went on a day that can be.
    (all_of(letter(goes_by_post="false"), PRINTED), "what_is_printed_goes_by_post"),
    (all_of(letter(), posted(TODAY)), "what_is_posted_was_printed"),
    *((all_of(letter(), PRINTED, posted(f"{TODAY} {days}")), "post_went_on_a_day_that_can_be") for days in ("- 2", "+ 1")),
    # One at a time.
    (objection("{anne}", decision_id="{sent}", reference="'X-B9'"), "one_objection_against_a_decision_is_open"),
]  # fmt: skip
