"""NZa: the texts of a round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ivportal.pages.rights import for_role
from providers import texts
from providers.models import Round, RoundText
from providers.refusal import Refused
from providers.texts import Kind, Text


class TextForm(forms.Form):
    """A subject line and a body."""

    subject = forms.CharField(
        label="Onderwerp", max_length=texts.LONGEST_SUBJECT, error_messages={"required": "Vul een onderwerp in."}
    )
    body = forms.CharField(
        label="Tekst",
        max_length=texts.LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 18}),
        error_messages={"required": "Vul een tekst in."},
    )


@require_GET
@for_role("nza")
def round_texts(request: Any, slug: str) -> HttpResponse:
    """All texts of a round, with which of them the NZa changed."""
    round = get_object_or_404(Round, slug=slug)
    own = {text.kind: text for text in RoundText.objects.filter(round=round)}
    rows = [
        {
            "name": kind.name,
            "label": kind.label,
            "purpose": kind.purpose,
            "subject": own[kind.name].subject if kind.name in own else kind.default.subject,
            "is_own": kind.name in own,
        }
        for kind in texts.kinds().values()
        if kind.of_round
    ]
    return render(request, "accounts/texts.html", {"round": round, "texts": rows})


@require_http_methods(["GET", "POST"])
@for_role("nza")
def round_text(request: Any, slug: str, kind: str) -> HttpResponse:
    """One text: read it with example values, try another wording, keep it."""
    round = get_object_or_404(Round, slug=slug)
    described = _kind(kind)
    now = texts.text_of(round, kind)
    form = TextForm(
        request.POST if request.method == "POST" else None, initial={"subject": now.subject, "body": now.body}
    )
    preview: Text | None = described.example(now)
    if request.method == "POST":
        preview = None
        if form.is_valid():
            text = Text(form.cleaned_data["subject"], form.cleaned_data["body"])
            for problem in texts.problems_of(described, text):
                form.add_error(None, problem)
            if form.is_valid():
                preview = described.example(text)
                if "save" in request.POST and _save(round, kind, text, request, form):
                    return redirect("round_text", slug=slug, kind=kind)
    context = {
        "round": round,
        "kind": described,
        "placeholders": described.placeholders.items(),
        "form": form,
        "preview": preview,
        "is_tried": request.method == "POST",
        "is_own": RoundText.objects.filter(round=round, kind=kind).exists(),
    }
    return render(request, "accounts/text.html", context)


@require_POST
@for_role("nza")
def reset_round_text(request: Any, slug: str, kind: str) -> HttpResponse:
    """Use the portal's own text again."""
    round = get_object_or_404(Round, slug=slug)
    described = _kind(kind)
    texts.reset_text(round=round, kind=kind, actor=request.actor)
    messages.success(request, f"‘{described.label}’ is weer de tekst van het portaal.")
    return redirect("round_text", slug=slug, kind=kind)


def _kind(name: str) -> Kind:
    kind = texts.kinds().get(name)
    if kind is None or not kind.of_round:
        raise Http404
    return kind


def _save(round: Round, kind: str, text: Text, request: Any, form: TextForm) -> bool:
    try:
        texts.save_text(round=round, kind=kind, subject=text.subject, body=text.body, actor=request.actor)
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, "De tekst is opgeslagen. Berichten die al verstuurd zijn, veranderen niet.")
    return True
