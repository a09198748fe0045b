"""One letter, on a page and as PDF: for the provider that it was sent to, and for the NZa."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.letters import posted
from ivportal.pages.cases import shown
from providers.audit import record
from providers.formatting import format_datetime
from providers.models import Act, Role
from tariffs import standings
from tariffs.letters import proxy_of
from tariffs.models import Letter, LetterKind
from tariffs.procedure import posting
from tariffs.procedure.archive import name_of
from tariffs.procedure.deadlines import appeal_term_of, objection_term_of
from tariffs.procedure.envelopes import has_street, to_proxy
from tariffs.procedure.notified import NOTIFYING, how_post_went, posted_sentence


def _found(request: Any, uuid: Any) -> Letter:
    if request.actor.role == Role.CARE_OFFICE:
        raise PermissionDenied
    found: Letter = get_object_or_404(
        Letter.objects.visible_to(request.actor).select_related(
            "round", "provider", "decision", "objection", "posting"
        ),
        uuid=uuid,
    )
    return found


@require_GET
def letter(request: Any, letter: Any) -> HttpResponse:
    """Show a letter as it was sent."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = _found(request, letter)
    is_staff = request.actor.role == Role.NZA
    back = _back(found, is_staff=is_staff)
    return render(
        request,
        "tariffs/cases/letter.html",
        {
            "ribbon": shown.ribbon_of(found.round, standings.current(found.provider, found.round)),
            "letter": found,
            "parts": shown.parts_of(found),
            "table": shown.figures_of(found),
            "back": back,
            "how": _how(found, is_staff=is_staff),
        },
    )


def _back(letter: Letter, *, is_staff: bool) -> str:
    """Return where a letter belongs: the answer to a response with that response, all others with the case."""
    if letter.response is not None:
        return reverse("response" if is_staff else "own_response", args=[letter.response.uuid])
    if is_staff:
        return reverse("case", args=[letter.round.slug, letter.provider.uuid])
    return reverse("own_case", args=[letter.round.slug])


def _how(letter: Letter, *, is_staff: bool) -> dict[str, Any]:
    """Return how a letter went, and what that does to the term that runs from it."""
    if not letter.goes_by_post:
        return {
            "title": "In het portaal",
            "text": f"Deze brief staat sinds {format_datetime(letter.sent_at)} in het portaal.",
        }
    proxy = proxy_of(letter)
    if hasattr(letter, "posting"):
        went = f"Deze brief ging per post{f' naar de gemachtigde, {proxy} (art. 6:17 Awb)' if proxy else ''}."
        return {
            "title": how_post_went(letter.dated, letter.posting.posted_on),
            "text": " ".join(item for item in (_until(letter), went) if item),
        }
    if not posting.by_post(letter.round).filter(pk=letter.pk).exists():
        return {
            "title": "Niet per post verstuurd",
            "text": f"De brief was nog niet opgehaald om te printen, en is niet meer nodig: {posting.NEEDLESS[letter.kind]}.",
        }
    title = how_post_went(letter.dated, None)
    begins = letter.kind in NOTIFYING
    if is_staff:
        why = (
            to_proxy(proxy, has_street=has_street(letter.body.split("\n\n", 1)[0]))
            if proxy
            else "De aanbieder stemde niet in met elektronische post (art. 2:14 Awb)."
        )
        then = ": de termijn begint de dag daarna (art. 3:41 en 6:8 Awb)" if begins else ""
        return {
            "is_waiting": True,
            "title": title,
            "text": f"{why} Haal de brief op bij de post van deze ronde, print hem, en schrijf op welke dag hij op de post is"
            f" gedaan{then}.",
            "url": reverse("case_post", args=[letter.round.slug]),
        }
    return {
        "title": title,
        "text": (
            f"Uw gemachtigde, {proxy}, krijgt hem per post (art. 6:17 Awb)."
            if proxy
            else "U krijgt hem ook op uw postadres."
        )
        + f" Wat hier staat, is hetzelfde.{_BEGINS_LATER if begins else ''}",
    }


_BEGINS_LATER = (
    " De termijn voor bezwaar of beroep begint pas als de brief op de post is (art. 3:41 en 6:8 Awb). Reken voorlopig met de"
    " datum op de brief."
)


def _until(letter: Letter) -> str:
    """Return until when somebody can object or appeal, for the letter with which that begins."""
    if letter.kind == LetterKind.DECISION and letter.decision is not None:
        return posted_sentence(letter.decision, objection_term_of(letter.decision))
    if letter.kind == LetterKind.OBJECTION_DECISION and letter.objection is not None:
        return posted_sentence(letter.objection, appeal_term_of(letter.objection))
    return ""


@require_GET
def letter_pdf(request: Any, letter: Any) -> HttpResponse:
    """Download a letter as tagged PDF: the same bytes every time. It is recorded."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = _found(request, letter)
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=f"Brief {found}", details={"sha256": found.sha256})
    name = f"{name_of(found)}.pdf"
    return HttpResponse(
        posted(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
