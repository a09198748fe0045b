"""Delivering by another system: a whole delivery, two writers, the same thing sent twice."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.utils import timezone

from providers import signing
from providers.measures import CATALOGUE
from providers.models import (
    ApiKey,
    AuditRecord,
    Draft,
    How,
    Power,
    SignatureRequest,
    SubmissionStatus,
)
from tests.api.conftest import LINDE, Systems
from tests.api.documents import document, figure, save
from tests.delivering import (
    acting,
    prepared,
    somebody_at,
)


def test_a_whole_delivery_from_template_to_receipt(systems: Systems) -> None:
    """A system fetches what is asked, saves, mends, explains, offers; a person signs; the system has the receipt."""
    caller = systems["filler"]
    asked = caller.get(systems.at("/sjabloon")).json()["measures"]
    assert {item["code"] for item in asked} == set(systems.round.measures)

    saved = save(systems, 0, days_5vv=-3)
    assert saved.status_code == 200
    wrong = [item for item in saved.json()["findings"] if item["severity"] == "error"]
    assert "days_5vv" in {item["measure"] for item in wrong}
    assert all(item["mend"] and item["stands_in_the_way"] for item in wrong)
    assert not saved.json()["is_ready"]
    refused = caller.post(systems.at("/aanlevering/voorleggen"), number=saved.json()["number"])
    assert refused.status_code == 409
    assert {item["code"] for item in refused.json()["findings"]} >= {item["code"] for item in wrong}

    mended = save(systems, saved.json()["number"]).json()
    asks = [item for item in mended["findings"] if item["stands_in_the_way"]]
    if asks:
        said = mended["data"] | {
            "explanations": {item["explain_as"]: "Dit klopt met onze administratie." for item in asks}
        }
        mended = caller.put(systems.at("/aanlevering/gegevens"), json.dumps(said), mended["number"]).json()
    assert mended["is_ready"]
    assert mended["status"] == "draft"

    somebody_at(systems.linde.provider, Power.SIGN)
    offer = caller.post(systems.at("/aanlevering/voorleggen"), number=mended["number"])
    assert offer.status_code == 200
    assert offer.json()["signatories"]
    again = caller.post(systems.at("/aanlevering/voorleggen"), number=mended["number"])
    assert again.json() == offer.json()
    assert SignatureRequest.objects.filter(submission=systems.linde).count() == 1
    assert caller.get(systems.at("/aanlevering")).json()["signature_request"]["asked_by"] == "Daan"

    signer = acting(somebody_at(systems.linde.provider, Power.SIGN))
    signing.sign(submission=systems.linde, draft_number=mended["number"], position="bestuurder", actor=signer)
    done = caller.get(systems.at("/aanlevering")).json()
    assert done["status"] == SubmissionStatus.SUBMITTED
    assert not done["may_change"]
    receipt = systems["reader"].get(done["receipt"]).json()
    assert receipt["signed_by"] == signer.user.name
    assert receipt["filled_in_by"] == ["Daan"]
    assert receipt["is_newest"]
    closed = save(systems, mended["number"], total_cost=1)
    assert closed.status_code == 409
    assert "Trek haar eerst in" in closed.json()["detail"]


def test_what_was_fetched_can_be_sent_back_as_it_is(systems: Systems) -> None:
    """Fetching and sending back changes nothing, whatever stands in it."""
    saved = save(systems, 0, total_cost="26312480.55", overhead=None)
    number = saved.json()["number"]
    caller = systems["filler"]
    fetched = caller.get(systems.at("/aanlevering/gegevens"))
    assert fetched.json()["values"]["total_cost"] == "26312480.55"
    assert fetched.json()["values"]["overhead"] is None
    again = caller.put(systems.at("/aanlevering/gegevens"), fetched.content, If_Match=fetched["ETag"])
    assert again.status_code == 200
    assert again.json()["number"] == number
    assert again["ETag"] == fetched["ETag"] == f'"{number}"'


def test_what_a_system_does_is_recorded_as_hers_and_as_the_keys(systems: Systems) -> None:
    """Who looks back sees who saved, with which key, and that it was another system."""
    saved = save(systems, 0)
    draft = Draft.objects.get(submission=systems.linde, number=saved.json()["number"])
    assert (draft.how, draft.made_by.name) == (How.API, "Daan")
    key = ApiKey.objects.get(mandate__user__name="Daan")
    act = AuditRecord.objects.get(act="draft_saved")
    assert (act.user.name, act.details) == ("Daan", {"draft": draft.number, "how": "api", "key": key.start})
    assert key.last_used_at is not None
    before = AuditRecord.objects.filter(act="submission_read").count()
    systems["reader"].get(systems.at("/aanlevering"))
    assert AuditRecord.objects.filter(act="submission_read").count() == before + 1
    assert save(systems, saved.json()["number"]).status_code == 200
    assert AuditRecord.objects.filter(act="draft_saved").count() == 1


def test_a_key_is_not_written_to_at_every_request(systems: Systems) -> None:
    """Looking a hundred times writes down once that the key was used."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        systems["reader"].get(systems.at())
        first = ApiKey.objects.get(mandate__powers=[], mandate__provider__key=LINDE).last_used_at
        clock.shift(59)
        systems["reader"].get(systems.at())
        assert ApiKey.objects.get(mandate__powers=[], mandate__provider__key=LINDE).last_used_at == first


