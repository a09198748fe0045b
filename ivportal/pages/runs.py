"""NZa: start a run, follow it, stop it, release its outcome, download it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from benchmarking import progress, runs
from benchmarking.models import Run, RunStatus
from benchmarking.specification import SpecificationError
from ivportal.pages.rights import for_role
from providers.audit import record
from providers.models import Act, Round
from tariffs import results_csv, settling

#: What the form says to have only those computed again who have other figures.
ONLY_CORRECTED = "verbeterd"


def run_context(run: Run) -> dict[str, Any]:
    """Return what ``benchmarking/_run_progress.html`` shows."""
    return {
        **progress.describe(run),
        "page_url": reverse("round", args=[run.dataset.round.slug]) + "#voortgang",
        "progress_url": reverse("run_progress", args=[run.uuid]),
        "cancel_url": None if run.is_ended or run.cancel_requested_at else reverse("cancel_run", args=[run.uuid]),
    }


def _found(request: Any, run: Any) -> Run:
    """Return the run with this identifier, without the figures that it drags along."""
    visible = Run.objects.visible_to(request.actor).select_related("requested_by", "dataset__round")
    return get_object_or_404(visible.defer("dataset__content", "frozen"), uuid=run)


@require_POST
@for_role("nza")
def start(request: Any, slug: str) -> HttpResponse:
    """Start a run of a round: of everybody, or only of who was corrected, against the comparison that was released."""
    round = get_object_or_404(Round, slug=slug)
    try:
        against = settling.frontier_to_keep(round) if request.POST.get("wie") == ONLY_CORRECTED else None
        runs.request_run(round=round, actor=request.actor, against=against)
    except (SpecificationError, runs.RunRefused) as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('round', args=[slug])}#voortgang")


@require_GET
@for_role("nza")
def follow(request: Any, run: Any) -> HttpResponse:
    """Show how far a run is, from committed step records; asks for the whole page once the run has ended."""
    found = _found(request, run)
    response = render(request, "benchmarking/_run_progress.html", {"run": run_context(found)})
    if found.is_ended:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_role("nza")
def cancel(request: Any, run: Any) -> HttpResponse:
    """Stop a run."""
    found = _found(request, run)
    try:
        runs.cancel_run(run=found, actor=request.actor)
    except runs.RunRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.info(request, "De berekening stopt. Er worden geen uitkomsten bewaard.")
    return redirect(f"{reverse('round', args=[found.dataset.round.slug])}#voortgang")


@require_GET
@for_role("nza")
def download(request: Any, run: Any) -> HttpResponse:
    """Download the results of a run as CSV."""
    found = _found(request, run)
    if found.status != RunStatus.COMPLETED:
        raise Http404
    name = f"uitkomsten-{found.dataset.round.slug}-{str(found.uuid)[:8]}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    results_csv.write(found, response, for_spreadsheet=True)
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=name)
    return response
