"""NZa: the desk of a round, with every step from draft to archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import moments, steps
from ivportal.pages.concerns import asks_exemption
from ivportal.pages.inviting import INVITING
from ivportal.pages.new_round import RoundForm
from ivportal.pages.reach import Reach, in_words, persons, providers_in_words, reach_of
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.steps import Step
from providers import desk, review
from providers.access import Actor
from providers.formatting import format_datetime
from providers.models import EDITABLE, PORTAL, Act, AuditRecord, Round, RoundStatus, SubmissionVersion, TermChange
from tariffs.policies import current_policy

MOST_NAMES = 50


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
    asking = round.submissions.filter(asks_exemption()).count()
    if asking:
        found.append(
            f"{providers_in_words(asking)} {'vraagt' if asking == 1 else 'vragen'} ontheffing en"
            f" {'wacht' if asking == 1 else 'wachten'} nog op uw antwoord."
        )
    return [
        *found,
        *_waiting(round),
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
    return [
        *_waiting(round),
        "Niemand kan nog aanleveren, ook niet met een eigen termijn.",
        "U kunt dit niet terugdraaien. Lezen en rekenen blijft mogelijk.",
    ]


def _waiting(round: Round) -> list[str]:
    left = round.submissions.filter(status__in=["submitted", "in_review"]).count()
    return [f"{in_words(left, 'aanlevering')} {'wacht' if left == 1 else 'wachten'} nog op controle."] if left else []


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


class ApprovalForm(forms.Form):
    """The versions that somebody sees before she approves them: what changes meanwhile is not approved."""

    versions = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_versions(self) -> list[UUID]:
        """Return the versions; what is none is no version of anybody."""
        try:
            return [UUID(text) for text in self.cleaned_data["versions"].split()]
        except ValueError:
            raise ValidationError("Wij herkennen niet wat u zag. Ververs de bladzijde.") from None


def _seen(round: Round) -> dict[str, Any]:
    seen = review.newest_of_quiet(round.submissions.all()).values_list("uuid", flat=True)
    return {"versions": " ".join(str(uuid) for uuid in seen)}


def _approve(round: Round, said: dict[str, Any], actor: Actor) -> str:
    shown = SubmissionVersion.objects.filter(uuid__in=said["versions"], submission__round=round)
    versions = set(shown.values_list("uuid", flat=True))
    count = review.validate_all_quiet(versions=versions, actor=actor)
    left = len(versions) - count
    happened = f"{in_words(count, 'aanlevering')} {'is' if count == 1 else 'zijn'} gevalideerd."
    if left:
        happened += f" {in_words(left, 'aanlevering')} {'veranderde' if left == 1 else 'veranderden'} intussen en"
        happened += f" {'blijft' if left == 1 else 'blijven'} staan."
    return happened


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
        title="Wilt u alle aanleveringen zonder bevindingen valideren?",
        button="Valideer wat geen bevindingen heeft",
        is_open=_in(RoundStatus.OPEN, RoundStatus.CLOSED),
        follows=_approving,
        form=ApprovalForm,
        initial=_seen,
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
        "closed_early": _closed_early(round),
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


def _closed_early(round: Round) -> datetime | None:
    """Return when the NZa closed a round that could have gone on; ``None`` if the clock did."""
    if round.status != RoundStatus.CLOSED or round.deadline is None:
        return None
    moves = AuditRecord.objects.filter(act=Act.ROUND_MOVED, subject=str(round), details__after=RoundStatus.CLOSED.value)
    closed = moves.order_by("-pk").first()
    return closed.at if closed is not None and closed.at <= round.deadline else None


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_step(request: Any, slug: str, step: str) -> HttpResponse:
    """One step of a round: what follows, what to fill in, and the deed."""
    round = get_object_or_404(Round, slug=slug, source=PORTAL)
    crumbs = [(reverse("rounds"), "Rondes"), (reverse("round", args=[slug]), round.title)]
    back = reverse("manage_round", args=[slug])
    return steps.take(request, steps.chosen(STEPS, step), round, back=back, crumbs=[*crumbs, (back, "Beheer")])
