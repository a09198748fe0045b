"""Delivering as people do it: prefilled, saved by one, overtaken by another, and closed to who no longer delivers."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from providers import drafts
from providers.access import EVERYTHING, Actor, scope
from providers.contents import Contents, Figure, conflicts, differing, from_json, to_json
from providers.models import Draft, Power, Submission, SubmissionStatus
from providers.refusal import Refused
from providers.workbook.content import Cell, ReadLocation
from tests.delivering import a_provider, acting, portal_round, prepared, somebody_at, submission_of

LINDE = "99900001"


@pytest.fixture
def submission(db: None) -> Submission:
    """Give De Linde's submission in an open round."""
    return submission_of(portal_round(), LINDE)


def _filler(submission: Submission, name: str = "") -> Actor:
    return acting(somebody_at(submission.provider, Power.DELIVER, name=name), submission.provider)


# ── what a saved state holds ──────────────────────────────────────────────────────────────────────────────────────────


def test_contents_come_back_from_the_database_as_they_went_in() -> None:
    contents = Contents(
        figures={
            "total_cost": Figure(Decimal("1234.50"), Cell("Kosten", 4, "D"), "1234.5", "Bron", Decimal("1200")),
            "overhead": Figure(),
        },
        organisation={"agb_code": "41410001"},
        locations=(ReadLocation(number="000000000001", postcode="1234 AB", place="Ede", region="5501"),),
        explanations={"total_cost": "Klopt."},
        remarks="Regel een\nregel twee",
    )
    assert from_json(to_json(contents)) == contents


def test_a_zero_is_a_figure_and_an_empty_text_is_nothing() -> None:
    contents = Contents(figures={"overhead": Figure(Decimal(0))})
    assert differing(contents, {"figure:overhead": None}) == {"figure:overhead": None}
    assert differing(contents, {"figure:overhead": Decimal(0), "remarks": "", "figure:places": None}) == {}
    assert differing(Contents(), {"figure:overhead": Decimal(0)}) == {"figure:overhead": Decimal(0)}


def test_two_people_conflict_only_where_they_changed_the_same_thing_differently() -> None:
    mine, theirs = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4}
    assert conflicts(mine, theirs) == ["b"]


# ── saving ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_save_keeps_what_the_portal_knew_as_a_state_of_its_own(submission: Submission) -> None:
    number = prepared(submission)
    submission.refresh_from_db()
    assert number == 2
    first = Draft.objects.get(submission=submission, number=1)
    assert first.made_by is None
    assert submission.status == SubmissionStatus.DRAFT


def test_saving_what_stands_there_already_makes_no_new_state(submission: Submission) -> None:
    number = prepared(submission)
    saved = drafts.save(submission=submission, changes={}, based_on=number, actor=_filler(submission))
    assert saved.number == number == Draft.objects.filter(submission=submission).count()


def test_the_second_to_save_is_shown_what_the_first_saved_and_loses_nothing(submission: Submission) -> None:
    number = prepared(submission)
    ann, bob = _filler(submission, "Ann"), _filler(submission, "Bob")
    drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10), "figure:places": Decimal(99)},
        based_on=number,
        actor=ann,
    )
    mine = {"figure:overhead": Decimal(20), "figure:treatment": Decimal(30)}
    with pytest.raises(drafts.Comparison) as told:
        drafts.save(submission=submission, changes=mine, based_on=number, actor=bob)
    assert told.value.conflicts == ["figure:overhead"]
    assert dict(told.value.mine) == mine
    assert told.value.theirs["figure:places"] == Decimal(99)
    assert drafts.newest_of(submission).number == number + 1  # type: ignore[union-attr]
    saved = drafts.save(submission=submission, changes=mine, based_on=told.value.newest.number, actor=bob)
    kept = from_json(saved.contents).values()
    assert (kept["overhead"], kept["treatment"], kept["places"]) == (Decimal(20), Decimal(30), Decimal(99))


def test_what_both_changed_into_the_same_needs_no_comparing(submission: Submission) -> None:
    number = prepared(submission)
    first = drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10)},
        based_on=number,
        actor=_filler(submission, "Ann"),
    )
    again = drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10)},
        based_on=number,
        actor=_filler(submission, "Bob"),
    )
    assert again == first


def test_a_state_that_never_was_is_refused(submission: Submission) -> None:
    prepared(submission)
    with pytest.raises(Refused, match="Wij herkennen niet"):
        drafts.save(
            submission=submission,
            changes={"figure:overhead": Decimal(1)},
            based_on=77,
            actor=_filler(submission),
        )


def test_of_many_who_save_in_the_same_moment_one_wins_and_all_others_are_told(transactional_db: None) -> None:
    submission = submission_of(portal_round(), LINDE)
    number = prepared(submission)
    people = [_filler(submission, f"Iemand {index}") for index in range(6)]
    start, outcomes = threading.Barrier(len(people)), []

    def save(index: int, actor: Actor) -> None:
        with scope(EVERYTHING):
            start.wait()
            try:
                drafts.save(
                    submission=submission,
                    changes={"figure:overhead": Decimal(1000 + index)},
                    based_on=number,
                    actor=actor,
                )
                outcomes.append("saved")
            except drafts.Comparison as told:
                outcomes.append(f"told of {told.newest.number}")
        connection.close()

    threads = [threading.Thread(target=save, args=item) for item in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    assert sorted(outcomes) == ["saved", *[f"told of {number + 1}"] * 5]


def test_who_merged_into_another_saves_nothing_more_also_not_by_a_file_that_was_sent_before(
    submission: Submission,
) -> None:
    number, filler = prepared(submission), _filler(submission)
    Submission.objects.filter(pk=submission.pk).update(merged_into=a_provider("99900002"))
    for moment in (None, timezone.now() - timedelta(days=1)):
        with pytest.raises(Refused, match="opgegaan in een andere zorgaanbieder"):
            drafts.save(
                submission=submission, changes={"remarks": "Nog iets"}, based_on=number, actor=filler, at=moment
            )
    newest = drafts.newest_of(submission)
    assert newest is not None
    assert newest.number == number
