"""NZa: looking at what will go out, approving it as the second person, or taking it back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from benchmarking import frontiers
from benchmarking.models import PeerLink, Run, RunStatus
from ivportal.pages import listing, mirror, moments, steps
from ivportal.pages.cases.consenting import WHEN_IT_COUNTS
from ivportal.pages.reach import in_words
from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.audit import record, record_reading
from providers.formatting import format_datetime, format_million
from providers.mandates import people_of_each
from providers.models import Act, Provider
from tariffs import changes, consents, periods
from tariffs import release as releasing
from tariffs.models import UNDER_WAY, ConsentKind, Disclosure, MirrorReport, Release, ReleaseStage, ReportStatus
from tariffs.policies import current_policy
from tariffs.procedure import withdrawing
from tariffs.procedure.renewals import renewals_of

#: So long somebody may take over the form on which a moment is chosen.
A_WHILE = timedelta(minutes=10)
ROUNDS_UP = (
    "De opslag verandert niets aan de minimale kosten. Dat de onderkant van de tarieven toch iets hoger is, komt door afronden op"
    " hele centen: met opslag wordt de onderkant naar boven afgerond. Zonder opslag zijn onder- en bovenkant hetzelfde bedrag, en"
    " dat wordt naar beneden afgerond. Het verschil is hoogstens één cent per dag."
)
#: Who did what a command did.
BY_THE_PORTAL = "het portaal (beheerder)"


# ── one release ────────────────────────────────────────────────────────────────────────────────────────────────────


class ApproveForm(moments.MomentsForm):
    """From when those it concerns see it."""

    parts: ClassVar[dict[str, bool]] = {"release": False}

    release_day = moments.day_field("Zichtbaar vanaf", required=False, help_text="Leeg: meteen.")
    release_time = moments.clock_field("Tijd", help_text="Leeg: vanaf 0.00 uur.")
    has_looked = forms.BooleanField(
        label="Ik heb de gevolgen en enkele spiegels bekeken",
        error_messages={"required": "Bekijk eerst de gevolgen en enkele spiegels, en vink dit dan aan."},
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a moment that is over."""
        cleaned = super().clean()
        moment, now = cleaned.get("release"), timezone.now()
        # Today without a time is at once; so is a time that passed while the form was filled in.
        is_today = cleaned.get("release_time") is None and cleaned.get("release_day") == timezone.localdate()
        if moment is not None and moment < now - A_WHILE and not is_today:
            raise ValidationError("Dit moment is al voorbij. Kies een later moment, of laat het leeg voor meteen.")
        return cleaned


class WithdrawForm(forms.Form):
    """Why it does not go out."""

    reason = forms.CharField(
        label="Waarom trekt u de vrijgave in?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Uw collega’s lezen dit.",
        error_messages={"required": "Schrijf op waarom. Uw collega’s lezen dit."},
    )


def _consequences(release: Release) -> list[str]:
    reports = list(MirrorReport.objects.filter(release=release).values_list("provider_id", flat=True))
    only = changes.touched_by(release).to_tell
    people = people_of_each(reports if only is None else only)
    found = [
        f"{in_words(len(reports), 'zorgaanbieder')} {'ziet' if len(reports) == 1 else 'zien'} vanaf dat moment een spiegel, of"
        " waarom zij niet meedoen.",
    ]
    if only is not None:
        found.append(
            f"Voor {in_words(len(only), 'zorgaanbieder')} is er iets nieuws. Alle anderen houden hun uitkomst en krijgen geen"
            " bericht."
        )
    found += [
        f"{in_words(sum(len(users) for users in people.values()), 'persoon', 'personen')} krijgen bericht, elk één keer.",
    ]
    found += periods.consequences(release)
    if release.respond_until:
        found.append(f"Reageren kan tot en met {format_datetime(release.respond_until)}.")
    found.append(
        "Zorgkantoren zien de bandbreedtes van aanbieders in hun regio."
        if release.for_care_offices
        else "Zorgkantoren zien nog niets."
    )
    found += [f"Peers met naam: {_named(release)}", *_about_decisions(release)]
    return [*found, "Terughalen kan daarna niet; een verbetering wordt een nieuwe versie."]


