"""Looking up runs and their results."""

from __future__ import annotations

from benchmarking.models import Run, RunStatus
from providers.models import Round


class NoRun(LookupError):
    """There is no such completed run; the message is a Dutch sentence."""


def latest_completed(round: Round) -> Run:
    """Return the latest completed run of ``round``; raise :class:`NoRun` if there is none."""
    run = Run.objects.filter(dataset__round=round, status=RunStatus.COMPLETED).order_by("-finished_at", "-pk").first()
    if run is None:
        raise NoRun(
            f"Ronde {round.slug} heeft nog geen berekening die klaar is. Start er een met: compute {round.slug}."
        )
    return run


def completed(identifier: str) -> Run:
    """Return the completed run with this identifier, or the only one that begins with it; else :class:`NoRun`."""
    found = [
        run for run in Run.objects.filter(status=RunStatus.COMPLETED) if str(run.uuid).startswith(identifier.lower())
    ]
    if len(found) != 1:
        raise NoRun(f"Er is geen (enkele) voltooide berekening met kenmerk {identifier}.")
    return found[0]