def test_after_the_term_nothing_is_saved_and_everything_can_be_read(systems: Systems) -> None:
    """The second of the term is in time; the next one is not, and the answer says until when it was."""
    deadline = systems.linde.deadline
    assert deadline is not None
    with time_machine.travel(deadline, tick=False) as clock:
        ApiKey.objects.update(valid_until=deadline + timezone.timedelta(days=2))
        number = save(systems, 0).json()["number"]
        clock.shift(1)
        late = save(systems, number, overhead=1)
        assert late.status_code == 409
        assert "De termijn is voorbij" in late.json()["detail"]
        assert systems["filler"].get(systems.at("/aanlevering")).json()["closed_because"] == late.json()["detail"]


def test_of_two_who_save_on_the_same_state_the_second_sees_both(systems: Systems) -> None:
    """Nothing is lost and nothing is overwritten: she reads what her colleague saved beside what she sent."""
    number = save(systems, 0).json()["number"]
    first, second = (
        systems[who].put(systems.at("/aanlevering/gegevens"), json.dumps(sent), number)
        for who, sent in (
            ("filler", document(systems, overhead=700_001, places=190)),
            ("colleague", document(systems, overhead=700_002.5, other_costs=800_000)),
        )
    )
    assert (first.status_code, second.status_code) == (200, 412)
    told = {item["path"]: item for item in second.json()["differences"]}
    assert set(told) == {"$.values.overhead", "$.values.places", "$.values.other_costs"}
    clash = told["$.values.overhead"]
    assert (clash["saved"], clash["yours"], clash["changed_by"]) == ("700001.00", "700002.50", "both")
    assert told["$.values.places"]["changed_by"] == "others"
    assert told["$.values.other_costs"]["changed_by"] == "you"
    assert second.json()["etag"] == first["ETag"]
    assert figure(systems, "overhead") == 700_001
    retried = systems["colleague"].put(
        systems.at("/aanlevering/gegevens"),
        json.dumps(document(systems, overhead=700_002.5, places=190, other_costs=800_000)),
        If_Match=second.json()["etag"],
    )
    assert retried.status_code == 200
    assert figure(systems, "places") == 190


def test_a_page_and_a_system_do_not_overwrite_each_other_either(systems: Systems) -> None:
    """What a colleague typed in the portal stays."""
    number = prepared(systems.linde)
    stale = save(systems, 0, overhead=1)
    assert stale.status_code == 412
    assert stale.json()["etag"] == f'"{number}"'
    assert figure(systems, "overhead") != 1


