"""Figures of a delivery that are corrected: what they become, and what the checks say of them then. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from benchmarking.datasets import canonical_number
from providers import checking, checks, contents
from providers.checking import Verdict
from providers.contents import FIGURE, Contents, Figure
from providers.measures import CATALOGUE
from providers.models import Finding, MeasuredValue, Severity, Statement, Submission, SubmissionVersion
from providers.refusal import Refused
from providers.workbook.content import Cell

#: Sheet of a figure that was corrected in the interpretation period.
CORRECTION: Final = "Correctie"
#: What can be stored of a figure: less than this, and so exactly.
LARGEST: Final = Decimal(10) ** 12
STORED: Final = Decimal("0.000001")


def as_text(changes: Mapping[str, Decimal]) -> dict[str, str]:
    """Return figures by measure as they are stored: as text with a point.

    Raises :class:`~providers.refusal.Refused` for what is no number (NaN, Infinity).
    """
    for code, value in changes.items():
        require_number(code, value)
    return {code: canonical_number(value) for code, value in sorted(changes.items())}


def require_number(code: str, value: Decimal) -> None:
    """Raise :class:`~providers.refusal.Refused` for what is a ``Decimal`` and no number, or not one that can be stored."""
    label = CATALOGUE[code].label if code in CATALOGUE else code
    if not value.is_finite():
        raise Refused(f"Vul bij ‘{label}’ een getal in. Wat er staat, is geen getal waarmee gerekend kan worden.")
    if value.copy_abs() >= LARGEST or value != value.quantize(STORED):
        raise Refused(
            f"Vul bij ‘{label}’ een getal in van minder dan twaalf cijfers, met ten hoogste zes cijfers achter de komma."
        )


def as_figures(changes: Mapping[str, str]) -> dict[str, Decimal]:
    """Return stored figures as numbers."""
    return {code: Decimal(text) for code, text in changes.items()}


def newest_version(submission: Submission) -> SubmissionVersion | None:
    """Return what was delivered last."""
    return SubmissionVersion.objects.filter(submission=submission).order_by("-number").first()


def contents_of(version: SubmissionVersion) -> Contents:
    """Return what stands in a delivered version: as it was signed, or as it was read from a source."""
    statement = Statement.objects.filter(version=version).select_related("draft").first()
    if statement is not None:
        return contents.from_json(statement.draft.contents)
    return Contents(
        figures={
            row.measure: Figure(value=row.value, cell=Cell(row.sheet, row.row, row.column), raw=row.raw)
            for row in MeasuredValue.objects.filter(version=version)
        }
    )


def corrected(before: Contents, changes: Mapping[str, Decimal]) -> Contents:
    """Return contents with other figures, which name the correction as the place they come from."""
    after = before.with_parts({f"{FIGURE}{code}": value for code, value in changes.items()})
    figures = {
        code: replace(after.figures[code], cell=Cell(CORRECTION), raw=canonical_number(value))
        for code, value in changes.items()
    }
    return replace(after, figures={**after.figures, **figures})


def require_possible(*, submission: Submission, changes: Mapping[str, Decimal]) -> None:
    """Raise :class:`~providers.refusal.Refused` if these are no figures of this delivery, or would make an error of it."""
    version = newest_version(submission)
    if version is None:
        raise Refused(
            "U leverde in deze ronde niets aan. Er valt dus niets te verbeteren; stel een vraag of licht het toe."
        )
    if not changes:
        raise Refused("Vul bij ten minste één gegeven het juiste getal in.")
    before = contents_of(version)
    for code, value in changes.items():
        if code not in submission.round.measures or code not in before.figures:
            raise Refused(f"{code} is geen gegeven dat u in deze ronde aanleverde.")
        if before.figures[code].value == value:
            raise Refused(f"Bij ‘{CATALOGUE[code].label}’ vulde u het getal in dat er al staat. Laat dat veld leeg.")
    new = _new_errors(
        checking.check(submission=submission, contents=before),
        checking.check(submission=submission, contents=corrected(before, changes)),
    )
    if new:
        raise Refused("\n".join(["Met deze getallen klopt de opgave zelf niet meer.", *new]))


def _new_errors(before: Verdict, after: Verdict) -> list[str]:
    known = {(item.rule.code, item.measure) for item in before.errors}
    return [
        f"{item.message} {item.rule.mend}".strip()
        for item in after.errors
        if (item.rule.code, item.measure) not in known
    ]


def findings_after(
    *, submission: Submission, version: SubmissionVersion, changes: Mapping[str, Decimal]
) -> list[Finding]:
    """Return the findings that a version with these corrections would have; they are not stored.

    What only the reader of a file could notice stays, unless it is about a figure that is corrected.
    """
    before = contents_of(version)
    known = {(item.rule.code, item.measure) for item in checking.check(submission=submission, contents=before).found}
    kept = [
        Finding(
            rule=row.rule,
            severity=row.severity,
            measure=row.measure,
            sheet=row.sheet,
            row=row.row,
            column=row.column,
            message=row.message,
            mend=row.mend,
            needs_explanation=row.needs_explanation,
        )
        for row in Finding.objects.filter(version=version, ended_at__isnull=True)
        if (row.rule, row.measure) not in known and row.measure not in changes and not checks.rule(row.rule).check
    ]
    verdict = checking.check(submission=submission, contents=corrected(before, changes))
    return [*(checking.row_of(version, item) for item in verdict.found), *kept]


def errors_after(*, submission: Submission, version: SubmissionVersion, changes: Mapping[str, Decimal]) -> str:
    """Return the codes of hard errors after these corrections, as a dataset holds them: sorted, joined by space."""
    found = findings_after(submission=submission, version=version, changes=changes)
    return " ".join(sorted({row.rule for row in found if row.severity == Severity.ERROR}))


def require_sound(*, submission: Submission, version: SubmissionVersion, changes: Mapping[str, Decimal]) -> str:
    """Hold figures that the NZa puts in the place of delivered ones to the checks; return the codes of errors that stay.

    What was wrong before stays as it was; what goes wrong by the change is refused, with what is missing.
    """
    for code, value in changes.items():
        require_number(code, value)
    known = contents_of(version).figures
    if unknown := [code for code in changes if code not in known]:
        raise Refused(f"{', '.join(unknown)}: dat gegeven leverde deze aanbieder niet aan (art. 7:11 Awb).")

    def errors_of(wanted: Mapping[str, Decimal]) -> dict[tuple[str, str], str]:
        found = findings_after(submission=submission, version=version, changes=wanted)
        return {
            (row.rule, row.measure): f"{row.message} {row.mend}".strip()
            for row in found
            if row.severity == Severity.ERROR
        }

    before, after = errors_of({}), errors_of(changes)
    if wrong := [text for key, text in after.items() if key not in before]:
        raise Refused("\n".join(["Met deze getallen klopt de opgave zelf niet meer (art. 3:2 Awb).", *wrong]))
    return " ".join(sorted({rule for rule, _ in after}))
