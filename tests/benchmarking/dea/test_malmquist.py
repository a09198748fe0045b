"""What changed between two years, and whose doing it was."""

import numpy as np
import pytest

from benchmarking.dea.malmquist import malmquist
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import homes

PLAIN = {"deflator": 1.0, "index_name": "geen"}


def two_years(units=30, products=3, seed=4):
    """The same homes a year later: other size, other mix, other costs."""
    rng = np.random.default_rng(seed)
    x, y = homes(units, products, seed=seed)
    later_x = x * rng.lognormal(-0.02, 0.1, x.shape)
    later_y = np.round(y * rng.lognormal(0.02, 0.2, y.shape))
    return (x, y), (later_x, later_y)


def test_with_one_input_and_one_product_it_is_the_change_in_days_per_euro():
    before = ([[2.0], [3.0], [5.0], [4.0], [4.0]], [[1.0], [4.0], [6.0], [3.0], [5.0]], "abcde")
    after = ([[1.0], [2.0], [4.0], [3.0], [4.0]], [[1.0], [4.0], [6.0], [3.0], [3.0]], "abcde")
    found = malmquist(before, after, **PLAIN)
    np.testing.assert_allclose(found.index, [2, 1.5, 1.25, 4 / 3, 0.6], rtol=1e-9)
    # The best home went from 4/3 to 2 days per euro.
    np.testing.assert_allclose(found.frontier_shift, np.full(5, 1.5), rtol=1e-9)
    np.testing.assert_allclose(found.catching_up * found.scale_change, [4 / 3, 1, 5 / 6, 8 / 9, 0.4], rtol=1e-9)
    # Variable returns: home c goes from being the only one to make 6 (score 1) to that again; e from 5 days on the
    # line between b (3, 4) and c (5, 6), score 1, to 3 days on the line between a (1, 1) and b (2, 4), 5/3 of 4.
    np.testing.assert_allclose(found.catching_up[[2, 4]], [1, 5 / 12], rtol=1e-9)
    assert (found.status == "optimal").all()
    assert found.keys == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize("gated", [False, True])
def test_index_and_parts_are_the_textbooks_with_six_scores_of_the_judge(gated):
    (x1, y1), (x2, y2) = two_years()
    rng = np.random.default_rng(2)
    gates = (rng.random(30) < 0.7, rng.random(30) < 0.7) if gated else (None, None)
    own = np.eye(30, dtype=bool)
    allowed = [own | (True if gate is None else gate[None, :]) for gate in gates]
    found = malmquist(
        (x1, y1, range(30)),
        (x2, y2, range(30)),
        first_may_be_peer=gates[0],
        second_may_be_peer=gates[1],
        **PLAIN,
    )
    years = [(x1, y1), (x2, y2)]

    def theta(frontier, year, rts="crs"):
        return judge.scores(*years[year], rts=rts, reference=years[frontier], allowed=allowed[frontier])

    expected = np.sqrt(theta(0, 1) / theta(0, 0) * theta(1, 1) / theta(1, 0))
    np.testing.assert_allclose(found.index, expected, rtol=1e-7)
    shift = np.sqrt(theta(0, 1) / theta(1, 1) * theta(0, 0) / theta(1, 0))
    np.testing.assert_allclose(found.frontier_shift, shift, rtol=1e-7)
    np.testing.assert_allclose(found.catching_up, theta(1, 1, "vrs") / theta(0, 0, "vrs"), rtol=1e-7)
    np.testing.assert_allclose(found.catching_up * found.frontier_shift * found.scale_change, expected, rtol=1e-7)
    assert (found.second_on_first > 1).any()
    assert found.certificate.max() <= 1e-8
    for name in ("index", "catching_up", "frontier_shift", "scale_change"):
        assert np.ptp(getattr(found, name)) > 0.01


def test_if_everybody_does_it_for_a_tenth_less_the_frontier_shifted_and_nobody_caught_up():
    (x, y), _ = two_years()
    found = malmquist((x, y, range(30)), (0.9 * x, y, range(30)), **PLAIN)
    np.testing.assert_allclose(found.frontier_shift, 1 / 0.9, rtol=1e-8)
    np.testing.assert_allclose(found.catching_up, 1, rtol=1e-8)
    np.testing.assert_allclose(found.scale_change, 1, rtol=1e-8)


def test_inflation_is_no_decline_once_costs_are_deflated_by_input():
    (x, y), _ = two_years()
    x = np.column_stack([x, x * np.linspace(0.5, 2, 30)[:, None]])
    inflated = x * [1.05, 1.08]
    found = malmquist((x, y, range(30)), (inflated, y, range(30)), deflator=[1.05, 1.08], index_name="CPI en loon")
    np.testing.assert_allclose(found.index, 1, rtol=1e-8)
    assert found.index_name == "CPI en loon"
    assert found.deflator.tolist() == [1.05, 1.08]
    undeflated = malmquist((x, y, range(30)), (inflated, y, range(30)), **PLAIN)
    assert (undeflated.index < 0.97).all()


