"""Bootstrap of efficiency scores: bias and interval of each, after Simar & Wilson (1998), by a named convention.

Replications can be shared out in shards over any number of processes. Replication b has a random stream of its own, and
everything it starts from follows from the data and the seed; so the bits are the same however the work is shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea import parameters, validation
from benchmarking.dea.conventions import CONVENTIONS, Convention
from benchmarking.dea.efficiency import prepare
from benchmarking.dea.leave_one_out import Scores
from benchmarking.dea.problem import Problem
from benchmarking.dea.replications import Replications
from benchmarking.dea.result import BoolArray, FloatArray, IntArray, ReadOnly
from benchmarking.dea.shard import MOST_FIGURES, MOST_SHARDS, BootstrapShard, numbers_of, of_one_bootstrap, wrong_with
from benchmarking.dea.threads import one_thread

#: What a random stream is for: part of its seed.
_REPLICATION, _PILOT = 0, 1
TOO_FAR_APART = (
    "inputs or outputs: amounts are too far apart for floating-point numbers; leave out the units that are out of all "
    "proportion"
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Bootstrap(ReadOnly):
    """Bias and interval of each score, in the order of the rows given; arrays ``(n,)``, read-only.

    score
        Farrell theta, as ``efficiency`` gives it with the same arguments.
    bias, bias_corrected
        score - bias_corrected, and the estimate of the unobserved true score.
    lower, upper
        Ends of the interval for the true score at ``confidence``.
    outside
        Whether bias_corrected, lower or upper is outside (0, 1]: the convention does not promise it. They are returned
        as they are.
    bandwidth : h of the kernel, on Shephard's scale
    solved, fallback, worst_certificate
        Number of linear programmes in the replications, how many of them HiGHS had to solve, and the worst of the three
        figures of any certificate.
    """

    score: FloatArray
    bias: FloatArray
    bias_corrected: FloatArray
    lower: FloatArray
    upper: FloatArray
    outside: BoolArray
    bandwidth: float
    convention: str
    replications: int
    confidence: float
    solved: int
    fallback: int
    worst_certificate: float


def bootstrap(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    replications: int = 2000,
    seed: int,
    confidence: float = 0.95,
    convention: str = "shephard",
    shard: tuple[int, int] | None = None,
    returns_to_scale: str = "vrs",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
) -> Bootstrap | BootstrapShard:
    """How sure the scores are.

    Parameters
    ----------
    inputs, outputs, returns_to_scale, keys, may_be_peer, comparable, fixed_inputs, price_bounds
        As for ``efficiency``; input orientation, not under "fdh", and a unit stays in its own reference.
    replications : at least 2, at most 100,000, and no more than 2^27 scores (n times replications) in all
    seed : a whole number of at most 128 bits
    confidence : between 0 and 1
    convention : "shephard", "benchmarking" or "rdea"
        See ``conventions.py``. Only units that may be peers are smoothed; one that may not is its own reference as it
        is.
    shard : (k, of)
        Compute only part k of 0 ... of - 1; ``combine_shards`` puts the parts together.

    Returns
    -------
    Bootstrap, or BootstrapShard with ``shard``.

    Raises
    ------
    ValueError
        As for ``efficiency``; for fewer than two units that may be peers; and where the bandwidth is zero, because all
        of them are efficient or all equally inefficient.

    Source: Simar & Wilson (1998).
    """
    chosen = CONVENTIONS[validation.choice(convention, tuple(CONVENTIONS), "convention")]
    count = parameters.replications_of(replications, least=2)
    first = parameters.seed_of(seed)
    share = parameters.share(confidence, "confidence")
    part, parts = _part(shard)
    returns_to_scale = validation.choice(returns_to_scale, validation.RETURNS_TO_SCALE, "returns_to_scale")
    if returns_to_scale == "fdh":
        raise ValueError("the bootstrap of a free disposal hull is not consistent; choose crs, vrs, drs or irs")
    problem, order, _, _ = prepare(
        inputs,
        outputs,
        returns_to_scale=returns_to_scale,
        orientation="input",
        keys=keys,
        may_be_peer=may_be_peer,
        comparable=comparable,
        own_reference=True,
        exclude_self=False,
        fixed_inputs=fixed_inputs,
        price_bounds=price_bounds,
    )
    if len(problem.peers) < 2:
        raise ValueError(
            f"a bootstrap needs at least two units that may be peers, and there are {len(problem.peers)}; allow more "
            "units in may_be_peer"
        )
    if count * problem.units > MOST_FIGURES:
        raise ValueError(
            f"replications is {count} for {problem.units} units, which makes {count * problem.units} scores to remember; "
            f"give {MOST_FIGURES // problem.units} replications or less"
        )
    fingerprint = _fingerprint(problem, order, count, first, share, chosen.name)
    numbers = numbers_of(count, part, parts)
    with one_thread():
        ready = _ready(fingerprint, problem, chosen, first, keep=shard is not None)
        replicates, fallback, worst = np.zeros((0, problem.units)), 0, 0.0
        if len(numbers):
            found = ready.engine.scores(np.stack([ready.factors(_REPLICATION, int(number)) for number in numbers]))
            replicates, fallback, worst = found.score, found.fallback, found.worst_certificate
    done = BootstrapShard(
        replicates=replicates,
        numbers=numbers,
        score=ready.score,
        order=order,
        bandwidth=ready.bandwidth,
        convention=chosen.name,
        replications=count,
        confidence=share,
        fallback=fallback,
        worst_certificate=worst,
        shard=part,
        shards=parts,
        fingerprint=fingerprint,
    )
    return done if shard is not None else combine_shards([done])


class _Ready:
    """What every replication of one bootstrap starts from."""

    def __init__(self, problem: Problem, convention: Convention, seed: int) -> None:
        scores = Scores(problem)
        self.score = scores.score
        self._problem, self._convention, self._seed = problem, convention, seed
        with np.errstate(divide="ignore"):
            self._delta = 1 / np.minimum(scores.score[problem.peers], 1.0)
        if not self._delta.max() <= parameters.LARGEST:
            raise ValueError(TOO_FAR_APART)
        self.bandwidth = convention.bandwidth(self._delta)
        if not self.bandwidth > 0:
            raise ValueError(
                "the bandwidth is zero, because the units that may be peers are all efficient or all equally "
                "inefficient; there is nothing to smooth: leave the bootstrap out, or use fewer outputs"
            )
        if scores.solved is None:
            raise ValueError(TOO_FAR_APART)
        self.engine = Replications(scores.solved.programmes, scores.score)
        self.engine.learn(lambda pilot: self.factors(_PILOT, pilot))

    def factors(self, purpose: int, number: int) -> FloatArray:
        """What the inputs of each reference unit are multiplied by in a replication or pilot, ``(n_ref,)``."""
        stream = np.random.SeedSequence(self._seed, spawn_key=(purpose, number))
        generator = np.random.Generator(np.random.PCG64(stream))
        values = np.ones(self._problem.references)
        drawn = self._convention.draw(self._delta, self.bandwidth, generator)
        values[self._problem.peers] = drawn / self._delta
        return values


#: The last one of this process: the next shard of the same bootstrap need not make it again.
_last: dict[str, _Ready] = {}


def _ready(fingerprint: str, problem: Problem, convention: Convention, seed: int, *, keep: bool) -> _Ready:
    ready = _last.get(fingerprint)
    if ready is None:
        ready = _Ready(problem, convention, seed)
        if keep:
            _last.clear()
            _last[fingerprint] = ready
    return ready


def forget_shards() -> None:
    """Let go of what the shards of this process had in common; for a process that has done its last one."""
    _last.clear()


def combine_shards(shards: Iterable[BootstrapShard]) -> Bootstrap:
    """Put the parts of one bootstrap together, in whatever order they come.

    Raises ``ValueError`` if they do not belong together, if one is missing or doubled, or if one holds what no shard of
    a bootstrap can.
    """
    given = list(islice(shards, MOST_SHARDS + 1)) if isinstance(shards, Iterable) else [shards]
    if not all(isinstance(part, BootstrapShard) for part in given):
        raise ValueError("give shards as bootstrap(..., shard=(k, of)) returns them")
    for place, part in enumerate(given):
        if wrong := wrong_with(part):
            raise ValueError(f"shards[{place}] is no shard of a bootstrap ({wrong}); compute it again")
    parts = sorted(given, key=lambda part: part.shard)
    if not parts:
        raise ValueError("there are no shards to combine; give all of them")
    one = parts[0]
    if any(not of_one_bootstrap(one, part) for part in parts):
        raise ValueError("the shards are not of one bootstrap: data, arguments, seed or number of shards differ")
    if len(parts) != one.shards or [part.shard for part in parts] != list(range(one.shards)):
        have = ", ".join(str(part.shard) for part in parts)
        raise ValueError(f"of the {one.shards} shards 0 to {one.shards - 1} these are here: {have}; give each once")
    if one.replications * len(one.score) > MOST_FIGURES:
        raise ValueError(
            f"the shards hold more than {MOST_FIGURES} scores; compute them again, with fewer replications"
        )
    replicates = np.empty((one.replications, len(one.score)))
    for part in parts:
        replicates[part.numbers] = part.replicates
    summary = CONVENTIONS[one.convention].summarise(one.score, replicates, one.confidence)
    figures = np.stack([summary.bias_corrected, summary.lower, summary.upper])
    outside: BoolArray = ~np.all((figures > 0) & (figures <= 1), axis=0)
    back = np.empty_like(one.order)
    back[one.order] = np.arange(len(one.order))
    return Bootstrap(
        score=one.score[back],
        bias=summary.bias[back],
        bias_corrected=summary.bias_corrected[back],
        lower=summary.lower[back],
        upper=summary.upper[back],
        outside=outside[back],
        bandwidth=one.bandwidth,
        convention=one.convention,
        replications=one.replications,
        confidence=one.confidence,
        solved=replicates.size,
        fallback=sum(part.fallback for part in parts),
        worst_certificate=max(part.worst_certificate for part in parts),
    )


def _part(shard: tuple[int, int] | None) -> tuple[int, int]:
    if shard is None:
        return 0, 1
    if not isinstance(shard, tuple) or len(shard) != 2:
        raise ValueError(f"shard is {parameters.shown(shard)}; give a pair (k, of), (0, 4) for the first of four")
    part = parameters.count(shard[0], "shard[0]", least=0)
    parts = parameters.count(shard[1], "shard[1]", least=1, most=MOST_SHARDS)
    if part >= parts:
        raise ValueError(f"shard is ({part}, {parts}); number the shards 0 to {parts - 1}")
    return part, parts


def _fingerprint(problem: Problem, order: IntArray, *arguments: object) -> str:
    digest = hashlib.sha256(repr((problem.returns_to_scale, problem.fixed.tolist(), *arguments)).encode())
    # The order, too: figures go back to the rows of the caller, and two callers may have theirs in different orders.
    for array in (problem.inputs, problem.outputs, problem.trades, problem.may_be_peer, order):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    if problem.comparable is not None:
        for unit in range(problem.units):
            digest.update(np.packbits(problem.comparable(unit)).tobytes())
    return digest.hexdigest()
