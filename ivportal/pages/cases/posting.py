"""NZa: the letters that go by post: taken to be printed, and written down when they were put in the post."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ivportal.letters import posted
from ivportal.pages import listing, moments, steps
from ivportal.pages.rights import for_role
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.formatting import format_date
from providers.models import Round
from tariffs.models import Letter, LetterKind, Posting
from tariffs.procedure import envelopes, posting
from tariffs.procedure.archive import Entry, packed, safe
from tariffs.procedure.notified import NOTIFYING
from tariffs.terms import amsterdam_day

#: So many letters are offered to choose from at a time; the others follow once these are in the post.
MOST_TO_CHOOSE = 500
#: The archive with what nobody took yet; the others are numbered from 1 and always hold the same letters.
UNTAKEN = 0


@require_GET
@for_role("nza")
def case_post(request: Any, slug: str) -> HttpResponse:
    """Show what waits to be printed and posted in a round, per day and kind, newest day first."""
    round = get_object_or_404(Round, slug=slug)
    warnings = envelopes.warnings(round)
    days = [
        _day_shown(slug, dated, list(piles), warnings.get(dated, []))
        for dated, piles in groupby(posting.piles(round=round), key=lambda pile: pile.dated)
    ]
    page, pagination = listing.paginate(days, request.GET)
    return render(
        request,
        "tariffs/cases/post.html",
        {
            "round": round,
            "days": page,
            "pagination": pagination,
            "late": [day for day in days if day["unposted"] and day["is_over"]],
        },
    )


def _day_shown(slug: str, dated: date, piles: list[posting.Pile], warnings: list[str]) -> dict[str, Any]:
    """Return one day as the page shows it."""
    unposted, printed = sum(pile.unposted for pile in piles), sum(pile.printed for pile in piles)
    day = dated.isoformat()
    return {
        "dated": dated,
        "is_over": dated < amsterdam_day(timezone.now()),
        "unposted": unposted,
        "printed": printed,
        "waiting": posting.count_of(unposted),
        "warnings": warnings,
        "url": reverse("case_post_day", args=[slug, day]),
        "some_url": reverse("case_post_letters", args=[slug, day]),
        "piles": [
            {
                "pile": pile,
                "label": pile.kind.label,
                "untaken": _untaken_label(pile),
                "untaken_url": reverse("case_post_archive", args=[slug, day, pile.kind.value, UNTAKEN]),
                "parts": [
                    {
                        "label": _part_label(number, pile.total),
                        "url": reverse("case_post_archive", args=[slug, day, pile.kind.value, number]),
                    }
                    for number in range(1, pile.parts + 1)
                ],
            }
            for pile in piles
        ],
    }


def _untaken_label(pile: posting.Pile) -> str:
    """Say how many nobody took yet, where others were taken; empty if that is all of them or none."""
    if not 0 < pile.unprinted < pile.total:
        return ""
    if pile.unprinted <= posting.PER_ARCHIVE:
        return posting.count_of(pile.unprinted)
    return f"de eerste {posting.PER_ARCHIVE} van {posting.count_of(pile.unprinted)}"


def _part_label(number: int, total: int) -> str:
    if total <= posting.PER_ARCHIVE:
        return posting.count_of(total)
    return f"{(number - 1) * posting.PER_ARCHIVE + 1} tot en met {min(number * posting.PER_ARCHIVE, total)}"


@require_POST
@for_role("nza")
def case_post_archive(request: Any, slug: str, day: str, kind: str, part: int) -> HttpResponse | FileResponse:
    """Take letters to be printed, a hundred at a time and in order: that is written down, and the answer is the file."""
    round, dated = get_object_or_404(Round, slug=slug), _dated(day)
    if part == UNTAKEN:
        found = posting.untaken(round=round, dated=dated, kind=kind)
    else:
        found = posting.part(round=round, dated=dated, kind=kind, number=part)
    if not found and part == UNTAKEN:
        messages.info(request, "Deze brieven zijn al opgehaald. Haal ze opnieuw op bij ‘Alle brieven’ van die dag.")
        return redirect("case_post", slug=slug)
    if not found:
        raise Http404
    file = packed(
        Entry(path=f"{number:03d}-{safe(letter.reference)}.pdf", at=letter.sent_at, content=posted(letter))
        for number, letter in enumerate(found, start=1)
    )
    posting.take(found, actor=request.actor)
    which = f"nieuw-{timezone.localtime():%H%M%S}" if part == UNTAKEN else part
    name = f"post-{slug}-{day}-{safe(LetterKind(kind).label).lower()}-{which}.zip"
    return FileResponse(
        file,
        content_type="application/zip",
        as_attachment=True,
        filename=name,
        headers={"X-Content-Type-Options": "nosniff"},
    )


class PostedForm(forms.Form):
    """On which day."""

    on = moments.day_field(
        "Wanneer zijn de brieven op de post gedaan?",
        required=True,
        help_text="De dag waarop ze echt de deur uit gingen, ook als dat later was dan de datum op de brief.",
    )


class DayForm(PostedForm):
    """On which day all letters went that she was shown, and which those were."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_shown(self) -> frozenset[UUID]:
        """Return the letters; what no page of the portal sent is none."""
        try:
            return frozenset(UUID(word) for word in self.cleaned_data["shown"].split())
        except ValueError:
            return frozenset()


class ChosenForm(PostedForm):
    """On which day, and which letters."""

    letters = forms.MultipleChoiceField(
        label="Welke brieven?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Kies ten minste één brief.", "invalid_choice": "Kies brieven uit deze lijst."},
    )


