"""Who reaches what over the API: every address and method × every kind of key. An address that is not in it fails."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from ivportal.api import schema, urls
from providers import uploads
from providers.models import Power
from tests.api.calling import PROBLEM, Caller, require_described
from tests.api.conftest import ANKER, LINDE, Systems
from tests.delivering import acting, delivered, somebody_at, submission_of

COLUMNS = ("nobody", "wrong", "left", "expired", "filler", "reader", "other", "nza", "office")
UNKNOWN = "401 401 401 401"
EVERY_METHOD = ("get", "head", "post", "put", "patch", "delete", "options")


@dataclass(frozen=True)
class Case:
    """One address and method: the status for each of the callers, in their order."""

    method: str
    name: str
    expected: str
    places: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    body: Any = None

    def __str__(self) -> str:
        return "-".join([self.method, self.name, *self.places])


SEEN = {"If_Match": '"0"'}
MATRIX = (
    #                                   unknown       filler reader other nza office
    Case("get", "api_rounds", f"        {UNKNOWN} 200 200 200 200 403"),
    Case("get", "api_round", f"         {UNKNOWN} 200 200 200 200 403", ("round",)),
    Case("get", "api_round", f"         {UNKNOWN} 404 404 200 200 403", ("round-without-linde",)),
    Case("get", "api_round", f"         {UNKNOWN} 404 404 404 404 403", ("no-round",)),
    Case("get", "api_template", f"      {UNKNOWN} 200 200 200 403 403", ("round",)),
    Case("get", "api_template", f"      {UNKNOWN} 404 404 200 403 403", ("round-without-linde",)),
    Case("get", "api_submissions", f"   {UNKNOWN} 403 403 403 200 403", ("round",)),
    Case("get", "api_submissions", f"   {UNKNOWN} 403 403 403 404 403", ("no-round",)),
    Case("get", "api_delivery", f"      {UNKNOWN} 200 200 200 403 403", ("round",)),
    Case("get", "api_delivery", f"      {UNKNOWN} 404 404 200 403 403", ("round-without-linde",)),
    Case("get", "api_delivery", f"      {UNKNOWN} 404 404 404 403 403", ("no-round",)),
    Case("get", "api_data", f"          {UNKNOWN} 200 200 200 403 403", ("round",)),
    Case("get", "api_data", f"          {UNKNOWN} 404 404 200 403 403", ("round-without-linde",)),
    Case("put", "api_data", f"          {UNKNOWN} 422 403 422 403 403", ("round",), SEEN, "{}"),
    Case("put", "api_data", f"          {UNKNOWN} 404 403 422 403 403", ("round-without-linde",), SEEN, "{}"),
    Case("post", "api_files", f"        {UNKNOWN} 400 403 400 403 403", ("round",), SEEN),
    Case("post", "api_files", f"        {UNKNOWN} 404 403 400 403 403", ("round-without-linde",), SEEN),
    Case("get", "api_file", f"          {UNKNOWN} 200 200 404 403 403", ("round", "lindes-file")),
    Case("get", "api_file", f"          {UNKNOWN} 404 404 200 403 403", ("round", "ankers-file")),
    Case("get", "api_file", f"          {UNKNOWN} 404 404 404 403 403", ("round", "random")),
    Case("post", "api_offer", f"        {UNKNOWN} 428 403 428 403 403", ("round",)),
    Case("post", "api_offer", f"        {UNKNOWN} 404 403 428 403 403", ("round-without-linde",)),
    Case("get", "api_receipt", f"       {UNKNOWN} 404 404 200 403 403", ("ankers-receipt",)),
    Case("get", "api_receipt", f"       {UNKNOWN} 404 404 404 403 403", ("random",)),
    Case("get", "api_bandwidths", f"    {UNKNOWN} 403 403 403 403 200"),
)
#: These two are for everybody, and each has a test of its own.
PUBLIC = {"api_openapi", "api_nowhere"}


def address_of(systems: Systems, case: Case) -> str:
    """Return an address, its places filled in; what stands there is made if it is not there yet."""

    def sent(key: str) -> str:
        submission = submission_of(systems.round, key)
        actor = acting(somebody_at(submission.provider, Power.DELIVER, name="Sjoerd"))
        made = uploads.receive(
            submission=submission, name="a.csv", content=b"x", key="eerder-verstuurd", based_on=0, actor=actor
        )
        return str(made.uuid)

    found = []
    for place in case.places:
        match place:
            case "round":
                found.append(systems.round.slug)
            case "round-without-linde":
                found.append(systems.other_round.slug)
            case "no-round":
                found.append("bestaat-niet")
            case "lindes-file":
                found.append(sent(LINDE))
            case "ankers-file":
                found.append(sent(ANKER))
            case "ankers-receipt":
                found.append(str(delivered(submission_of(systems.round, ANKER)).uuid))
            case _:
                found.append(str(uuid.uuid4()))
    return reverse(case.name, args=found)


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_everybody_gets_what_the_matrix_says(case: Case, systems: Systems) -> None:
    """No key reaches more, or less, than stands in the matrix."""
    address = address_of(systems, case)
    found = []
    for name in COLUMNS:
        with transaction.atomic():
            found.append(str(systems[name].call(case.method, address, case.body, **case.headers).status_code))
            transaction.set_rollback(True)
    assert found == case.expected.split(), dict(zip(COLUMNS, found, strict=True))


def test_an_address_that_the_matrix_does_not_know_fails() -> None:
    """Whoever adds an address or a method says in the matrix who may use it."""
    methods = {
        (method, pattern.name)
        for pattern in urls.resources
        for method in EVERY_METHOD
        if method not in ("head", "options") and hasattr(pattern.callback.cls, method)
    }
    assert {(case.method, case.name) for case in MATRIX} == methods
    assert {pattern.name for pattern in urls.urlpatterns} == {name for _, name in methods} | PUBLIC


def test_somebody_elses_file_cannot_be_told_from_one_that_does_not_exist(systems: Systems) -> None:
    """Trying identifiers teaches nothing: same status, same body but for the path, same headers."""
    answers = []
    for place in ("lindes-file", "random"):
        address = address_of(systems, Case("get", "api_file", "", ("round", place)))
        answer = systems["other"].get(address)
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        answers.append((answer.status_code, answer.content.decode().replace(address, ""), headers))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", sorted({case.name for case in MATRIX}))
def test_a_method_that_does_not_exist_is_405_with_what_does(name: str, systems: Systems) -> None:
    """A system that tries another method reads which there are."""
    case = next(case for case in MATRIX if case.name == name)
    address = address_of(systems, case)
    who = {"api_submissions": "nza", "api_bandwidths": "office"}.get(name, "filler")
    known = {item.method for item in MATRIX if item.name == name}
    for method in set(EVERY_METHOD) - known - {"head"}:
        answer = systems[who].call(method, address)
        assert answer.status_code == 405, method
        assert {word.strip().lower() for word in answer["Allow"].split(",")} - {"head"} == known


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_in_a_browser_does_not_open_the_api_and_is_left_alone(systems: Systems) -> None:
    """No other site can make a browser deliver: the cookie counts for nothing, and the API neither ends nor changes it."""
    browser = Client()
    browser.force_login(somebody_at(systems.linde.provider, Power.DELIVER, name="Daan"))
    for method, address in (("get", systems.at("/aanlevering")), ("put", systems.at("/aanlevering/gegevens"))):
        answer = getattr(browser, method)(address)
        assert answer.status_code == 401
        assert not answer.cookies
        require_described(method, address, answer)
    assert browser.get("/berichten/").status_code == 200


def test_a_session_that_is_over_is_not_ended_by_a_system(systems: Systems) -> None:
    """A cookie that a system happens to send along leads to no log-in page: the answer is about the key."""
    browser = Client()
    browser.force_login(somebody_at(systems.linde.provider, Power.DELIVER, name="Daan"))
    session = browser.session
    session["mandate"] = str(uuid.uuid4())
    session.save()
    assert browser.get(systems.at()).status_code == 401
    assert browser.get(systems.at(), headers=systems["filler"].headers).status_code == 200
    assert browser.session["mandate"] == session["mandate"]


def test_a_key_needs_no_token_of_a_form(systems: Systems) -> None:
    """A system that sends, and a browser's protection against other sites, are not in each other's way."""
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(systems.at("/aanlevering/voorleggen"), headers=systems["filler"].headers)
    assert answer.status_code == 428


@pytest.mark.parametrize(
    "header", ["", "Basic aXY6aXY=", "Bearer", "Bearer  ", "Token iv_0", "Bearer \x00", "Bearer é"]
)
def test_a_strange_header_is_no_key(header: str, systems: Systems) -> None:
    """Whatever stands there, it is 401 and says how to do it."""
    caller = Caller()
    caller.headers = {"Authorization": header}
    answer = caller.get(systems.at("/aanlevering"))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_does_not_work_is_braked_and_other_keys_are_not(systems: Systems) -> None:
    """A system that goes on with an old key is told to wait; its neighbour notices nothing."""
    for _ in range(20):
        assert systems["expired"].get(systems.at()).status_code == 401
    answer = systems["expired"].get(systems.at())
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert systems["filler"].get(systems.at()).status_code == 200
    assert systems["left"].get(systems.at()).status_code == 401


def test_a_key_that_asks_too_much_waits(systems: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has run wild does not take the portal from the others."""
    monkeypatch.setattr("ivportal.api.authentication.KeyRate.rate", "3/min")
    for _ in range(3):
        assert systems["reader"].get(systems.at()).status_code == 200
    answer = systems["reader"].get(systems.at())
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert systems["filler"].get(systems.at()).status_code == 200


