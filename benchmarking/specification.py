"""The model as data: what is compared with what, and under which rules (design §5).

A specification is a JSON document. :func:`parse` validates it against this module and the measures of a round;
:func:`parse_stored` reads one that was chosen in an earlier year, when fewer rules counted; :func:`canonical` gives the bytes
that are hashed. Nothing here is known to have been the NZa's choice for the
Integrale Vergelijking: every rule is a parameter with a documented default.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticKnownError

from providers.measures import CATALOGUE


class SpecificationError(ValueError):
    """The specification cannot be used; ``problems`` are Dutch sentences that name the place."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_stored(info: ValidationInfo) -> bool:
    """Tell whether what is read was accepted before: rules that came later do not count then."""
    return bool(info.context and info.context.get("stored"))


def _at_most(largest: int) -> Callable[[int, ValidationInfo], int]:
    def check(value: int, info: ValidationInfo) -> int:
        if value > largest and not _is_stored(info):
            raise PydanticKnownError("less_than_equal", {"le": largest})
        return value

    return check


def _one_of(*words: str) -> Callable[[str, ValidationInfo], str]:
    def check(value: str, info: ValidationInfo) -> str:
        if value not in words and not _is_stored(info):
            *others, last = (f"'{word}'" for word in words)
            raise PydanticKnownError("literal_error", {"expected": f"{', '.join(others)} or {last}"})
        return value

    return check


Positive = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(gt=0, lt=1, allow_inf_nan=False)]
Finite = Annotated[Decimal, Field(allow_inf_nan=False)]


#: Names of places that only pydantic knows begin so; people do not read them.
_UNSAID = "["
Weights = Annotated[
    Annotated[Literal["tariff", "sum"], Tag("[word]")] | Annotated[tuple[Positive, ...], Tag("[list]")],
    Discriminator(lambda weights: "[word]" if isinstance(weights, str) else "[list]"),
]


class Output(_Part):
    """A product of the comparison: one measure of days, or several with weights.

    ``weights``: ``"tariff"`` weighs each measure by its maximum tariff over that of the first (Σ daysₚ·Tₚ/T_base);
    ``"sum"`` treats every day as equal; a list gives the weights themselves.
    """

    name: str = Field(min_length=1, max_length=60)
    days: tuple[str, ...] = Field(min_length=1)
    weights: Weights = "sum"

    @model_validator(mode="after")
    def _one_weight_per_measure(self) -> Output:
        if not isinstance(self.weights, str) and len(self.weights) != len(self.days):
            raise ValueError(f"geef bij {self.name} evenveel gewichten als producten ({len(self.days)})")
        return self


class CostPerDay(_Part):
    """Bounds on total costs per care day, in the currency of the round; outside them the figures are not believed."""

    at_least: Positive
    at_most: Positive

    @model_validator(mode="after")
    def _from_low_to_high(self) -> CostPerDay:
        if self.at_least > self.at_most:
            raise ValueError("at_least mag niet hoger zijn dan at_most")
        return self


class Participation(_Part):
    """Who takes part."""

    min_care_days: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    months_covered: int | None = Field(default=None, ge=1, le=12)
    cost_per_day: CostPerDay | None = None
    without_errors: bool = True


class QualityCriterion(_Part):
    """A precondition on quality for being a peer."""

    measure: str
    at_least: Finite | None = None
    at_most: Finite | None = None
    missing: Literal["not_a_peer", "may_be_peer"] = "not_a_peer"

    @model_validator(mode="after")
    def _asks_something_that_can_be(self) -> QualityCriterion:
        if self.at_least is None and self.at_most is None:
            raise ValueError("vul at_least of at_most in")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least mag niet hoger zijn dan at_most")
        return self


class OutlierRule(_Part):
    """One outlier rule: dominance (German ARegV, Annex 3) or super-efficiency (Banker & Gifford)."""

    rule: Literal["dominance", "super_efficiency"]
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    iqr_multiple: Annotated[float, Field(gt=0)] = 1.5


class Outliers(_Part):
    """Which outlier rules hold, under which returns to scale they are tested."""

    returns_to_scale: Literal["crs", "vrs", "drs", "irs"] = "crs"
    rules: tuple[OutlierRule, ...] = ()


class Environment(_Part):
    """A circumstance: a provider is only compared with those in the same or harder circumstances."""

    measure: str
    harder: Literal["higher", "lower"]
    tolerance: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    method: Literal["same_or_harder"] = "same_or_harder"


