"""Releasing the outcome of a run: prepared by one, approved by another, visible from the moment that was set.

Before that moment nobody outside the NZa can tell that there is anything: reports, bandwidths and standings come with it, in
one transaction, and so do the messages.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from benchmarking import frontiers
from benchmarking.models import Run, RunStatus
from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.models import Act, Round
from providers.refusal import Refused, require_words
from providers.waking import wake
from tariffs import changes, consents, effects, periods, release_notices, standings, tasks
from tariffs.models import (
    RELEASED_AS,
    UNDER_WAY,
    Disclosure,
    MirrorReport,
    Release,
    ReleaseEffects,
    ReleaseStage,
    ReportStatus,
)
from tariffs.own_terms import require_own_term
from tariffs.reports import content_hash, report_contents
from tariffs.tries import MOST, alone

logger = logging.getLogger(__name__)


NOT_MADE = (
    "Het maken van de spiegels is drie keer mislukt. De technische melding staat in het logboek. Laat een beheerder daarnaar"
    " kijken en zet de vrijgave daarna opnieuw klaar."
)


class ReleaseRefused(Refused):
    """The outcome cannot be released; the message is a Dutch sentence."""


def prepare(
    *,
    run: Run,
    status: ReportStatus,
    actor: Actor | None,
    note: str = "",
    for_care_offices: bool = False,
    respond_until: datetime | None = None,
    ends_period: bool = False,
) -> Release:
    """Ask for reports of the outcome of ``run``; a worker makes them, and another person has to approve them.

    Asked twice by the same person, it is one release. Raises :class:`ReleaseRefused` if the run is not completed, another release
    of the round is under way, the outcome has that status already, it would go back to an earlier
    one, it would be adopted while responses wait for an answer, or it would end a period to respond (``ends_period`` says that
    this is meant).
    """
    powers.require_staff(actor)
    now = timezone.now()
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=run.dataset.round_id)
        _require_releasable(run, round, status, respond_until)
        running = periods.period_of(round)
        ends = running is not None and (respond_until is None or respond_until < running)
        if running is not None and ends and not ends_period and actor is not None:
            raise ReleaseRefused(
                f"De duidingsperiode loopt nog tot en met {format_datetime(running)}. Wacht die af, laat reageren mogelijk tot en"
                " met dat moment, of kies dat de periode eerder eindigt en schrijf op waarom."
            )
        under_way = Release.objects.filter(round=round, stage__in=UNDER_WAY).first()
        if under_way is not None:
            asked = (run.pk, status, note.strip(), for_care_offices, respond_until)
            there = (
                under_way.run_id,
                under_way.status,
                under_way.note,
                under_way.for_care_offices,
                under_way.respond_until,
            )
            is_the_same = asked == there
            if is_the_same and actor is not None and under_way.prepared_by_id == actor.user.pk:
                return under_way
            raise ReleaseRefused("Er staat al een vrijgave van deze ronde klaar. Keur die eerst goed, of trek haar in.")
        earlier = Release.objects.released().filter(round=round).exists()
        if earlier:
            require_words(
                note,
                "Schrijf op wat er nieuw is en waarom. Iedereen die een nieuwe spiegel krijgt leest dat."
                if not ends
                else "Schrijf op wat er nieuw is, en waarom de duidingsperiode eerder eindigt. Iedereen die kon reageren leest"
                " dat.",
            )
        release = Release.objects.create(
            run=run,
            round=round,
            status=status,
            tariff_year=run.frozen["policy"]["tariff_year"],
            note=note.strip(),
            for_care_offices=for_care_offices,
            respond_until=respond_until,
            prepared_by=actor.user if actor else None,
            prepared_at=now,
        )
        record(
            act=Act.RELEASE_PREPARED,
            actor=actor,
            subject=str(round),
            details={"run": str(run.uuid), "status": status, "release": str(release.uuid)},
        )
        transaction.on_commit(lambda: wake(tasks.make_reports, release.pk))
    return release


def _require_releasable(run: Run, round: Round, status: ReportStatus, respond_until: datetime | None) -> None:
    if status not in RELEASED_AS:
        raise ReleaseRefused("Een besluit volgt op vastgestelde uitkomsten, per zorgaanbieder. Kies een andere status.")
    if Run.objects.get(pk=run.pk).status != RunStatus.COMPLETED:
        raise ReleaseRefused("Alleen een berekening die klaar is kan worden vrijgegeven.")
    released = Release.objects.released().filter(round=round)
    if released.filter(run=run, status=status).exists():
        raise ReleaseRefused(f"Deze uitkomsten zijn al vrijgegeven als ‘{ReportStatus(status).label.lower()}’.")
    if released.filter(run__requested_at__gt=run.requested_at).exists():
        raise ReleaseRefused("Er is al een nieuwere berekening van deze ronde vrijgegeven.")
    order = list(RELEASED_AS)
    last = released.select_related("run").first()
    if frontiers.is_frozen(run) and (last is None or not changes.is_same_frontier(last.run, run)):
        raise ReleaseRefused(
            f"Deze berekening bouwt op {frontiers.short(frontiers.frontier_of(run))}, en inmiddels is er een andere vergelijking"
            " vrijgegeven. Start een nieuwe berekening."
        )
    if last is not None and order.index(ReportStatus(last.status)) > order.index(status):
        raise ReleaseRefused(
            f"De uitkomsten van deze ronde zijn al ‘{last.get_status_display().lower()}’. Een nieuwe vrijgave kan niet terug naar"
            f" ‘{ReportStatus(status).label.lower()}’."
        )
    if respond_until is not None and status == ReportStatus.ADOPTED:
        raise ReleaseRefused(
            "Op vastgestelde uitkomsten volgt geen duidingsperiode. Aanbieders kunnen een zienswijze geven op het voornemen."
        )
    if respond_until is not None:
        require_own_term(respond_until, round)
    if status == ReportStatus.ADOPTED and (waiting := periods.why_not_adopted(round)):
        raise ReleaseRefused(waiting)


def make_reports(release_id: int) -> bool:
    """Make the reports of a release and what the second person looks at; tell whether they were made. For workers.

    In one transaction under a lock: a worker that is killed leaves nothing behind but the count of its try, and a second one
    passes by. What was tried too often is withdrawn with the reason.
    """
    with alone(f"tariffs.release.{release_id}") as is_mine:
        return is_mine and _may_try(release_id) and _make_reports(release_id)


def _may_try(release_id: int) -> bool:
    """Count a try to make the reports, and tell whether there is still anything to try."""
    with transaction.atomic():
        release = _locked_preparing(release_id)
        if release is None:
            return False
        if release.tries >= MOST:
            logger.error("The reports of release %s could not be made in %s tries.", release_id, release.tries)
            _withdraw_by_itself(release, NOT_MADE)
            return False
        # Who consented before it was prepared and is not done yet is waited for, here and not as long as the making takes.
        consents.one_by_one(release.round)
        release.tries += 1
        release.save(update_fields=["tries"])
    return True


def _locked_preparing(release_id: int) -> Release | None:
    return (
        Release.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=release_id, stage=ReleaseStage.PREPARING)
        .select_related("run__dataset", "run__specification", "round", "prepared_by", "approved_by")
        .first()
    )


def _make_reports(release_id: int) -> bool:
    with transaction.atomic():
        release = _locked_preparing(release_id)
        if release is None:
            return False
        _store_reports(release)
        if release.status == ReportStatus.ADOPTED:
            ReleaseEffects.objects.create(release=release, document=effects.of_each_rule(release.run).as_document())
        release.stage = ReleaseStage.PREPARED
        release.save(update_fields=["stage"])
    return True


def _store_reports(release: Release) -> None:
    last = Release.objects.released().filter(round=release.round).select_related("run__dataset").first()
    before = {report.provider_id: report for report in last.reports.all()} if last is not None else {}
    versions = dict(
        MirrorReport.objects.filter(release__round=release.round, release__stage=ReleaseStage.RELEASED)
        .values("provider_id")
        .annotate(last=Max("version"))
        .values_list("provider_id", "last")
    )
    documents = report_contents(release.run, consents_at=release.prepared_at)
    told = changes.reasons(last.run, release.run) if last is not None else None
    ended = periods.sentences(last=last, respond_until=release.respond_until, providers=documents)
    for provider_id, document in documents.items():
        old = before.get(provider_id)
        document["release"] = {"note": release.note, "status": release.status}
        if told is not None:
            why = told.for_provider(provider_id, old.content if old is not None else None, document)
            document["release"]["why"] = [ended[provider_id], *why] if provider_id in ended else why
    MirrorReport.objects.bulk_create(
        (
            MirrorReport(
                release=release,
                provider_id=provider_id,
                version=versions.get(provider_id, 0) + 1,
                content=document,
                sha256=content_hash(document),
            )
            for provider_id, document in documents.items()
        ),
        batch_size=200,
    )


def approve(*, release: Release, release_at: datetime | None, actor: Actor) -> Release:
    """Approve what was prepared, by another than who did that; it becomes visible at ``release_at``, or at once.

    Raises :class:`ReleaseRefused` for the same person, for what is not ready, for a moment after the interpretation period, or
    for adopting while responses wait for an answer. What comes in after that stays open: it holds nothing back.
    """
    powers.require_staff(actor)
    now = timezone.now()
    moment = max(release_at or now, now)
    with transaction.atomic():
        locked = Release.objects.select_for_update(of=("self",)).select_related("round", "run").get(pk=release.pk)
        if locked.stage == ReleaseStage.PREPARING:
            raise ReleaseRefused("De spiegels worden nog gemaakt. Wacht tot dat klaar is.")
        if locked.stage != ReleaseStage.PREPARED:
            raise ReleaseRefused(f"Deze vrijgave staat op ‘{locked.get_stage_display().lower()}’.")
        if locked.prepared_by_id == actor.user.pk:
            raise ReleaseRefused("U zette deze vrijgave zelf klaar. Een collega moet haar goedkeuren.")
        changed = _what_changed(locked, moment)
        if not changed and periods.ended_by(locked) is not None and periods.was_extended(locked):
            changed = "De duidingsperiode is verlengd nadat deze vrijgave werd klaargezet."
        if changed:
            raise ReleaseRefused(f"{changed} Trek de vrijgave in en zet haar opnieuw klaar.")
        if locked.status == ReportStatus.ADOPTED and (waiting := periods.why_not_adopted(locked.round)):
            raise ReleaseRefused(waiting)
        locked.stage, locked.release_at = ReleaseStage.APPROVED, moment
        locked.approved_at, locked.approved_by = now, actor.user
        locked.save()
        record(
            act=Act.RELEASE_APPROVED,
            actor=actor,
            subject=str(locked.round),
            details={"release": str(locked.uuid), "at": moment.isoformat()},
        )
        transaction.on_commit(lambda: wake(tasks.release_due))
    return locked


def withdraw(*, release: Release, reason: str, actor: Actor) -> None:
    """Take back a release that nobody has seen yet, with the reason."""
    powers.require_staff(actor)
    require_words(reason, "Schrijf op waarom u de vrijgave intrekt.")
    with transaction.atomic():
        locked = Release.objects.select_for_update(of=("self",)).select_related("round").get(pk=release.pk)
        if locked.stage not in UNDER_WAY:
            raise ReleaseRefused(
                f"Deze vrijgave staat op ‘{locked.get_stage_display().lower()}’ en kan niet meer terug."
            )
        locked.stage, locked.withdrawn_reason = ReleaseStage.WITHDRAWN, reason.strip()
        locked.save(update_fields=["stage", "withdrawn_reason"])
        record(act=Act.RELEASE_WITHDRAWN, actor=actor, subject=str(locked.round), details={"release": str(locked.uuid)})


def release_due() -> list[int]:
    """Make visible what was approved and whose moment has come; return the keys. For workers: it needs to see everything.

    Everything that a release brings comes in one transaction, the messages too: a worker that is killed midway has done nothing,
    and the next one does it whole.
    """
    found = Release.objects.filter(stage=ReleaseStage.APPROVED, release_at__lte=timezone.now()).order_by("pk")
    done = []
    for pk in found.values_list("pk", flat=True):
        try:
            if _publish(pk):
                done.append(pk)
        except Exception:
            # It was undone whole, and is tried again; meanwhile the others go out.
            logger.exception("Release %s could not go out.", pk)
    return done


def _publish(release_id: int) -> bool:
    now = timezone.now()
    with transaction.atomic():
        release = (
            Release.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=release_id, stage=ReleaseStage.APPROVED, release_at__lte=now)
            .select_related("round", "run", "approved_by", "prepared_by")
            .first()
        )
        if release is None:
            return False
        if changed := _what_changed(release, now):
            _withdraw_by_itself(release, changed)
            return False
        touched = changes.touched_by(release)
        standings.record_release(release, at=now, only=touched.with_other_standing)
        release_notices.tell_providers(release, only=touched.to_tell)
        record(
            act=Act.RESULTS_RELEASED,
            actor=None,
            subject=str(release.round),
            details={"run": str(release.run.uuid), "status": release.status, "release": str(release.uuid)},
        )
        release.stage, release.released_at = ReleaseStage.RELEASED, now
        release.save(update_fields=["stage", "released_at"])
    return True


def _withdraw_by_itself(release: Release, reason: str) -> None:
    """Take back a release, locked, in nobody's name; who worked on it is told."""
    release.stage, release.withdrawn_reason = ReleaseStage.WITHDRAWN, reason
    release.save(update_fields=["stage", "withdrawn_reason"])
    record(act=Act.RELEASE_WITHDRAWN, actor=None, subject=str(release.round), details={"release": str(release.uuid)})
    release_notices.tell_withdrawn(release)


