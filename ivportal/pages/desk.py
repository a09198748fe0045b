"""NZa: the desk of a round. Making one after an earlier one, and every step from draft to archive."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ivportal import new_round as composing
from ivportal.pages import moments, steps
from ivportal.pages.inviting import INVITING
from ivportal.pages.reach import Reach, in_words, persons, providers_in_words, reach_of
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.steps import Step
from providers import desk, review
from providers.access import Actor
from providers.formatting import format_datetime
from providers.models import EDITABLE, PORTAL, Round, RoundStatus, TermChange
from providers.refusal import Refused
from tariffs.policies import current_policy

MOST_NAMES = 50
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


# ── the steps of a round ───────────────────────────────────────────────────────────────────────────────────────────


def _in(*statuses: RoundStatus) -> Any:
    return lambda item: item.is_delivered_here and item.status in statuses


def _change(round: Round, said: dict[str, Any], actor: Actor) -> str:
    desk.change_round(
        round=round,
        title=said["title"],
        opens_at=said["opens"],
        deadline=said["deadline"],
        contact=said["contact"],
        actor=actor,
    )
    return "De ronde is gewijzigd."


def _shown(round: Round) -> dict[str, Any]:
    return {
        "title": round.title,
        "contact": round.contact,
        **moments.shown_parts(round.opens_at, "opens"),
        **moments.shown_parts(round.deadline, "deadline"),
    }


def _opening(round: Round) -> list[str]:
    reach = reach_of(round)
    begins = format_datetime(round.opens_at) if round.opens_at and round.opens_at > timezone.now() else "nu"
    ends = f"tot en met {format_datetime(round.deadline)}" if round.deadline else "tot een moment dat u nog moet kiezen"
    return [
        f"{providers_in_words(reach.reached)} {_gets(reach.reached)} een uitnodiging: {persons(reach.people)}.",
        *_nobody(reach),
        f"Aanleveren kan vanaf {begins} {ends}.",
        "Daarna kunt u de termijn alleen nog verlengen. De teksten kunt u blijven wijzigen.",
    ]


def _open(round: Round, said: dict[str, Any], actor: Actor) -> str:
    reach = reach_of(round)
    desk.open_round(round=round, actor=actor)
    return f"De ronde is open. {providers_in_words(reach.reached)} {_gets(reach.reached)} nu een uitnodiging."


def _extending(round: Round) -> list[str]:
    reach = reach_of(round, statuses=EDITABLE)
    own = round.submissions.filter(extended_until__isnull=False).count()
    found = [
        f"De termijn loopt nu tot en met {format_datetime(round.deadline)}.",
        f"{providers_in_words(reach.reached)} die nog niet {_have(reach.reached)} aangeleverd {_gets(reach.reached)} bericht"
        f" met uw reden: {persons(reach.people)}.",
        *_nobody(reach),
    ]
    if own:
        found.append(f"{providers_in_words(own)} met een eigen termijn {'houdt' if own == 1 else 'houden'} die.")
    return found


def _extend(round: Round, said: dict[str, Any], actor: Actor) -> str:
    desk.extend(round=round, until=said["until"], reason=said["reason"], actor=actor)
    return f"De termijn loopt nu tot en met {format_datetime(said['until'])}. Wie nog niet aanleverde krijgt bericht."


def _closing(round: Round) -> list[str]:
    left = round.submissions.filter(status__in=EDITABLE, merged_into__isnull=True)
    own = left.filter(extended_until__gt=timezone.now()).count()
    count = left.count()
    found = [
        f"{providers_in_words(count)} {_have(count)} nog niet aangeleverd en {'kan' if count == 1 else 'kunnen'} dat daarna"
        " niet meer."
    ]
    if own:
        found.append(f"{providers_in_words(own)} met een eigen termijn {'kan' if own == 1 else 'kunnen'} dat nog wel.")
    return [
        *found,
        "Iedereen die is uitgenodigd krijgt bericht, behalve wie een eigen termijn heeft.",
        "U kunt de ronde later weer openen, met een nieuwe termijn.",
    ]


def _close(round: Round, said: dict[str, Any], actor: Actor) -> str:
    desk.close_round(round=round, actor=actor)
    return "De ronde is gesloten."


def _open_again(round: Round, said: dict[str, Any], actor: Actor) -> str:
    desk.open_again(round=round, until=said["until"], reason=said["reason"], actor=actor)
    return (
        f"De ronde is weer open, tot en met {format_datetime(said['until'])}. Wie nog niet aanleverde krijgt bericht."
    )


def _archive(round: Round, said: dict[str, Any], actor: Actor) -> str:
    desk.archive_round(round=round, actor=actor)
    return "De ronde is gearchiveerd."


def _archiving(round: Round) -> list[str]:
    left = round.submissions.filter(status__in=["submitted", "in_review"]).count()
    found = [
        "Niemand kan nog aanleveren, ook niet met een eigen termijn.",
        "U kunt dit niet terugdraaien. Lezen en rekenen blijft mogelijk.",
    ]
    if left:
        found.insert(0, f"{in_words(left, 'aanlevering')} {'wacht' if left == 1 else 'wachten'} nog op controle.")
    return found


def _approving(round: Round) -> list[str]:
    quiet = review.quiet(round.submissions.all()).select_related("provider").order_by("provider__name")
    names = [submission.provider.name for submission in quiet[: MOST_NAMES + 1]]
    if not names:
        return ["Er wacht geen aanlevering zonder fout of signalering op controle."]
    count = quiet.count()
    more = f" en nog {count - MOST_NAMES}" if count > MOST_NAMES else ""
    return [
        f"{in_words(count, 'aanlevering')} zonder fout of signalering {'wordt' if count == 1 else 'worden'} gevalideerd, en de"
        f" aanbieder krijgt bericht: {', '.join(names[:MOST_NAMES])}{more}.",
        "Wie een fout of signalering heeft, blijft staan: die bekijkt u zelf.",
    ]


def _approve(round: Round, said: dict[str, Any], actor: Actor) -> str:
    count = review.validate_all_quiet(submissions=round.submissions.all(), actor=actor)
    return f"{in_words(count, 'aanlevering')} {'is' if count == 1 else 'zijn'} gevalideerd."


def _is_extended(round: Round, said: dict[str, Any], actor: Actor) -> bool:
    return round.status == RoundStatus.OPEN and round.deadline == said["until"]


def _gets(count: int) -> str:
    return "krijgt" if count == 1 else "krijgen"


def _have(count: int) -> str:
    return "heeft" if count == 1 else "hebben"


def _nobody(reach: Reach) -> list[str]:
    if not reach.unreached:
        return []
    count = reach.unreached
    return [
        f"{providers_in_words(count)} {_have(count)} niemand met een bevoegdheid. Daar krijgt niemand bericht: nodig eerst een"
        " contactpersoon uit."
    ]


STEPS: tuple[Step[Round], ...] = (
    *INVITING,
    Step(
        name="wijzigen",
        title="Wat wilt u wijzigen?",
        button="Wijzigen",
        is_open=_in(RoundStatus.DRAFT),
        follows=lambda item: ["Zolang de ronde een concept is, ziet geen aanbieder haar."],
        form=RoundForm,
        initial=_shown,
        act=_change,
    ),
    Step(
        name="openen",
        title="Wilt u de ronde openen?",
        button="Open de ronde",
        is_open=_in(RoundStatus.DRAFT),
        follows=_opening,
        act=_open,
        was_taken=lambda item, said, actor: item.status == RoundStatus.OPEN,
        is_weighty=True,
    ),
    Step(
        name="verlengen",
        title="Tot wanneer verlengt u de termijn voor iedereen?",
        button="Verleng de termijn",
        is_open=_in(RoundStatus.OPEN),
        follows=_extending,
        form=moments.TermForm,
        act=_extend,
        was_taken=_is_extended,
    ),
    Step(
        name="sluiten",
        title="Wilt u de ronde nu sluiten?",
        button="Sluit de ronde",
        is_open=_in(RoundStatus.OPEN),
        follows=_closing,
        act=_close,
        was_taken=lambda item, said, actor: item.status == RoundStatus.CLOSED,
        is_weighty=True,
    ),
    Step(
        name="heropenen",
        title="Tot wanneer opent u de ronde weer?",
        button="Open de ronde weer",
        is_open=_in(RoundStatus.CLOSED),
        follows=_extending,
        form=moments.TermForm,
        act=_open_again,
        was_taken=_is_extended,
    ),
    Step(
        name="goedkeuren",
        title="Wilt u alle aanleveringen zonder bevindingen goedkeuren?",
        button="Keur goed wat geen bevindingen heeft",
        is_open=_in(RoundStatus.OPEN, RoundStatus.CLOSED),
        follows=_approving,
        act=_approve,
    ),
    Step(
        name="archiveren",
        title="Wilt u de ronde archiveren?",
        button="Archiveer de ronde",
        is_open=_in(RoundStatus.CLOSED),
        follows=_archiving,
        act=_archive,
        was_taken=lambda item, said, actor: item.status == RoundStatus.ARCHIVED,
        is_weighty=True,
    ),
)


@require_GET
@for_role("nza")
def manage_round(request: Any, slug: str) -> HttpResponse:
    """What the round is in, who is invited, and the steps that can be taken now."""
    round = get_object_or_404(Round, slug=slug, source=PORTAL)
    reach = reach_of(round)
    own_terms = round.submissions.filter(extended_until__isnull=False).select_related("provider")
    context = {
        "round": round,
        "ribbon": delivered_ribbon(round),
        "steps": steps.open_steps(STEPS, round, lambda name: reverse("round_step", args=[slug, name])),
        "reach": reach,
        "unreached": [
            {
                "name": provider.name,
                "key": provider.shown_key,
                "url": reverse("provider_people", args=[slug, provider.uuid]),
            }
            for provider in reach.without_people[:MOST_NAMES]
        ],
        "more_unreached": max(reach.unreached - MOST_NAMES, 0),
        "has_specification": round.specifications.exists(),
        "has_policy": current_policy(round).number > 0,
        "changes": TermChange.objects.filter(round=round, submission__isnull=True).select_related("by"),
        "own_terms": own_terms.order_by("-extended_until")[:MOST_NAMES],
    }
    return render(request, "providers/desk_round.html", context)


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_step(request: Any, slug: str, step: str) -> HttpResponse:
    """One step of a round: what follows, what to fill in, and the deed."""
    round = get_object_or_404(Round, slug=slug, source=PORTAL)
    crumbs = [(reverse("rounds"), "Rondes"), (reverse("round", args=[slug]), round.title)]
    back = reverse("manage_round", args=[slug])
    return steps.take(request, steps.chosen(STEPS, step), round, back=back, crumbs=[*crumbs, (back, "Beheer")])
