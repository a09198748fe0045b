"""What adopted outcomes mean for decisions: who gets the first one, and what newer outcomes change in those that hold.

Nobody's decision changes by itself. Who goes up gets a new intention, which takes the place of the old decision when it is sent.
Who would go down keeps what holds, unless the policy of the round says otherwise. Decisions that are under objection or before
the court are left aside: what is pending against them would turn against the new one (Awb 6:19).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from benchmarking.models import Run
from providers.formatting import format_money
from providers.models import MeasuredValue, Provider, Round, SubmissionVersion
from tariffs.models import (
    OPEN_OBJECTION,
    Bandwidth,
    Decision,
    DecisionStatus,
    Objection,
    ObjectionStatus,
    Origin,
    Release,
    ReportStatus,
)
from tariffs.policies import current_policy
from tariffs.procedure import figures, figures_in_words

S = DecisionStatus
UNDER_WAY = (S.PREPARED, S.ANNOUNCED, S.DRAFTED)
PENDING = (*OPEN_OBJECTION, ObjectionStatus.APPEALED)


@dataclass(frozen=True)
class Renewal:
    """A decision that holds, and the bandwidth in newer outcomes. ``difference``: euros that the maximum becomes more."""

    decision: Decision
    band: Bandwidth
    difference: Decimal


@dataclass(frozen=True, kw_only=True)
class Renewals:
    """What newer outcomes change in the decisions of a round that hold and rest on older ones."""

    raised: tuple[Renewal, ...] = ()
    lowered: tuple[Renewal, ...] = ()
    protected: tuple[Renewal, ...] = ()
    """Would go down, and were decided on an objection: those never go down by somebody else's."""
    equal: int = 0
    pending: int = 0
    under_way: int = 0
    without: int = 0
    apart: int = 0
    """Rest on figures that were granted on an objection, and that the newer outcomes do not hold."""
    may_lower: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether no decision that holds rests on older outcomes."""
        return not (
            self.raised
            or self.lowered
            or self.protected
            or self.equal
            or self.pending
            or self.under_way
            or self.without
            or self.apart
        )

    @property
    def to_renew(self) -> tuple[Renewal, ...]:
        """Return those whose decision gets a new one in its place."""
        return (*self.raised, *self.lowered) if self.may_lower else self.raised

    @property
    def left(self) -> tuple[tuple[str, int], ...]:
        """Return how many keep their decision, by the reason in Dutch."""
        return (*self._spared, *self._untouched)

    @property
    def _spared(self) -> tuple[tuple[str, int], ...]:
        """Return how many would go down and keep their decision, by the reason."""
        kept = () if self.may_lower else self.lowered
        return (
            ("de nieuwe uitkomst is lager, en volgens het beleid verlaagt die geen besluit dat geldt.", len(kept)),
            ("de nieuwe uitkomst is lager, maar op het eigen bezwaar is beslist (art. 7:11 Awb).", len(self.protected)),
        )

    @property
    def _untouched(self) -> tuple[tuple[str, int], ...]:
        """Return how many keep their decision whatever the outcomes say, or because these say the same, by the reason."""
        return (
            ("in de nieuwe uitkomsten verandert er niets aan wat is besloten.", self.equal),
            (
                "tegen het besluit loopt bezwaar of beroep. Dat gaat voor: het zou zich ook tegen een nieuw besluit richten"
                " (art. 6:19 Awb).",
                self.pending,
            ),
            (
                "het nieuwe besluit is al onderweg, op eerdere uitkomsten. Trek dat voornemen in om het op de nieuwe te laten"
                " rusten (art. 3:2 Awb).",
                self.under_way,
            ),
            ("in de nieuwe uitkomsten is er geen bandbreedte.", self.without),
            (
                "het bezwaar was gegrond, en de getallen die toen zijn toegekend staan niet in de nieuwe uitkomsten. Neem ze bij"
                " de zaak over in de gegevens en reken opnieuw (art. 7:11 Awb).",
                self.apart,
            ),
        )

    def sentences(self, currency: str) -> list[str]:
        """Say what newer outcomes change in decisions that hold: how many, what goes down, and by how many euros together."""
        said = []
        if self.raised:
            said.append(
                f"{_count(self.raised)} hoger of anders uit ({_euros(self.raised, currency)}):"
                f" {_who(self.raised, 'die krijgt', 'zij krijgen')} een nieuw voornemen, dat bij verzending in de plaats komt van"
                " het besluit dat nu geldt."
            )
        if self.lowered and self.may_lower:
            said.append(
                f"{_count(self.lowered)} lager uit: {_falls(self.lowered)} ({_euros(self.lowered, currency)}). Het beleid laat"
                f" dat toe: ook {_who(self.lowered, 'die krijgt', 'zij krijgen')} een nieuw voornemen en"
                f" {_who(self.lowered, 'kan', 'kunnen')} een zienswijze geven (art. 4:8 Awb)."
            )
        elif self.lowered:
            said.append(
                f"{_count(self.lowered, would=True)} lager uitkomen: {_falls(self.lowered)} ({_euros(self.lowered, currency)})."
                f" Volgens het beleid {_who(self.lowered, 'houdt die het', 'houden zij hun')} besluit."
            )
        if self.protected:
            said.append(
                f"{_count(self.protected, would=True)} lager uitkomen: {_falls(self.protected)}"
                f" ({_euros(self.protected, currency)}). Maar op het eigen bezwaar is beslist:"
                f" {_who(self.protected, 'die houdt het', 'zij houden hun')} besluit (art. 7:11 Awb)."
            )
        said += [
            f"{count} {'houdt het' if count == 1 else 'houden hun'} besluit: {reason}"
            for reason, count in self._untouched
            if count
        ]
        return said


def _who(found: Sequence[Renewal], one: str, more: str) -> str:
    return one if len(found) == 1 else more


def _euros(found: Sequence[Renewal], currency: str) -> str:
    """Say how many euros the maximum costs become more or less: in full, so that it does not read as what goes down."""
    total = sum((item.difference for item in found), Decimal(0))
    return (
        f"{_who(found, 'de maximale kosten worden', 'de maximale kosten worden samen')}"
        f" {format_money(abs(total), currency=currency)} {'lager' if total < 0 else 'hoger'}"
    )


def _falls(found: Sequence[Renewal]) -> str:
    """Say what goes down: of one with the percentages, of more how often each."""
    falls = [figures_in_words.what_falls(figures.of_bandwidth(item.band), item.decision.figures) for item in found]
    if len(falls) == 1:
        return " ".join(falls[0])
    counts = Counter(what for what, _ in falls)
    return ", ".join(f"bij {count} {what}" for what, count in counts.most_common())


def _count(found: Sequence[Renewal], *, would: bool = False) -> str:
    number = len(found)
    verb = ("zou" if number == 1 else "zouden") if would else ("komt" if number == 1 else "komen")
    return f"{number} {'aanbieder' if number == 1 else 'aanbieders'} met een besluit {verb}"


def adopted_release(round: Round) -> Release | None:
    """Return the newest release of a round whose outcome was adopted."""
    return Release.objects.released().filter(round=round, status=ReportStatus.ADOPTED).first()


def to_prepare(round: Round) -> QuerySet[Bandwidth]:
    """Return the bandwidths in the newest adopted release of those about whom there is no decision yet."""
    release = adopted_release(round)
    if release is None:
        return Bandwidth.objects.none()
    taken = Decision.objects.filter(round=round).exclude(status=S.WITHDRAWN).values("provider")
    return Bandwidth.objects.filter(run_id=release.run_id, upper_rate__isnull=False).exclude(provider__in=taken)


def providers_without(round: Round) -> QuerySet[Provider]:
    """Return the providers with an adopted report of a round about which there is nothing to decide: they have no bandwidth."""
    release = adopted_release(round)
    if release is None:
        return Provider.objects.none()
    return Provider.objects.filter(
        mirror_reports__release=release, bandwidths__run_id=release.run_id, bandwidths__upper_rate__isnull=True
    ).distinct()


def pending_among(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return those of decisions that are under objection, or before the court, also by the objection they were taken on."""
    pending = Objection.objects.filter(Q(decision=OuterRef("pk")) | Q(new_decision=OuterRef("pk")), status__in=PENDING)
    return decisions.filter(Exists(pending))


