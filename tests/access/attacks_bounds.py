"""As in ``attacks_procedure``: about how much, how often, until when, and about what was replaced, answered or decided."""

from __future__ import annotations

from tests.access.attacks import NONE, all_of
from tests.access.attacks_procedure import (
    NOW,
    TODAY,
    add,
    ground,
    guide,
    move,
    moved,
    note,
    notice,
    objection,
    respond,
    send_file,
)

OPEN_ONE = "{incomplete}"


def grounds(last: int) -> str:
    """Bring grounds forward until there are ``last``."""
    return (
        "INSERT INTO tariffs_ground (objection_id, number, text, brought_at, verdict, reasons)"
        f" SELECT {{objection}}, n, 'x', {NOW}, '', '' FROM generate_series(2, {last}) n"
    )


def files(last: int) -> str:
    """Send files with a response until there are ``last``."""
    return send_file("{daan}", id="{file} + 1000000 + n").replace(" x WHERE", f" x, generate_series(2, {last}) n WHERE")


def file_with(**case: str) -> str:
    """Send a file with something else than a response."""
    return send_file("{fatima}", response_id=NONE, **case)


def remedied(**changes: str) -> str:
    """Write down that what was asked for came in."""
    return notice("{fatima}", **{"objection_id": OPEN_ONE, "kind": "'remedied'", **changes})


NEW_GROUND = ground(objection_id=OPEN_ONE, number="1")
BACK = moved("tariffs_objection", OPEN_ONE, status="'received'")
LET_THROUGH_TOO = [
    ("fatima", grounds(40)),
    ("fatima", ground(text="repeat('x', 5000)")),
    ("daan", files(50)),
    ("daan", file_with(views_id="{said}").replace("{fatima}", "{daan}")),
    ("fatima", file_with(objection_id="{objection}")),
    ("fatima", all_of(NEW_GROUND, remedied(), BACK)),
    ("fatima", all_of(file_with(objection_id=OPEN_ONE), remedied(), BACK)),
    ("fatima", objection("{fatima}", late_because="repeat('x', 5000)", representative_address="repeat('x', 400)")),
    ("fatima", notice("{fatima}", objection_id="{overdue_adjourned}")),
]

ATTACKS_TOO = [
    # To a mirror that a newer one took the place of.
    ("anne", respond("{anne}", report_id="{replaced_report}")),
    # Given more: nothing, twice, or after the time for it.
    ("fatima", move("interpretationresponse", "assigned")),
    ("daan", all_of(add("{daan}"), add("{daan}", id="{message} + 1000001"))),
    ("daan", add("{daan}", response_id="{asked_before}")),
    ("daan", add("{daan}", response_id="{answered}")),
    # More than can be read, under a number of its own.
    ("fatima", grounds(41)),
    ("fatima", ground(text="repeat('x', 5001)")),
    ("fatima", ground(number="9")),
    ("fatima", ground(number="0")),
    ("fatima", objection("{fatima}", late_because="repeat('x', 5001)")),
    ("daan", files(51)),
    # Files with what was answered, weighed or over.
    ("daan", send_file("{daan}", response_id="{answered}")),
    ("daan", file_with(views_id="{views}").replace("{fatima}", "{daan}")),
    ("fatima", file_with(objection_id="{withdrawn}")),
    # Remedied, without anything or once more.
    ("fatima", remedied()),
    ("fatima", BACK),
    ("fatima", all_of(NEW_GROUND, BACK)),
    ("fatima", all_of(NEW_GROUND, remedied(), remedied(id="{event} + 1000001"))),
    ("fatima", all_of(NEW_GROUND.replace(NOW, f"{NOW} - interval '2 minutes'"), remedied())),
    # Notice of default before there is any.
    *(
        ("fatima", notice("{fatima}", objection_id=f"{{{which}}}"))
        for which in ("not_overdue", "with_committee", "adjourned", "agreed", "suspended", "posted_later")
    ),
    # Where letters reach a proxy is mended by the NZa; why it withdraws is hers to say.
    ("fatima", moved("tariffs_objection", "{objection}", representative_address="'Elders 1'")),
    ("fatima", moved("tariffs_decision", "{announced}", withdrawn_reason="'Zo maar.'", withdrawn_at=NOW)),
    # To a decision on an objection, or under another mark than the next.
    ("fatima", objection("{fatima}", decision_id="{on_objection}", reference="'PROEF-OPB-B1'")),
    ("fatima", objection("{fatima}", reference="'PROEF-ANDER-B7'")),
    ("fatima", objection("{fatima}", reference="'PROEF-ANDER-B1x'")),
    # Of a year in which there is nothing to agree on.
    *(("karim", note("{karim}", tariff_year=year)) for year in ("9", "2019", "32000")),
    *(("karim", guide("{karim}", tariff_year=year)) for year in ("9", "2019", "32000")),
]

#: Whoever asks; beside each, the rule that says so.
TO_NOBODY_TOO = [
    (
        all_of(notice("{noor}"), notice("{noor}", id="{event} + 1000001", on=f"{TODAY} - 1")),
        "a_notice_of_default_is_given_once",
    ),
    (objection("{fatima}", representative_address="repeat('x', 401)"), "an_address_is_an_address"),
    (objection("{fatima}", admitted_at=NOW), "treatment_begins_once_admitted"),
]
