"""NZa: the form for what is thought of the grounds of an objection, each with why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.html import escape

from ivportal.pages.naming import asks_about_names
from tariffs.models import Ground, Objection, Verdict
from tariffs.procedure import groups, rulings

#: Before the key of a shared ground: an own ground says the same in other words.
SAME_AS = "gedeeld-"


class VerdictsForm(forms.Form):
    """A verdict and reasons for each ground."""

    own: ClassVar[Sequence[Ground]] = ()
    shared: ClassVar[Sequence[Ground]] = ()

    def clean(self) -> dict[str, Any]:
        """Let an own ground that is a shared one follow that, and ask why of every other."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        by_name = {f"{SAME_AS}{ground.pk}": ground for ground in self.shared}
        not_its_own = {"", *map(groups.same_as, self.shared)}
        for ground in self.own:
            verdict, reasons = f"verdict_{ground.pk}", f"reasons_{ground.pk}"
            same = by_name.get(cleaned.get(verdict, ""))
            if same is not None:
                cleaned[verdict] = cleaned.get(f"verdict_{same.pk}", "")
                cleaned[reasons] = groups.same_as(same)
            elif cleaned.get(reasons, "") in not_its_own:
                self.add_error(reasons, "Schrijf op waarom (art. 7:12, eerste lid, Awb).")
        return cleaned


def verdicts_form(objection: Objection) -> type[forms.Form]:
    """Return a form with a verdict and reasons for each ground; what is said of a shared one is read by a group."""
    grounds = rulings.grounds_of(objection)
    shared = [ground for ground in grounds if ground.group_id is not None]
    own = [ground for ground in grounds if ground.group_id is None]
    same = [(f"{SAME_AS}{ground.pk}", f"Hetzelfde als gedeelde grond {ground.number}") for ground in shared]
    answered_by = {groups.same_as(ground): f"{SAME_AS}{ground.pk}" for ground in shared}
    contents: dict[str, Any] = {"own": own, "shared": shared}
    for ground in grounds:
        name = f"{'Gedeelde grond' if ground.group_id else 'Grond'} {ground.number}"
        contents[f"verdict_{ground.pk}"] = forms.ChoiceField(
            label=f"{name}: oordeel",
            choices=[("", "Kies een oordeel"), *Verdict.choices, *([] if ground.group_id else same)],
            initial=answered_by.get(ground.reasons, ground.verdict),
            help_text=str(escape(ground.text[:600])),
        )
        contents[f"reasons_{ground.pk}"] = forms.CharField(
            label=f"{name}: waarom?",
            required=ground.group_id is not None,
            initial="" if ground.reasons in answered_by else ground.reasons,
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 5}),
        )
    form = type("GroundsForm", (VerdictsForm,), contents)
    if not shared:
        return form
    assert objection.group is not None
    members = objection.group.objections.select_related("provider")
    return asks_about_names(
        form,
        fields=[f"reasons_{ground.pk}" for ground in shared],
        rounds=[objection.decision.round],
        readers=lambda: [each.provider for each in members],
    )
