"""The case of one provider in a round: all that it consists of, in all three channels, as far as somebody may see it.

A provider reads its own side: what is prepared or drawn up, and advice that was not decided on yet, is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import BooleanField, ExpressionWrapper, Q

from providers.access import Actor
from providers.models import Provider, Role, Round
from tariffs.models import (
    ENDED_BY_DECISION,
    CaseFile,
    Decision,
    InterpretationResponse,
    Letter,
    MirrorReport,
    Objection,
    Standing,
    StatementOfViews,
)
from tariffs.procedure import posting
from tariffs.procedure.notified import with_posting


@dataclass(frozen=True, kw_only=True)
class CaseOf:
    """All of one case, as far as somebody may see it."""

    provider: Provider
    round: Round
    is_internal: bool
    """Whether it is seen by the NZa: with what is still being prepared."""
    reports: tuple[MirrorReport, ...]
    responses: tuple[InterpretationResponse, ...]
    decisions: tuple[Decision, ...]
    views: tuple[StatementOfViews, ...]
    objections: tuple[Objection, ...]
    letters: tuple[Letter, ...]
    standings: tuple[Standing, ...]
    files: tuple[CaseFile, ...] = field(default=())

    @property
    def decision(self) -> Decision | None:
        """Return the decision that is under way or holds: the newest that was not withdrawn and is not replaced."""
        return next((item for item in self.decisions if item.status not in ("withdrawn", "replaced")), None)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no case of a decision yet; an answer to a response is none."""
        return not (self.decisions or self.views or self.objections)


def case_of(*, provider: Provider, round: Round, actor: Actor) -> CaseOf:
    """Look a case up. The number of queries does not depend on how much happened."""
    mine = Q(provider=provider)
    return CaseOf(
        provider=provider,
        round=round,
        is_internal=actor.role == Role.NZA,
        reports=tuple(
            MirrorReport.objects.visible_to(actor)
            .filter(mine, release__round=round, release__stage="released")
            .select_related("release")
            .defer("content")
            .order_by("version")
        ),
        responses=tuple(
            InterpretationResponse.objects.visible_to(actor)
            .filter(mine, report__release__round=round)
            .select_related("submitted_by", "answered_by", "report")
            .defer("report__content")
            .prefetch_related("messages__by")
            .order_by("pk")
        ),
        decisions=tuple(
            with_posting(Decision.objects.visible_to(actor))
            .filter(mine, round=round)
            .select_related(
                "report__release", "prepared_by", "drafted_by", "decided_by", "replaces", "round", "provider"
            )
            .defer("report__content")
            .order_by("-pk")
        ),
        views=tuple(
            StatementOfViews.objects.visible_to(actor)
            .filter(mine, decision__round=round)
            .select_related("received_by", "reaction_by", "decision")
        ),
        objections=tuple(
            with_posting(Objection.objects.visible_to(actor))
            .filter(mine, decision__round=round)
            .select_related(
                "received_by",
                "decision__round",
                "decision__provider",
                "group",
                "provider",
                "drafted_by",
                "decided_by",
                "assigned_to",
                "group__made_by",
            )
            .prefetch_related(
                "events__by", "hearings__invited_by", "hearings__reported_by", "grounds", "group__grounds"
            )
            .order_by("pk")
        ),
        letters=tuple(
            Letter.objects.visible_to(actor)
            .filter(mine, round=round)
            .annotate(is_needless=ExpressionWrapper(posting.is_needless(), output_field=BooleanField()))
            .select_related("sent_by", "posting__by")
            .order_by("pk")
        ),
        standings=tuple(Standing.objects.visible_to(actor).filter(mine, round=round).order_by("since", "pk")),
        files=tuple(
            CaseFile.objects.visible_to(actor)
            .filter(mine)
            .filter(
                Q(response__report__release__round=round)
                | Q(views__decision__round=round)
                | Q(objection__decision__round=round)
            )
            .select_related("received_from")
            .defer("content")
            .order_by("pk")
        ),
    )


def shows_outcome(case: CaseOf, objection: Objection) -> bool:
    """Tell whether the outcome, verdicts and advice of an objection may be seen: by the provider once it was decided."""
    return case.is_internal or objection.status in ENDED_BY_DECISION
