"""What is done to many at once: in as many queries as for few, each once, and to nobody who changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers import desk, organisations, prefill, review, terms
from providers.access import Actor
from providers.contents import from_json, to_json
from providers.models import (
    AuditRecord,
    Location,
    Mail,
    Notice,
    Power,
    Round,
    SourceFile,
    StatusChange,
    Submission,
    SubmissionVersion,
)
from tests.delivering import (
    a_provider,
    acting,
    an_employee,
    filled,
    portal_round,
    somebody_at,
    submission_of,
)


@pytest.fixture
def noor(db: None) -> Actor:
    """Give somebody of the NZa, acting."""
    return acting(an_employee("Noor Bakker"))


def a_round(slug: str, first: int, count: int) -> Round:
    """Return an open round with so many providers, two people at each."""
    providers = [a_provider(str(first + number)) for number in range(count)]
    for provider in providers:
        somebody_at(provider, Power.DELIVER)
        somebody_at(provider, Power.SIGN)
    return portal_round(slug=slug, providers=providers)


def handed_in(round: Round) -> list[SubmissionVersion]:
    """Store a version of everybody in a round in which nothing is noticed: what is checked here is what follows."""
    made = []
    for submission in round.submissions.all():
        file = SourceFile.objects.create(
            provider=submission.provider, name="a", sha256=f"{submission.pk:064}", content=b"a"
        )
        Submission.objects.filter(pk=submission.pk).update(status="submitted")
        made.append(
            SubmissionVersion.objects.create(
                submission=submission,
                number=1,
                source_file=file,
                file_name="a",
                sha256="0" * 64,
                submitted_at=timezone.now(),
            )
        )
    return made


def queries(what: Callable[[], Any]) -> int:
    """Return how many queries something takes."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        what()
    return len(seen)


def told(round: Round, kind: str) -> int:
    """Return how many notices of a kind there are, each with its mail."""
    found = Notice.objects.filter(round=round, kind=kind)
    assert Mail.objects.filter(notice__in=found).count() == found.count()
    return found.count()


def test_as_many_queries_for_twelve_providers_as_for_two(noor: Actor) -> None:
    """Inviting, reminding, telling of a term, approving, closing."""
    small, large = a_round("iv-klein", 99_900_101, 2), a_round("iv-groot", 99_900_201, 12)
    assert small.deadline is not None
    later = small.deadline + timedelta(days=5)
    changes = {
        round.pk: desk.extend(round=round, until=later, reason="Storing.", actor=noor).term_changes.latest("pk")
        for round in (small, large)
    }
    versions = {round.pk: handed_in(round)[1:] for round in (small, large)}
    first = {round.pk: round.submissions.order_by("pk")[0] for round in (small, large)}
    for submission in first.values():
        Submission.objects.filter(pk=submission.pk).update(status="draft")
    acts: dict[str, Callable[[Round], Any]] = {
        "invitation": terms.announce,
        "term_extended": lambda one: terms.tell_of_term(changes[one.pk].pk),
        "validated": lambda one: review.validate_all_quiet(
            versions=[version.uuid for version in versions[one.pk]], actor=noor
        ),
        "closed": terms.tell_of_closing,
    }
    for kind, act in acts.items():
        for round in (small, large):
            round.refresh_from_db()
        few, many = (queries(lambda: act(round)) for round in (small, large))  # noqa: B023 (called at once)
        assert many == few, kind
        assert few < 30, kind
        assert queries(lambda: act(large)) < few, f"{kind}: done again, it is found out later than it could be"  # noqa: B023
    assert {kind: (told(small, kind), told(large, kind)) for kind in acts} == {
        "invitation": (4, 24),
        "term_extended": (2, 2),
        "validated": (2, 22),
        "closed": (4, 24),
    }
    near = later - timedelta(days=3)
    for round in (small, large):
        assert terms.remind(round, near) == 1
        assert terms.remind(round, near) == 0
    assert queries(lambda: terms.remind(large, later - timedelta(days=30))) == 1, "nothing is due, and still it looks"
    assert queries(lambda: terms.remind(large, later + timedelta(days=20))) == 1, "nothing is due, and still it looks"


