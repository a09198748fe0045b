"""The public note (nota van inlichtingen): written and published by the NZa, read by everybody in the round."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ivportal.pages import listing
from ivportal.pages.rights import for_role
from providers.free_text import plain
from providers.models import Round
from providers.refusal import Refused
from tariffs.models import InterpretationResponse, PublicNote
from tariffs.procedure import public_notes
from tariffs.procedure.public_notes import Question

#: So many empty places stand below what is there.
EMPTY_PLACES = 2


@require_GET
@for_role("provider")
def own_notes(request: Any) -> HttpResponse:
    """The published notes of the rounds that a provider is in, newest first."""
    found = PublicNote.objects.visible_to(request.actor).select_related("round").distinct()
    rows, pagination = listing.paginate(found.order_by("-published_at", "-pk"), request.GET)
    return render(request, "tariffs/interpretation/notes.html", {"notes": rows, "pagination": pagination})


@require_GET
@for_role("provider")
def own_note(request: Any, note: Any) -> HttpResponse:
    """One published note, to read or to print."""
    found = get_object_or_404(
        PublicNote.objects.visible_to(request.actor).select_related("round").distinct(), uuid=note
    )
    return render(
        request, "tariffs/interpretation/note.html", {"note": found, "items": found.items.all(), "is_own": True}
    )


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_notes(request: Any, slug: str) -> HttpResponse:
    """The notes of a round, published and not; a new one begins here. ``?uit=`` takes a question and answer along."""
    round = get_object_or_404(Round, slug=slug)
    (origin,) = listing.asked(request.POST if request.method == "POST" else request.GET, "uit")
    draft = PublicNote.objects.filter(round=round, published_at__isnull=True).first()
    if request.method == "POST":
        draft = public_notes.begin(round=round, actor=request.actor)
    if draft is not None and (origin or request.method == "POST"):
        address = reverse("round_note", args=[slug, draft.number])
        return redirect(f"{address}?uit={quote(origin)}#nieuw" if origin else address)
    notes = PublicNote.objects.filter(round=round).select_related("prepared_by", "published_by").order_by("-number")
    context = {"round": round, "notes": notes, "has_draft": draft is not None, "origin": origin}
    return render(request, "tariffs/interpretation/round_notes.html", context)


def _note(slug: str, number: int) -> PublicNote:
    found: PublicNote = get_object_or_404(
        PublicNote.objects.select_related("round", "prepared_by", "published_by"), round__slug=slug, number=number
    )
    return found


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_note(request: Any, slug: str, number: int) -> HttpResponse:
    """One note: written as long as it is not published, and read afterwards."""
    note = _note(slug, number)
    if note.published_at is not None:
        return render(
            request, "tariffs/interpretation/note.html", {"note": note, "items": note.items.all(), "is_own": False}
        )
    items = [Question(row.question, row.answer) for row in note.items.all()]
    problems: list[str] = []
    doubts: list[str] = []
    seen = public_notes.mark(note)
    if request.method == "POST":
        items = _typed(request)
        seen = plain(request.POST.get("gezien", ""))
        try:
            public_notes.write(note=note, items=items, actor=request.actor, seen=seen, knowing=_knowing(request))
        except public_notes.Doubtful as doubtful:
            problems = [
                "Deze woorden kunnen een naam zijn. Zijn ze dat niet, vink ze dan onder aan en sla opnieuw op.",
                *str(doubtful).splitlines(),
            ]
            doubts = list(dict.fromkeys([*_knowing(request), *doubtful.words]))
        except Refused as refused:
            problems = str(refused).splitlines()
        else:
            messages.success(request, "De nota is opgeslagen. Een collega leest haar en publiceert.")
            return redirect("round_note", slug=slug, number=number)
    else:
        items += _prefilled(request, note, items)
    context = {
        "note": note,
        "round": note.round,
        "places": [
            {"number": number, "question": item.question, "answer": item.answer}
            for number, item in enumerate([*items, *[Question("", "")] * EMPTY_PLACES], 1)
        ],
        "count": note.items.count(),
        "seen": seen,
        "problems": problems,
        "doubts": doubts,
        "known": _knowing(request),
        "stored_doubts": public_notes.doubts(note),
        "is_own_work": note.prepared_by_id == request.actor.user.pk,
    }
    return render(request, "tariffs/interpretation/write_note.html", context, status=409 if problems else 200)


def _prefilled(request: Any, note: PublicNote, items: list[Question]) -> list[Question]:
    (origin,) = listing.asked(request.GET, "uit")
    found = [
        response
        for response in InterpretationResponse.objects.filter(report__release__round=note.round).exclude(answer="")
        if str(response.uuid) == origin
    ]
    return [item for item in map(public_notes.prefill, found) if item not in items]


def _knowing(request: Any) -> list[str]:
    """Return the words of which somebody says that they are nobody's name."""
    return [plain(word) for word in request.POST.getlist("geen_naam")]


def _typed(request: Any) -> list[Question]:
    questions, answers = request.POST.getlist("vraag"), request.POST.getlist("antwoord")
    return [Question(plain(question), plain(answer)) for question, answer in zip(questions, answers, strict=False)]


@require_POST
@for_role("nza")
def publish_note(request: Any, slug: str, number: int) -> HttpResponse:
    """Publish a note that a colleague wrote."""
    note = _note(slug, number)
    try:
        public_notes.publish(
            note=note, actor=request.actor, seen=plain(request.POST.get("gezien", "")), knowing=_knowing(request)
        )
    except Refused as refused:
        for line in str(refused).splitlines():
            messages.error(request, line)
    else:
        messages.success(request, f"{note} is gepubliceerd. Iedereen in de ronde krijgt bericht.")
    return redirect("round_note", slug=slug, number=number)
