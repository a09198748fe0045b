"""Data for the tests of the numeric core: the classic cases, and made-up sets that are hard on a solver."""

import csv
from pathlib import Path

import numpy as np
import pytest

CASES = Path(__file__).resolve().parents[4] / "shared" / "data" / "cases"

COLUMNS = {
    "charnes1981": ("x1 x2 x3 x4 x5", "y1 y2 y3"),
    "milkprod": ("energy vet cows", "milk"),
    "norwood2004": ("x m", "y"),
    "projekt": ("cows vet unitCost capCost fixedCost", "milk"),
    "pigdata": ("x1 x2 x3 x4 x5 x6", "y2 y4"),
    "electric_plants_sw1998": ("Labor Fuel Capital", "Output"),
    "departments_tomkins_green1988": ("Salaries", "Undergrad Research_post Taught_post Total_income"),
    "airlines_aparicio2007": ("Lab Fuel Matl Cap", "Pass Cargo"),
    "power_plants_tone2002": ("X1 X2 X3 X4", "Y1 Y2"),
    "ali1993_fls": ("x1 x2", "y"),
}
RETURNS = ("crs", "vrs", "drs", "irs", "fdh")
ORIENTATIONS = ("input", "output")


def case(name):
    """Inputs and outputs of a classic data set; the test is skipped where the data are not beside the project."""
    path = CASES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the folder shared/data/cases beside the project")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    inputs, outputs = (names.split() for names in COLUMNS[name])
    x = np.array([[float(row[column]) for column in inputs] for row in rows])
    y = np.array([[float(row[column]) for column in outputs] for row in rows])
    return x, y


def homes(units=60, products=4, seed=0, zeros=0.4):
    """Made-up homes: one cost, several products, many not delivered."""
    rng = np.random.default_rng(seed)
    days = np.round(rng.lognormal(8, 1, (units, products)) * (rng.random((units, products)) >= zeros))
    days[:, 0] += 1
    cost = (days @ np.linspace(120, 320, products)) * np.exp(rng.exponential(0.2, units))
    return np.round(cost, 2)[:, None], days


def homes_of(inputs, units=30, products=4, seed=0, zeros=0.4):
    """The same homes, their costs split over so many inputs."""
    x, y = homes(units, products, seed, zeros)
    return x * np.random.default_rng(seed + 1000).dirichlet(np.full(inputs, 6.0), units), y


def sizes(units, decades, seed):
    """Homes of ordinary mix whose size and whose units of measurement span many decades."""
    rng = np.random.default_rng(seed)
    size = 10 ** rng.uniform(-decades / 2, decades / 2, (units, 1))
    x = size * rng.lognormal(0, 0.5, (units, 2)) * 10 ** rng.uniform(-3, 9, (1, 2))
    y = size * rng.lognormal(0, 0.5, (units, 3)) * (rng.random((units, 3)) < 0.7) * 10 ** rng.uniform(-3, 9, (1, 3))
    y[(y == 0).all(axis=1), 0] = 1.0
    return x, y


def hard_sets():
    """Name -> (inputs, outputs): the stress sets that a release must pass."""
    rng = np.random.default_rng(11)
    x, y = homes(30, 3, seed=1)
    small_x = rng.integers(1, 4, (24, 2)).astype(float)
    small_y = rng.integers(0, 4, (24, 2)).astype(float)
    small_y[(small_y == 0).all(axis=1), 0] = 1
    mostly = rng.lognormal(5, 1, (30, 6)) * (rng.random((30, 6)) < 0.15)
    mostly[(mostly == 0).all(axis=1), 0] = 7
    circle = np.linspace(0.05, np.pi / 2 - 0.05, 20)
    return {
        "duplicates": (np.repeat(x[:10], 3, axis=0), np.repeat(y[:10], 3, axis=0)),
        "identical units": (np.full((12, 2), 3.0), np.full((12, 2), 5.0)),
        "small integers": (small_x, small_y),
        "mostly zeros": (rng.lognormal(10, 1, (30, 1)), mostly),
        "single product": (rng.lognormal(10, 1, (30, 2)), rng.lognormal(5, 1, (30, 1))),
        "all efficient": (np.ones((20, 1)), np.column_stack([np.cos(circle), np.sin(circle)])),
        "units 1e-3 to 1e9": (x * 1e-3, y * np.array([1e-3, 1.0, 1e9])),
        "one unit": (x[:1], y[:1]),
        "two units": (x[:2], y[:2]),
        "fewer units than outputs": (x[:3, :], np.abs(rng.normal(5, 1, (3, 7)))),
        "inputs not used": (
            np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0], [1.0, 3.0], [0.0, 2.0]]),
            np.array([[1.0], [1.0], [1.0], [2.0], [2.0]]),
        ),
    }
