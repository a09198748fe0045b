"""NZa: a new round, made after an earlier one."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ivportal import new_round as composing
from ivportal.pages import moments
from ivportal.pages.reach import in_words
from ivportal.pages.rights import for_role
from providers.models import Round, RoundStatus
from providers.refusal import Refused

#: Words that stand in addresses where the short name of a round would stand.
TAKEN = frozenset({"nieuw"})


class RoundForm(moments.MomentsForm):
    """What can be changed about a round as long as it is a draft."""

    parts: ClassVar[dict[str, bool]] = {"opens": False, "deadline": True}

    title = forms.CharField(label="Titel", max_length=160, error_messages={"required": "Geef de ronde een titel."})
    opens_day = moments.day_field("Aanleveren kan vanaf", required=False, help_text="Leeg: zodra u de ronde opent.")
    opens_time = moments.clock_field("Tijd", help_text="Leeg: vanaf 0.00 uur.")
    deadline_day = moments.day_field(
        "Aanleveren kan tot en met", required=False, help_text="Nodig voordat u de ronde opent."
    )
    deadline_time = moments.clock_field("Tijd", help_text="Leeg: de hele dag, tot en met 23.59 uur.")
    contact = forms.CharField(
        label="Bij wie kunnen aanbieders terecht met vragen?",
        max_length=250,
        required=False,
        help_text="Een zin die aanbieders lezen, met telefoonnummer of e-mailadres.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a term that is over before it begins."""
        cleaned = super().clean()
        deadline = cleaned.get("deadline")
        if deadline is not None and deadline <= timezone.now():
            self.add_error("deadline_day", "Deze termijn is al voorbij. Kies een dag in de toekomst.")
        return cleaned


class NewRoundForm(RoundForm):
    """What a round needs to be made."""

    slug = forms.CharField(
        label="Korte naam",
        max_length=60,
        help_text="Staat in adressen. Kleine letters, cijfers en streepjes, zoals iv-2025.",
        error_messages={"required": "Geef de ronde een korte naam, zoals iv-2025."},
    )
    book_year = forms.IntegerField(
        label="Boekjaar",
        help_text="Het jaar waar de kosten en zorgdagen over gaan.",
        error_messages={"required": "Vul het boekjaar in.", "invalid": "Schrijf het boekjaar als vier cijfers."},
    )

    field_order = ["title", "slug", "book_year"]

    def clean_slug(self) -> str:
        """Refuse a short name that is an address already."""
        slug = str(self.cleaned_data["slug"])
        if slug in TAKEN:
            raise ValidationError(f"De korte naam ‘{slug}’ gebruikt het portaal zelf. Kies een andere.")
        return slug

    def clean(self) -> dict[str, Any]:
        """Say what is wrong with the short name together with what else is wrong."""
        cleaned = super().clean()
        slug = cleaned.get("slug")
        if self.errors and slug and Round.objects.filter(slug=slug).exists():
            self.add_error("slug", f"Er is al een ronde met de korte naam {slug}. Kies een andere.")
        return cleaned


@require_http_methods(["GET", "POST"])
@for_role("nza")
def new_round(request: Any) -> HttpResponse:
    """Make a round after an earlier one."""
    rounds = list(Round.objects.order_by("-book_year", "-pk"))
    wanted = request.GET.get("vorige")
    if wanted is None:
        previous = rounds[0] if rounds else None
    else:
        previous = next((round for round in rounds if round.slug == wanted), None)
    if request.method == "POST":
        form = NewRoundForm(request.POST)
        if form.is_valid():
            said = form.cleaned_data
            try:
                made = composing.create(
                    slug=said["slug"],
                    title=said["title"],
                    book_year=said["book_year"],
                    previous=previous,
                    opens_at=said["opens"],
                    deadline=said["deadline"],
                    contact=said["contact"],
                    actor=request.actor,
                )
            except Refused as refused:
                known = Round.objects.filter(slug=said["slug"], title=said["title"], previous=previous).first()
                if known is not None and known.status == RoundStatus.DRAFT and known.book_year == said["book_year"]:
                    messages.info(request, "Deze ronde was al gemaakt. Er is niets twee keer gebeurd.")
                    return redirect("manage_round", slug=known.slug)
                form.add_error(None, str(refused))
            else:
                count = made.round.submissions.count()
                happened = f"{made.round.title} is gemaakt als concept. {in_words(count, 'aanbieder')} op de lijst."
                messages.success(request, " ".join([happened, *form.notes]))
                for sentence in made.left:
                    messages.warning(request, sentence)
                return redirect("manage_round", slug=made.round.slug)
    else:
        form = NewRoundForm(initial=_proposal(previous))
    context = {
        "form": form,
        "previous": previous,
        "rounds": [{"value": round.slug, "label": str(round), "selected": round == previous} for round in rounds],
        "invited": previous.submissions.filter(merged_into__isnull=True).count() if previous else 0,
    }
    return render(request, "providers/desk_new.html", context)


def _proposal(previous: Round | None) -> dict[str, Any]:
    """Return what a new round could be called: as the one before, a year later."""
    if previous is None:
        return {"book_year": timezone.localdate().year - 1}
    year = previous.book_year + 1

    def later(text: str) -> str:
        return re.sub(rf"(?<!\d){previous.book_year}(?!\d)", str(year), text)

    slug = later(previous.slug)
    if slug == previous.slug or Round.objects.filter(slug=slug).exists():
        slug = f"iv-{year}"
    return {"slug": slug, "title": later(previous.title), "book_year": year, "contact": previous.contact}
