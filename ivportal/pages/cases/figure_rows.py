"""NZa: figures of a provider that become other ones on its objection, a row each: which one, and the new number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from ivportal.pages.delivering.form import as_typed, read_figure
from providers.measures import CATALOGUE
from providers.models import Submission
from providers.workbook.numbers import NumberError
from tariffs.models import Decision
from tariffs.procedure import corrected_figures

ROWS = 4


def fields_of(decision: Decision, *, help_text: str) -> dict[str, forms.Field]:
    """Return the fields of the rows; every figure is named with what was delivered last."""
    now = _delivered(decision)
    choices = [
        (code, f"{CATALOGUE[code].label} (nu {as_typed(now[code], CATALOGUE[code])})")
        for code in decision.round.measures
        if code in CATALOGUE and now.get(code) is not None
    ]
    fields: dict[str, forms.Field] = {}
    for number in range(1, ROWS + 1):
        fields[f"measure_{number}"] = forms.ChoiceField(
            label=f"Gegeven {number} dat verandert",
            required=False,
            choices=[("", "Geen"), *choices],
            help_text=f"{help_text} Verandert een kostenpost, verander dan ook het totaal." if number == 1 else "",
        )
        fields[f"value_{number}"] = forms.CharField(label=f"Nieuw getal {number}", required=False, max_length=60)
    return fields


def read(form: forms.Form) -> dict[str, Decimal]:
    """Return the figures that were filled in, by measure, as the Dutch write numbers; what is wrong stands beside its field."""
    changes: dict[str, Decimal] = {}
    cleaned = form.cleaned_data
    for number in range(1, ROWS + 1):
        code, raw = cleaned.get(f"measure_{number}"), (cleaned.get(f"value_{number}") or "").strip()
        if not code:
            if raw:
                form.add_error(f"measure_{number}", "Kies welk gegeven dit is.")
            continue
        try:
            value = read_figure(raw, CATALOGUE[code])
        except NumberError as error:
            form.add_error(f"value_{number}", str(error))
            continue
        if value is None:
            form.add_error(f"value_{number}", "Vul het nieuwe getal in.")
        elif code in changes:
            form.add_error(f"measure_{number}", "Dit gegeven koos u al. Kies het één keer.")
        else:
            changes[code] = value
    return changes


def _delivered(decision: Decision) -> dict[str, Decimal | None]:
    submission = Submission.objects.filter(round=decision.round_id, provider=decision.provider_id).first()
    version = None if submission is None else corrected_figures.newest_version(submission)
    if version is None:
        return {}
    return {code: figure.value for code, figure in corrected_figures.contents_of(version).figures.items()}


class FiguresForm(forms.Form):
    """Which figures become other ones."""

    def clean(self) -> dict[str, Any]:
        """Read the figures."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["changes"] = read(self)
        if not cleaned["changes"] and not self.errors:
            self.add_error(None, "Vul in welke gegevens van de aanbieder anders worden (art. 7:11 Awb).")
        return cleaned
