"""*Uw spiegel*: where a provider stands, from the report that was released to it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from benchmarking.wording import convention_in_words
from ivportal.letters import report as report_on_paper
from ivportal.pages.cases import consenting
from ivportal.pages.first_action import first_action
from ivportal.pages.intervals import format_range, in_words, interval_bar
from ivportal.pages.ribbon import NOT_MADE_KNOWN, ribbon_of_mirror
from ivportal.pages.rights import for_role
from ivportal.pages.scales import bandwidth_bar, rate_scale, scale_ends
from providers.audit import record
from providers.formatting import format_datetime, format_million, format_money, format_percent
from providers.measures import CATALOGUE
from providers.models import Act, Round
from tariffs import standings
from tariffs.models import BandwidthStatus, Decision, DecisionStatus, MirrorReport, ReportStatus, respond_until
from tariffs.procedure.notified import is_posting_unknown
from tariffs.room import ceiling_of, inward

#: Documents up to the second form may hold an interval of one point for who is measured against itself alone.
CAPPED = (
    "Uw maximale kosten zijn meer dan u met de hoogste tarieven kunt krijgen. Een tarief komt nooit boven {ceiling} uit: daarom"
    " is de bovenkant van uw bandbreedte daarop begrensd."
)
ALONE = "Voor u is geen interval te berekenen: u wordt alleen met uzelf vergeleken."


@require_GET
@for_role("provider")
def mirror(request: Any, report: Any = None) -> HttpResponse:
    """Show the newest report of the provider, or the one asked for."""
    found = (
        MirrorReport.objects.visible_to(request.actor)
        .select_related("release__round", "provider")
        .order_by("-release__round__book_year", "-version", "-pk")
    )
    shown = found.first() if report is None else get_object_or_404(found, uuid=report)
    record(act=Act.MIRROR_READ, actor=request.actor, subject=str(shown) if shown else "Nog geen spiegel")
    if shown is None:
        return render(
            request,
            "tariffs/mirror_empty.html",
            {
                "provider": request.actor.provider,
                "next_action": first_action(request, None),
                "consents": consenting.to_say(request.actor),
            },
        )
    context = context_of(shown, list(found.defer("content")))
    context["next_action"] = first_action(request, found.first()) or context["next_action"]
    context["actions"] += consenting.to_say(request.actor)
    return render(request, "tariffs/mirror.html", context)


@require_GET
@for_role("provider")
def mirror_pdf(request: Any, report: Any) -> HttpResponse:
    """Download a report as a tagged PDF."""
    shown = get_object_or_404(
        MirrorReport.objects.visible_to(request.actor).select_related("release__round", "provider"), uuid=report
    )
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=f"{shown} (PDF)")
    name = f"spiegel-{shown.release.round.slug}-{shown.provider.key}-v{shown.version}.pdf"
    return HttpResponse(
        report_on_paper.mirror_pdf(shown, context_of(shown, [shown])),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def context_of(report: MirrorReport, all_reports: list[MirrorReport]) -> dict[str, Any]:
    """Return what ``tariffs/mirror.html`` shows, from nothing but the released content and what the procedure did with it."""
    content, round, release = report.content, report.release.round, report.release
    until = respond_until(release, report.provider) if release.is_released else None
    may_respond = until is not None and until >= timezone.now()
    newest_here = max((other.version for other in all_reports if other.release.round_id == round.pk), default=0)
    standing = standings.current(report.provider_id, round.pk)
    if standing is not None and standing.decision_id is None and report.version != newest_here:
        # Which figures were released last says nothing about an earlier version; a decision may rest on one.
        standing = None
    same_round = [other for other in all_reports if other.release.round_id == round.pk]
    before = next((other for other in same_round if other.version < report.version), None)
    context: dict[str, Any] = {
        "ribbon": ribbon_of_mirror(report, standing if release.is_released else None),
        "provider": {"name": report.provider.name, "key": report.provider.shown_key},
        "round": {
            "name": round.title,
            "book_year": round.book_year,
            "currency": round.currency,
            "url": reverse("own_submission", args=[round.slug]),
        },
        "version": report.version,
        "newer": next((_link(other) for other in same_round if other.version > report.version), None),
        "others": [_link(other) for other in all_reports if other.pk != report.pk],
        "next_action": _next_action(report, until if may_respond else None),
        "participation": {
            "takes_part": "costs" in content,
            "reasons": content["reasons"],
            "next_step": "Klopt dit niet? Bekijk uw aanlevering en neem contact op met de NZa.",
        },
        "provenance": {
            **content["provenance"],
            "computed_at": datetime.fromisoformat(content["provenance"]["computed_at"]),
        },
        "actions": [
            {
                "title": "Controleer uw cijfers",
                "text": "Elk getal dat u aanleverde, met de cel waar het vandaan komt en wat de controles ervan vonden.",
                "url": reverse("own_submission", args=[round.slug]),
                "link": "Bekijk uw aanlevering",
            },
            {
                "title": "Bewaar of deel uw spiegel",
                "text": "Dezelfde cijfers als PDF, met het kenmerk waaraan u later ziet dat het deze versie is.",
                "url": reverse("mirror_pdf", args=[report.uuid]),
                "link": "Download als PDF",
            },
            *_responding(report, until, may_respond=may_respond),
        ],
        "news": content.get("release"),
    }
    if "costs" in content:
        context |= _outcome(content, round)
        context["changes"] = _changes(before, report) if before else None
    return context


def _next_action(report: MirrorReport, until: datetime | None) -> dict[str, Any]:
    round = report.release.round
    if until is not None:
        return {
            "title": f"U kunt reageren tot en met {format_datetime(until)}",
            "text": "Bekijk of uw cijfers kloppen. Zeg per onderdeel of u akkoord bent, licht iets toe, verbeter gegevens of"
            " stel een vraag.",
            "url": reverse("report_responses", args=[report.uuid]),
            "link": "Reageer op uw spiegel",
        }
    if (about := _about_decision(report)) is not None:
        return about
    texts = {
        ReportStatus.SIMULATION: "Dit is een simulatie. Controleer wel of uw cijfers kloppen.",
        ReportStatus.PROVISIONAL: "De uitkomsten zijn voorlopig. U krijgt bericht als er iets verandert.",
        ReportStatus.ADOPTED: "De uitkomsten zijn vastgesteld. Hierop volgt een voorgenomen besluit; daarop kunt u uw zienswijze"
        " geven.",
    }
    return {
        "title": "U hoeft nu niets te doen",
        "text": texts[ReportStatus(report.release.status)],
        "url": reverse("own_submission", args=[round.slug]),
        "link": "Bekijk uw aanlevering",
    }


def _about_decision(report: MirrorReport) -> dict[str, Any] | None:
    """Return how far the decision is that follows on outcomes; ``None`` while there is none that the provider knows of."""
    round = report.release.round
    known = (DecisionStatus.ANNOUNCED, DecisionStatus.DRAFTED, DecisionStatus.SENT)
    found = Decision.objects.filter(round=round, provider=report.provider_id, status__in=known)
    decision = found.order_by("-pk").first()
    if decision is None or report.release.status != ReportStatus.ADOPTED:
        return None
    return {
        "title": "U hoeft nu niets te doen",
        "text": f"Besluit {decision.reference} is {NOT_MADE_KNOWN}. Bij het besluit leest u wat u kunt doen."
        if is_posting_unknown(decision)
        else f"Er is een besluit over deze ronde: {decision.reference}. Bij het besluit leest u wat u kunt doen."
        if decision.status == DecisionStatus.SENT
        else f"Er is een voorgenomen besluit: {decision.reference}. Bij het besluit leest u hoe het verder gaat.",
        "url": reverse("own_case", args=[round.slug]),
        "link": "Bekijk het besluit",
    }


def _responding(report: MirrorReport, until: datetime | None, *, may_respond: bool) -> list[dict[str, Any]]:
    """Return the way to what was or can be said of this report; nothing if nobody was asked to respond."""
    if until is None:
        return []
    return [
        {
            "title": "Reageer" if may_respond else "Uw reacties",
            "text": "Per onderdeel: akkoord, toelichten, gegevens verbeteren of een vraag stellen. Dit is geen bezwaar."
            if may_respond
            else "Wat u in de duidingsperiode liet weten, en wat de NZa antwoordde.",
            "url": reverse("report_responses", args=[report.uuid]),
            "link": "Naar uw reacties",
        }
    ]


def _link(report: MirrorReport) -> dict[str, Any]:
    return {
        "label": f"boekjaar {report.release.round.book_year}, versie {report.version}",
        "url": reverse("mirror_report", args=[report.uuid]),
    }


def _changes(before: MirrorReport, now: MirrorReport) -> dict[str, Any]:
    """Return what changed between two versions: costs, score, bandwidth as a percentage; empty rows if nothing did."""
    old, new = before.content, now.content
    if "costs" not in old:
        return {"since": before.version, "rows": [], "text": "In de vorige versie deed u niet mee in de vergelijking."}
    currency = now.release.round.currency
    rows = [
        {
            "label": label,
            "old": format_money(old["costs"][name], currency=currency),
            "new": format_money(new["costs"][name], currency=currency),
        }
        for name, label in (("own", "Uw kosten"), ("minimum", "Minimale kosten"), ("maximum", "Maximale kosten"))
        if old["costs"][name] != new["costs"][name]
    ]
    if old["score"] != new["score"]:
        rows.append(
            {"label": "Efficiëntiescore", "old": format_percent(old["score"]), "new": format_percent(new["score"])}
        )
    if (was := _rates(old)) != (becomes := _rates(new)):
        rows.append({"label": "Bandbreedte (% van de maximumtarieven)", "old": was, "new": becomes})
    return {"since": before.version, "rows": rows, "text": ""}


def _rates(content: dict[str, Any]) -> str:
    """Return the bandwidth of a document as a percentage of the maximum tariffs, in words."""
    tariff = content["tariff"]
    if tariff["lower_rate"] is None:
        return "geen percentage"
    lower, upper = (
        format_percent(rate, decimals=2)
        for rate in inward(Decimal(tariff["lower_rate"]), Decimal(tariff["upper_rate"]))
    )
    return lower if lower == upper else f"{lower} – {upper}"


def _outcome(content: dict[str, Any], round: Round) -> dict[str, Any]:
    own, minimum, maximum, comparable, fixed = (
        Decimal(content["costs"][name]) for name in ("own", "minimum", "maximum", "comparable", "fixed")
    )
    difference = own - minimum
    position = "lowest" if difference <= 0 else "within" if own <= maximum else "above"
    return {
        "costs": {
            "own": own,
            "minimum": minimum,
            "maximum": maximum,
            "difference": difference,
            "difference_ratio": difference / own,
            "comparable_ratio": difference / comparable if comparable != own else None,
            "markup": Decimal(content["markup"]),
            "position": position,
            "allowances": Decimal(content["costs"]["allowances"]),
            "comparable": comparable,
            "one_point": format_million((comparable - fixed) / 100, currency=round.currency),
            "above_maximum": max(own - maximum, Decimal(0)),
        },
        "rules": content["rules"],
        "certainty": _certainty(content),
        "cautions": content["cautions"],
        "bar": bandwidth_bar(
            own=own, minimum=minimum, maximum=maximum, currency=round.currency, book_year=round.book_year
        ),
        "score": Decimal(content["score"]),
        "tariff": _tariff(content, round),
        "drivers": None,
        "correction": _correction(content),
        "without_peer": content.get("without_peer"),
        "peers": {**content["peers"], "others_count": max((content["peers"]["comparable_count"] or 1) - 1, 0)},
        "peer_figure": content["peer_figure"],
        "peer_figure_reason": (
            "In deze ronde is er geen onderscheid tussen zorg met en zonder behandeling."
            " Daarom ontbreekt de figuur die dat laat zien."
        ),
    }


def _certainty(content: dict[str, Any]) -> dict[str, Any]:
    """Return the interval around the score, or why there is none; documents of the first form know of neither."""
    found = content.get("certainty")
    if not found:
        reason = content.get("certainty_reason", "Hoe zeker dit is, was bij deze versie nog niet berekend.")
        return {"is_known": False, "reason": reason}
    lower, upper, shown = (Decimal(str(ratio)) for ratio in (found["lower"], found["upper"], content["score"]))
    if lower == upper == 1 and content["peers"]["is_own_peer"]:
        return {"is_known": False, "reason": ALONE}
    return {
        "is_known": True,
        "lower": lower,
        "upper": upper,
        "place": in_words(lower, upper),
        "range": format_range(lower, upper),
        "bias_corrected": Decimal(str(found["bias_corrected"])),
        "confidence": Decimal(str(found["confidence"])),
        "replications": found["replications"],
        "convention": convention_in_words(found["convention"]) if "convention" in found else "",
        "bar": interval_bar(lower=lower, upper=upper, score=shown),
    }


def _correction(content: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was added to the score for circumstances, if anything."""
    found = content.get("correction")
    if not found:
        return None
    return {"amount": Decimal(str(found["amount"])), "before": Decimal(str(found["before"]))}


