"""NZa: preparing a release: as what the outcome of a run goes out, and what those who get a report read."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from benchmarking import frontiers
from benchmarking.models import Run
from ivportal.pages import moments
from ivportal.pages.naming import asks_about_names
from ivportal.pages.rights import for_role
from providers.checking import says_why
from providers.formatting import AMSTERDAM, format_datetime
from providers.models import Provider, Round
from providers.refusal import Refused
from tariffs import periods
from tariffs import release as releasing
from tariffs.models import RELEASED_AS, UNDER_WAY, Release, ReportStatus


class PrepareForm(moments.MomentsForm):
    """As what the outcome is released, and what those who get a report read."""

    parts: ClassVar[dict[str, bool]] = {"respond": True}

    status = forms.ChoiceField(
        label="Met welke status?",
        choices=[(status.value, status.label) for status in RELEASED_AS],
        widget=forms.RadioSelect,
        help_text="Simulatie: laat zien hoe de methode werkt. Voorlopig: aanbieders kunnen reageren. Vastgesteld: hierop volgt"
        " een voorgenomen besluit per aanbieder.",
        error_messages={"required": "Kies een status."},
    )
    note = forms.CharField(
        label="Wat is er nieuw, en waarom?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Iedereen die een spiegel krijgt leest dit. Bij een eerste vrijgave mag het leeg blijven. Noem geen namen.",
    )
    respond_day = moments.day_field(
        "Reageren kan tot en met",
        required=False,
        help_text="De duidingsperiode. Leeg: aanbieders worden niet om een reactie gevraagd.",
    )
    respond_time = moments.clock_field("Tijd", help_text="Leeg: de hele dag, tot en met 23.59 uur.")
    ends_period = forms.BooleanField(
        label="De duidingsperiode die nog loopt eindigt hiermee",
        required=False,
        help_text="Alleen nodig als aanbieders nu nog kunnen reageren en dat met deze vrijgave eerder ophoudt.",
    )
    ends_because = forms.CharField(
        label="Waarom eindigt de duidingsperiode eerder?",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Alleen als zij eerder eindigt. Iedereen die nog kon reageren leest dit.",
    )
    for_care_offices = forms.BooleanField(
        label="Zorgkantoren zien de bandbreedtes van aanbieders in hun regio",
        required=False,
        help_text="Gebruikelijk bij vastgestelde uitkomsten. Kosten, peers en scores zien zij nooit.",
    )

    def clean(self) -> dict[str, Any]:
        """Let the last day to respond be no matter where the outcome is adopted and the period ends with it; ask why it does."""
        cleaned = super().clean()
        if cleaned.get("ends_period") and not says_why(cleaned.get("ends_because", "")):
            self.add_error("ends_because", "Schrijf op waarom. Wat er nieuw is, is daarvoor nog geen reden.")
        if cleaned.get("status") == ReportStatus.ADOPTED and cleaned.get("ends_period"):
            cleaned["respond"] = None
        return cleaned


@require_http_methods(["GET", "POST"])
@for_role("nza")
def prepare(request: Any, run: Any) -> HttpResponse:
    """Choose as what the outcome of a run is released; a worker makes the reports, and a colleague approves them."""
    found = get_object_or_404(
        Run.objects.visible_to(request.actor).select_related("dataset__round").defer("dataset__content"), uuid=run
    )
    round = found.dataset.round
    under_way = Release.objects.filter(round=round, stage__in=UNDER_WAY).first()
    asking = asks_about_names(
        PrepareForm,
        fields=["note", "ends_because"],
        rounds=[round],
        readers=lambda: Provider.objects.filter(submissions__round=round),
    )
    if request.method != "POST":
        if under_way is not None:
            return redirect("release", release=under_way.uuid)
        last = Release.objects.released().filter(round=round).first()
        form = asking(
            initial={
                "status": last.status if last else ReportStatus.SIMULATION,
                "for_care_offices": bool(last and last.for_care_offices),
                **_period_goes_on(round),
            }
        )
    else:
        form = asking(request.POST)
        if form.is_valid():
            said = form.cleaned_data
            try:
                made = releasing.prepare(
                    run=found,
                    status=ReportStatus(said["status"]),
                    note=_note(said),
                    respond_until=said["respond"],
                    for_care_offices=said["for_care_offices"],
                    ends_period=said["ends_period"],
                    actor=request.actor,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(
                    request,
                    " ".join(["De spiegels worden klaargezet. Daarna keurt een collega ze goed.", *form.notes]),
                )
                return redirect("release", release=made.uuid)
    return render(
        request,
        "providers/desk_step.html",
        {
            "step": {
                "title": "Hoe geeft u deze uitkomsten vrij?",
                "button": "Zet de spiegels klaar",
                "is_weighty": False,
            },
            "follows": [
                *filter(None, [frontiers.in_words(found)]),
                *_running(round),
                "Een werkproces maakt van elke aanbieder een spiegel. U en uw collega’s kunnen ze bekijken; buiten de NZa ziet"
                " niemand iets.",
                "Een collega keurt de vrijgave goed en kiest het moment. Pas op dat moment zien aanbieders hun spiegel.",
            ],
            "form": form,
            "back": reverse("round", args=[round.slug]),
            "crumbs": [(reverse("rounds"), "Rondes"), (reverse("round", args=[round.slug]), round.title)],
        },
    )


def _note(said: dict[str, Any]) -> str:
    """Return what is new and, if a period to respond ends early, why: every reader of a mirror reads both."""
    early = f"De duidingsperiode eindigt eerder. {said['ends_because']}" if said["ends_period"] else ""
    return "\n\n".join(filter(None, [said["note"].strip(), early]))


def _running(round: Round) -> list[str]:
    """Say that providers can still respond, and that nothing is adopted while a response waits for an answer."""
    until, waiting = periods.period_of(round), periods.why_not_adopted(round)
    found = [f"De duidingsperiode loopt tot en met {format_datetime(until)}."] if until is not None else []
    return [*found, waiting] if waiting else found


def _period_goes_on(round: Round) -> dict[str, Any]:
    """Return what the form has in it while providers can respond: that they can for as long as they could."""
    until = periods.period_of(round)
    if until is None:
        return {}
    local = until.astimezone(AMSTERDAM)
    whole_day = (local.hour, local.minute) == (23, 59)
    return {"respond_day": local.date(), "respond_time": None if whole_day else local.time().replace(second=0)}
