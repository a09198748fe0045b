"""NZa: what falls due in all cases, the decisions of a round, and objections that are treated together."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import listing, steps
from ivportal.pages.cases import shown, taking
from ivportal.pages.cases.round_steps import NewOutcomes, round_steps
from ivportal.pages.naming import asks_about_names
from ivportal.pages.rights import for_role
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.formatting import format_date
from providers.models import Round
from tariffs.models import (
    OPEN_OBJECTION,
    Channel,
    Decision,
    DecisionStatus,
    Letter,
    LetterKind,
    Objection,
    ObjectionGroup,
    Posting,
)
from tariffs.procedure import groups, posting
from tariffs.procedure.due import CHANNELS, Due, due
from tariffs.procedure.form import LONGEST
from tariffs.procedure.notified import TAKEN, how_it_went, how_post_went, status_of, with_posting
from tariffs.procedure.renewals import providers_without
from tariffs.terms import amsterdam_day


@require_GET
@for_role("nza")
def cases(request: Any) -> HttpResponse:
    """Show what falls due, overdue first: in every channel, with filters."""
    wanted, channel, words, only = listing.asked(request.GET, "ronde", "kanaal", "zoek", "toon")
    rounds = list(Round.objects.filter(pk__in=Decision.objects.values("round")).order_by("-book_year", "slug"))
    chosen = next((round for round in rounds if round.slug == wanted), None)
    found = due(round=chosen)
    rows = [
        _shown(item)
        for item in found
        if (not channel or item.channel == channel)
        and (not words or words.lower() in _words(item))
        and (only != "te-laat" or (item.deadline.is_over and item.deadline.whose == "nza"))
        and (only != "nza" or item.deadline.whose == "nza")
    ]
    page, pagination = listing.paginate(rows, request.GET)
    return render(
        request,
        "tariffs/cases/board.html",
        {
            "rows": page,
            "pagination": pagination,
            "late": sum(item.deadline.is_over and item.deadline.whose == "nza" for item in found),
            "rounds": [
                {"round": round, "url": reverse("case_round", args=[round.slug]), "open": _open_of(round)}
                for round in rounds
            ],
            "could_start": [
                {"round": round, "url": reverse("case_round", args=[round.slug])}
                for round in Round.objects.filter(releases__status="adopted", releases__stage="released")
                .exclude(pk__in=[round.pk for round in rounds])
                .distinct()
            ],
            "round_options": listing.options([(round.slug, round.title) for round in rounds], wanted),
            "channel_options": listing.options(list(CHANNELS), channel),
            "show_options": listing.options(
                [("te-laat", "Alleen wat te laat is"), ("nza", "Alleen waar de NZa aan zet is")], only
            ),
            "words": words,
        },
    )


def _words(item: Due) -> str:
    return f"{item.provider.name if item.provider else ''} {item.reference}".lower()


def _shown(item: Due) -> dict[str, Any]:
    if item.provider:
        url = reverse("case", args=[item.round.slug, item.provider.uuid])
    else:
        url = reverse("case_post" if item.channel == "post" else "case_round", args=[item.round.slug])
    return {
        "row": item,
        "url": url,
        "channel": dict(CHANNELS)[item.channel],
        "about": posting.count_of(item.count) if item.channel == "post" else "",
    }


def _open_of(round: Round) -> int:
    return Objection.objects.filter(decision__round=round, status__in=OPEN_OBJECTION).count()


def found_round(slug: str) -> Round:
    """Return a round, or 404."""
    return get_object_or_404(Round, slug=slug)


@require_GET
@for_role("nza")
def case_round(request: Any, slug: str) -> HttpResponse:
    """Show the decisions of a round: how many are how far, the steps for all at once, and each with its case."""
    round = found_round(slug)
    status, words = listing.asked(request.GET, "status", "zoek")
    rows = _with_intention(with_posting(Decision.objects.filter(round=round).select_related("provider")))
    rows = rows.order_by("provider__name", "-pk")
    # Of some the letter is in the post and of others not yet: each row says it, for all together holds that they were taken.
    labels = [(value, TAKEN if value == DecisionStatus.SENT else label) for value, label in DecisionStatus.choices]
    counts = dict(Decision.objects.filter(round=round).order_by().values_list("status").annotate(n=Count("pk")))
    known = rows.filter(status=DecisionStatus.SENT).exclude(Q(sent_how=Channel.POST, went_on=None)).count()
    if status in DecisionStatus.values:
        rows = rows.filter(status=status)
    if words:
        rows = rows.filter(provider__name__icontains=words)
    page, pagination = listing.paginate(rows, request.GET)
    outcomes = NewOutcomes(round)
    old = {item.pk for item in outcomes.outdated}
    return render(
        request,
        "tariffs/cases/round.html",
        {
            "round": round,
            "release": outcomes.release,
            "without": providers_without(round).count() if outcomes.release else 0,
            "counts": [
                {
                    "label": label,
                    "count": counts.get(value, 0),
                    "known": known if value == DecisionStatus.SENT else None,
                    "url": listing.address(request.GET, status=value, bladzijde=None),
                }
                for value, label in labels
                if counts.get(value)
            ],
            "post": _post_of(round),
            "others": outcomes.others,
            "outdated": outcomes.about_outdated,
            "steps": steps.open_steps(
                round_steps(outcomes), round, lambda name: reverse("case_round_step", args=[round.slug, name])
            ),
            "rows": [
                {
                    "row": row,
                    "status": status_of(row),
                    "is_outdated": row.pk in old,
                    "how": how_it_went(row) or _how_intention_went(row),
                    "url": reverse("case", args=[round.slug, row.provider.uuid]),
                }
                for row in page
            ],
            "pagination": pagination,
            "status_options": listing.options(labels, status),
            "words": words,
            "groups": ObjectionGroup.objects.filter(round=round).annotate(n=Count("objections", distinct=True)),
            "may_group": _free(round).count() > 1,
        },
    )


def _with_intention(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return the same rows, each with whether its intention goes by post and when that was put in it."""
    return rows.annotate(
        intention_by_post=Exists(
            Letter.objects.filter(decision=OuterRef("pk"), kind=LetterKind.INTENDED, goes_by_post=True)
        ),
        intention_posted_on=Subquery(
            Posting.objects.filter(letter__decision=OuterRef("pk"), letter__kind=LetterKind.INTENDED)
            .order_by("pk")
            .values("posted_on")[:1]
        ),
    )