class PriceBounds(_Part):
    """Bounds on the ratios of shadow prices, around the ratios of the maximum tariffs."""

    around: Literal["tariff"] = "tariff"
    factor: Annotated[Decimal, Field(gt=1, allow_inf_nan=False)]


class Bootstrap(_Part):
    """How uncertainty is estimated (Simar & Wilson 1998).

    ``convention``: there is no single bootstrap. ``"shephard"`` is this portal's own, on the Shephard scale; the others are
    those of the R packages Benchmarking and rDEA as published. Stored specifications may hold another word, and more
    replications: neither was checked before there was a bootstrap.
    """

    replications: Annotated[int, Field(ge=100), AfterValidator(_at_most(100_000))] = 2000
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    convention: Annotated[str, AfterValidator(_one_of("shephard", "benchmarking", "rdea"))] = "shephard"


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("noem elke naam één keer")
    return names


Names = Annotated[tuple[str, ...], AfterValidator(_unique)]


class Correction(_Part):
    """A correction of scores for circumstances, after the comparison.

    ``peer_difference`` is the Norwegian regulator's: own circumstances against those of the own peers. ``cap`` bounds the
    correction on either side (0.40 in Norway).
    """

    method: Literal["peer_difference"]
    measures: Annotated[Names, Field(min_length=1)]
    cap: Share = Decimal("0.40")


class Specification(_Part):
    """The whole model."""

    name: str = Field(default="", max_length=120)
    inputs: Annotated[Names, Field(min_length=1)]
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)]
    returns_to_scale: Literal["crs", "vrs", "drs", "irs", "fdh"] = "vrs"
    orientation: Literal["input"] = "input"
    price_bounds: PriceBounds | None = None
    participation: Participation = Participation()
    allowances: Names = ()
    fixed_inputs: Names = ()
    quality_gate: tuple[QualityCriterion, ...] = ()
    outliers: Outliers = Outliers()
    environment: tuple[Environment, ...] = ()
    score_floor: Share | None = None
    bootstrap: Bootstrap | None = None
    correction: Correction | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20240101

    @model_validator(mode="after")
    def _rules_that_belong_together(self, info: ValidationInfo) -> Specification:
        names = [output.name for output in self.outputs]
        if len(set(names)) != len(names):
            raise ValueError("geef elk product (outputs) een eigen naam")
        measures = [measure for output in self.outputs for measure in output.days]
        if len(set(measures)) != len(measures):
            raise ValueError("tel elke soort zorgdagen in één product mee (outputs)")
        if self.allowances and len(self.inputs) != 1:
            raise ValueError("afzonderlijk vergoede kosten (allowances) kunnen alleen bij één kostensoort (inputs)")
        if double := set(self.allowances) & set(self.inputs):
            raise ValueError(
                f"afzonderlijk vergoede kosten (allowances) zijn een deel van inputs: {', '.join(sorted(double))} kan niet"
            )
        if stray := set(self.fixed_inputs) - set(self.inputs):
            raise ValueError(
                f"vaste kosten (fixed_inputs) staan ook in inputs; {', '.join(sorted(stray))} staat daar niet"
            )
        if self.inputs and set(self.fixed_inputs) == set(self.inputs):
            raise ValueError("laat ten minste één kostensoort (inputs) over die beïnvloedbaar is")
        if self.price_bounds and self.returns_to_scale == "fdh":
            raise ValueError("prijsgrenzen (price_bounds) kunnen niet samen met fdh")
        if self.bootstrap and self.returns_to_scale == "fdh" and not _is_stored(info):
            raise ValueError("een interval (bootstrap) kan niet samen met fdh")
        if self.correction and not self.bootstrap:
            raise ValueError("een correctie (correction) rekent met het interval; vul ook bootstrap in")
        corrected = set(self.correction.measures) if self.correction else set()
        if twice := corrected & {factor.measure for factor in self.environment}:
            raise ValueError(
                f"omstandigheden tellen één keer: noem {', '.join(sorted(twice))} in environment of in correction"
            )
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """Return every measure that the model needs, in order of first use."""
        used = [*self.inputs, *(measure for output in self.outputs for measure in output.days), *self.allowances]
        used += [criterion.measure for criterion in self.quality_gate]
        used += [factor.measure for factor in self.environment]
        used += self.correction.measures if self.correction else ()
        if self.participation.months_covered is not None:
            used.append("months_covered")
        return tuple(dict.fromkeys(used))

    @property
    def needs_tariffs(self) -> bool:
        """Tell whether the model itself needs a tariff table."""
        return self.price_bounds is not None or any(output.weights == "tariff" for output in self.outputs)


