"""How corrections of a round come to count: in a run of everybody, or against the comparison that was released."""

from __future__ import annotations

from benchmarking.models import Run
from benchmarking.runs import RunRefused
from providers.models import Round
from tariffs.models import Release


def released_run(round: Round) -> Run | None:
    """Return the run of which the outcome was released last; ``None`` if nothing was."""
    found = Release.objects.released().filter(round=round).select_related("run__dataset", "run__specification").first()
    return found.run if found is not None else None


def frontier_to_keep(round: Round) -> Run:
    """Return the run whose comparison stays when only who was corrected is computed again.

    Raises :class:`~benchmarking.runs.RunRefused` if nothing was released: then there is nothing to keep.
    """
    run = released_run(round)
    if run is None:
        raise RunRefused("Van deze ronde is nog niets vrijgegeven. Kies een berekening voor iedereen.")
    return run
