"""NZa: the rounds, and one round from delivery to release."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from benchmarking import frontiers, progress, runs, specification, wording
from benchmarking.models import Result, Run, RunStatus
from benchmarking.specification import SpecificationError
from benchmarking.steps.participation import REASONS_SHORT
from ivportal.pages import concerns, listing, outcomes
from ivportal.pages.board import board, has_finding, is_delivered
from ivportal.pages.cases.attention import attention as of_procedures
from ivportal.pages.releasing.release import of_round
from ivportal.pages.ribbon import delivered_ribbon, ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.runs import ONLY_CORRECTED, run_context
from providers.audit import record
from providers.models import (
    COUNTING,
    Act,
    Round,
    RoundStatus,
    Severity,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from tariffs import settling
from tariffs.models import Release, Settlement
from tariffs.policies import current_policy
from tariffs.terms import amsterdam_day

MOST_NAMES = 25


@require_GET
@for_role("nza")
def rounds(request: Any) -> HttpResponse:
    """What needs attention, and all rounds."""
    counted = Count("submissions", filter=~Q(submissions__status=SubmissionStatus.EXEMPT), distinct=True)
    found = sorted(Round.objects.annotate(expected=counted), key=_most_urgent)
    delivered = dict(
        Submission.objects.filter(is_delivered())
        .values_list("round")
        .annotate(count=Count("pk"))
        .values_list("round", "count")
    )
    with_errors = dict(
        Submission.objects.filter(has_finding(severity=Severity.ERROR))
        .values_list("round")
        .annotate(count=Count("pk"))
        .values_list("round", "count")
    )
    of_desk = concerns.attention(found)
    cards, attention = [], []
    for round in found:
        run = Run.objects.filter(dataset__round=round).first()
        release = Release.objects.released().filter(round=round).first()
        url = reverse("round", args=[round.slug])
        cards.append(
            {
                "name": round.title,
                "url": url,
                "board_url": f"{url}#aanbieders"
                if round.is_delivered_here and round.status == RoundStatus.OPEN
                else None,
                "manage_url": reverse("manage_round", args=[round.slug]) if round.is_delivered_here else None,
                "book_year": round.book_year,
                "is_fictitious": round.is_fictitious,
                "status_label": round.get_status_display(),
                "currency": round.currency,
                "expected": round.expected,
                "delivered": delivered.get(round.pk, 0),
                "opens_at": round.opens_at if round.status == RoundStatus.DRAFT else None,
                "deadline": round.deadline,
                "run": {"label": run.get_status_display(), "moment": run.finished_at or run.requested_at}
                if run
                else None,
                "released": release.reports.count() if release else 0,
            }
        )
        attention += of_desk.get(round.pk, [])
        attention += _attention(round, run, release, url)
        if release is None:
            # Who is missing or wrong in figures that were released already, asks nothing of anybody any more.
            attention += _left_to_do(
                round,
                missing=0 if round.is_delivered_here else round.expected - delivered.get(round.pk, 0),
                errors=with_errors.get(round.pk, 0),
                url=url,
            )
    attention += of_procedures()
    return render(
        request,
        "benchmarking/rounds.html",
        {
            # What cannot wait comes first, then what ends soonest; of what has no end the order of the rounds stays.
            "rounds": cards,
            "attention": sorted(attention, key=_when),
            "today": timezone.localdate(),
        },
    )


def _when(item: dict[str, Any]) -> tuple[bool, date]:
    term = item["term"]
    return (
        not item["is_urgent"],
        date.max if term is None else amsterdam_day(term) if isinstance(term, datetime) else term,
    )


def _most_urgent(round: Round) -> tuple[int, int, int]:
    """Return where a round stands in the list: what is going on first, then what waits, then the newest."""
    first = [RoundStatus.OPEN, RoundStatus.DRAFT, RoundStatus.CLOSED, RoundStatus.ARCHIVED]
    return (0 if round.is_delivered_here else 1, first.index(RoundStatus(round.status)), -round.book_year)


def _attention(round: Round, run: Run | None, release: Release | None, url: str) -> list[dict[str, Any]]:
    said = []
    if run is None:
        if round.is_delivered_here and round.status == RoundStatus.CLOSED:
            said.append((f"{round.title}: nog niet berekend", "De ronde is gesloten. Start een berekening.", False))
        elif not round.is_delivered_here:
            said.append((f"{round.title}: nog niet berekend", "De gegevens zijn binnen. Start een berekening.", False))
    elif progress.state_of(run) == "stalled":
        said.append((f"{round.title}: de berekening staat stil", "Een ander rekenproces neemt het over.", True))
    elif run.status == RunStatus.FAILED:
        said.append((f"{round.title}: de laatste berekening is mislukt", run.failure_reason, True))
    elif run.status == RunStatus.COMPLETED and (release is None or release.run_id != run.pk):
        said.append(
            (f"{round.title}: uitkomsten zijn nog niet vrijgegeven", "Bekijk ze en besluit over vrijgave.", False)
        )
    return [
        {"title": title, "text": text, "url": url, "is_urgent": urgent, "term": None} for title, text, urgent in said
    ]


def _left_to_do(round: Round, *, missing: int, errors: int, url: str) -> list[dict[str, Any]]:
    merged = Submission.objects.filter(round=round, merged_into__isnull=False).count()
    said = []
    if missing - merged > 0:
        text = f"{missing - merged} aanbieders hebben niet aangeleverd."
        said.append((f"{round.title}: aanleveringen ontbreken", text, f"{url}?bevinding=niets#aanbieders"))
    if errors:
        text = f"{errors} aanleveringen bevatten een fout en doen zo niet mee."
        said.append((f"{round.title}: fouten in aanleveringen", text, f"{url}?bevinding=error#aanbieders"))
    return [{"title": title, "text": text, "url": link, "is_urgent": False, "term": None} for title, text, link in said]


@require_GET
@for_role("nza")
def round_page(request: Any, slug: str) -> HttpResponse:
    """One round: who delivered, the model, the run and its outcome, exclusions, release."""
    round = get_object_or_404(Round, slug=slug)
    all_runs = list(
        Run.objects.visible_to(request.actor)
        .filter(dataset__round=round)
        .select_related("dataset__round", "specification", "requested_by")
        .defer("dataset__content", "frozen")
    )
    newest = all_runs[0] if all_runs else None
    completed = [run for run in all_runs if run.status == RunStatus.COMPLETED]
    shown = next((run for run in completed if str(run.uuid) == request.GET.get("berekening")), None)
    shown = shown or (completed[0] if completed else None)
    release = Release.objects.released().filter(run=shown).first() if shown else None
    followed = newest if newest and (newest.status != RunStatus.COMPLETED or newest == shown) else shown
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject=f"Overzicht {round}")
    context = {
        "ribbon": ribbon(round=round, release=release) if shown else delivered_ribbon(round),
        "round": {
            "name": round.title,
            "slug": round.slug,
            "book_year": round.book_year,
            "currency": round.currency,
            "status_label": round.get_status_display(),
            "deadline": round.deadline,
            "is_here": round.is_delivered_here,
            "is_open": round.is_delivered_here and round.status == RoundStatus.OPEN,
        },
        "delivery": board(request, round, run=shown),
        "specification": _specification(round),
        "start": _start(round, newest),
        "run": run_context(followed) if followed else None,
        "result": outcomes.totals(shown) if shown else None,
        "distribution": outcomes.distribution(shown) if shown else None,
        "intervals": outcomes.intervals(shown) if shown else None,
        "influential": outcomes.influential(shown, round) if shown else [],
        "exclusions": _exclusions(shown, round) if shown else [],
        "releasing": of_round(shown, release),
        "runs": [
            {
                "label": run.get_status_display(),
                "is_frozen": "frozen" in run.summary,
                "started_at": run.requested_at,
                "seconds": progress.seconds_of(run),
                "specification": str(run.specification),
                "result_hash": run.result_hash[:12],
                "url": listing.address(request.GET, berekening=str(run.uuid))
                if run.status == RunStatus.COMPLETED
                else reverse("round", args=[round.slug]),
                "is_shown": run == shown,
            }
            for run in all_runs[:20]
        ],
    }
    return render(request, "benchmarking/round.html", context)


def _specification(round: Round) -> dict[str, Any] | None:
    current = round.specifications.select_related("specification").first()
    if current is None:
        return None
    model = specification.parse_stored(current.specification.document)
    return {"name": str(current.specification), "url": None, "sentences": wording.sentences(model, round.currency)}


def _start(round: Round, newest: Run | None) -> dict[str, Any]:
    busy = newest is not None and not newest.is_ended
    reason = "Er loopt al een berekening." if busy else _not_computable(round)
    released, policy = settling.released_run(round), current_policy(round)
    return {
        "url": reverse("start_run", args=[round.slug]),
        "is_allowed": not reason,
        "reason": reason,
        "keeping": {
            "name": frontiers.short(frontiers.frontier_of(released)),
            "value": ONLY_CORRECTED,
            "policy": policy.get_corrections_settled_display().lower(),
            "is_usual": policy.corrections_settled == Settlement.FROZEN_FRONTIER,
        }
        if released
        else None,
    }


def _not_computable(round: Round) -> str:
    """Return why the model of a round cannot be computed with; nothing if it can."""
    if round.is_delivered_here and not round.submissions.filter(status__in=COUNTING, versions__isnull=False).exists():
        return "Er is nog niets aangeleverd om mee te rekenen."
    if not round.specifications.exists():
        return "Kies eerst een modelspecificatie."
    try:
        runs.current_specification(round)
    except SpecificationError as refused:
        return " ".join(refused.problems)
    return ""


def _exclusions(run: Run, round: Round) -> list[dict[str, Any]]:
    excluded = Result.objects.filter(run=run, participates=False).select_related("provider").order_by("provider__name")
    by_reason: dict[str, list[Result]] = {}
    for result in excluded:
        for code in result.reasons:
            by_reason.setdefault(code, []).append(result)
    delivered = set(
        SubmissionVersion.objects.filter(submission__round=round).values_list("submission__provider_id", flat=True)
    )
    shown = []
    for code, results in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        label = REASONS_SHORT[code]
        texts = {
            result.pk: dict(zip(result.reasons, result.reason_text.splitlines(), strict=True))[code]
            for result in results
        }
        same = len(set(texts.values())) == 1
        shown.append(
            {
                "label": label[:1].upper() + label[1:],
                "explanation": texts[results[0].pk] if same else "",
                "count": len(results),
                "providers": [
                    {
                        "name": result.provider.name,
                        "key": result.provider.key,
                        "note": "" if same else texts[result.pk],
                        "url": reverse("provider_submission", args=[round.slug, result.provider.uuid])
                        if result.provider_id in delivered
                        else None,
                    }
                    for result in results[:MOST_NAMES]
                ],
                "more": max(len(results) - MOST_NAMES, 0),
            }
        )
    return shown
