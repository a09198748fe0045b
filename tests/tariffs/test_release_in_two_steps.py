"""Two pairs of eyes and a moment: before it nobody outside the NZa can tell that there are results, then everybody can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from benchmarking.models import Run
from providers import notices
from providers.access import EVERYTHING, Actor, scope
from providers.models import Act, AuditRecord, Mail, Mandate, Notice, Provider, Role, User
from providers.models.accounts import every_power
from providers.refusal import Refused
from tariffs import consents, periods
from tariffs import release as releasing
from tariffs.models import (
    RELEASE_TRANSITIONS,
    Bandwidth,
    Consent,
    ConsentKind,
    MirrorReport,
    ProductBandwidth,
    Release,
    ReleaseEffects,
    ReleaseStage,
    ReportStatus,
    Standing,
)
from tariffs.policies import set_policy
from tests.factories import SIMPLE, computed, delivery, make_round
from tests.plain_sql import query
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("world", "db")

NEW = "Een aanbieder verbeterde zijn zorgdagen."
TABLES = (
    "tariffs_release",
    "tariffs_mirrorreport",
    "tariffs_bandwidth",
    "tariffs_productbandwidth",
    "tariffs_standing",
    "tariffs_releaseeffects",
)


def deliveries(*, first_costs: int = 1_000_000) -> list[Any]:
    return [
        delivery(f"9990000{number}", f"Huize {number}", total_cost=cost, care_staff_employed=cost, days_5vv=4_000)
        for number, cost in enumerate((first_costs, 1_100_000, 1_250_000, 1_300_000, 1_500_000, 1_700_000), start=1)
    ]


def actor_of(user: User) -> Actor:
    mandate = Mandate.objects.select_related("provider", "care_office").get(user=user)
    return Actor(user=user, mandate=mandate, mandates=(mandate,))


def person(name: str, **mandate: Any) -> Actor:
    user = User.objects.create_user(f"{name}@example.org", None, name=name)
    Mandate.objects.create(user=user, **mandate)
    return actor_of(user)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with stored(django_db_blocker):
        round = make_round(deliveries())
        assert computed(round, SIMPLE).status == "completed"
        provider = Provider.objects.get(name="Huize 3")
        person("noor", role=Role.NZA)
        person("pieter", role=Role.NZA)
        person("anne", role=Role.PROVIDER, provider=provider, powers=every_power())
        person("daan", role=Role.PROVIDER, provider=provider, powers=[])
        region = provider.locations.get().region
        assert region is not None
        person("karim", role=Role.CARE_OFFICE, care_office=region.care_office)
        yield


def who(name: str) -> Actor:
    return actor_of(User.objects.get(email=f"{name}@example.org"))


@pytest.fixture
def run() -> Run:
    return Run.objects.get()


def prepared(run: Run, **choices: Any) -> Release:
    release = releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=who("noor"), **choices)
    assert releasing.make_reports(release.pk)
    release.refresh_from_db()
    return release


def counted(actor: Actor) -> dict[str, int]:
    """Count, by raw SQL in the scope of this actor, what she could know of."""
    with scope(actor.database_scope):
        return {table: query(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


# ── two pairs of eyes ──────────────────────────────────────────────────────────────────────────────────────────────


def test_who_prepared_a_release_cannot_approve_it(run: Run) -> None:
    release = prepared(run)
    with pytest.raises(Refused, match="zelf klaar"):
        releasing.approve(release=release, release_at=None, actor=who("noor"))
    with pytest.raises(IntegrityError, match="approved_by_another"), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(
            stage="approved", approved_by=release.prepared_by, approved_at=timezone.now(), release_at=timezone.now()
        )
    assert releasing.release_due() == []
    approved = releasing.approve(release=release, release_at=None, actor=who("pieter"))
    assert approved.stage == ReleaseStage.APPROVED
    assert releasing.release_due() == [release.pk]


@pytest.mark.parametrize("name", ["anne", "karim"])
def test_nobody_outside_the_nza_prepares_approves_or_withdraws(run: Run, name: str) -> None:
    actor = who(name)
    with pytest.raises(Refused, match="medewerker van de NZa"):
        releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=actor)
    release = prepared(run)
    for verb in (
        lambda: releasing.approve(release=release, release_at=None, actor=actor),
        lambda: releasing.withdraw(release=release, reason="Dit klopt nog niet.", actor=actor),
    ):
        with pytest.raises(Refused, match="medewerker van de NZa"):
            verb()


def test_what_is_not_ready_is_not_approved_and_what_is_withdrawn_stays_so(run: Run) -> None:
    release = releasing.prepare(run=run, status=ReportStatus.SIMULATION, actor=who("noor"))
    with pytest.raises(Refused, match="nog gemaakt"):
        releasing.approve(release=release, release_at=None, actor=who("pieter"))
    with pytest.raises(Refused, match="Schrijf op waarom"):
        releasing.withdraw(release=release, reason="nee", actor=who("pieter"))
    releasing.withdraw(release=release, reason="De tarieven ontbreken nog.", actor=who("pieter"))
    assert not releasing.make_reports(release.pk)
    with pytest.raises(Refused, match="ingetrokken"):
        releasing.approve(release=release, release_at=None, actor=who("pieter"))
    assert MirrorReport.objects.count() == 0
    again = prepared(run)
    assert set(again.reports.values_list("version", flat=True)) == {1}


def test_a_release_that_takes_its_workers_down_is_taken_back_after_three_tries(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = releasing.prepare(run=run, status=ReportStatus.SIMULATION, actor=who("noor"))

    def dies(run: Run, *, consents_at: datetime) -> Any:
        raise SystemExit  # nothing that happens after it happens, as when the worker is killed

    with monkeypatch.context() as patched:
        patched.setattr(releasing, "report_contents", dies)
        for _ in range(3):
            with pytest.raises(SystemExit):
                releasing.make_reports(release.pk)
            assert Release.objects.get().stage == ReleaseStage.PREPARING
        assert not releasing.make_reports(release.pk)
    release.refresh_from_db()
    assert release.stage == ReleaseStage.WITHDRAWN
    assert "drie keer mislukt" in release.withdrawn_reason
    assert AuditRecord.objects.filter(act=Act.RELEASE_WITHDRAWN, user=None).count() == 1
    again = prepared(run)
    assert (again.stage, again.tries) == (ReleaseStage.PREPARED, 1)


def test_one_release_of_a_round_is_under_way_and_asked_twice_it_is_one(run: Run) -> None:
    first = releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=who("noor"))
    assert releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=who("noor")) == first
    with pytest.raises(Refused, match="staat al een vrijgave"):
        releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=who("pieter"))
    assert releasing.make_reports(first.pk)
    assert not releasing.make_reports(first.pk)
    assert first.reports.count() == 6


# ── the moment ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_before_the_moment_nothing_tells_that_there_are_results(run: Run) -> None:
    at = timezone.now() + timedelta(hours=2)
    outsiders = [who("anne"), who("karim")]
    nothing = dict.fromkeys(TABLES, 0)
    release = releasing.prepare(run=run, status=ReportStatus.ADOPTED, actor=who("noor"), for_care_offices=True)
    assert [counted(actor) for actor in outsiders] == [nothing, nothing]
    releasing.make_reports(release.pk)
    assert [counted(actor) for actor in outsiders] == [nothing, nothing]
    releasing.approve(release=release, release_at=at, actor=who("pieter"))
    for change in (
        "release_at = now()",
        "stage = 'released', released_at = now(), release_at = now()",
        "approved_by_id = NULL",
    ):
        with pytest.raises(Error, match="never"), transaction.atomic():
            query(f"UPDATE tariffs_release SET {change}")
    assert releasing.release_due() == []
    with time_machine.travel(at - timedelta(seconds=1), tick=False):
        assert releasing.release_due() == []
    assert [counted(actor) for actor in outsiders] == [nothing, nothing]
    assert Notice.objects.count() == 0
    with time_machine.travel(at, tick=False):
        assert releasing.release_due() == [release.pk]
    anne, karim = (counted(actor) for actor in outsiders)
    assert anne == {
        **nothing,
        "tariffs_release": 1,
        "tariffs_mirrorreport": 1,
        "tariffs_bandwidth": 1,
        "tariffs_standing": 1,
    }
    assert karim == {**nothing, "tariffs_release": 1, "tariffs_standing": 6}


def test_what_is_not_for_care_offices_they_do_not_know_of(run: Run) -> None:
    release = prepared(run)
    releasing.approve(release=release, release_at=None, actor=who("pieter"))
    releasing.release_due()
    assert counted(who("karim")) == dict.fromkeys(TABLES, 0)
    assert MirrorReport.objects.visible_to(who("anne")).count() == 1


def test_everybody_is_told_once_however_often_a_worker_looks(run: Run) -> None:
    release = prepared(run, respond_until=datetime(2030, 1, 15, 22, 59, 59, tzinfo=UTC))
    releasing.approve(release=release, release_at=None, actor=who("pieter"))
    assert [releasing.release_due() for _ in range(3)] == [[release.pk], [], []]
    told = Notice.objects.filter(kind="mirror_to_respond_to")
    assert sorted(told.values_list("recipient__name", flat=True)) == ["anne", "daan"]
    assert Mail.objects.count() == 2
    assert "reageren tot en met" in told.first().body  # type: ignore[union-attr]
    assert AuditRecord.objects.filter(act=Act.RESULTS_RELEASED).count() == 1
    assert Standing.objects.count() == 6


def test_what_goes_wrong_midway_leaves_nothing_and_is_done_whole_later(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = prepared(run)
    releasing.approve(release=release, release_at=None, actor=who("pieter"))
    with monkeypatch.context() as broken:
        broken.setattr(notices, "BATCH", 0)  # a slice without length: telling fails after the rest was written
        assert releasing.release_due() == []
    assert (Release.objects.get().stage, Standing.objects.count(), Notice.objects.count()) == ("approved", 0, 0)
    assert releasing.release_due() == [release.pk]
    assert (Standing.objects.count(), Notice.objects.count()) == (6, 2)


# ── status, versions and why ───────────────────────────────────────────────────────────────────────────────────────


def released(run: Run, status: ReportStatus, **choices: Any) -> Release:
    return releasing.release_run(run=run, actor=None, status=status, note=NEW, **choices)


def test_a_status_does_not_go_back_and_is_given_once(run: Run) -> None:
    released(run, ReportStatus.PROVISIONAL)
    with pytest.raises(Refused, match="al vrijgegeven als ‘voorlopig’"):
        released(run, ReportStatus.PROVISIONAL)
    with pytest.raises(Refused, match="kan niet terug naar ‘simulatie’"):
        released(run, ReportStatus.SIMULATION)
    released(run, ReportStatus.ADOPTED)
    with pytest.raises(Refused, match="Een besluit volgt"):
        released(run, ReportStatus.DECIDED)
    assert list(Standing.objects.filter(provider__name="Huize 1").values_list("status", flat=True)) == [
        "adopted",
        "provisional",
    ]


def test_a_second_release_says_what_is_new_and_why(run: Run) -> None:
    released(run, ReportStatus.PROVISIONAL)
    with pytest.raises(Refused, match="Schrijf op wat er nieuw is"):
        releasing.prepare(run=run, status=ReportStatus.ADOPTED, actor=who("noor"), note="beter")
    corrected = computed(make_round(deliveries(first_costs=900_000), slug="elders"), SIMPLE)
    assert corrected.status == "completed"
    same = released(run, ReportStatus.ADOPTED)
    for report in same.reports.all():
        assert report.content["release"]["why"] == [
            "Het zijn dezelfde uitkomsten als in de vorige versie. Alleen de status is nieuw."
        ]
    assert set(same.reports.values_list("version", flat=True)) == {2}


def test_who_changed_nothing_reads_that_others_did(run: Run) -> None:
    from providers.models import MeasuredValue, SubmissionVersion

    released(run, ReportStatus.PROVISIONAL)
    old = SubmissionVersion.objects.get(submission__provider__name="Huize 1")
    new = SubmissionVersion.objects.create(
        submission=old.submission, number=2, source_file=old.source_file, file_name="x", sha256="f" * 64,
        submitted_at=timezone.now(),
    )  # fmt: skip
    for value in old.values.all():
        value.pk, value.version = None, new
        if value.measure in ("total_cost", "care_staff_employed"):
            value.value = 900_000
        value.save()
    assert MeasuredValue.objects.filter(version=new).count() == 3
    set_policy(round=old.submission.round, actor=None, disclosure="consent")
    again = computed(old.submission.round, SIMPLE)
    waiting = Release(run=again, round=run.dataset.round, status=ReportStatus.PROVISIONAL, stage=ReleaseStage.PREPARED)
    assert periods.consequences(waiting) == [
        "6 aanbieders krijgen een andere uitkomst dan in de vorige spiegel, waarvan 5 zonder dat zij zelf iets wijzigden."
        " Reageren kan daarop niet meer."
    ]
    alone = "1 aanbieder krijgt een andere uitkomst dan in de vorige spiegel"
    assert periods._moved_in_words(1, 0) == f"{alone}."
    assert periods._moved_in_words(1, 1) == f"{alone}, zonder dat die zelf iets wijzigde."
    second = released(again, ReportStatus.PROVISIONAL)
    why = {
        report.provider.name: report.content["release"]["why"] for report in second.reports.select_related("provider")
    }
    assert why["Huize 1"][0].startswith("Uw eigen gegevens zijn veranderd")
    assert not any("andere zorgaanbieders" in sentence for sentence in why["Huize 1"])
    for name in ("Huize 2", "Huize 6"):
        assert why[name][0].startswith("Gegevens van andere zorgaanbieders zijn veranderd")
        assert not any("Huize" in sentence for sentence in why[name])
        assert (
            "Het beleid van de ronde is veranderd: wat u van uw peers ziet. Dat verandert niets aan uw kosten, uw score en uw"
            " bandbreedte."
        ) in why[name]
    first = MirrorReport.objects.get(provider__name="Huize 2", version=1)
    assert first in MirrorReport.objects.visible_to(
        Actor(user=who("anne").user, mandate=Mandate(role=Role.PROVIDER, provider=first.provider), mandates=())
    )


def test_adopting_shows_what_each_rule_does_in_euros_before_anybody_approves(run: Run) -> None:
    release = releasing.prepare(run=run, status=ReportStatus.ADOPTED, actor=who("noor"))
    releasing.make_reports(release.pk)
    document = ReleaseEffects.objects.get(release=release).document
    assert {"quality_gate", "outliers", "score_floor", "cap"} <= {rule["rule"] for rule in document["rules"]}
    with pytest.raises(Refused, match="geen duidingsperiode"):
        released(run, ReportStatus.ADOPTED, respond_until=datetime(2030, 1, 1, tzinfo=UTC))


def test_a_consent_that_is_taken_back_before_the_moment_keeps_the_name_from_going_out(run: Run) -> None:
    round, anne = run.dataset.round, who("anne")
    set_policy(round=round, actor=None, disclosure="consent")
    named = computed(round, SIMPLE)
    assert anne.provider is not None
    give = {"kind": ConsentKind.NAMED_AS_PEER, "provider": anne.provider, "round": round, "actor": anne}
    consents.give(is_given=True, **give)
    release = prepared(named)
    consents.give(is_given=False, **give)
    with pytest.raises(Refused, match=f"{anne.provider.name}. Trek de vrijgave in en zet haar opnieuw klaar"):
        releasing.approve(release=release, release_at=None, actor=who("pieter"))
    releasing.withdraw(release=release, reason="Een toestemming is ingetrokken.", actor=who("noor"))
    again = prepared(named)
    releasing.approve(release=again, release_at=timezone.now() + timedelta(hours=1), actor=who("pieter"))
    consents.give(is_given=True, **give)
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert releasing.release_due() == []
    again.refresh_from_db()
    assert (again.stage, Standing.objects.count()) == ("withdrawn", 0)
    assert "met naam als peer" in again.withdrawn_reason
    assert anne.provider.name in again.withdrawn_reason
    # Who prepared it and who approved it are told, with the reason and what to do; nobody else is.
    told = {notice.recipient.email: notice.body for notice in Notice.objects.select_related("recipient")}
    assert (
        told.keys() == {"noor@example.org", "pieter@example.org"} == set(Mail.objects.values_list("address", flat=True))
    )
    for body in told.values():
        assert again.withdrawn_reason in body
        assert "Zet de uitkomsten opnieuw klaar" in body


def test_a_consent_that_was_given_and_taken_back_again_holds_no_release_up_and_shows_no_name(
    run: Run,
) -> None:
    round, best = run.dataset.round, Provider.objects.get(name="Huize 1")
    signer = person("best", role=Role.PROVIDER, provider=best, powers=every_power())
    set_policy(round=round, actor=None, disclosure="consent")
    named = computed(round, SIMPLE)
    give = {"kind": ConsentKind.NAMED_AS_PEER, "provider": best, "round": round, "actor": signer}
    release = releasing.prepare(run=named, status=ReportStatus.SIMULATION, actor=who("noor"))
    # Given before a worker came round to the reports: they are made with what held when they were asked for.
    consents.give(is_given=True, **give)
    assert releasing.make_reports(release.pk)
    consents.give(is_given=False, **give)
    releasing.approve(release=release, release_at=None, actor=who("pieter"))
    consents.give(is_given=True, **give)
    consents.give(is_given=False, **give)
    assert releasing.release_due() == [release.pk]
    assert Consent.objects.count() == 4
    others = MirrorReport.objects.filter(release=release).exclude(provider=best)
    assert others.exists()
    assert not any(best.name in json.dumps(report.content, ensure_ascii=False) for report in others)
    assert not Notice.objects.filter(kind="release_withdrawn").exists()


def test_a_period_to_respond_does_not_end_on_a_free_day_unless_the_policy_says_so(run: Run) -> None:
    sunday = datetime(2030, 1, 20, 22, 59, 59, tzinfo=UTC)
    with pytest.raises(Refused, match=r"20 januari 2030 is een zondag\..* Kies 21 januari 2030"):
        prepared(run, respond_until=sunday)
    set_policy(round=run.dataset.round, actor=None, courtesy_terms=False)
    assert prepared(run, respond_until=sunday).respond_until == sunday


# ── the database says the same ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", ReleaseStage.values)
@pytest.mark.parametrize("after", ReleaseStage.values)
def test_the_database_refuses_every_step_that_is_not_in_the_table(run: Run, before: str, after: str) -> None:
    now = timezone.now()
    approved = {"approved_at": now, "release_at": now} if before in ("approved", "released") else {}
    release = Release.objects.create(
        run=run, round=run.dataset.round, status="simulation", stage=before,
        released_at=now if before == "released" else None, **approved,
    )  # fmt: skip
    change = (
        "UPDATE tariffs_release SET stage = %s, approved_at = coalesce(approved_at, now()),"
        " release_at = coalesce(release_at, now()), released_at = %s WHERE id = %s"
    )
    allowed = after in RELEASE_TRANSITIONS[ReleaseStage(before)]
    done = False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change, [after, now if after == "released" else None, release.pk])
            done = True
    except Error:
        pass
    assert done == (allowed or (before == after and before not in ("released", "withdrawn")))


def test_a_released_release_and_its_standing_are_never_changed(run: Run) -> None:
    released(run, ReportStatus.SIMULATION)
    for statement in (
        "UPDATE tariffs_release SET note = 'anders'",
        "DELETE FROM tariffs_release",
        "UPDATE tariffs_standing SET upper_rate = 2",
        "DELETE FROM tariffs_standing",
    ):
        with pytest.raises(Error, match="never"), transaction.atomic():
            query(statement)
    assert Bandwidth.objects.count() == 6
    assert ProductBandwidth.objects.count() == 0
    with scope(EVERYTHING):
        assert Standing.objects.count() == 6