def test_the_same_document_sent_twice_is_one_state(systems: Systems) -> None:
    """A system that did not hear the answer tries again: same answer, no second state."""
    first, second = save(systems, 0), save(systems, 0)
    assert second.status_code == 200
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 428),
        ("*", 400),
        ("3", 400),
        ('"a"', 400),
        ('"1", "2"', 400),
        ('"99999999999"', 400),
        ('"7"', 412),
        ("", 400),
    ],
)
@pytest.mark.parametrize("way", ["put", "post"])
def test_a_state_that_was_not_seen_is_not_built_upon(
    header: str | None, status: int, way: str, systems: Systems
) -> None:
    """Who does not say what she saw, or names a state there never was, changes nothing."""
    headers = {} if header is None else {"If_Match": header}
    address = systems.at("/aanlevering/gegevens" if way == "put" else "/aanlevering/voorleggen")
    answer = systems["filler"].call(way, address, json.dumps(document(systems)) if way == "put" else None, **headers)
    assert answer.status_code == status
    assert not Draft.objects.filter(submission=systems.linde).exists()


def test_what_is_left_out_stays_and_what_is_empty_is_emptied(systems: Systems) -> None:
    """A system that only knows figures does not wipe what a person wrote."""
    full = document(systems) | {"remarks": "Let op de verbouwing.", "explanations": {"overhead": "Verbouwing."}}
    caller, address = systems["filler"], systems.at("/aanlevering/gegevens")
    number = caller.put(address, json.dumps(full), 0).json()["number"]
    figures_only = {
        name: value
        for name, value in (full | {"values": full["values"] | {"places": 190}}).items()
        if name not in ("remarks", "explanations", "organisation", "locations")
    }
    kept = caller.put(address, json.dumps(figures_only), number).json()
    assert kept["data"]["remarks"] == "Let op de verbouwing."
    assert kept["data"]["explanations"] == {"overhead": "Verbouwing."}
    assert kept["data"]["organisation"]["agb_code"] == "41410001"
    assert kept["data"]["locations"] == full["locations"] != []
    emptied = figures_only | {"remarks": "", "explanations": {"overhead": ""}, "locations": []}
    empty = caller.put(address, json.dumps(emptied), kept["number"]).json()
    assert (empty["data"]["remarks"], empty["data"]["explanations"], empty["data"]["locations"]) == ("", {}, [])
    assert empty["data"]["organisation"]["agb_code"] == "41410001"


def test_a_finding_about_no_figure_can_be_explained_too(systems: Systems) -> None:
    """Every finding says under which name it is explained, and the answer of the next save has it."""
    sent = document(systems) | {"explanations": {"IV-L-009": "Het tabblad is van ons zelf."}}
    saved = systems["filler"].put(systems.at("/aanlevering/gegevens"), json.dumps(sent), 0).json()
    assert saved["data"]["explanations"] == {"IV-L-009": "Het tabblad is van ons zelf."}
    for wrong in (3, None, "x" * 2001, "a\x00b"):
        bad = sent | {"explanations": {"IV-L-009": wrong}}
        answer = systems["filler"].put(systems.at("/aanlevering/gegevens"), json.dumps(bad), saved["number"])
        assert answer.status_code == 422
        assert [item["path"] for item in answer.json()["problems"]] == ["$.explanations.IV-L-009"]


def test_every_figure_names_the_place_it_came_from(systems: Systems) -> None:
    """Whoever reads a figure later finds it back in what was sent."""
    told = {item["measure"]: item for item in save(systems, 0, total_cost="12345678.90").json()["figures"]}
    assert told["total_cost"]["cell"] == "$.values.total_cost"
    assert told["total_cost"]["value"] == "12345678.90"
    assert told["total_cost"]["label"] == CATALOGUE["total_cost"].label