def _tariff(content: dict[str, Any], round: Round) -> dict[str, Any]:
    tariff = content["tariff"]
    if tariff["lower_rate"] is None:
        return {"is_available": False, "reason": tariff["reason"], "status_text": ""}
    lower, upper = inward(Decimal(tariff["lower_rate"]), Decimal(tariff["upper_rate"]))
    ends = scale_ends([lower, upper])
    return {
        "is_available": True,
        "year": tariff["year"],
        "basis": _basis(content, round),
        "lower_rate": lower,
        "upper_rate": upper,
        "status_text": tariff["reason"]
        or (CAPPED.format(ceiling=ceiling_of(upper)) if tariff["status"] == BandwidthStatus.CAPPED else ""),
        "scale_from": ends[0],
        "scale_to": ends[1],
        "source": tariff["source"],
        "products": [
            {
                "label": CATALOGUE[product["product"]].label.removeprefix("Dagen "),
                "description": "",
                "days": Decimal(product["days"]),
                "book_year_tariff": Decimal(product["book_year_tariff"]) if product["book_year_tariff"] else None,
                "maximum_tariff": Decimal(product["maximum_tariff"]),
                "lower": Decimal(product["lower"]),
                "upper": Decimal(product["upper"]),
                "scale": rate_scale(
                    lower=Decimal(product["lower"]) / Decimal(product["maximum_tariff"]),
                    upper=Decimal(product["upper"]) / Decimal(product["maximum_tariff"]),
                    ends=ends,
                ),
            }
            for product in sorted(tariff["products"], key=lambda item: CATALOGUE[item["product"]].order)
        ],
    }


