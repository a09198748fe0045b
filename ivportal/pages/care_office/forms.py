"""Zorgkantoor: what is filled in. Numbers are written as the Dutch write them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ivportal.pages.moments import day_field
from providers.workbook.numbers import NumberError, parse_number
from tariffs.agreements import LONGEST_NOTE, label_of
from tariffs.room import Room, Terms


class DutchNumber(forms.CharField):
    """A number with a decimal comma or point; a sign of percent or euro around it does no harm."""

    def __init__(self, label: str, *, required: bool = False, help_text: str = "") -> None:
        super().__init__(
            label=label,
            required=required,
            help_text=help_text,
            max_length=20,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={"required": "Vul een getal in."},
        )

    def clean(self, value: Any) -> Decimal | None:
        """Return the number, or ``None`` if nothing was filled in."""
        text = str(super().clean(value)).replace("%", "").strip()
        if not text:
            return None
        try:
            # A decimal point is what a Dutch numeric keyboard types; thousands do not occur here.
            return parse_number(text.replace(".", ",") if text.count(".") == 1 and "," not in text else text, "nl")
        except NumberError as wrong:
            raise ValidationError(f"Dit kunnen wij niet lezen: {wrong}. Schrijf het als 95,50.") from wrong


class GuideForm(forms.Form):
    """The guide percentage of a year."""

    share = DutchNumber(
        "Richtpercentage",
        required=True,
        help_text="In procenten van de maximumtarieven, met hoogstens twee decimalen. Bijvoorbeeld 95,50.",
    )
    source = forms.CharField(
        label="Waar staat dat?",
        required=False,
        max_length=250,
        help_text="Bijvoorbeeld de naam van uw inkoopbeleid. U mag dit leeg laten.",
    )


class NoteForm(forms.Form):
    """A note about a provider."""

    text = forms.CharField(
        label="Uw notitie",
        required=False,
        max_length=LONGEST_NOTE,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Alleen uw eigen zorgkantoor leest dit. De aanbieder en andere zorgkantoren niet.",
    )


class AgreementForm(forms.Form):
    """What was agreed: one percentage, or an amount per product (fields that start with ``amount_``)."""

    seen = forms.UUIDField(widget=forms.HiddenInput())
    after = forms.IntegerField(widget=forms.HiddenInput(), min_value=0)
    percentage = DutchNumber("Eén percentage voor alle zorgprofielen")
    agreed_on = day_field("Dag van de afspraak", required=True)
    reason = forms.CharField(
        label="Waarom ligt de afspraak buiten de bandbreedte?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, room: Room | None, asks_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = tuple(room.products) if room else ()
        for product in self.products:
            self.fields[f"amount_{product}"] = DutchNumber(label_of(product))
        if not asks_reason:
            del self.fields["reason"]

    @property
    def amounts(self) -> Mapping[str, forms.BoundField]:
        """Return the fields of the amounts, by product."""
        return {product: self[f"amount_{product}"] for product in self.products}

    def clean(self) -> dict[str, Any]:
        """Make terms of what was filled in."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        amounts = {product: cleaned[f"amount_{product}"] for product in self.products}
        filled = {product: amount for product, amount in amounts.items() if amount is not None}
        percentage = cleaned["percentage"]
        if percentage is not None and filled:
            raise ValidationError("U vulde een percentage in én tarieven per zorgprofiel. Kies een van de twee.")
        if percentage is None and not filled:
            raise ValidationError("Vul één percentage in voor alle zorgprofielen, of voor elk zorgprofiel een tarief.")
        cleaned["terms"] = Terms(rate=None if percentage is None else percentage / 100, amounts=filled)
        return cleaned
