"""One part of the replications of a bootstrap: how it travels between processes, and what it must be to be believed."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarking.dea import parameters
from benchmarking.dea.certificate import ACCEPTED
from benchmarking.dea.conventions import CONVENTIONS
from benchmarking.dea.replications import TOGETHER
from benchmarking.dea.result import FloatArray, IntArray, ReadOnly

#: A part is at least one replication, so more parts than replications there may be would all but be empty.
MOST_SHARDS = parameters.MOST_REPLICATIONS
#: Scores of one bootstrap that are in memory at once: 1 GiB, or 190,000 replications of 700 units.
MOST_FIGURES = 2**27
#: Bytes that a shard may unpack to: all those scores, and what goes with them.
MOST_UNPACKED = 8 * MOST_FIGURES + 2**20
NO_SHARD = "these bytes are no shard of a bootstrap; compute the shard again"


@dataclass(frozen=True, eq=False, kw_only=True)
class BootstrapShard(ReadOnly):
    """Some of the replications: ``replicates (b, n)`` are scores of units in key order, ``numbers (b,)`` which ones.

    ``order[k]`` is the caller's row of unit k; ``fingerprint`` tells of which data, arguments and seed the shard is.
    """

    replicates: FloatArray
    numbers: IntArray
    score: FloatArray
    order: IntArray
    bandwidth: float
    convention: str
    replications: int
    confidence: float
    fallback: int
    worst_certificate: float
    shard: int
    shards: int
    fingerprint: str

    def to_bytes(self) -> bytes:
        """Return the shard as the bytes of a compressed ``.npz`` file."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> BootstrapShard:
        """Read what ``to_bytes`` wrote; raise ``ValueError`` if it is something else."""
        names = [field.name for field in fields(cls)]
        try:
            arrays = _unpacked(content, names)
            values: dict[str, Any] = {name: array if array.ndim else array.item() for name, array in arrays.items()}
            shard = cls(**values)
        except Exception as error:  # whatever numpy and zipfile make of hostile bytes
            raise ValueError(f"{NO_SHARD} ({str(error) or type(error).__name__})") from error
        if wrong := wrong_with(shard):
            raise ValueError(f"{NO_SHARD} ({wrong})")
        return shard


def numbers_of(replications: int, part: int, parts: int) -> IntArray:
    """Which replications are in part ``part`` of ``parts``: blocks are dealt out in turn, ``(b,)``."""
    blocks = range(part, -(-replications // TOGETHER), parts)
    return np.concatenate(
        [np.zeros(0, dtype=np.intp)]
        + [np.arange(block * TOGETHER, min((block + 1) * TOGETHER, replications)) for block in blocks]
    )


def of_one_bootstrap(one: BootstrapShard, other: BootstrapShard) -> bool:
    """The fingerprint says so; the rest is compared as well, since what is read from bytes can say anything."""
    same = ("fingerprint", "shards", "replications", "confidence", "convention")
    return (
        all(getattr(one, name) == getattr(other, name) for name in same)
        and np.array_equal(one.order, other.order)
        and np.allclose(one.score, other.score, rtol=ACCEPTED, atol=ACCEPTED)
    )


def _unpacked(content: bytes, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of an archive of just these names, no more of it unpacked than a shard can be."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in names):
            raise ValueError("other tables are in them")
        if sum(member.file_size for member in members) > MOST_UNPACKED:
            raise ValueError(f"they unpack to more than {MOST_UNPACKED} bytes")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise ValueError("they are packed in another way")
        return {name: _array(archive.read(f"{name}.npy")) for name in names}


def _array(member: bytes) -> NDArray[Any]:
    """The array of one ``.npy`` file, which must be as large as it says before that much memory is taken."""
    file = io.BytesIO(member)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("a table has another format")
    shape, _, kind = np.lib.format.read_array_header_1_0(file)
    if kind.hasobject or math.prod(shape) * kind.itemsize != len(member) - file.tell():
        raise ValueError("a table is not of the size it says")
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def wrong_with(shard: BootstrapShard) -> str | None:
    """What no shard that ``bootstrap`` made can have, or ``None``."""
    numbers_wrong = {
        "shards": not (_whole(shard.shards) and 1 <= shard.shards <= MOST_SHARDS),
        "shard": not (_whole(shard.shard) and _whole(shard.shards) and 0 <= shard.shard < shard.shards),
        "replications": not (_whole(shard.replications) and 2 <= shard.replications <= parameters.MOST_REPLICATIONS),
        "confidence": not (isinstance(shard.confidence, float) and 0 < shard.confidence < 1),
        "convention": not (isinstance(shard.convention, str) and shard.convention in CONVENTIONS),
        "bandwidth": not (isinstance(shard.bandwidth, float) and 0 < shard.bandwidth < np.inf),
        "worst_certificate": not (isinstance(shard.worst_certificate, float) and 0 <= shard.worst_certificate < np.inf),
        "fingerprint": not (isinstance(shard.fingerprint, str) and re.fullmatch("[0-9a-f]{64}", shard.fingerprint)),
    }
    for name, wrong in numbers_wrong.items():
        if wrong:
            return f"{name} is {parameters.shown(getattr(shard, name))}"
    for name, type_, dimensions in (
        ("replicates", np.float64, 2),
        ("numbers", np.intp, 1),
        ("score", np.float64, 1),
        ("order", np.intp, 1),
    ):
        array = getattr(shard, name)
        if not isinstance(array, np.ndarray) or array.dtype != type_ or array.ndim != dimensions:
            return f"{name} is not an array of {dimensions} dimension(s) of type {np.dtype(type_)}"
    units = len(shard.score)
    if not np.array_equal(shard.numbers, numbers_of(shard.replications, shard.shard, shard.shards)):
        return "numbers are not the replications of this shard"
    if shard.replicates.shape != (len(shard.numbers), units):
        return f"replicates has shape {shard.replicates.shape} for {len(shard.numbers)} replications of {units} units"
    for name in ("score", "replicates"):
        array = getattr(shard, name)
        if not ((array * parameters.WIDEST >= 1) & (array <= parameters.WIDEST)).all():
            return f"{name} holds a figure that is no score"
    if units < 2 or not np.array_equal(np.sort(shard.order), np.arange(units)):
        return "order does not name every row of at least two once"
    if not (_whole(shard.fallback) and 0 <= shard.fallback <= shard.replicates.size):
        return f"fallback is {parameters.shown(shard.fallback)}"
    return None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
