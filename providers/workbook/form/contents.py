"""What a form is about, what is known when it is made, and what comes back. Plain, immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from providers.measures import CATALOGUE, Measure
from providers.workbook.content import ReadFinding, ReadLocation, ReadValue


@dataclass(frozen=True)
class Form:
    """What a form is about, and whom. A file is bound to round, book year, template, currency and the provider's key.

    ``deadline_text`` and ``contact`` are Dutch texts ready to be shown; both may be empty. ``measures`` are the codes
    that the round asks, all of them measures of the template.
    """

    round_slug: str
    round_title: str
    book_year: int
    template: str
    currency: str
    is_fictitious: bool
    key_scheme: str
    key: str
    name: str
    deadline_text: str
    contact: str
    measures: tuple[str, ...]

    def __post_init__(self) -> None:
        known = {measure.code for measure in CATALOGUE.of_template(self.template)}
        if strange := sorted(set(self.measures) - known):
            raise ValueError(f"template {self.template} does not ask {', '.join(strange)}")
        if len(set(self.measures)) != len(self.measures):
            raise ValueError("a form asks every measure once")

    def asked(self) -> tuple[Measure, ...]:
        """The measures of this form in the order of the catalogue."""
        wanted = set(self.measures)
        return tuple(measure for measure in CATALOGUE.of_template(self.template) if measure.code in wanted)


@dataclass(frozen=True)
class Line:
    """What is known of one measure when the form is made: its ``value``, last year's, and where the value is from.

    ``source`` is empty or names the source as people know it, such as "Zorginstituut, personeel 2021". ``taken_over`` is the
    earlier book year that the value was taken over from, or 0.
    """

    measure: str
    value: Decimal | None
    previous: Decimal | None
    source: str = ""
    taken_over: int = 0


@dataclass(frozen=True)
class Organisation:
    """What identifies the organisation besides its key. Each may be empty; ``agb_code`` has 8 digits."""

    legal_form: str = ""
    agb_code: str = ""
    nza_number: str = ""


@dataclass(frozen=True)
class ReadForm:
    """A form as it came back. ``values`` has every measure of the form; a value of ``None`` was left empty."""

    values: tuple[ReadValue, ...]
    explanations: Mapping[str, str]
    """Measure → what the provider wrote beside it."""
    remarks: str
    organisation: Organisation
    locations: tuple[ReadLocation, ...]
    findings: tuple[ReadFinding, ...]
