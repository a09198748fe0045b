"""NZa: what the checks found in a round, rule by rule, with what that does to the comparison."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from benchmarking import specification
from ivportal.pages import listing
from ivportal.pages.reach import in_words
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from providers import checks
from providers.audit import record
from providers.models import COUNTING, Act, Explanation, Finding, Round, SectorBasis, Severity, SubmissionVersion

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def standing(round: Round) -> QuerySet[Finding]:
    """Return the findings that hold in the newest counting version of every provider of a round."""
    newest = (
        SubmissionVersion.objects.filter(submission__round=round, submission__status__in=COUNTING)
        .order_by("submission", "-number")
        .distinct("submission")
    )
    return Finding.objects.filter(version__in=newest.values("pk"), ended_at__isnull=True)


@require_GET
@for_role("nza")
def round_checks(request: Any, slug: str) -> HttpResponse:
    """The findings of a round by rule; with ``?regel=`` the deliveries in which one of them was made."""
    round = get_object_or_404(Round, slug=slug)
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject=f"Controles {round}")
    found = standing(round)
    explained = Exists(Explanation.objects.filter(finding=OuterRef("pk")))
    counted = (
        found.values("rule", "severity")
        .annotate(
            findings=Count("pk"),
            deliveries=Count("version", distinct=True),
            asked=Count("pk", filter=Q(needs_explanation=True)),
            explained=Count("pk", filter=Q(explained)),
        )
        .order_by()
    )
    (wanted,) = listing.asked(request.GET, "regel")
    gates = _errors_keep_out(round)
    rules = sorted(
        (_rule(dict(row), slug, wanted, gates=gates) for row in counted),
        key=lambda item: (item["order"], -item["deliveries"], item["code"]),
    )
    basis = SectorBasis.objects.filter(round=round).order_by("-pk").first()
    context: dict[str, Any] = {
        "round": round,
        "ribbon": delivered_ribbon(round),
        "rules": rules,
        "delivered": round.submissions.filter(status__in=COUNTING, versions__isnull=False).distinct().count(),
        "with_errors": found.filter(severity=Severity.ERROR).values("version").distinct().count(),
        "basis": basis,
        "shown": next((item for item in rules if item["code"] == wanted), None),
    }
    if context["shown"]:
        context |= _shown(request, found.filter(rule=wanted), round)
    return render(request, "providers/desk_checks.html", context)


def _errors_keep_out(round: Round) -> bool:
    """Tell whether the model of the round leaves out who has an error; without a model, as models usually do."""
    current = round.specifications.select_related("specification").first()
    return current is None or specification.parse_stored(current.specification.document).participation.without_errors


def _rule(row: dict[str, Any], slug: str, wanted: str, *, gates: bool) -> dict[str, Any]:
    rule = checks.rules().get(row["rule"])
    return {
        "code": row["rule"],
        "title": rule.title if rule else "Een controle die niet meer bestaat",
        "mend": rule.mend if rule else "",
        "severity": row["severity"],
        "label": Severity(row["severity"]).label,
        "order": ORDER[Severity(row["severity"])],
        "deliveries": row["deliveries"],
        "findings": row["findings"],
        "explained": f"{row['explained']} van {row['asked']}" if row["asked"] else "",
        "effect": _effect(row["severity"], row["deliveries"], row["asked"] - row["explained"], gates=gates),
        "url": f"?regel={row['rule']}#aanleveringen",
        "list_url": f"{reverse('round', args=[slug])}?regel={row['rule']}#aanbieders",
        "is_shown": row["rule"] == wanted,
    }


def _effect(severity: str, deliveries: int, open_ones: int, *, gates: bool) -> str:
    if severity == Severity.ERROR:
        verb = "doet" if deliveries == 1 else "doen"
        if not gates:
            return "Zij doen mee: het model van deze ronde laat fouten toe."
        return f"{in_words(deliveries, 'aanlevering')} {verb} door deze fout niet mee."
    if severity == Severity.NOTE:
        return "Geen: het is alleen opgemerkt."
    if open_ones > 0:
        verb = "is" if open_ones == 1 else "zijn"
        return f"Zij doen mee. {in_words(open_ones, 'signalering')} {verb} nog niet toegelicht."
    return "Zij doen mee."


def _shown(request: Any, found: QuerySet[Finding], round: Round) -> dict[str, Any]:
    """Return the deliveries in which a rule found something, each with what the provider says about it."""
    newest = Explanation.objects.filter(finding=OuterRef("pk")).order_by("-made_at", "-pk").values("text")[:1]
    page, pagination = listing.paginate(
        found.select_related("version__submission__provider")
        .annotate(explanation=Subquery(newest))
        .order_by("version__submission__provider__name", "version", "pk"),
        request.GET,
    )
    address = "provider_file" if round.is_delivered_here else "provider_submission"
    return {
        "findings": [
            {
                "name": finding.version.submission.provider.name,
                "key": finding.version.submission.provider.key,
                "url": reverse(address, args=[round.slug, finding.version.submission.provider.uuid]),
                "message": finding.message,
                "explanation": finding.explanation,
            }
            for finding in page
        ],
        "pagination": pagination,
    }
