"""Steps that somebody takes with one thing: first a page that says what follows, with what has to be filled in, then the deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from providers.access import Actor
from providers.free_text import plain
from providers.refusal import Refused

S = TypeVar("S", bound=Model)


class NothingToFillIn(forms.Form):
    """A step that only has to be confirmed."""


def never(subject: Any, said: dict[str, Any], actor: Actor) -> bool:
    """Say that a step was not taken before."""
    return False


def nothing(subject: Any) -> dict[str, Any]:
    """Return that a form begins empty."""
    return {}


@dataclass(frozen=True)
class Step(Generic[S]):
    """One step. ``name`` stands in the address."""

    name: str
    title: str
    button: str
    is_open: Callable[[S], bool]
    follows: Callable[[S], list[str]]
    """What happens when it is taken, in Dutch sentences."""
    act: Callable[[S, dict[str, Any], Actor], str]
    """Take it and return what happened; raises :class:`~providers.refusal.Refused`."""
    form: type[forms.Form] = NothingToFillIn
    initial: Callable[[S], dict[str, Any]] = nothing
    was_taken: Callable[[S, dict[str, Any], Actor], bool] = never
    """Whether exactly this was done already: then a second click is answered as the first."""
    is_weighty: bool = False
    """Whether it cannot be taken back."""


def chosen(steps: tuple[Step[S], ...], name: str) -> Step[S]:
    """Return the step with this name, or 404."""
    for step in steps:
        if step.name == name:
            return step
    raise Http404


ALREADY = "Dat was al gedaan. Er is niets twee keer gebeurd."


def open_steps(steps: tuple[Step[S], ...], subject: S, address: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the steps that can be taken now, for a list of links."""
    return [
        {"title": step.title, "button": step.button, "url": address(step.name), "name": step.name}
        for step in steps
        if step.is_open(subject)
    ]


def take(
    request: Any, step: Step[S], subject: S, *, back: str, template: str = "providers/desk_step.html", **context: Any
) -> HttpResponse:
    """Show a step, or take it; a refusal stands above the form, with what was typed still in it.

    ``template``: one that extends the ordinary page of a step, for who has to see more before she takes it.
    """
    if request.method != "POST":
        if not step.is_open(subject):
            messages.info(request, "Deze stap kan nu niet. Hieronder staat wat wel kan.")
            return redirect(back)
        form = step.form(initial=step.initial(subject))
    else:
        form = step.form(request.POST)
        if form.is_valid() and not step.is_open(subject):
            # A page that stood open while a colleague went on, or an address that somebody typed.
            if step.was_taken(subject, form.cleaned_data, request.actor):
                messages.info(request, ALREADY)
                return redirect(back)
            form.add_error(
                None, "Deze stap kan nu niet. Misschien was een collega u voor: ga terug en kijk wat wel kan."
            )
        if form.is_valid():
            said = {name: plain(kept) if isinstance(kept, str) else kept for name, kept in form.cleaned_data.items()}
            try:
                happened = step.act(subject, said, request.actor)
            except Refused as refused:
                subject.refresh_from_db()
                if step.was_taken(subject, said, request.actor):
                    messages.info(request, ALREADY)
                    return redirect(back)
                form.add_error(None, str(refused).splitlines())
            else:
                messages.success(request, " ".join([happened, *getattr(form, "notes", [])]))
                return redirect(back)
    return render(
        request,
        template,
        {
            "step": {"title": step.title, "button": step.button, "is_weighty": step.is_weighty},
            "follows": step.follows(subject),
            "form": form,
            "back": back,
            **context,
        },
    )