def renewals_of(release: Release) -> Renewals:
    """Return what an adopted release changes in decisions of its round that hold; in a fixed number of queries."""
    round = release.round
    holding = Decision.objects.filter(round=round, status=S.SENT).exclude(report__release=release)
    if not holding.exists():
        return Renewals()
    found = holding.select_related("provider").order_by("provider__key")
    pending = set(pending_among(holding).values_list("pk", flat=True))
    under_way = dict(
        Decision.objects.filter(round=round, status__in=UNDER_WAY).values_list("provider_id", "report__release_id")
    )
    bands = {
        band.provider_id: band
        for band in Bandwidth.objects.filter(
            run_id=release.run_id, upper_rate__isnull=False, provider__in=holding.values("provider")
        ).prefetch_related("products")
    }
    raised: list[Renewal] = []
    lowered: list[Renewal] = []
    protected: list[Renewal] = []
    apart = _on_figures_not_in(release.run, found)
    counts = {"equal": 0, "pending": 0, "under_way": 0, "without": 0, "apart": 0}
    for decision in found:
        band = bands.get(decision.provider_id)
        if decision.pk in pending:
            counts["pending"] += 1
        elif decision.provider_id in under_way:
            counts["under_way"] += under_way[decision.provider_id] != release.pk
        elif band is None:
            counts["without"] += 1
        elif decision.pk in apart:
            counts["apart"] += 1
        else:
            now = figures.of_bandwidth(band)
            renewal = Renewal(decision, band, figures.difference(now, decision.figures))
            if figures.says_the_same(now, decision.figures):
                counts["equal"] += 1
            elif figures.is_lower(now, decision.figures) or figures.starts_lower(now, decision.figures):
                (protected if decision.origin == Origin.OBJECTION else lowered).append(renewal)
            else:
                raised.append(renewal)
    return Renewals(
        raised=tuple(raised),
        lowered=tuple(lowered),
        protected=tuple(protected),
        may_lower=current_policy(round).objection_may_lower_others,
        **counts,
    )