def test_what_changed_since_it_was_seen_is_not_approved(noor: Actor) -> None:
    round = a_round("iv-2025", 99_900_101, 4)
    again, returned, loud, quiet = handed_in(round)
    other = handed_in(a_round("iv-oud", 99_900_105, 1))[0]
    seen = [version.uuid for version in (again, returned, loud, quiet)]
    SubmissionVersion.objects.create(
        submission=again.submission,
        number=2,
        source_file=again.source_file,
        file_name="b",
        sha256="1" * 64,
        submitted_at=timezone.now(),
    )
    review.take(submission=returned.submission, actor=noor)
    review.give_back(
        submission=returned.submission, reason="Kijk na.", until=timezone.now() + timedelta(days=60), actor=noor
    )
    loud.findings.create(rule="IV-S-001", severity="warning", message="Meer dan anderen.")
    assert review.validate_all_quiet(versions=seen, actor=noor) == 1
    statuses = dict(Submission.objects.filter(round=round).values_list("pk", "status"))
    assert [statuses[version.submission_id] for version in (again, returned, loud, quiet)] == [
        "submitted",
        "returned",
        "submitted",
        "validated",
    ]
    steps = StatusChange.objects.filter(submission=quiet.submission).order_by("pk")
    assert [(step.before, step.after, step.by) for step in steps] == [
        ("submitted", "in_review", noor.user),
        ("in_review", "validated", noor.user),
    ]
    recorded = AuditRecord.objects.filter(act="submission_moved", subject=str(quiet.submission))
    assert sorted(act.details["after"] for act in recorded) == ["in_review", "validated"]
    assert review.validate_all_quiet(versions=seen, actor=noor) == 0
    other.submission.refresh_from_db()
    assert other.submission.status == "submitted"


def test_places_are_stored_at_once_and_one_that_is_listed_twice_is_one(db: None) -> None:
    round = portal_round(providers=[a_provider("99900101")])
    submission = submission_of(round, "99900101")
    document = to_json(filled(submission))

    def with_places(count: int) -> Any:
        one = document["locations"][0]
        places = [{**one, "number": f"{number:012}", "name": f"Huis {number}"} for number in range(count)]
        return from_json({**document, "locations": [*places, {**places[0], "name": "Zoals het laatst staat"}]})

    def store(count: int) -> None:
        organisations.update(provider=submission.provider, round=round, contents=with_places(count))

    few, many = queries(lambda: store(3)), queries(lambda: store(40))
    assert many <= few
    assert Location.objects.filter(provider=submission.provider).count() == 40
    store(2)
    names = Location.objects.filter(provider=submission.provider).order_by("number").values_list("name", flat=True)
    assert list(names) == ["Zoals het laatst staat", "Huis 1"]


def test_a_round_of_another_kind_is_not_last_year(db: None) -> None:
    """Invented figures, another currency or another source beside one's own would be a comparison with nothing."""
    round = portal_round(providers=[a_provider("99900101")])
    same = {name: getattr(round, name) for name in ("template_version", "source", "currency", "is_fictitious")}
    others: list[dict[str, Any]] = [
        {"is_fictitious": True}, {"currency": "CHF"}, {"source": "iv"}, {"template_version": "iv-1"}, {"book_year": 2023}
    ]  # fmt: skip
    for number, other in enumerate(others):
        Round.objects.create(slug=f"anders-{number}", title="Anders", **{"book_year": 2024, **same, **other})
        assert prefill.previous_round(round) is None, other
    earlier = Round.objects.create(slug="vorig", title="Vorig jaar", book_year=2024, **same)
    assert prefill.previous_round(round) == earlier