# ── what is for everybody ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_description_is_for_everybody(db: None) -> None:
    """Whoever builds a system reads the description without a key, also from a page elsewhere."""
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == schema.described()
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["API-Version"] == "1.0.0"
    assert Client().post("/api/v1/openapi.json").status_code == 405


@pytest.mark.parametrize(
    "address",
    ["/api", "/api/", "/api/v1", "/api/v1/rondes/", "/api/v1/nergens", "/api/v2/rondes", "/api/v1/ontvangsten/7"],
)
@pytest.mark.parametrize("method", EVERY_METHOD)
def test_an_address_that_leads_nowhere_is_a_problem_in_json(address: str, method: str, db: None) -> None:
    """A mistake in an address is answered in the same form as every error, with or without a key, slash or no slash."""
    answer = getattr(Client(), method)(address)
    assert answer.status_code == 404
    assert answer["Content-Type"] == PROBLEM
    if method != "head":
        require_described(method, address, answer)


def test_only_json_is_spoken(systems: Systems) -> None:
    """A system that asks for another form is told so, in JSON."""
    assert systems["reader"].get(systems.at(), Accept="application/xml").status_code == 406
    assert systems["reader"].get(systems.at(), Accept="*/*").status_code == 200


def test_what_nobody_foresaw_tells_nothing(systems: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is an answer in the same form, without anything from inside."""

    def broken(actor: Any) -> Any:
        raise RuntimeError("geheim van binnen")

    monkeypatch.setattr("ivportal.api.rounds.rounds_for", broken)
    answer = Client().get("/api/v1/rondes", headers=systems["reader"].headers)
    assert answer.status_code == 500
    assert answer["Content-Type"] == PROBLEM
    assert b"geheim" not in answer.content


def test_the_api_shows_its_own_rows_only_even_if_a_look_up_forgets_to_ask(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is scoped to who calls: without any condition of ours it still shows one provider's submissions."""
    from providers.models import Submission

    seen = []

    def careless(actor: Any) -> list[dict[str, Any]]:
        seen.extend(Submission.objects.values_list("provider__key", flat=True))
        return []

    monkeypatch.setattr("ivportal.api.rounds.rounds_for", careless)
    assert systems["filler"].get("/api/v1/rondes").status_code == 200
    assert seen
    assert set(seen) == {LINDE}
    assert Submission.objects.filter(provider__key=ANKER).exists()


def test_no_installed_app_and_no_page_comes_with_the_api() -> None:
    """Nothing of the library is served that we do not know: no browsable pages, no log-in of its own."""
    assert not {"rest_framework", "drf_spectacular"} & set(settings.INSTALLED_APPS)
