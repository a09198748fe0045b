"""Who lacks the power for it is refused by the verb itself, whoever calls it; and a verb that nobody guards is found here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

from providers import (
    api_keys,
    desk,
    drafts,
    exemptions,
    findings,
    mandates,
    notices,
    other_sources,
    review,
    rounds,
    signing,
    texts,
    uploads,
)
from providers.access import Actor
from providers.models import (
    Act,
    ApiKey,
    AuditRecord,
    Exemption,
    Finding,
    Mail,
    MailStatus,
    Power,
    Role,
    Round,
    Submission,
    User,
)
from providers.refusal import Refused
from tests import storing
from tests.delivering import (
    a_provider,
    acting,
    an_employee,
    delivered,
    offered,
    portal_round,
    somebody_at,
    submission_of,
)

LINDE, ANKER = "99900001", "99900002"


@dataclass(frozen=True)
class World:
    """A round in which one provider delivered and another is at work, with somebody for every power."""

    round: Round
    at_work: Submission
    done: Submission
    finding: Finding
    exemption: Exemption
    mail: Mail
    key: ApiKey
    people: dict[str, Actor]

    def later(self) -> Any:
        """Return a moment after the term."""
        return self.round.deadline + timedelta(days=3) if self.round.deadline else None


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Store the world once for all rows of the table: what is refused changes nothing."""
    with storing.stored(django_db_blocker):
        round = portal_round()
        at_work, done = submission_of(round, LINDE), submission_of(round, ANKER)
        offered(at_work)
        version = delivered(done, absence_rate="0.4", explanation="Griep heerste hier.")
        linde, anker = at_work.provider, done.provider
        people = {
            "fills in": acting(somebody_at(linde, Power.DELIVER)),
            "signs": acting(somebody_at(linde, Power.SIGN)),
            "administers": acting(somebody_at(linde, Power.ADMINISTER)),
            "only reads": acting(somebody_at(linde)),
            "elsewhere": acting(somebody_at(a_provider("99900003"), *Power.values, name="Overal Elders")),
            "fills in at the other": acting(somebody_at(anker, Power.DELIVER)),
            "signs at the other": acting(somebody_at(anker, Power.SIGN)),
            "nza": acting(an_employee()),
        }
        nza = people["nza"]
        people["looks along"] = Actor(nza.user, nza.mandate, nza.mandates, looking_along=linde)
        exemption = Exemption.objects.create(submission=at_work, grounds="Klein.", asked_by=people["fills in"].user)
        mail = Mail.objects.filter(notice__provider=linde)[0]
        Mail.objects.filter(pk=mail.pk).update(status=MailStatus.FAILED)
        finding = version.findings.filter(needs_explanation=True)[0]
        key, _ = api_keys.make(name="x", valid_until=timezone.now() + timedelta(days=9), actor=people["fills in"])
        yield World(round, at_work, done, finding, exemption, mail, key, people)


@pytest.fixture
def world(stored: World, db: None) -> World:
    """Give that world; what a test does to it is undone."""
    return stored


