"""What the checks say about the figures of a submission: as they stand in a saved state, and as they were delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from providers import checks, prefill
from providers.checks import Found, SectorStatistics
from providers.contents import Contents
from providers.measures import CATALOGUE
from providers.models import Finding, SectorBasis, Severity, Submission, SubmissionVersion
from providers.workbook.content import ReadDelivery

#: Rule of a figure that another source has differently.
CORRECTED = "IV-L-020"
#: An explanation says why in at least so many letters: "ok" tells the reader nothing.
FEWEST_LETTERS = 10


@dataclass(frozen=True)
class Basis:
    """Which figures of the sector: the key of the row, and when it was made."""

    pk: int
    made_at: datetime


@dataclass(frozen=True)
class Verdict:
    """The findings about some contents, and which of them still stand in the way of delivering."""

    found: tuple[Found, ...]
    explanations: dict[str, str]

    @property
    def errors(self) -> list[Found]:
        """Return what has to be mended."""
        return [item for item in self.found if item.rule.severity == Severity.ERROR]

    @property
    def unexplained(self) -> list[Found]:
        """Return what has to be explained and is not, or in too few words."""
        return [item for item in self.found if item.rule.explain and not says_why(self.explanation_of(item))]

    @property
    def is_ready(self) -> bool:
        """Tell whether the contents can be offered to be signed."""
        return not self.errors and not self.unexplained

    def explanation_of(self, item: Found) -> str:
        """Return what the provider says about a finding."""
        return self.explanations.get(key_of(item.measure, item.rule.code), "")


def says_why(text: str) -> bool:
    """Tell whether an explanation is long enough to say anything."""
    return sum(letter.isalpha() for letter in text) >= FEWEST_LETTERS


def key_of(measure: str, rule: str) -> str:
    """Return where an explanation is kept: with the measure, or with the rule if the finding is about no measure."""
    return measure or rule


def check(
    *,
    submission: Submission,
    contents: Contents,
    sector: SectorStatistics | None = None,
    basis: Basis | None = None,
    earlier: prefill.Earlier | None = None,
) -> Verdict:
    """Check contents within themselves, against last year, the sector and the annual accounts.

    ``sector`` (or ``basis``, what they were computed from) and ``earlier``: the figures of the sector and of last year, if they
    were looked up before.
    """
    round = submission.round
    if sector is None and (known := basis or newest_basis(submission)) is not None:
        sector = _statistics(known)
    before = earlier or prefill.earlier_of(submission)
    found = checks.check_delivery(
        delivery_of(submission, contents),
        template=round.template_version,
        currency=round.currency,
        book_year=round.book_year,
        previous=checks.Previous(before.book_year, before.values) if before.book_year else None,
        sector=sector,
    )
    return Verdict(found=(*found, *_corrected(contents)), explanations=dict(contents.explanations))


def delivery_of(submission: Submission, contents: Contents) -> ReadDelivery:
    """Return contents as a delivery of the provider of ``submission``."""
    provider = submission.provider
    return contents.as_delivery(key_scheme=provider.key_scheme, key=provider.key, name=provider.name)


def _corrected(contents: Contents) -> list[Found]:
    """Return a finding for every figure that another source has differently: the provider says why."""
    rule = checks.rule(CORRECTED)
    return [
        Found(
            rule,
            figure.cell,
            rule.message.format(measure=CATALOGUE[code].label, source=figure.source),
            code,
        )
        for code, figure in contents.figures.items()
        if figure.is_corrected
    ]


def newest_basis(submission: Submission) -> Basis | None:
    """Return from what the figures of the sector were last computed for this round, or ``None``."""
    newest = SectorBasis.objects.filter(round=submission.round_id).order_by("-pk").values_list("pk", "made_at").first()
    return Basis(*newest) if newest is not None else None


@lru_cache(maxsize=8)
def _statistics(basis: Basis) -> SectorStatistics:
    """Return the figures of one basis; kept, because a basis never changes and every check asks for the newest."""
    return SectorStatistics.from_json(SectorBasis.objects.get(pk=basis.pk, made_at=basis.made_at).content)


def findings_for(version: SubmissionVersion, verdict: Verdict) -> list[tuple[Finding, str]]:
    """Return the rows of a verdict for a delivered version, each with its explanation; nothing is stored."""
    return [(row_of(version, item), verdict.explanation_of(item)) for item in verdict.found]


def row_of(version: SubmissionVersion, item: Found) -> Finding:
    """Return the row of one finding; it is not stored."""
    return Finding(
        version=version,
        rule=item.rule.code,
        severity=item.rule.severity,
        measure=item.measure,
        sheet=item.cell.sheet,
        row=item.cell.row,
        column=item.cell.column,
        message=item.message,
        mend=item.rule.mend,
        needs_explanation=item.rule.explain,
    )