#: What the day of the post does to a term, by the kinds with which one begins or in which one is set.
TERMS = {
    NOTIFYING: "Is dit later dan de datum op de brief, dan loopt de termijn voor bezwaar of beroep vanaf de dag na deze dag (art."
    " 3:41 en 6:8 Awb). De aanbieder leest dat in het portaal.",
    (
        LetterKind.INTENDED,
    ): "Is dit later dan de datum op de brief, dan kan een zienswijze evenveel dagen langer (art. 4:8 Awb),"
    " zolang het besluit nog niet is opgesteld.",
    (
        LetterKind.OBJECTION_REMEDY,
    ): "De dag tot wanneer een bezwaar kan worden aangevuld, schuift niet op. Is de tijd te kort, wacht"
    " dan langer op de aanvulling (art. 6:6 Awb).",
}
FOR_GOOD = "Dit kan daarna niet meer worden veranderd: kijk de dag goed na."


def _follows(kinds: Collection[str]) -> list[str]:
    """Say what it does that letters of these kinds were put in the post on a day."""
    return [*(said for those, said in TERMS.items() if any(kind in kinds for kind in those)), FOR_GOOD]


@require_http_methods(["GET", "POST"])
@for_role("nza")
def case_post_day(request: Any, slug: str, day: str) -> HttpResponse:
    """Write down when all letters of a day that were taken to be printed were put in the post."""
    dated = _dated(day)

    def follows(round: Round) -> list[str]:
        piles = [pile for pile in posting.piles(round=round) if pile.dated == dated]
        left = sum(pile.unprinted for pile in piles)
        kinds = ", ".join(f"{pile.kind.label.lower()}: {pile.printed}" for pile in piles if pile.printed)
        return [
            f"Van alle opgehaalde brieven van {format_date(dated)} staat dan vast wanneer zij op de post gingen ({kinds}).",
            *([f"Nog niet opgehaald om te printen, en dus niet hierbij: {posting.count_of(left)}."] if left else []),
            *_follows({pile.kind for pile in piles if pile.printed}),
        ]

    def act(round: Round, said: dict[str, Any], actor: Actor) -> str:
        number = posting.put_day_in_post(round=round, dated=dated, shown=said["shown"], on=said["on"], actor=actor)
        return _happened(number, said["on"])

    step: Step[Round] = Step(
        name="dag",
        title=f"Wanneer gingen de brieven van {format_date(dated)} op de post?",
        button="Leg de dag vast",
        is_open=lambda item: posting.to_post(round=item, dated=dated).exists(),
        follows=follows,
        form=DayForm,
        initial=lambda item: {
            "shown": " ".join(str(letter.uuid) for letter in posting.to_post(round=item, dated=dated))
        },
        act=act,
        was_taken=lambda item, said, actor: _all_went(item, said["shown"], said["on"]),
        is_weighty=True,
    )
    return _take(request, slug, step)


@require_http_methods(["GET", "POST"])
@for_role("nza")
def case_post_letters(request: Any, slug: str, day: str) -> HttpResponse:
    """Write down when some letters of a day were put in the post."""
    dated = _dated(day)

    def form_for(*args: Any, **kwargs: Any) -> ChosenForm:
        form = ChosenForm(*args, **kwargs)
        form.fields["letters"].choices = _choices(slug, dated, sent=request.method == "POST")  # type: ignore[attr-defined]
        return form

    def act(round: Round, said: dict[str, Any], actor: Actor) -> str:
        return _happened(
            posting.put_in_post(round=round, letters=said["letters"], on=said["on"], actor=actor), said["on"]
        )

    step: Step[Round] = Step(
        name="brieven",
        title=f"Welke brieven van {format_date(dated)} gingen op de post?",
        button="Leg de dag vast",
        is_open=lambda item: posting.to_post(round=item, dated=dated).exists(),
        follows=lambda item: _follows(set(posting.to_post(round=item, dated=dated).values_list("kind", flat=True))),
        form=form_for,  # type: ignore[arg-type]  # it is called as a form is
        act=act,
        was_taken=lambda item, said, actor: _all_went(item, set(said["letters"]), said["on"]),
        is_weighty=True,
    )
    return _take(request, slug, step)


def _choices(slug: str, dated: date, *, sent: bool) -> list[tuple[str, str]]:
    """Return the letters to choose from; of what was sent also those that went meanwhile, to be answered as they are."""
    if sent:
        found = Letter.objects.filter(round__slug=slug, dated=dated, goes_by_post=True)
        return [(str(uuid), reference) for uuid, reference in found.values_list("uuid", "reference")]
    waiting = posting.to_post(round=get_object_or_404(Round, slug=slug), dated=dated)
    return [
        (str(letter.uuid), f"{letter.provider.name}: {letter.get_kind_display().lower()} ({letter.reference})")
        for letter in waiting[:MOST_TO_CHOOSE]
    ]


def _all_went(round: Round, letters: Collection[UUID | str], on: date) -> bool:
    """Tell whether it is written down of all these letters that they went on this day."""
    went = Posting.objects.filter(letter__round=round, letter__uuid__in=letters, posted_on=on)
    return bool(letters) and went.count() == len(letters)


def _happened(number: int, on: date) -> str:
    return (
        f"Vastgelegd: {posting.count_of(number)} op de post gedaan op {format_date(on)}." if number else steps.ALREADY
    )


def _take(request: Any, slug: str, step: Step[Round]) -> HttpResponse:
    round = get_object_or_404(Round, slug=slug)
    back = reverse("case_post", args=[slug])
    return steps.take(
        request,
        step,
        round,
        back=back,
        crumbs=[
            (reverse("cases"), "Zaken"),
            (reverse("case_round", args=[slug]), round.title),
            (back, "Post"),
        ],
    )


def _dated(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