def _basis(content: dict[str, Any], round: Round) -> str:
    """Return in words how the percentage follows from the minimum, with the amounts by which it can be checked."""
    tariff, costs = content["tariff"], content["costs"]
    minimum, maximum, reference = (
        format_money(amount, currency=round.currency, decimals=2)
        for amount in (costs["minimum"], costs["maximum"], tariff["reference"])
    )
    without = "" if tariff["includes_housing"] else ", beide zonder wat apart wordt vergoed,"
    if tariff["indexed_with"]:
        worth = f"tegen de maximumtarieven van {tariff['year']} waard waren"
        indexed = f" De kosten zijn eerst naar {tariff['year']} gebracht met: {tariff['indexed_with']}."
    else:
        worth, indexed = "tegen de maximumtarieven van dat jaar waard waren", ""
    return (
        f"Het percentage is uw minimum van {minimum} (en uw maximum van {maximum}){without} gedeeld door wat uw zorgdagen van"
        f" {round.book_year} {worth}: {reference}.{indexed} Het is voor elk zorgprofiel gelijk. De bedragen hieronder zijn dat"
        f" percentage van de tarieven van {tariff['year']}, per dag. De onderkant is naar boven afgerond en de bovenkant naar"
        " beneden, zodat alle zorg samen binnen uw bandbreedte blijft."
    )
