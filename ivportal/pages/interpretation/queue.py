"""NZa: the queue of responses in the interpretation period, one answer to several, and giving more time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import listing, moments
from ivportal.pages.decisions import require_words
from ivportal.pages.naming import asks_about_names
from ivportal.pages.rights import for_role
from providers.formatting import format_datetime
from providers.free_text import plain
from providers.models import Provider, Round
from providers.refusal import Refused
from tariffs.models import (
    InterpretationResponse,
    Item,
    Release,
    ResponseKind,
    ResponseOutcome,
    ResponseStatus,
    ResponseTerm,
)
from tariffs.procedure import answering, corrections, more_time

OPEN = "open"
TO_CARRY = "over-te-nemen"
STATUSES = [(OPEN, "Nog te beantwoorden"), *ResponseStatus.choices, (TO_CARRY, "Correctie nog over te nemen")]
WHO = [("mij", "Ik"), ("niemand", "Niemand"), ("anderen", "Collega’s")]


def _responses(request: Any) -> QuerySet[InterpretationResponse]:
    found: QuerySet[InterpretationResponse] = InterpretationResponse.objects.visible_to(request.actor)
    return found.exclude(kind=ResponseKind.AGREE)


def _waits_to_be_carried() -> Q:
    return Q(outcome__in=corrections.ACCEPTED, carried_into__isnull=True, version__isnull=True) & ~Q(
        accepted_changes={}
    )


@require_GET
@for_role("nza")
def response_queue(request: Any) -> HttpResponse:
    """The queue: what waits for an answer, oldest first."""
    slug, status, item, kind, who = listing.asked(request.GET, "ronde", "status", "onderdeel", "soort", "wie")
    rounds = Round.objects.filter(releases__reports__responses__isnull=False).distinct().order_by("-book_year", "title")
    rows = _responses(request)
    if slug:
        rows = rows.filter(report__release__round__slug=slug)
    counts = _counts(rows, request)
    status = status or OPEN
    rows = _filtered(rows, request, status=status, item=item, kind=kind, who=who)
    ordered = rows.select_related("provider", "report__release__round", "assigned_to").order_by("submitted_at", "pk")
    shown, pagination = listing.paginate(ordered, request.GET)
    context = {
        "counts": counts,
        "rows": [_row(response) for response in shown],
        "pagination": pagination,
        "filters": {
            "rounds": listing.options([(round.slug, round.title) for round in rounds], slug),
            "statuses": listing.options(STATUSES, status),
            "items": listing.options(Item.choices, item),
            "kinds": listing.options([c for c in ResponseKind.choices if c[0] != ResponseKind.AGREE], kind),
            "who": listing.options(WHO, who),
            "is_active": bool(slug or item or kind or who or status != OPEN),
        },
        "periods": _periods(),
        "agreed": InterpretationResponse.objects.visible_to(request.actor).filter(kind=ResponseKind.AGREE).count(),
    }
    return render(request, "tariffs/interpretation/queue.html", context)


def _filtered(
    rows: QuerySet[InterpretationResponse], request: Any, *, status: str, item: str, kind: str, who: str
) -> QuerySet[InterpretationResponse]:
    if status == OPEN:
        rows = rows.filter(status__in=answering.OPEN)
    elif status == TO_CARRY:
        rows = rows.filter(_waits_to_be_carried())
    elif status in ResponseStatus.values:
        rows = rows.filter(status=status)
    if item in Item.values:
        rows = rows.filter(item=item)
    if kind in ResponseKind.values:
        rows = rows.filter(kind=kind)
    me = Q(assigned_to=request.actor.user)
    by = {"mij": me, "niemand": Q(assigned_to__isnull=True), "anderen": Q(assigned_to__isnull=False) & ~me}
    return rows.filter(by.get(who, Q()))


def _counts(rows: QuerySet[InterpretationResponse], request: Any) -> list[dict[str, Any]]:
    found = rows.aggregate(
        open=Count("pk", filter=Q(status__in=answering.OPEN)),
        nobody=Count("pk", filter=Q(status__in=answering.OPEN, assigned_to__isnull=True)),
        mine=Count("pk", filter=Q(status__in=answering.OPEN, assigned_to=request.actor.user)),
        asked=Count("pk", filter=Q(status=ResponseStatus.MORE_ASKED)),
        carry=Count("pk", filter=_waits_to_be_carried()),
        answered=Count("pk", filter=Q(status=ResponseStatus.ANSWERED)),
    )

    def to(**changes: str | None) -> str:
        clean: dict[str, str | int | None] = dict.fromkeys(("onderdeel", "soort", "wie", "status", "bladzijde"))
        return listing.address(request.GET, **{**clean, **changes})

    return [
        {"label": "Nog te beantwoorden", "count": found["open"], "url": to()},
        {"label": "Nog niet in behandeling", "count": found["nobody"], "url": to(wie="niemand")},
        {"label": "Bij u", "count": found["mine"], "url": to(wie="mij")},
        {"label": "Wacht op aanvulling", "count": found["asked"], "url": to(status=ResponseStatus.MORE_ASKED.value)},
        {"label": "Correctie over te nemen", "count": found["carry"], "url": to(status=TO_CARRY)},
        {"label": "Beantwoord", "count": found["answered"], "url": to(status=ResponseStatus.ANSWERED.value)},
    ]


def _row(response: InterpretationResponse) -> dict[str, Any]:
    return {
        "response": response,
        "round": response.report.release.round,
        "text": response.text[:160],
        "may_be_together": response.status in answering.OPEN and response.kind != ResponseKind.CORRECT,
    }


def _periods() -> list[dict[str, Any]]:
    """Return the interpretation periods that run, by round."""
    now = timezone.now()
    found = []
    newest = Release.objects.released().order_by("round_id", "-released_at", "-pk").distinct("round_id")
    for release in Release.objects.filter(pk__in=newest.values("pk")).select_related("round"):
        if release.respond_until is None:
            continue
        terms = list(ResponseTerm.objects.filter(release=release).select_related("provider"))
        for_all = max([release.respond_until, *(term.until for term in terms if term.provider_id is None)])
        own = {term.provider_id for term in terms if term.provider_id is not None and term.until > max(for_all, now)}
        found.append(
            {
                "release": release,
                "until": for_all,
                "is_over": for_all < now,
                "own": len(own),
                "url": reverse("extend_period", args=[release.uuid]),
                "notes_url": reverse("round_notes", args=[release.round.slug]),
            }
        )
    return found


# ── one answer to several ──────────────────────────────────────────────────────────────────────────────────────────


class TogetherForm(forms.Form):
    """One outcome and one text for all."""

    outcome = forms.ChoiceField(
        label="Wat is de uitkomst?", choices=ResponseOutcome.choices, error_messages={"required": "Kies een uitkomst."}
    )
    reason = forms.CharField(
        label="Antwoord aan alle gekozen aanbieders",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Noem geen namen: alle gekozen aanbieders lezen dezelfde tekst.",
        error_messages={"required": "Schrijf het antwoord op. De aanbieders lezen dit."},
        validators=[require_words],
    )


@require_http_methods(["GET", "POST"])
@for_role("nza")
def answer_together(request: Any) -> HttpResponse:
    """Give several responses that ask the same one answer."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = _uuids(given.getlist("reactie"))
    chosen = list(
        _responses(request)
        .filter(uuid__in=wanted)
        .select_related("provider", "report__release__round")
        .order_by("provider__name", "pk")
    )
    if len(chosen) < 2:
        messages.info(request, "Kies ten minste twee reacties die hetzelfde antwoord krijgen.")
        return redirect("response_queue")
    possible = [
        (outcome.value, outcome.label)
        for outcome in ResponseOutcome
        if all(outcome in answering.OUTCOMES[ResponseKind(item.kind)] for item in chosen)
    ]
    asking = asks_about_names(
        TogetherForm,
        fields=["reason"],
        rounds={item.report.release.round for item in chosen},
        readers=lambda: [item.provider for item in chosen],
        sure=False,
    )
    form = asking(request.POST if request.method == "POST" else None)
    field = form.fields["outcome"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = possible if len(possible) == 1 else [("", "Kies een uitkomst"), *possible]
    if request.method == "POST" and form.is_valid():
        try:
            answering.answer_together(
                responses=chosen,
                outcome=ResponseOutcome(form.cleaned_data["outcome"]),
                text=form.cleaned_data["reason"],
                actor=request.actor,
            )
        except Refused as refused:
            form.add_error(None, str(refused).splitlines())
        else:
            messages.success(request, f"{len(chosen)} reacties zijn beantwoord. Elke aanbieder krijgt één bericht.")
            return redirect("response_queue")
    context = {"form": form, "chosen": chosen, "is_possible": bool(possible)}
    return render(request, "tariffs/interpretation/together.html", context)


def _uuids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[: answering.MOST_TOGETHER]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


# ── more time ──────────────────────────────────────────────────────────────────────────────────────────────────────


class ExtendForm(moments.TermForm):
    """Until when, why, and for whom."""

    provider = forms.CharField(
        label="KvK-nummer",
        required=False,
        max_length=20,
        help_text="Alleen als de verlenging voor één aanbieder is. Leeg: voor iedereen.",
    )

    def clean_reason(self) -> str:
        """Return the reason, if it says something."""
        reason: str = self.cleaned_data["reason"]
        require_words(reason)
        return reason


@require_http_methods(["GET", "POST"])
@for_role("nza")
def extend_period(request: Any, release: Any) -> HttpResponse:
    """Give more time to respond, to everybody or to one provider."""
    found = get_object_or_404(Release.objects.released().select_related("round"), uuid=release)
    (asked,) = listing.asked(request.GET, "aanbieder")
    key = plain(request.POST.get("provider", ""))
    given = Provider.objects.filter(mirror_reports__release=found)
    asking = asks_about_names(
        ExtendForm, fields=["reason"], rounds=[found.round], readers=lambda: given.filter(key=key) or given
    )
    form = asking(request.POST) if request.method == "POST" else asking(initial={"provider": asked})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        provider = given.filter(key=key).first() if key else None
        try:
            if key and provider is None:
                raise Refused(f"In deze vrijgave is geen aanbieder met nummer {key}. Controleer het nummer.")
            more_time.extend(
                release=found, until=said["until"], reason=said["reason"], provider=provider, actor=request.actor
            )
        except Refused as refused:
            form.add_error(None, str(refused).splitlines())
        else:
            whom = provider.name if provider else "Iedereen"
            happened = f"{whom} kan reageren tot en met {format_datetime(said['until'])} en krijgt bericht."
            messages.success(request, " ".join([happened, *form.notes]))
            return redirect("response_queue")
    context = {
        "step": {"title": "Tot wanneer kunnen aanbieders reageren?", "button": "Verleng", "is_weighty": False},
        "follows": _extending(found),
        "form": form,
        "back": reverse("response_queue"),
        "crumbs": [(reverse("response_queue"), "Duiding")],
    }
    return render(request, "providers/desk_step.html", context)


def _extending(release: Release) -> list[str]:
    terms = ResponseTerm.objects.filter(release=release).select_related("provider", "set_by")
    running = [f"Zonder verlenging kan iedereen reageren tot en met {format_datetime(release.respond_until)}."]
    if release.respond_until is None:
        running = ["Bij deze vrijgave hoort geen duidingsperiode."]
    return [
        f"Het gaat om {release.round.title}. Een termijn wordt nooit korter.",
        *running,
        *(
            f"Verlengd voor {term.provider.name if term.provider else 'iedereen'} tot en met {format_datetime(term.until)}:"
            f" {term.reason}"
            for term in terms
        ),
        "Voor wie de termijn langer wordt, krijgt één keer bericht, met uw reden.",
    ]