DELIVERS = {"signs", "administers", "only reads", "elsewhere", "nza", "looks along", "fills in at the other"}
SIGNS = {"fills in", "administers", "only reads", "elsewhere", "nza", "looks along", "signs at the other"}
STAFF = {"fills in", "signs", "administers", "only reads", "elsewhere", "looks along"}
MANAGES = {"fills in", "signs", "only reads", "elsewhere", "looks along"}
#: Verb, what it is asked, and who may not.
VERBS: list[tuple[Callable[..., Any], Callable[[World], dict[str, Any]], set[str]]] = [
    (drafts.save, lambda w: {"submission": w.at_work, "changes": {"remarks": "x"}, "based_on": 2}, DELIVERS),
    (
        uploads.receive,
        lambda w: {"submission": w.at_work, "name": "a", "content": b"a", "key": "a", "based_on": 2},
        DELIVERS,
    ),
    (signing.offer, lambda w: {"submission": w.at_work, "draft_number": 2}, DELIVERS),
    (signing.decline, lambda w: {"submission": w.at_work, "remark": "Nee."}, SIGNS),
    (signing.sign, lambda w: {"submission": w.at_work, "draft_number": 2, "position": "bestuurder"}, SIGNS),
    (
        signing.withdraw,
        lambda w: {"submission": w.done},
        {"fills in", "signs", "administers", "only reads", "elsewhere", "nza", "looks along"},
    ),
    (exemptions.ask, lambda w: {"submission": w.at_work, "grounds": "Te klein."}, DELIVERS),
    (exemptions.withdraw, lambda w: {"submission": w.at_work}, DELIVERS),
    (
        findings.explain,
        lambda w: {"finding": w.finding, "text": "Het was een zware winter."},
        {"fills in", "signs", "elsewhere", "nza", "looks along", "signs at the other"},
    ),
    (exemptions.answer, lambda w: {"exemption": w.exemption, "is_granted": True, "reason": "Klein."}, STAFF),
    (exemptions.end, lambda w: {"submission": w.at_work, "reason": "Groot."}, STAFF),
    (review.take, lambda w: {"submission": w.done}, STAFF),
    (review.validate, lambda w: {"submission": w.done}, STAFF),
    (review.give_back, lambda w: {"submission": w.done, "reason": "Kijk na.", "until": w.later()}, STAFF),
    (review.reopen, lambda w: {"submission": w.done, "reason": "Kijk na.", "until": w.later()}, STAFF),
    (review.keep_as_delivered, lambda w: {"submission": w.done, "reason": "Toch."}, STAFF),
    (review.exclude, lambda w: {"submission": w.done, "reason": "Nee."}, STAFF),
    (review.validate_all_quiet, lambda w: {"versions": [w.finding.version.uuid]}, STAFF),
    (
        desk.create_round,
        lambda w: {
            "slug": "iv-2026",
            "title": "IV",
            "book_year": 2026,
            "previous": w.round,
            "opens_at": None,
            "deadline": None,
            "contact": "",
        },
        STAFF,
    ),
    (
        desk.change_round,
        lambda w: {"round": w.round, "title": "IV", "opens_at": None, "deadline": None, "contact": ""},
        STAFF,
    ),
    (desk.invite, lambda w: {"round": w.round, "providers": [a_provider("99900003")]}, STAFF),
    (desk.uninvite, lambda w: {"submission": w.at_work}, STAFF),
    (desk.open_round, lambda w: {"round": w.round}, STAFF),
    (desk.close_round, lambda w: {"round": w.round}, STAFF),
    (desk.open_again, lambda w: {"round": w.round, "until": w.later(), "reason": "Storing."}, STAFF),
    (desk.archive_round, lambda w: {"round": w.round}, STAFF),
    (desk.extend, lambda w: {"round": w.round, "until": w.later(), "reason": "Storing."}, STAFF),
    (desk.extend_for_one, lambda w: {"submission": w.at_work, "until": w.later(), "reason": "Storing."}, STAFF),
    (desk.give_term, lambda w: {"submission": w.at_work, "until": w.later(), "reason": "Storing."}, STAFF),
    (notices.try_again, lambda w: {"mail": w.mail}, STAFF),
    (
        texts.save_text,
        lambda w: {"round": w.round, "kind": "validated", "subject": "Goed", "body": "Zie {adres}."},
        STAFF,
    ),
    (texts.reset_text, lambda w: {"round": w.round, "kind": "validated"}, STAFF),
    (
        mandates.grant,
        lambda w: {
            "user": User.objects.get(pk=w.people["only reads"].user.pk),
            "role": Role.PROVIDER,
            "provider": w.at_work.provider,
        },
        MANAGES,
    ),
    (
        mandates.invite,
        lambda w: {"email": "nieuw@example.org", "name": "Nieuw", "provider": w.at_work.provider, "powers": ["sign"]},
        MANAGES,
    ),
    (
        mandates.change,
        lambda w: {"mandate": w.people["signs"].mandate, "powers": ["deliver"], "valid_until": None},
        MANAGES,
    ),
    (mandates.end, lambda w: {"mandate": w.people["signs"].mandate}, MANAGES),
    (api_keys.make, lambda w: {"name": "x", "valid_until": w.later()}, {"looks along"}),
    (api_keys.end, lambda w: {"key": w.key}, {"signs", "administers", "nza", "looks along", "elsewhere"}),
    (rounds.import_files, lambda w: {"source_name": "iv", "paths": []}, STAFF),
    (rounds.store_round, lambda w: {"contents": None}, STAFF),
    (other_sources.import_files, lambda w: {"name": "cbs", "paths": []}, STAFF),
    (other_sources.store, lambda w: {"figures": []}, STAFF),
]
#: These have an actor and need no power: somebody's own inbox, and a rule about mandates itself.
OPEN_TO_ALL = {notices.inbox_of, notices.mark_read, mandates.may_manage}
#: Steps inside a verb: they get what another locked, after it asked for the power.
INNER = {drafts.lock}