def test_a_product_that_nobody_made_the_year_before_leaves_no_index_but_a_status():
    (x1, y1), (x2, y2) = two_years()
    y1 = np.column_stack([y1, np.zeros(30)])
    y2 = np.column_stack([y2, np.zeros(30)])
    y2[7, 3] = 100.0
    found = malmquist((x1, y1, range(30)), (x2, y2, range(30)), **PLAIN)
    assert found.status.tolist() == ["infeasible" if unit == 7 else "optimal" for unit in range(30)]
    assert np.isnan([found.index[7], found.frontier_shift[7], found.second_on_first[7]]).all()
    assert np.isfinite([found.catching_up[7], found.scale_change[7], found.first_on_second[7]]).all()
    assert np.isfinite(np.delete(found.index, 7)).all()
    assert np.isfinite(found.certificate).all()


def test_homes_of_one_year_are_named_and_still_are_part_of_their_years_frontier():
    (x1, y1), (x2, y2) = two_years()
    first, second = (x1[:25], y1[:25], range(25)), (x2[5:], y2[5:], range(5, 30))
    found = malmquist(first, second, **PLAIN)
    assert found.only_first == tuple(range(5))
    assert found.only_second == tuple(range(25, 30))
    assert found.keys == tuple(range(5, 25))
    assert found.first_row.tolist() == list(range(5, 25))
    assert found.second_row.tolist() == list(range(20))
    both = slice(5, 25)
    expected = judge.scores(x1[both], y1[both], rts="crs", reference=(x2[5:], y2[5:]))
    np.testing.assert_allclose(found.first_on_second, expected, rtol=1e-7)
    np.testing.assert_allclose(found.first_crs, judge.scores(x1[:25], y1[:25], rts="crs")[both], rtol=1e-7)


def test_the_order_of_rows_in_either_year_changes_no_bit():
    (x1, y1), (x2, y2) = two_years()
    rng = np.random.default_rng(9)
    one, two = rng.permutation(30), rng.permutation(30)
    gate = rng.random(30) < 0.8
    found = malmquist((x1, y1, range(30)), (x2, y2, range(30)), first_may_be_peer=gate, **PLAIN)
    shuffled = malmquist(
        (x1[one], y1[one], one.tolist()), (x2[two], y2[two], two.tolist()), first_may_be_peer=gate[one], **PLAIN
    )
    assert shuffled.keys == tuple(one.tolist())
    np.testing.assert_array_equal(two[shuffled.second_row], one)
    for name in ("index", "catching_up", "frontier_shift", "scale_change", "second_on_first", "certificate"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name)[one])


ONE = ([[1.0], [2.0]], [[1.0], [1.0]], ["a", "b"])
REFUSED = {
    "years without keys": ((ONE[:2], ONE), {}, r"first must be a triple \(inputs, outputs, keys\)"),
    "keys that are none": (((*ONE[:2], None), ONE), {}, r"first has no keys; give one per unit"),
    "a key twice": ((ONE, (*ONE[:2], ["a", "a"])), {}, r"second keys rows 0 and 1 are both 'a'"),
    "keys of two kinds": ((ONE, (*ONE[:2], [1, 2])), {}, r"keys cannot be sorted"),
    "nobody twice": ((ONE, (*ONE[:2], ["c", "d"])), {}, r"no unit is there in both years; give keys"),
    "a missing cost": ((ONE, ([[1.0], [np.nan]], *ONE[1:])), {}, r"second inputs row 1 \(key 'b'\), column 0: nan"),
    "a year of unequal rows": (
        ((ONE[0], [[1.0]], ONE[2]), ONE),
        {},
        r"first inputs has 2 rows and first outputs has 1",
    ),
    "a product more": (
        (ONE, (ONE[0], [[1.0, 2.0], [1.0, 2.0]], ONE[2])),
        {},
        r"first outputs has 1 columns and second outputs has 2; give both years the same",
    ),
    "a gate of the other length": ((ONE, ONE), {"second_may_be_peer": [True]}, r"second_may_be_peer has shape \(1,\)"),
    "no price level": ((ONE, ONE), {"deflator": 0}, r"deflator of input 0 is 0; give the price level"),
    "a price level that is none": ((ONE, ONE), {"deflator": np.nan}, r"deflator of input 0 is nan"),
    "too many price levels": ((ONE, ONE), {"deflator": [1, 1]}, r"deflator has shape \(2,\); give one number, or one"),
    "a price level in words": ((ONE, ONE), {"deflator": "hoog"}, r"deflator is 'hoog'; give one number"),
    "an index without a name": ((ONE, ONE), {"index_name": " "}, r"index_name is ' '; name the price index"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    years, options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        malmquist(*years, **(PLAIN | options))
