"""Moments on a form: a day and, if wanted, a time, as a clock in the Netherlands shows them.

A term ends with its last second. Without a time that is the last of the day (shown as 23.59 uur); with a time it is the whole
of that minute. In the night that the clock goes forward an hour does not exist, and in the night that it goes back one exists
twice: the first is refused, of the second the later hour is taken, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from providers.formatting import AMSTERDAM, format_date

NOT_A_DAY = "Dit is geen datum. Kies een dag, of schrijf haar als 14-5-2026."
NOT_A_TIME = "Dit is geen tijd. Schrijf haar als 14:30."


@dataclass(frozen=True)
class Moment:
    """A moment, and what a reader should know about it if it is not what it seems."""

    at: datetime
    note: str = ""


def moment_of(day: date, clock: time | None, *, is_end: bool) -> Moment:
    """Return the moment that a day and a time on a Dutch clock mean: the end of a term, or the beginning of something.

    Raises ValidationError for a time that does not exist.
    """
    if is_end:
        shown = time(23, 59, 59) if clock is None else clock.replace(second=59, microsecond=0)
    else:
        shown = time(0) if clock is None else clock.replace(second=0, microsecond=0)
    local = datetime.combine(day, shown, tzinfo=AMSTERDAM)
    later = local.replace(fold=1)
    if local.utcoffset() == later.utcoffset():
        return Moment(local.astimezone(UTC))
    said = f"{shown.hour}.{shown.minute:02d} uur"
    if local.astimezone(UTC).astimezone(AMSTERDAM).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValidationError(
            f"Op {format_date(day)} gaat de klok vooruit en bestaat {said} niet. Kies een andere tijd.",
            code="no_such_time",
        )
    note = f"Op {format_date(day)} gaat de klok terug en is het twee keer {said}. De tweede keer geldt."
    return Moment(later.astimezone(UTC), note)


class DayInput(forms.DateInput):
    """A day as browsers ask for it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    """A time as browsers ask for it."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def day_field(label: str, *, required: bool, help_text: str = "") -> forms.DateField:
    """Return the field for the day of a moment."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=DayInput(),
        input_formats=["%Y-%m-%d", "%d-%m-%Y"],
        error_messages={"invalid": NOT_A_DAY, "required": "Kies een dag."},
    )


def clock_field(label: str, *, help_text: str = "") -> forms.TimeField:
    """Return the field for the time of a moment; it may stay empty."""
    return forms.TimeField(
        label=label,
        required=False,
        help_text=help_text,
        widget=ClockInput(),
        input_formats=["%H:%M", "%H.%M", "%H:%M:%S"],
        error_messages={"invalid": NOT_A_TIME},
    )


class MomentsForm(forms.Form):
    """A form with moments. Each name in ``parts`` has the fields ``<name>_day`` and ``<name>_time``; the value says whether
    it is an end. ``cleaned_data[<name>]`` is the moment or ``None``; ``notes`` says what is unexpected about them."""

    parts: ClassVar[dict[str, bool]] = {}

    def clean(self) -> dict[str, Any]:
        """Put days and times together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.notes: list[str] = []
        for name, is_end in self.parts.items():
            cleaned[name] = None
            day, clock = cleaned.get(f"{name}_day"), cleaned.get(f"{name}_time")
            if day is None:
                if clock is not None and f"{name}_day" not in self.errors:
                    self.add_error(f"{name}_day", "Kies ook een dag bij deze tijd.")
                continue
            try:
                moment = moment_of(day, clock, is_end=is_end)
            except ValidationError as error:
                self.add_error(f"{name}_time", error)
                continue
            except OverflowError:
                self.add_error(f"{name}_day", "Deze dag ligt te ver weg. Kies een andere.")
                continue
            cleaned[name] = moment.at
            if moment.note:
                self.notes.append(moment.note)
        return cleaned


class SignForm(MomentsForm):
    """Until when the board can sign."""

    parts: ClassVar[dict[str, bool]] = {"until": True}

    until_day = day_field("Ondertekenen kan tot en met", required=True)
    until_time = clock_field("Tijd", help_text="Leeg: de hele dag, tot en met 23.59 uur.")


class TermForm(MomentsForm):
    """Until when, and why."""

    parts: ClassVar[dict[str, bool]] = {"until": True}

    until_day = day_field("Tot en met", required=True)
    until_time = clock_field("Tijd", help_text="Leeg: de hele dag, tot en met 23.59 uur.")
    reason = forms.CharField(
        label="Waarom?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="De aanbieder leest dit.",
        error_messages={"required": "Schrijf op waarom. De aanbieder leest dit."},
    )


def shown_parts(moment: datetime | None, name: str) -> dict[str, Any]:
    """Return what the two fields of a moment show for a stored one; the time stays empty where it is the usual one."""
    if moment is None:
        return {}
    local = timezone.localtime(moment, AMSTERDAM)
    usual = local.time().replace(microsecond=0) in (time(0), time(23, 59, 59))
    return {f"{name}_day": local.date(), f"{name}_time": None if usual else local.time()}
