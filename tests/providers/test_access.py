"""Who sees which rows through ``visible_to``, and what a mandate that is over, not yet begun or ended is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from benchmarking.models import Dataset, PeerLink, Result, Run, RunDivision, RunShard
from providers import desk, exemptions, uploads
from providers.access import EVERYTHING, NOTHING, Actor, OwnedQuerySet, scope
from providers.models import (
    Draft,
    Exemption,
    Explanation,
    Finding,
    Location,
    Mandate,
    MeasuredValue,
    Notice,
    Power,
    Provider,
    Role,
    SignatureRequest,
    SourceFile,
    Statement,
    StatusChange,
    Submission,
    SubmissionVersion,
    TermChange,
    Upload,
    User,
)
from tariffs.models import (
    AgreedTariff,
    Bandwidth,
    CareOfficeNote,
    CaseFile,
    Concept,
    Consent,
    Consequences,
    Decision,
    Ground,
    GuidePercentage,
    Hearing,
    InterpretationResponse,
    Letter,
    MaximumTariff,
    MirrorReport,
    Objection,
    ObjectionGroup,
    Posting,
    Printing,
    ProductBandwidth,
    PublicNote,
    PublicNoteItem,
    ReleaseEffects,
    ResponseMessage,
    ResponseTerm,
    Standing,
    StatementOfViews,
    TariffAgreement,
    TariffTable,
    TermEvent,
)
from tariffs.policies import set_policy
from tariffs.release import release_run
from tests import storing
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import acting, an_employee, delivered, portal_round, somebody_at
from tests.factories import computed, delivery, make_round
from tests.procedure_rows import Side, store_procedure

#: Every model whose rows belong to someone; a model that is missing here fails a test below.
OWNED: tuple[type[Model], ...] = (
    Provider,
    Submission,
    SubmissionVersion,
    MeasuredValue,
    Finding,
    Dataset,
    Run,
    RunDivision,
    RunShard,
    Result,
    PeerLink,
    Bandwidth,
    ProductBandwidth,
    MirrorReport,
    Standing,
    ReleaseEffects,
    Consequences,
    Printing,
    Concept,
    GuidePercentage,
    CareOfficeNote,
    SourceFile,
    Upload,
    Draft,
    SignatureRequest,
    Statement,
    Explanation,
    StatusChange,
    TermChange,
    Exemption,
    Notice,
    ResponseTerm,
    InterpretationResponse,
    ResponseMessage,
    CaseFile,
    Letter,
    Posting,
    Consent,
    Decision,
    StatementOfViews,
    Objection,
    ObjectionGroup,
    Ground,
    TermEvent,
    Hearing,
    TariffAgreement,
    AgreedTariff,
    PublicNote,
    PublicNoteItem,
)
#: What every provider in a round reads.
OF_A_ROUND = {PublicNote, PublicNoteItem}
#: What comes of delivering in the portal, and of the procedure after a release: a provider sees its own.
DELIVERING = set(OWNED[OWNED.index(SourceFile) :])
#: What a care office wrote itself.
OF_AN_OFFICE = {GuidePercentage, CareOfficeNote, TariffAgreement, AgreedTariff}
#: Per role: the models of which something is seen.
SEEN = {
    "anne": {
        Provider,
        Submission,
        SubmissionVersion,
        MeasuredValue,
        Finding,
        Bandwidth,
        ProductBandwidth,
        MirrorReport,
        Standing,
        *DELIVERING,
    },
    "karim": {Provider, Standing},
    "noor": set(OWNED),
}


def actor_of(user: User) -> Actor:
    mandates = tuple(user.current_mandates())
    return Actor(user=user, mandate=mandates[0], mandates=mandates)


def seen(model: Any, actor: Actor) -> set[int]:
    """Return what an actor sees: the program and the database must say the same."""
    by_program = set(model.objects.visible_to(actor).values_list("pk", flat=True))
    with scope(actor.database_scope):
        by_both = set(model.objects.visible_to(actor).values_list("pk", flat=True))
    assert by_both == by_program
    return by_program


def owner_of(row: Any) -> str:
    """Return the key of the provider that a row is about."""
    for path in (
        "provider",
        "submission.provider",
        "version.submission.provider",
        "finding.version.submission.provider",
        "bandwidth.provider",
        "response.provider",
        "objection.provider",
        "agreement.provider",
        "release.provider",
        "letter.provider",
    ):
        found = row
        for name in path.split("."):
            found = getattr(found, name, None)  # a row has one of these paths
        if isinstance(found, Provider):
            return found.key
    if isinstance(row, Provider):
        return row.key
    group = row if isinstance(row, ObjectionGroup) else getattr(row, "group", None)
    objections = row.objections if isinstance(row, Hearing) else group.objections if group else None
    if objections is not None:
        return objections.get().provider.key
    assert type(row) in OF_A_ROUND, f"whose is this {type(row).__name__}?"
    return "99900001"


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Store the cast beside a released run and one that is not released, for all tests of this module."""
    with storing.stored(django_db_blocker):
        people = make_cast()
        # Costs per day so high that every delivery has a finding.
        deliveries = [
            delivery("99900001", "De Linde", "5501", total_cost=61_000, days_5vv=100),
            delivery("99900002", "Het Anker", "5525", total_cost=62_000, days_5vv=100),
            delivery("99900003", "De Derde", "5501", total_cost=63_000, days_5vv=100),
        ]
        round = make_round(deliveries)
        table = TariffTable.objects.create(name="t.csv", sha256="c" * 64, is_fictitious=True)
        MaximumTariff.objects.create(
            table=table, year=2024, product="days_5vv", amount=640, source="Fictief", valid_from="2024-01-01"
        )
        set_policy(round=round, actor=None, tariff_table=table, tariff_year=2024)
        run = computed(round)
        assert run.status == "completed", run.failure_reason
        division = RunDivision.objects.create(run=run, step="x", order=b"x", sha256="d" * 64, parts=1)
        RunShard.objects.create(division=division, number=0)
        release = release_run(run=run, actor=None)
        staff = (people.noor, User.objects.create_user("pieter@example.org", None, name="Pieter"))
        store_procedure(
            release=release,
            sides={
                people.linde: Side(user=people.anne, office=people.north, officer=people.karim),
                people.anker: Side(user=people.bram, office=people.south, officer=people.eva),
            },
            staff=staff,
        )
        assert computed(round).status == "completed"
        _deliver()
        yield people