MESSAGES = {
    "extra_forbidden": "deze naam kennen wij niet; haal hem weg of verbeter de spelling",
    "missing": "ontbreekt; vul dit in",
    "literal_error": "kies één van de toegestane waarden: {expected}",
    "greater_than": "moet groter zijn dan {gt}",
    "greater_than_equal": "moet ten minste {ge} zijn",
    "less_than": "moet kleiner zijn dan {lt}",
    "less_than_equal": "mag hoogstens {le} zijn",
    "too_short": "vul ten minste {min_length} waarde in",
    "string_too_short": "vul ten minste {min_length} teken in",
    "string_too_long": "mag hoogstens {max_length} tekens lang zijn",
    "finite_number": "moet een eindig getal zijn",
}


def _dutch(error: Mapping[str, Any]) -> str:
    parts = [str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"]]
    place = " → ".join(part for part in parts if not part.startswith(_UNSAID))
    kind = str(error["type"])
    context = {key: str(value) for key, value in error.get("ctx", {}).items()}
    if "expected" in context:
        context["expected"] = context["expected"].replace(" or ", " of ")
    if kind == "value_error":
        text = context.get("error", str(error["msg"]))
    elif kind in MESSAGES:
        text = MESSAGES[kind].format(**context)
    else:
        text = "heeft niet de juiste vorm (tekst, getal of lijst)"
    return f"{place}: {text}." if place else f"{text[:1].upper()}{text[1:]}."


def _telling(errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out that a list is too short where that is only because one of its parts is wrong."""
    return [
        error
        for error in errors
        if error["type"] != "too_short"
        or not any(other["loc"][: len(error["loc"])] == error["loc"] and other is not error for other in errors)
    ]


def parse(document: Any, *, measures: Collection[str] | None = None) -> Specification:
    """Return the validated specification of a JSON ``document``.

    ``measures``: the codes that the round asks for; a measure outside them is refused. Raises
    :class:`SpecificationError` with Dutch sentences.
    """
    specification = _validated(document, stored=False)
    if measures is not None:
        unknown = [code for code in specification.measures if code not in set(measures)]
        if unknown:
            raise SpecificationError(
                [
                    f"Deze gegevens worden in de ronde niet gevraagd: {', '.join(unknown)}."
                    f" Wel gevraagd: {', '.join(measures)}."
                ]
            )
        problems = [
            f"{code} is geen bedrag en kan geen kostensoort zijn (inputs)."
            for code in specification.inputs
            if _unit(code) not in ("money", "")
        ]
        problems += [
            f"{code} is een bedrag en kan geen geleverde zorg zijn (outputs)."
            for output in specification.outputs
            for code in output.days
            if _unit(code) == "money"
        ]
        if problems:
            raise SpecificationError(problems)
    return specification


def parse_stored(document: Any) -> Specification:
    """Return the specification of a document that :func:`parse` accepted once, to show it or what was computed with it.

    Rules that came later do not count, so it need not be one that can be computed with now. Raises
    :class:`SpecificationError` if it never was one.
    """
    return _validated(document, stored=True)


def _validated(document: Any, *, stored: bool) -> Specification:
    try:
        return Specification.model_validate(document, context={"stored": stored})
    except ValidationError as error:
        raise SpecificationError([_dutch(item) for item in _telling(error.errors())]) from error


def _unit(measure: str) -> str:
    return CATALOGUE[measure].unit if measure in CATALOGUE else ""


def canonical(specification: Specification) -> bytes:
    """Return the bytes of a specification that are hashed: JSON, sorted names, no spaces, no trailing zeros.

    The name is left out, and so is what has its default value: neither a new name nor a later addition to this module makes
    it another model.
    """
    document = specification.model_dump(exclude={"name"}, exclude_defaults=True)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain_number)
    return text.encode()


def _plain_number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def sha256(specification: Specification) -> str:
    """Return the SHA-256 of a specification in canonical form."""
    return hashlib.sha256(canonical(specification)).hexdigest()