def figures_came_in(decision: Decision) -> int | None:
    """Return the number of the version in which the figures of a decision on an objection came into the data, if they did."""
    changes = figures.changed(decision.figures)
    of_provider = SubmissionVersion.objects.filter(
        submission__round=decision.round_id, submission__provider=decision.provider_id
    )
    measured_with = of_provider.filter(datasets=decision.report.release.run.dataset_id).values_list("number", flat=True)
    since = max(measured_with, default=0)
    rows = MeasuredValue.objects.filter(version__in=of_provider.filter(number__gt=since), measure__in=list(changes))
    held: dict[int, set[str]] = {}
    for number, measure, value in rows.order_by("version__number").values_list("version__number", "measure", "value"):
        if value == changes[measure]:
            held.setdefault(number, set()).add(measure)
    return next((number for number, measures in sorted(held.items()) if measures == changes.keys()), None)


def _on_figures_not_in(run: Run, decisions: Iterable[Decision]) -> set[int]:
    """Return the keys of decisions that rest on figures granted on an objection which came into the data after a run, or never.

    Costs two queries for each decision that rests on such figures; few do.
    """
    granted = [item for item in decisions if figures.changed(item.figures)]
    if not granted:
        return set()
    used = dict(run.dataset.versions.values_list("submission__provider", "number"))
    came_in = {item: figures_came_in(item) for item in granted}
    return {item.pk for item, number in came_in.items() if number is None or number > used.get(item.provider_id, 0)}


def in_place_of(release: Release, *, other_than: int) -> list[str]:
    """Say what a release does to the decisions about all others than one provider: for who decides on its objection."""
    found = renewals_of(release)

    def others(items: Iterable[Renewal]) -> tuple[Renewal, ...]:
        return tuple(item for item in items if item.decision.provider_id != other_than)

    said = Renewals(
        raised=others(found.raised),
        lowered=others(found.lowered),
        protected=others(found.protected),
        may_lower=found.may_lower,
    ).sentences(release.round.currency)
    return said or ["Voor niemand anders verandert er iets in de nieuwe berekening."]