def _deliver() -> None:
    """Let De Linde and Het Anker deliver in the portal, each with a file, an explanation, a term and a request of its own."""
    noor = acting(an_employee())
    delivered_in = portal_round(slug="iv-2021", book_year=2021)
    waiting_in = portal_round(slug="iv-2022", book_year=2022)
    for submission in delivered_in.submissions.select_related("provider", "round"):
        version = delivered(submission, explanation="Zo is het dit jaar.", absence_rate="0.31")
        assert Explanation.objects.filter(finding__version=version).exists()
    for submission in waiting_in.submissions.select_related("provider", "round"):
        filler = acting(somebody_at(submission.provider, Power.DELIVER), submission.provider)
        uploads.receive(submission=submission, name="a.xlsx", content=b"PK", key="een", based_on=0, actor=filler)
        exemptions.ask(submission=submission, grounds="Wij zijn gesloten.", actor=filler)
        until = timezone.now() + timedelta(days=90)
        desk.extend_for_one(submission=submission, until=until, reason="Ziekte.", actor=noor)


@pytest.fixture
def cast(stored: Cast, db: None) -> Cast:
    """Give the cast; what a test does is undone."""
    return stored


# ── per role and model ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_model_has_rows_to_hide(cast: Cast) -> None:
    assert all(model.objects.exists() for model in OWNED)  # type: ignore[attr-defined]


def test_every_model_with_an_owner_stands_in_this_matrix() -> None:
    owned = {
        model
        for model in apps.get_models()
        if isinstance(getattr(model, "objects", None) and model.objects.all(), OwnedQuerySet)
    }
    assert owned == set(OWNED)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_staff_of_the_nza_see_every_row(cast: Cast, model: Any) -> None:
    assert len(seen(model, actor_of(cast.noor))) == model.objects.count()


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_provider_sees_its_own_released_rows_and_nobody_elses(cast: Cast, model: Any) -> None:
    rows = model.objects.filter(pk__in=seen(model, actor_of(cast.anne)))
    assert {owner_of(row) for row in rows} == ({"99900001"} if model in SEEN["anne"] else set())
    others = model.objects.filter(pk__in=seen(model, actor_of(cast.bram)))
    if model in OF_A_ROUND:
        assert set(rows) == set(others)
    else:
        assert not set(rows) & set(others)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_care_office_sees_released_bandwidths_of_its_region_and_not_the_costs_beneath(cast: Cast, model: Any) -> None:
    rows = model.objects.filter(pk__in=seen(model, actor_of(cast.karim)))
    if model in OF_AN_OFFICE:
        theirs = model.objects.filter(pk__in=seen(model, actor_of(cast.eva)))
        assert (len(rows), len(theirs), len(set(rows) | set(theirs))) == (1, 1, 2)
        return
    expected = {"99900001", "99900003"} if model in SEEN["karim"] else set()
    assert {owner_of(row) for row in rows} == expected
    south = model.objects.filter(pk__in=seen(model, actor_of(cast.eva)))
    assert {owner_of(row) for row in south} == ({"99900002"} if expected else set())


def test_neither_sees_a_bandwidth_of_a_run_that_is_not_released(cast: Cast) -> None:
    unreleased = set(Bandwidth.objects.filter(run__releases__isnull=True).values_list("pk", flat=True))
    assert len(unreleased) == 3
    for person in (cast.anne, cast.bram):
        found = seen(Bandwidth, actor_of(person))
        assert found
        assert not found & unreleased
    for person in (cast.karim, cast.eva):
        assert not seen(Bandwidth, actor_of(person)), "what a care office may know stands in the standings"
        told = Standing.objects.filter(pk__in=seen(Standing, actor_of(person)))
        assert told
        assert not told.filter(bandwidth__in=unreleased)


