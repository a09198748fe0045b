"""The pages of docs/method hang together: formulas are numbered in order, and what a page points at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "method"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted(FOLDER.glob("*.md"))}
TAG = re.compile(r"\\tag\{(S|\d+)\.(\d+)\}")


def without_formulas(text):
    return re.sub(r"\$\$.*?\$\$|```.*?```", "", text, flags=re.DOTALL)


def anchors(text):
    """What a heading can be linked by."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if TAG.search(text)])
def test_formulas_carry_the_number_of_their_page_and_count_up(page):
    number = "S" if page == "solver.md" else page.partition("-")[0]
    assert TAG.findall(PAGES[page]) == [(number, str(k + 1)) for k in range(PAGES[page].count("\\tag{"))]


@pytest.mark.parametrize("page", list(PAGES))
def test_every_formula_has_a_number(page):
    for formula in re.findall(r"\$\$.*?\$\$", PAGES[page], flags=re.DOTALL):
        assert len(TAG.findall(formula)) == 1, formula


@pytest.mark.parametrize("page", list(PAGES))
def test_a_formula_that_a_page_cites_exists(page):
    known = {f"{major}.{minor}" for text in PAGES.values() for major, minor in TAG.findall(text)}
    cited = set(re.findall(r"\(((?:S|\d+)\.\d+)\)", without_formulas(PAGES[page])))
    assert cited <= known, f"cited but not there: {sorted(cited - known)}"


@pytest.mark.parametrize("page", list(PAGES))
def test_a_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_formulas(PAGES[page])):
        name, _, anchor = target.partition("#")
        text = PAGES[page] if not name else (FOLDER / name).read_text(encoding="utf-8")
        assert not anchor or anchor in anchors(text), f"{target}: no such heading"


@pytest.mark.parametrize("page", list(PAGES))
def test_a_file_that_a_page_names_exists(page):
    folder = None
    for name in re.findall(r"`([\w/.]+\.py)`", PAGES[page]):
        # "`benchmarking/dea/efficiency.py`, `problem.py`": the second is in the folder of the first.
        path = ROOT / name if "/" in name else (folder or ROOT) / name
        folder = path.parent
        assert path.is_file(), f"{name} is named and not there"


def test_every_page_is_in_the_index():
    linked = set(re.findall(r"\]\(([\w.-]+\.md)\)", PAGES["README.md"]))
    assert linked == set(PAGES) - {"README.md"}