def _named(release: Release) -> str:
    """Say which providers stand by name with whom they are a peer of."""
    disclosure = release.run.frozen["policy"]["disclosure"]
    if disclosure == Disclosure.NAMED:
        return "iedereen, bij wie hen als peer heeft."
    if disclosure != Disclosure.CONSENT:
        return "niemand."
    given = consents.given(kind=ConsentKind.NAMED_AS_PEER, round=release.round, at=release.prepared_at)
    links = PeerLink.objects.filter(result__run=release.run_id, peer__provider__in=given).exclude(peer=F("result"))
    names = (
        Provider.objects.filter(pk__in=links.values("peer__provider")).order_by("name").values_list("name", flat=True)
    )
    if not names:
        return f"niemand; geen peer gaf toestemming. {WHEN_IT_COUNTS}"
    return f"{', '.join(names)}, bij wie hen als peer heeft. {WHEN_IT_COUNTS}"


def _about_decisions(release: Release) -> list[str]:
    """Say who would go up and down, and what is drawn up in vain; nothing for outcomes on which no decision can rest."""
    if release.status != ReportStatus.ADOPTED or release.stage not in (ReleaseStage.PREPARED, ReleaseStage.APPROVED):
        return []
    behind = withdrawing.in_words(withdrawing.outdated_in(release.round, newest=release), is_ahead=True)
    return [*behind, *renewals_of(release).sentences(release.round.currency)]


def _approve(release: Release, said: dict[str, Any], actor: Actor) -> str:
    made = releasing.approve(release=release, release_at=said["release"], actor=actor)
    assert made.release_at is not None
    if made.release_at > timezone.now():
        return f"De vrijgave is goedgekeurd. De spiegels zijn zichtbaar vanaf {format_datetime(made.release_at)}."
    return "De vrijgave is goedgekeurd. De spiegels worden nu zichtbaar; dat duurt enkele seconden."


def _was_approved(release: Release, said: dict[str, Any], actor: Actor) -> bool:
    """Tell whether this person approved it for this moment, and it still stands."""
    if release.stage not in (ReleaseStage.APPROVED, ReleaseStage.RELEASED) or release.approved_by_id != actor.user.pk:
        return False
    asked, at, approved = said["release"], release.release_at, release.approved_at
    assert at is not None
    assert approved is not None
    return at == approved if asked is None or asked <= approved else at == asked


def _withdraw(release: Release, said: dict[str, Any], actor: Actor) -> str:
    releasing.withdraw(release=release, reason=said["reason"], actor=actor)
    return "De vrijgave is ingetrokken. Buiten de NZa heeft niemand iets gezien."


STEPS: tuple[Step[Release], ...] = (
    Step(
        name="goedkeuren",
        title="Keurt u deze vrijgave goed?",
        button="Keur goed",
        is_open=lambda item: item.stage == ReleaseStage.PREPARED,
        follows=_consequences,
        form=ApproveForm,
        act=_approve,
        was_taken=_was_approved,
        is_weighty=True,
    ),
    Step(
        name="intrekken",
        title="Trekt u deze vrijgave in?",
        button="Trek in",
        is_open=lambda item: item.stage in UNDER_WAY,
        follows=lambda item: [
            "De klaargezette spiegels gaan niet naar buiten. U kunt een nieuwe vrijgave klaarzetten."
        ],
        form=WithdrawForm,
        act=_withdraw,
        was_taken=lambda item, said, actor: item.stage == ReleaseStage.WITHDRAWN,
    ),
)


def _found(release: Any) -> Release:
    return get_object_or_404(
        Release.objects.select_related("round", "run", "prepared_by", "approved_by").defer("run__frozen"), uuid=release
    )


@require_GET
@for_role("nza")
def release_page(request: Any, release: Any) -> HttpResponse:
    """One release: how far it is, what goes out, what each rule is worth, and what can be done now."""
    found = _found(release)
    record_reading(actor=request.actor, subject=f"Vrijgave {found.round}")
    search = request.GET.get("zoek", "").strip()
    reports = MirrorReport.objects.filter(release=found).select_related("provider").defer("content")
    if search:
        reports = reports.filter(provider__name__icontains=search)
    page, pagination = listing.paginate(list(reports.order_by("provider__name", "pk")), request.GET)
    policy = current_policy(found.round)
    effects = getattr(found, "effects", None)
    return render(
        request,
        "tariffs/releasing/release.html",
        {
            "ribbon": {
                **ribbon(round=found.round, release=found),
                "next_moment": None if found.is_released else "Nog niet zichtbaar buiten de NZa",
            },
            "release": found,
            "round": found.round,
            "is_own": found.prepared_by_id == request.actor.user.pk,
            "is_busy": found.stage == ReleaseStage.PREPARING,
            "is_waiting": found.stage == ReleaseStage.APPROVED,
            "reports": [
                {
                    "name": report.provider.name,
                    "key": report.provider.shown_key,
                    "version": report.version,
                    "url": reverse("concept_mirror", args=[found.uuid, report.uuid]),
                }
                for report in page
            ],
            "count": MirrorReport.objects.filter(release=found).count(),
            "search": search,
            "pagination": pagination,
            "frozen": frontiers.in_words(found.run),
            "rounds_up": _rounds_up(effects.document) if effects else "",
            "effects": _effects(effects.document, found.round.currency) if effects else None,
            "decisions": _about_decisions(found),
            "named": _named(found),
            "period": periods.consequences(found),
            "policy": {
                "corrections": policy.get_corrections_settled_display(),
                "objections": policy.get_objections_settled_display(),
                "may_lower": policy.objection_may_lower_others,
            },
            "steps": steps.open_steps(STEPS, found, lambda name: reverse("release_step", args=[found.uuid, name])),
        },
    )