def _how_intention_went(row: Any) -> str:
    """Say when and how an intention went, and since when it is withdrawn; empty while none was sent."""
    ended = f"ingetrokken op {format_date(amsterdam_day(row.withdrawn_at))}" if row.withdrawn_at else ""
    if row.announced_on is None:
        return ended.capitalize()
    if ended and row.intention_by_post and row.intention_posted_on is None:
        went = f"brief van {format_date(row.announced_on)}, niet op de post gedaan"
    elif not row.intention_by_post:
        went = f"verstuurd op {format_date(row.announced_on)}, in het portaal"
    else:
        went = how_post_went(row.announced_on, row.intention_posted_on)
        went = f"{went[0].lower()}{went[1:]}"
    return "; ".join(part for part in (f"Voornemen: {went}", ended) if part)


def _post_of(round: Round) -> dict[str, Any] | None:
    """Return how far the letters of a round are that go by post, for a notice; ``None`` if there are none."""
    found = posting.piles(round=round)
    if not found:
        return None
    today = amsterdam_day(timezone.now())
    late: dict[date, int] = {}
    for pile in found:
        if pile.unposted and pile.dated < today:
            late[pile.dated] = late.get(pile.dated, 0) + pile.unposted
    unposted = sum(pile.unposted for pile in found)
    return {
        "url": reverse("case_post", args=[round.slug]),
        "waiting": posting.count_of(unposted) if unposted else "",
        "total": posting.count_of(sum(pile.total for pile in found)),
        "late": [f"{posting.count_of(count)} van {format_date(dated)}" for dated, count in late.items()],
    }


@require_http_methods(["GET", "POST"])
@for_role("nza")
def case_round_step(request: Any, slug: str, step: str) -> HttpResponse:
    """One step with all decisions of a round."""
    round = found_round(slug)
    back = reverse("case_round", args=[slug])
    return steps.take(
        request,
        steps.chosen(round_steps(NewOutcomes(round)), step),
        round,
        back=back,
        crumbs=[(reverse("cases"), "Zaken"), (back, round.title)],
        **(taking.of_round(request, round) if step == "vaststellen" else {}),
    )


def _free(round: Round) -> Any:
    return Objection.objects.filter(decision__round=round, status__in=OPEN_OBJECTION, group__isnull=True)


class GroupForm(forms.Form):
    """Which objections are treated together."""

    name = forms.CharField(label="Hoe heet de groep?", max_length=160, required=False)
    representative = forms.CharField(
        label="Wie spreekt namens allen? (niet verplicht)",
        max_length=160,
        required=False,
        help_text="Kan alleen als van elke bezwaarmaker een machtiging in het dossier zit (art. 2:1 Awb).",
    )
    objections = forms.MultipleChoiceField(
        label="Welke bezwaren?", widget=forms.CheckboxSelectMultiple, error_messages={"required": "Kies bezwaren."}
    )