@pytest.mark.parametrize(("verb", "asked", "refused"), VERBS, ids=[verb.__qualname__ for verb, _, _ in VERBS])
def test_who_lacks_the_power_is_refused_whoever_calls(
    verb: Callable[..., Any], asked: Callable[[World], dict[str, Any]], refused: set[str], world: World
) -> None:
    facts = asked(world)
    before = AuditRecord.objects.count()
    for name in sorted(refused):
        with pytest.raises(Refused) as said:
            verb(**facts, actor=world.people[name])
        assert any(
            words in str(said.value)
            for words in (
                "bevoegdheid",
                "U werkt nu niet voor",
                "Alleen een medewerker van de NZa",
                "U kijkt mee",
                "beheren",
            )
        ), (name, said.value)
    assert AuditRecord.objects.count() == before, "something that was refused was done all the same"


def test_no_verb_is_left_out_of_the_table() -> None:
    modules: tuple[ModuleType, ...] = (
        api_keys, desk, drafts, exemptions, findings, mandates, notices, other_sources, review, rounds, signing, texts, uploads
    )  # fmt: skip
    verbs = {
        verb
        for module in modules
        for name, verb in inspect.getmembers(module, inspect.isfunction)
        if verb.__module__ == module.__name__
        and not name.startswith("_")
        and "actor" in inspect.signature(verb).parameters
    }
    assert verbs - {verb for verb, _, _ in VERBS} == OPEN_TO_ALL | INNER


def test_who_has_the_power_is_not_refused(world: World) -> None:
    """The other half: the table refuses nobody who may."""
    people = world.people
    drafts.save(submission=world.at_work, changes={"remarks": "x"}, based_on=2, actor=people["fills in"])
    signing.withdraw(submission=world.done, actor=people["signs at the other"])
    exemptions.answer(exemption=world.exemption, is_granted=False, reason="Groot.", actor=people["nza"])
    mandates.end(mandate=people["signs"].mandate, actor=people["administers"])
    assert AuditRecord.objects.filter(act__in=[Act.DRAFT_SAVED, Act.MANDATE_ENDED]).exists()


def test_every_saved_state_is_written_down_once_through_whichever_door(world: World) -> None:
    filler = world.people["fills in"]
    for _ in range(2):
        drafts.save(submission=world.at_work, changes={"remarks": "x"}, based_on=2, actor=filler)
    act = AuditRecord.objects.filter(act=Act.DRAFT_SAVED, subject=str(world.at_work)).first()
    assert act is not None
    assert (act.user, act.details) == (filler.user, {"draft": 3, "how": "form"})
    assert AuditRecord.objects.filter(act=Act.DRAFT_SAVED, details__draft=3).count() == 1


def test_a_file_is_taken_over_under_the_mandate_it_was_sent_under(world: World) -> None:
    """Who loses the power while her file is read sent it in time, and who got it since did not send it."""
    filler = world.people["fills in"]
    upload = uploads.receive(submission=world.at_work, name="a.csv", content=b"x", key="een", based_on=2, actor=filler)
    mandates.change(mandate=filler.mandate, powers=[], valid_until=None, actor=world.people["nza"])
    assert uploads._sender(upload).can(Power.DELIVER)
    upload.sent_at = timezone.now() + timedelta(seconds=1)
    assert not uploads._sender(upload).can(Power.DELIVER)
