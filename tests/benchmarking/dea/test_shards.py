"""Parts of a bootstrap as bytes: what no part can be is refused, and what is read can be put together."""

import dataclasses
import io
import zipfile

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea.data import homes_of

N = 14
X, Y = homes_of(1, N, 3, seed=7)


def packed(shard, /, compression=zipfile.ZIP_DEFLATED, **changed):
    """The bytes of a shard with other tables in it; a table of bytes is put in as it is, ``None`` is left out."""
    tables = {field.name: np.asarray(getattr(shard, field.name)) for field in dataclasses.fields(shard)} | changed
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, table in tables.items():
            member = io.BytesIO()
            if isinstance(table, bytes):
                member.write(table)
            elif table is not None:
                np.save(member, np.asarray(table))
            if table is not None:
                archive.writestr(f"{name}.npy", member.getvalue())
    return file.getvalue()


def npy(header):
    """A table that has a header and nothing else."""
    text = f"{header}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


WHOLE = dea.bootstrap(X, Y, shard=(1, 3), seed=1, replications=100)
B = len(WHOLE.numbers)

#: Table -> what no shard can have there, and what is said of it.
IMPOSSIBLE = {
    "replications twice": ({"numbers": np.zeros(B, int)}, "numbers are not the replications of this shard"),
    "replications of another shard": ({"numbers": WHOLE.numbers - 32}, "numbers are not the replications"),
    "replications out of range": ({"numbers": WHOLE.numbers + 1000}, "numbers are not the replications"),
    "negative replications": ({"numbers": -WHOLE.numbers}, "numbers are not the replications"),
    "fewer replications": ({"numbers": WHOLE.numbers[:5], "replicates": WHOLE.replicates[:5]}, "numbers are not"),
    "replications as fractions": ({"numbers": WHOLE.numbers * 1.0}, "numbers is not an array of 1 dim.* type int64"),
    "scores that are missing": (
        {"replicates": WHOLE.replicates * np.nan},
        "replicates holds a figure that is no score",
    ),
    "scores of nothing": ({"replicates": WHOLE.replicates * 0}, "replicates holds a figure that is no score"),
    "negative scores": ({"replicates": -WHOLE.replicates}, "replicates holds a figure that is no score"),
    "infinite scores": ({"replicates": WHOLE.replicates * np.inf}, "replicates holds a figure that is no score"),
    "scores in words": ({"replicates": WHOLE.replicates.astype(str)}, "replicates is not an array of 2 .* float64"),
    "complex scores": ({"replicates": WHOLE.replicates * 1j}, "replicates is not an array of 2 .* float64"),
    "whole scores": ({"replicates": np.ones((B, N), int)}, "replicates is not an array of 2 .* float64"),
    "scores of fewer units": ({"replicates": WHOLE.replicates[:, :5]}, r"replicates has shape .*, 5\)"),
    "scores of more units": ({"replicates": np.ones((B, 1000))}, r"replicates has shape .*, 1000\)"),
    "one score": ({"score": 1.0}, "score is not an array of 1 dimension"),
    "a table of base scores": ({"score": WHOLE.score[None]}, "score is not an array of 1 dimension"),
    "base scores that are missing": ({"score": WHOLE.score * np.nan}, "score holds a figure that is no score"),
    "base scores of fewer units": ({"score": WHOLE.score[:5]}, "replicates has shape"),
    "base scores in words": ({"score": WHOLE.score.astype(str)}, "score is not an array of 1 .* float64"),
    "a row twice": ({"order": WHOLE.order * 0}, "order does not name every row"),
    "rows that are not there": ({"order": WHOLE.order + 99}, "order does not name every row"),
    "rows as fractions": ({"order": WHOLE.order * 1.0}, "order is not an array of 1 dimension"),
    "fewer rows": ({"order": WHOLE.order[:3]}, "order does not name every row"),
    "an unknown convention": ({"convention": "magic"}, "convention is 'magic'"),
    "conventions": ({"convention": ["rdea"]}, "convention is array"),
    "a trillion replications": ({"replications": 10**12}, "replications is 1000000000000"),
    "a negative number of replications": ({"replications": -1}, "replications is -1"),
    "half a replication": ({"replications": 2.5}, "replications is 2.5"),
    "replications in words": ({"replications": "100"}, "replications is '100'"),
    "another number of replications": ({"replications": 40}, "numbers are not the replications"),
    "a confidence of 7": ({"confidence": 7.0}, "confidence is 7.0"),
    "a confidence in words": ({"confidence": "hoog"}, "confidence is 'hoog'"),
    "a trillion shards": ({"shards": 10**12}, "shards is 1000000000000"),
    "no shards at all": ({"shards": 0}, "shards is 0"),
    "shards in words": ({"shards": "3"}, "shards is '3'"),
    "a shard beyond the last": ({"shard": 3}, "shard is 3"),
    "a truth for a shard": ({"shard": True}, "shard is True"),
    "several shards": ({"shard": np.arange(2)}, "shard is array"),
    "a fingerprint that is a number": ({"fingerprint": 3}, "fingerprint is 3"),
    "fingerprints": ({"fingerprint": ["a", "b"]}, "fingerprint is array"),
    "a fingerprint of something else": ({"fingerprint": "geen"}, "fingerprint is 'geen'"),
    "a fallback in words": ({"fallback": "geen"}, "fallback is 'geen'"),
    "more fallbacks than problems": ({"fallback": B * N + 1}, "fallback is"),
    "a certificate in words": ({"worst_certificate": "goed"}, "worst_certificate is 'goed'"),
    "a certificate that is missing": ({"worst_certificate": np.nan}, "worst_certificate is nan"),
    "a bandwidth of nothing": ({"bandwidth": 0.0}, "bandwidth is 0.0"),
    "a bandwidth in words": ({"bandwidth": "breed"}, "bandwidth is 'breed'"),
    "a table that is missing": ({"score": None}, "other tables are in them"),
    "a table too many": ({"more": np.ones(2)}, "other tables are in them"),
    "a header of nonsense": ({"score": npy("((((")}, ""),
    "a header without end": ({"score": npy("-" * 9000 + "1")}, ""),
    "a table that is larger than it is": (
        {"score": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")},
        "a table is not of the size it says",
    ),
    "a table of objects": (
        {"score": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")},
        "a table is not of the size it says",
    ),
}


def test_a_shard_packed_by_hand_is_read():
    for field in dataclasses.fields(dea.BootstrapShard):
        read = dea.BootstrapShard.from_bytes(packed(WHOLE))
        np.testing.assert_array_equal(getattr(read, field.name), getattr(WHOLE, field.name))


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_bytes_of_an_impossible_shard_are_refused(what):
    changed, message = IMPOSSIBLE[what]
    with pytest.raises(
        ValueError, match=rf"these bytes are no shard of a bootstrap; compute the shard again \(.*{message}"
    ):
        dea.BootstrapShard.from_bytes(packed(WHOLE, **changed))


def test_bytes_that_unpack_to_more_than_a_shard_are_refused_before_they_are_unpacked():
    bomb = bytearray(packed(WHOLE))
    place = bomb.index(b"PK\x01\x02")  # the first entry of the table of contents: its size unpacked
    bomb[place + 24 : place + 28] = (2**32 - 16).to_bytes(4, "little")
    with pytest.raises(ValueError, match="they unpack to more than 1074790400 bytes"):
        dea.BootstrapShard.from_bytes(bytes(bomb))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bytes_packed_in_another_way_are_refused(compression):
    with pytest.raises(ValueError, match="they are packed in another way"):
        dea.BootstrapShard.from_bytes(packed(WHOLE, compression))


def test_damaged_bytes_are_refused_or_make_a_shard_that_can_be_combined():
    content, rng = packed(WHOLE, zipfile.ZIP_STORED), np.random.default_rng(5)
    others = [dea.bootstrap(X, Y, shard=(number, 3), seed=1, replications=100) for number in (0, 2)]
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for place in rng.integers(0, len(damaged), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        try:
            dea.combine_shards([*others, dea.BootstrapShard.from_bytes(bytes(damaged))])
        except ValueError:
            refused += 1
    assert refused > 300


@pytest.mark.parametrize(
    "changed",
    [
        {"order": np.roll(WHOLE.order, 1)},
        {"score": WHOLE.score * 0.5},
        {"confidence": 0.5},
        {"convention": "rdea"},
    ],
    ids=["other rows", "other scores", "another confidence", "another convention"],
)
def test_a_shard_that_says_something_else_than_the_others_is_not_put_together(changed):
    others = [dea.bootstrap(X, Y, shard=(number, 3), seed=1, replications=100) for number in (0, 2)]
    assert dea.combine_shards([*others, WHOLE]).replications == 100
    with pytest.raises(ValueError, match="the shards are not of one bootstrap"):
        dea.combine_shards([*others, dataclasses.replace(WHOLE, **changed)])


@pytest.mark.parametrize("given", [None, 5, [1, 2], "shards"])
def test_what_are_no_shards_are_not_put_together(given):
    with pytest.raises(ValueError, match=r"give shards as bootstrap\(..., shard=\(k, of\)\) returns them"):
        dea.combine_shards(given)


def test_one_of_very_many_shards_is_refused_at_once():
    one = dea.bootstrap(X, Y, shard=(0, 100_000), seed=1, replications=2)
    with pytest.raises(ValueError, match="of the 100000 shards 0 to 99999 these are here: 0; give each once"):
        dea.combine_shards([one])


def test_an_impossible_shard_made_by_hand_is_not_put_together():
    with pytest.raises(ValueError, match=r"shards\[0\] is no shard of a bootstrap \(order does not name every row"):
        dea.combine_shards([dataclasses.replace(WHOLE, order=WHOLE.order * 0)])