def _what_changed(release: Release, now: datetime) -> str:
    """Return why reports that were prepared may not go out as they are; empty if they may."""
    if release.respond_until is not None and release.respond_until <= now:
        return f"De duidingsperiode eindigt op {format_datetime(release.respond_until)}, en dat is niet na de vrijgave."
    if release.run.frozen["policy"]["disclosure"] == Disclosure.CONSENT:
        return consents.changes_in_words(release.round, since=release.prepared_at)
    return ""


def release_run(
    *,
    run: Run,
    actor: None,
    status: ReportStatus = ReportStatus.SIMULATION,
    note: str = "",
    for_care_offices: bool = True,
    respond_until: datetime | None = None,
) -> Release:
    """Release at once, by the portal itself: for commands, on behalf of who may run them. People use the two steps."""
    with transaction.atomic():
        is_first = not Release.objects.released().filter(round=run.dataset.round).exists()
        release = prepare(
            run=run,
            status=status,
            actor=actor,
            note=note or ("" if is_first else "Vrijgegeven door een beheerder van het portaal."),
            for_care_offices=for_care_offices,
            respond_until=respond_until,
        )
        make_reports(release.pk)
        now = timezone.now()
        Release.objects.filter(pk=release.pk).update(stage=ReleaseStage.APPROVED, approved_at=now, release_at=now)
        if not _publish(release.pk):
            raise ReleaseRefused("Deze vrijgave is al in behandeling bij een ander proces.")
    release.refresh_from_db()
    return release


def wake_waiting() -> None:
    """Wake a worker for every release that waits for its reports; if one is at it, the other passes by."""
    for pk in Release.objects.filter(stage=ReleaseStage.PREPARING).order_by("pk").values_list("pk", flat=True):
        wake(tasks.make_reports, pk)
