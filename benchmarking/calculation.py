"""What travels through the steps of a run: immutable tables, and the record that each step leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from benchmarking.specification import Specification

if TYPE_CHECKING:
    import pandas as pd

#: Stores what a step of another application adds: called with the run and its stored results by key, inside the
#: transaction that completes the run.
Store = Callable[[Any, Mapping[str, Any]], None]

PEER_COLUMNS = ["key", "peer", "weight", "cost_share", "score_without"]


def _empty(*columns: str) -> pd.DataFrame:
    import pandas as pd  # takes a second, and the web server, which needs only the names in this module, has no use for it

    return pd.DataFrame(columns=[*columns])


def rows_of(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a table with provider keys as its index as ``{key: {column: value}}``, in the order of the table."""
    return {str(key): {str(name): value for name, value in row.items()} for key, row in table.to_dict("index").items()}


@dataclass(frozen=True)
class Calculation:
    """The state between two steps. Steps never change a table in place; they return a new calculation.

    delivered : one row per provider of the dataset, index ``key`` in ascending order; ``delivered`` (bool), ``standing`` (why a
        submission does not count, see :mod:`benchmarking.datasets`), ``merged`` (bool), ``errors`` (codes of hard errors, joined
        by space) and a column per measure with ``Decimal`` or ``None``.
    results : same index; columns are added by the steps, see :mod:`benchmarking.steps`.
    peers : columns ``key``, ``peer``, ``weight`` (λ), ``cost_share`` (0 to 1), ``score_without`` (once it is known).
    products : columns ``key``, ``product`` and what a later step publishes per product.
    frozen : what else the run depends on, as JSON, frozen at its start.
    only_money : nobody asked for more than scores, peers and amounts, so a step may leave out what only informs.
    """

    specification: Specification
    frozen: Mapping[str, Any]
    seed: int
    delivered: pd.DataFrame
    results: pd.DataFrame
    peers: pd.DataFrame = field(default_factory=lambda: _empty(*PEER_COLUMNS))
    products: pd.DataFrame = field(default_factory=lambda: _empty("key", "product"))
    summary: Mapping[str, Any] = field(default_factory=dict)
    published: tuple[str, ...] = ()
    stores: tuple[Store, ...] = ()
    only_money: bool = False

    def with_results(self, **columns: Any) -> Self:
        """Return the calculation with ``columns`` added to or replaced in ``results``."""
        return replace(self, results=self.results.assign(**columns))

    def with_delivered(self, changes: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the calculation with other figures in ``delivered``: per provider, per column of it.

        Raises :class:`KeyError` for a provider or a column that is not there.
        """
        table = self.delivered.copy()
        for key, figures in changes.items():
            for column, value in figures.items():
                if key not in table.index or column not in table.columns:
                    raise KeyError((key, column))
                table.at[key, column] = value
        return replace(self, delivered=table)

    def by_key(self, values: Mapping[str, Any]) -> pd.Series[Any]:
        """Return a column of ``results`` from ``{key: value}``; ``None`` for who is not in it."""
        import pandas as pd

        return pd.Series([values.get(str(key)) for key in self.results.index], index=self.results.index, dtype=object)

    def with_summary(self, **figures: Any) -> Self:
        """Return the calculation with ``figures`` added to the national picture."""
        return replace(self, summary={**self.summary, **figures})

    @property
    def taking_part(self) -> pd.Index:
        """Return the keys of who takes part, ascending."""
        return self.results.index[self.results["participates"].astype(bool)]


@dataclass(frozen=True)
class Outcome:
    """What a step hands on, and its record: Dutch sentences and counts."""

    calculation: Calculation
    sentences: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)


class Step(Protocol):
    """A named step of the run."""

    code: str
    title: str

    def __call__(self, calculation: Calculation) -> Outcome:
        """Carry the step out."""
        ...


def step(*, code: str, title: str) -> Callable[[Callable[[Calculation], Outcome]], Step]:
    """Name a function as a step: ``code`` in the program, ``title`` as shown in Dutch."""

    def name(function: Callable[[Calculation], Outcome]) -> Step:
        named: Any = function
        named.code, named.title = code, title
        return named  # type: ignore[no-any-return]

    return name


#: Has all parts of a divided step done, wherever, and returns what they gave in order of number.
Workshop = Callable[["DividedStep", bytes], Sequence[bytes]]


def in_this_process(step: DividedStep, order: bytes) -> Sequence[bytes]:
    """Do the whole of a divided step here, as one part: what ``verify`` does."""
    return [step.part(order, 0, 1)]


@dataclass(frozen=True)
class DividedStep:
    """A step of which any worker can do a part; called like any other step it does everything in this process.

    order : what is to be computed, in full and as bytes, so that whoever does a part needs nothing else; ``None`` if there is
        nothing to do.
    most_parts : in how many parts an order is worth dividing; each costs some preparation.
    part : part ``number`` of ``of`` (0 ≤ number < of) of an order, as bytes. Pure: whoever does it, the same bytes.
    join : the outcome from all parts in order of number, or from none if there was nothing to do. In how many parts the work
        was divided must make no difference.
    forget : lets go of what the parts done in this process had in common; called when there are no more.
    """

    code: str
    title: str
    order: Callable[[Calculation], bytes | None]
    most_parts: Callable[[bytes], int]
    part: Callable[[bytes, int, int], bytes]
    join: Callable[[Calculation, Sequence[bytes]], Outcome]
    forget: Callable[[], None] = field(default=lambda: None)

    def __call__(self, calculation: Calculation, *, workshop: Workshop = in_this_process) -> Outcome:
        """Carry the step out, its parts in ``workshop``."""
        order = self.order(calculation)
        return self.join(calculation, () if order is None else workshop(self, order))


class RunFailed(Exception):
    """The run cannot go on; the message is a Dutch sentence for whoever started it."""