def test_a_provider_with_locations_in_two_regions_is_seen_by_both_care_offices(cast: Cast) -> None:
    region = cast.south.regions.get(code="5525")
    Location.objects.create(provider=cast.linde, number="999000010002", postcode="4331 AB", place="M.", region=region)
    for person in (cast.karim, cast.eva):
        assert cast.linde.pk in seen(Provider, actor_of(person))
        assert Standing.objects.get(provider=cast.linde).pk in seen(Standing, actor_of(person))


def test_a_row_of_somebody_else_is_not_found_like_one_that_does_not_exist(cast: Cast) -> None:
    theirs = MirrorReport.objects.get(provider=cast.anker)
    with pytest.raises(MirrorReport.DoesNotExist):
        MirrorReport.objects.visible_to(actor_of(cast.anne)).get(uuid=theirs.uuid)


# ── the scope of the database ──────────────────────────────────────────────────────────────────────────────────────


def test_a_scope_ends_with_its_block_also_when_something_goes_wrong(cast: Cast) -> None:
    total = Submission.objects.count()
    with scope(NOTHING):
        assert Submission.objects.count() == 0
        with scope(EVERYTHING):
            assert Submission.objects.count() == total
        assert Submission.objects.count() == 0
    with pytest.raises(Submission.DoesNotExist), scope(f"provider:{cast.linde.pk}"):
        Submission.objects.get(provider=cast.anker)
    assert Submission.objects.count() == total


@pytest.mark.parametrize(
    ("name", "expected"), [("anne", "provider:{linde}:{who}"), ("karim", "care_office:{north}:{who}"), ("noor", "all")]
)
def test_the_database_is_told_on_whose_behalf(cast: Cast, name: str, expected: str) -> None:
    actor = actor_of(getattr(cast, name))
    assert actor.database_scope == expected.format(linde=cast.linde.pk, north=cast.north.pk, who=actor.user.pk)


def test_a_role_that_nobody_knows_sees_nothing(cast: Cast) -> None:
    stranger = actor_of(cast.anne)
    stranger.mandate.role = "minister"
    assert stranger.database_scope == NOTHING
    for model in OWNED:
        assert seen(model, stranger) == set()
    stranger.mandate.refresh_from_db()


def test_a_provider_role_without_a_provider_sees_nothing(cast: Cast) -> None:
    homeless = Actor(user=cast.olaf, mandate=Mandate(user=cast.olaf, role=Role.PROVIDER), mandates=())
    for model in OWNED:
        assert list(model.objects.visible_to(homeless)) == []  # type: ignore[attr-defined]


# ── mandates ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [
        (-1, None, True),
        (-1, 1, True),
        (-2, -1, False),  # over
        (1, None, False),  # not yet
        (1, 2, False),
        (0, None, True),  # from this moment
        (-1, 0, False),  # until this moment
    ],
)
def test_a_mandate_counts_from_its_first_until_its_last_moment(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, starts: int, ends: int | None, counts: bool
) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    Mandate.objects.create(
        user=cast.olaf,
        role=Role.PROVIDER,
        provider=cast.linde,
        valid_from=now + timedelta(hours=starts),
        valid_until=None if ends is None else now + timedelta(hours=ends),
    )
    assert cast.olaf.current_mandates().exists() is counts


def test_somebody_with_several_mandates_acts_under_one_at_a_time(cast: Cast) -> None:
    mandates = tuple(cast.maria.current_mandates())
    assert [mandate.role for mandate in mandates] == ["provider", "care_office", "nza"]
    found = {
        mandate.role: len(seen(Standing, Actor(user=cast.maria, mandate=mandate, mandates=mandates)))
        for mandate in mandates
    }
    assert found == {"provider": 1, "care_office": 1, "nza": 3}


@pytest.mark.parametrize("page", ["/spiegel/", "/aanlevering/", "/rondes/", "/bandbreedtes/"])
def test_a_mandate_that_was_ended_opens_no_page_any_more(cast: Cast, page: str) -> None:
    browsers = {name: browser_of(getattr(cast, name)) for name in ("anne", "noor", "karim")}
    could = {name for name, browser in browsers.items() if browser.get(page).status_code == 200}
    Mandate.objects.update(valid_from=timezone.now() - timedelta(days=1), valid_until=timezone.now())
    assert could or page == "/aanlevering/"
    for browser in browsers.values():
        assert browser.get(page).status_code != 200


def test_a_mandate_names_the_organisation_that_its_role_asks_for(cast: Cast) -> None:
    for wrong in (
        {"role": Role.NZA, "provider": cast.linde},
        {"role": Role.PROVIDER},
        {"role": Role.PROVIDER, "provider": cast.linde, "care_office": cast.north},
        {"role": Role.CARE_OFFICE, "provider": cast.linde},
    ):
        with pytest.raises(IntegrityError, match="a_mandate_names_the_organisation"), transaction.atomic():
            Mandate.objects.create(user=cast.olaf, **wrong)


def test_a_mandate_cannot_end_before_it_begins(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="does_not_end_before"), transaction.atomic():
        Mandate.objects.filter(user=cast.anne).update(valid_until=timezone.now() - timedelta(days=3))