@require_http_methods(["GET", "POST"])
@for_role("nza")
def new_group(request: Any, slug: str) -> HttpResponse:
    """Treat objections together from now on."""
    round = found_round(slug)
    free = [
        (str(item.uuid), f"{item.reference}: {item.provider.name}")
        for item in _free(round).select_related("provider").order_by("reference")
    ]

    def form_for(*args: Any, **kwargs: Any) -> GroupForm:
        form = GroupForm(*args, **kwargs)
        form.fields["objections"].choices = free  # type: ignore[attr-defined]
        form.fields["name"].required = True
        return form

    def join(subject: Round, said: dict[str, Any], actor: Actor) -> str:
        made = groups.join(
            round=subject,
            name=said["name"],
            representative=said["representative"],
            objections=said["objections"],
            actor=actor,
        )
        return f"{made.objections.count()} bezwaren worden samen behandeld."

    step: Step[Round] = Step(
        name="groep",
        title="Welke bezwaren behandelt u samen?",
        button="Behandel samen",
        is_open=lambda item: len(free) > 1,
        follows=lambda item: [
            "Wat zij delen beantwoordt u één keer; wat alleen bij één hoort, blijft apart.",
            "Zij worden samen gehoord (art. 7:6 Awb), en elk krijgt een eigen beslissing.",
            "Brieven gaan naar elke bezwaarmaker zelf, of naar de gemachtigde die bij diens eigen bezwaar staat (art. 2:1 en 6:17"
            " Awb). Wie namens allen spreekt, krijgt ze daarmee nog niet.",
        ],
        form=form_for,  # type: ignore[arg-type]  # it is called as a form is
        act=join,
    )
    back = reverse("case_round", args=[slug])
    return steps.take(
        request,
        step,
        round,
        back=back,
        template="tariffs/cases/take_group.html",
        members=_members(_free(round)),
        crumbs=[(reverse("cases"), "Zaken"), (back, round.title)],
    )


def _members(objections: Any) -> list[dict[str, Any]]:
    """Return objections with what each brings forward, as ``take_group.html`` shows them."""
    found = objections.select_related("provider", "group", "decision__round").order_by("reference")
    found = found.prefetch_related("grounds", "group__grounds")
    return [
        {
            "reference": item.reference,
            "provider": item.provider.name,
            "url": reverse("case", args=[item.decision.round.slug, item.provider.uuid]),
            "grounds": shown.grounds_shown(
                [*(item.group.grounds.all() if item.group else ()), *item.grounds.all()], with_verdicts=False
            ),
        }
        for item in found
    ]


class SharedGroundForm(forms.Form):
    """A ground that all bring forward."""

    text = forms.CharField(
        label="Gedeelde grond",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Vat samen wat alle bezwaarmakers in de groep naar voren brengen.",
    )


@require_http_methods(["GET", "POST"])
@for_role("nza")
def group(request: Any, group: Any) -> HttpResponse:
    """Add a ground that a group shares; below it who is in the group."""
    found = get_object_or_404(ObjectionGroup.objects.select_related("round"), uuid=group)

    def share(subject: ObjectionGroup, said: dict[str, Any], actor: Actor) -> str:
        made = groups.share(group=subject, text=said["text"], actor=actor)
        return f"Gedeelde grond {made.number} staat bij alle bezwaren in de groep."

    members = found.objections.select_related("provider").order_by("reference")
    step: Step[ObjectionGroup] = Step(
        name="grond",
        title=f"Wat delen de bezwaren in ‘{found.name}’?",
        button="Voeg een gedeelde grond toe",
        is_open=lambda item: item.objections.filter(status__in=OPEN_OBJECTION).exists(),
        follows=lambda item: [
            "De gedeelde grond komt bij elk bezwaar in de groep te staan. Alle bezwaarmakers lezen hem.",
            "Heeft een bezwaarmaker een eigen grond in precies deze woorden, dan telt die als de gedeelde grond en krijgt zij één"
            " antwoord.",
        ],
        form=asks_about_names(
            SharedGroundForm,
            fields=["text"],
            rounds=[found.round],
            readers=lambda: [row.provider for row in members],
        ),
        initial=lambda item: {"text": groups.in_common(item)},
        act=share,
    )
    back = reverse("case_round", args=[found.round.slug])
    return steps.take(
        request,
        step,
        found,
        back=back,
        template="tariffs/cases/take_group.html",
        members=_members(members),
        crumbs=[(reverse("cases"), "Zaken"), (back, found.round.title)],
    )