@require_http_methods(["GET", "POST"])
@for_role("nza")
def release_step(request: Any, release: Any, step: str) -> HttpResponse:
    """One step with a release: what follows, what to fill in, and the deed."""
    found = _found(release)
    round, back = found.round, reverse("release", args=[found.uuid])
    crumbs = [(reverse("rounds"), "Rondes"), (reverse("round", args=[round.slug]), round.title), (back, "Vrijgave")]
    return steps.take(request, steps.chosen(STEPS, step), found, back=back, crumbs=crumbs)


@require_GET
@for_role("nza")
def concept(request: Any, release: Any, report: Any) -> HttpResponse:
    """Show staff a mirror exactly as the provider gets it."""
    shown = get_object_or_404(
        MirrorReport.objects.select_related("release__round", "provider"), uuid=report, release__uuid=release
    )
    record(act=Act.MIRROR_READ, actor=request.actor, subject=str(shown))
    context = mirror.context_of(shown, [shown])
    context["looked_at_from"] = {"url": reverse("release", args=[release]), "label": "Terug naar de vrijgave"}
    return render(request, "tariffs/mirror.html", context)


def _rounds_up(document: dict[str, Any]) -> str:
    """Explain that the mark-up moves the lower end of tariffs, where it does: a matter of cents alone."""
    rules = {rule["rule"]: rule["tariffs_lower"] for rule in document["rules"]}
    return ROUNDS_UP if rules.get("markup") and rules["markup"]["higher"] else ""


def _effects(document: dict[str, Any], currency: str) -> list[dict[str, Any]]:
    """Return the effect of each rule as a table shows it."""
    return [
        {
            "title": rule["title"],
            "is_on": rule["is_on"],
            "explanation": rule["explanation"],
            "sums": [
                {
                    "label": label,
                    "with": format_million(Decimal(rule[name]["with_rule"]), currency=currency),
                    "difference": format_million(Decimal(rule[name]["difference"]), currency=currency),
                    "higher": rule[name]["higher"],
                    "lower": rule[name]["lower"],
                }
                for name, label in (
                    ("minimum_cost", "Minimale kosten"),
                    ("maximum_cost", "Maximale kosten"),
                    ("tariffs_lower", "Onderkant van de tarieven"),
                    ("tariffs_upper", "Bovenkant van de tarieven"),
                )
                if rule[name] is not None
            ],
        }
        for rule in document["rules"]
    ]


def of_round(run: Run | None, release: Release | None) -> dict[str, Any]:
    """Return what the page of a round says of releasing the run that it shows."""
    if run is None or run.status != RunStatus.COMPLETED:
        return {"reason": "Er zijn nog geen uitkomsten om vrij te geven.", "releases": [], "url": None}
    round = run.dataset.round
    releases = (
        Release.objects.filter(round=round).select_related("prepared_by", "approved_by", "run").defer("run__frozen")
    )
    under_way = next((item for item in releases if item.stage in UNDER_WAY), None)
    return {
        "reason": "",
        "url": reverse("release", args=[under_way.uuid]) if under_way else reverse("release_run", args=[run.uuid]),
        "is_under_way": under_way is not None,
        "released_at": release.released_at if release else None,
        "releases": [
            {
                "status": item.get_status_display(),
                "stage": item.get_stage_display(),
                "at": item.released_at or item.release_at or item.prepared_at,
                "prepared_by": item.prepared_by.name if item.prepared_by else BY_THE_PORTAL,
                "approved_by": item.approved_by.name if item.approved_by else None,
                "run": item.run.result_hash[:12],
                "url": reverse("release", args=[item.uuid]),
            }
            for item in sorted(releases, key=lambda item: item.prepared_at, reverse=True)
        ],
    }
