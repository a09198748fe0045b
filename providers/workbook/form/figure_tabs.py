"""The tabs with figures: one row per measure, last year's figure and the difference beside it, live totals below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from providers.measures import Measure
from providers.workbook.form import layout
from providers.workbook.form.contents import Form, Line
from providers.workbook.form.paper import Paper, clean
from providers.workbook.form.styles import number_format

LABEL, UNIT, VALUE, PREVIOUS, DIFFERENCE, CHANGE, CHECK, EXPLANATION, CODE = range(9)
_WIDTHS: Final = (47, 15, 18, 18, 16, 11, 40, 38, 24)
_LARGEST: Final = 10**15 - 1
_ATTENTION: Final = "Let op"
_IS_TEXT: Final = f"{_ATTENTION}: dit is tekst en geen getal."
_TOLERANCE: Final = Decimal(1)
"""Euros that a total may differ from its lines by rounding before the tab says so."""


@dataclass(frozen=True)
class Figures:
    """What is known of every measure of the form, and the cell in which each is asked."""

    form: Form
    lines: Mapping[str, Line]
    explanations: Mapping[str, str]
    rows: Mapping[str, int]
    """Measure → 0-based row on its tab."""

    @classmethod
    def of(cls, form: Form, lines: Sequence[Line], explanations: Mapping[str, str]) -> Figures:
        first = 6 if form.is_fictitious else 5
        rows: dict[str, int] = {}
        for tab in layout.FIGURE_TABS:
            # On ‘Kosten’ the total comes below the calculated sum, so that the two stand together.
            listed = sorted(
                (measure for measure in form.asked() if layout.tab_of(measure) == tab.name),
                key=lambda measure: measure.kind == "cost_total",
            )
            for at, measure in enumerate(listed):
                rows[measure.code] = first + at + (_rows_before_total(form) if measure.kind == "cost_total" else 0)
        return cls(form, MappingProxyType({line.measure: line for line in lines}), explanations, MappingProxyType(rows))

    def on(self, tab: str) -> list[Measure]:
        return [measure for measure in self.form.asked() if layout.tab_of(measure) == tab]

    def known(self, code: str) -> Line:
        return self.lines.get(code, Line(code, None, None))

    def total(self, codes: Sequence[str], which: str) -> Decimal | None:
        """Sum of what is known in the column ``value`` or ``previous``; ``None`` if nothing is."""
        found = [value for code in codes if (value := getattr(self.known(code), which)) is not None]
        return sum(found, Decimal(0)) if found else None


def _rows_before_total(form: Form) -> int:
    kinds = {measure.kind for measure in form.asked()}
    return 2 + len(kinds & {"cost"}) + len(kinds & {"revenue"}) + len(kinds & {"allowance"})


def write_figures(paper: Paper, tab: layout.FigureTab, figures: Figures) -> None:
    """Write one tab."""
    sheet, form = paper.sheet, paper.form
    measures = figures.on(tab.name)
    paper.head(tab.title, tab.introduction, columns=EXPLANATION + 1)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    if not measures:
        paper.write(paper.row, 0, "In deze ronde vragen wij op dit tabblad niets.", "text")
        paper.printed(last_row=paper.row, last_column=EXPLANATION)
        paper.protected()
        return
    header = paper.row + 1
    titles = (
        layout.DESCRIPTION,
        layout.UNIT,
        f"{layout.VALUE} {form.book_year}",
        f"{layout.PREVIOUS} ({form.book_year - 1})",
        "Verschil",
        "In %",
        "Bron en controle",
        layout.EXPLANATION,
        layout.CODE,
    )
    sheet.set_row(header, 32)
    for column, title in enumerate(titles):
        paper.write(header, column, title, "header", align="right" if VALUE <= column <= CHANGE else "left")
    sheet.freeze_panes(header + 1, 1)
    for measure in measures:
        _write_measure(paper, measure, figures)
    last = max(figures.rows[measure.code] for measure in measures)
    match tab.name:
        case layout.COSTS:
            last = _write_cost_totals(paper, figures)
        case layout.ACCOUNTS:
            last = _write_reconciliation(paper, figures, last + 2)
        case layout.PRODUCTION:
            last = _write_total_days(paper, figures, last + 2)
    sheet.conditional_format(
        header + 1,
        CHECK,
        last,
        CHECK,
        {"type": "text", "criteria": "begins with", "value": _ATTENTION, "format": paper.style("attention")},
    )
    sheet.ignore_errors({"formula_differs": "A1:XFD200", "formula_unlocked": "A1:XFD200"})
    paper.printed(last_row=last, last_column=EXPLANATION, header_row=header)
    paper.protected()


def _write_measure(paper: Paper, measure: Measure, figures: Figures) -> None:
    sheet = paper.sheet
    row = figures.rows[measure.code]
    line = figures.known(measure.code)
    unit = layout.unit_of(measure, paper.form.currency)
    sheet.set_row(row, 22)
    paper.write(row, LABEL, measure.label, "label", bold=measure.kind == "cost_total")
    note = f"{measure.description}\n\nWaarom wij dit vragen: {measure.why}\n\nEenheid: {unit}."
    height = 30 + 17 * (len(note) // 58 + note.count("\n") + 1)
    sheet.write_comment(row, LABEL, note, {"author": "NZa", "width": 400, "height": height, "font_size": 10})
    paper.write(row, UNIT, unit, "label")
    _number(paper, row, VALUE, measure, line.value, "known" if _origin(line) and line.value is not None else "input")
    _validate(sheet, row, measure, unit)
    _number(paper, row, PREVIOUS, measure, line.previous, "fixed")

    value, previous = _at(row, VALUE), _at(row, PREVIOUS)
    both = f"AND(ISNUMBER({value}),ISNUMBER({previous}))"
    difference = line.value - line.previous if line.value is not None and line.previous is not None else None
    _formula(
        paper,
        row,
        DIFFERENCE,
        f'=IF({both},{value}-{previous},"")',
        difference,
        number_format(measure.unit, measure.decimals),
        "calculated",
    )
    change = difference / abs(line.previous) if difference is not None and line.previous else None
    formula = f'=IF({both},IF({previous}=0,"",({value}-{previous})/ABS({previous})),"")'
    _formula(paper, row, CHANGE, formula, change, "+0.0%;-0.0%;0.0%", "calculated")
    _check(paper, row, measure, line)
    explanation = figures.explanations.get(measure.code, "")
    paper.write(row, EXPLANATION, explanation, "input_text")
    paper.write(row, CODE, measure.code, "code")


def _number(paper: Paper, row: int, column: int, measure: Measure, value: Decimal | None, style: str) -> None:
    places = 0
    if value is not None:
        exponent = value.normalize().as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    form = paper.style(style, num_format=number_format(measure.unit, measure.decimals, places), align="right")
    if value is None:
        paper.sheet.write_blank(row, column, None, form)
    else:
        paper.sheet.write_number(row, column, float(value), form)


def _validate(sheet: Any, row: int, measure: Measure, unit: str) -> None:
    minimum, maximum = measure.minimum, measure.maximum
    possible = possible_words(measure)
    sheet.data_validation(
        row,
        VALUE,
        row,
        VALUE,
        {
            "validate": "integer" if measure.is_whole else "decimal",
            "criteria": "between",
            "minimum": float(minimum) if minimum is not None else -_LARGEST,
            "maximum": float(maximum) if maximum is not None else _LARGEST,
            "input_title": measure.label[:32],
            "input_message": f"Eenheid: {unit}. Mogelijk is {possible}. Laat leeg wat u niet weet.",
            "error_title": "Dit kan niet",
            "error_message": f"Vul een getal in. Mogelijk is {possible}.",
        },
    )


def possible_words(measure: Measure) -> str:
    """What values are possible, in Dutch: ``een getal van 0 tot en met 1``."""
    number = "een heel getal" if measure.is_whole else "een getal"
    low, high = (None if end is None else f"{end:f}".replace(".", ",") for end in (measure.minimum, measure.maximum))
    if low is not None and high is not None:
        return f"{number} van {low} tot en met {high}"
    if low is not None:
        return f"{number} van {low} of meer"
    return f"{number} van {high} of minder" if high is not None else number


def _check(paper: Paper, row: int, measure: Measure, line: Line) -> None:
    """Live: what is wrong with the cell, else where its figure came from."""
    value = _at(row, VALUE)
    ends: list[str] = []
    if measure.minimum is not None:
        ends.append(f"{value}<{measure.minimum:f}")
    if measure.maximum is not None:
        ends.append(f"{value}>{measure.maximum:f}")
    source = clean(_origin(line))
    shown = f'"{source.replace(chr(34), chr(34) * 2)}"'
    beyond = f"{_ATTENTION}: mogelijk is {possible_words(measure)}."
    if ends:
        shown = f'IF(AND(ISNUMBER({value}),OR({",".join(ends)})),"{beyond}",{shown})'
    formula = f'=IF(ISTEXT({value}),"{_IS_TEXT}",{shown})'
    impossible = line.value is not None and (
        (measure.minimum is not None and line.value < measure.minimum)
        or (measure.maximum is not None and line.value > measure.maximum)
    )
    form = paper.style("label", font_color="#47545F")
    paper.sheet.write_formula(row, CHECK, formula, form, beyond if impossible else source)


def _origin(line: Line) -> str:
    """Where a value is from that the portal filled in, in words; empty if the provider did."""
    if line.source:
        return f"Bron: {line.source[:120]}"
    return f"Overgenomen uit {line.taken_over}" if line.taken_over else ""


def _formula(
    paper: Paper, row: int, column: int, formula: str, outcome: Decimal | None, shown: str, style: str
) -> None:
    form = paper.style(style, num_format=shown, align="right")
    paper.sheet.write_formula(row, column, formula, form, "" if outcome is None else float(outcome))


# ── live totals ────────────────────────────────────────────────────────────────────────────────────────────────────


def _at(row: int, column: int, tab: str = "") -> str:
    address = f"{'ABCDEFGHI'[column]}{row + 1}"
    return f"'{tab}'!{address}" if tab else address


def _sum(figures: Figures, codes: Sequence[str], column: int, tab: str = "") -> str:
    return "SUM(" + ",".join(_at(figures.rows[code], column, tab) for code in codes) + ")"


def _calculated(
    paper: Paper,
    row: int,
    label: str,
    formulas: tuple[str, str],
    outcomes: tuple[Decimal | None, Decimal | None],
    *,
    style: str = "calculated",
    unit: str = "",
) -> None:
    shown = "#,##0" if unit == "dagen" else "#,##0.00"
    paper.sheet.set_row(row, 20)
    for column in range(EXPLANATION + 1):
        paper.sheet.write_blank(row, column, None, paper.style(style))
    paper.write(row, LABEL, label, style)
    paper.write(row, UNIT, unit or layout.unit_of_money(paper.form.currency), style)
    for column, formula, outcome in zip((VALUE, PREVIOUS), formulas, outcomes, strict=True):
        if formula:
            _formula(paper, row, column, formula, outcome, shown, style)
    paper.write(row, CODE, layout.CALCULATED, "code")


def _verdict(paper: Paper, row: int, value: str, difference: Decimal | None, right: str, wrong: str) -> None:
    """In words whether a difference is nought, live."""
    paper.sheet.set_row(row, 32)
    formula = f'=IF({value}="","",IF(ABS({value})<={_TOLERANCE},"{right}","{_ATTENTION}: {wrong}"))'
    outcome = "" if difference is None else (right if abs(difference) <= _TOLERANCE else f"{_ATTENTION}: {wrong}")
    paper.sheet.write_formula(row, CHECK, formula, paper.style("calculated", bold=True, text_wrap=True), outcome)


def _minus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None else left - (right or Decimal(0))


def _write_cost_totals(paper: Paper, figures: Figures) -> int:
    """Sum of the lines, from this tab and two others; the total to fill in; the difference. The last row written."""
    parts = (
        ("cost", "Posten op dit tabblad", ""),
        ("revenue", "Opbrengsten, van hun eigen tabblad", layout.REVENUES),
        ("allowance", "Uitgesloten kosten, van hun eigen tabblad", layout.EXCLUDED),
    )
    costs = [measure.code for measure in figures.on(layout.COSTS) if measure.kind == "cost"]
    row = (max(figures.rows[code] for code in costs) if costs else paper.row + 1) + 2
    first, every = row, []
    for kind, label, tab in parts:
        codes = [measure.code for measure in figures.form.asked() if measure.kind == kind]
        if not codes:
            continue
        formulas = tuple(f"={_sum(figures, codes, column, tab)}" for column in (VALUE, PREVIOUS))
        outcomes = tuple(figures.total(codes, which) or Decimal(0) for which in ("value", "previous"))
        _calculated(paper, row, label, (formulas[0], formulas[1]), (outcomes[0], outcomes[1]))
        every += codes
        row += 1
    if not every:
        return row
    formulas = tuple(f"=SUM({_at(first, column)}:{_at(row - 1, column)})" for column in (VALUE, PREVIOUS))
    sums = figures.total(every, "value") or Decimal(0), figures.total(every, "previous") or Decimal(0)
    _calculated(paper, row, "Opgeteld", (formulas[0], formulas[1]), sums, style="total")
    if "total_cost" not in figures.rows:
        return row
    total = figures.rows["total_cost"]
    known = figures.known("total_cost")
    differences = _minus(known.value, sums[0]), _minus(known.previous, sums[1])
    formulas = tuple(
        f'=IF(ISNUMBER({_at(total, column)}),{_at(total, column)}-{_at(row, column)},"")'
        for column in (VALUE, PREVIOUS)
    )
    _calculated(paper, total + 1, "Verschil: totaal min opgeteld", (formulas[0], formulas[1]), differences)
    _verdict(
        paper,
        total + 1,
        _at(total + 1, VALUE),
        differences[0],
        "De posten tellen op tot het totaal.",
        "de posten tellen niet op tot het totaal.",
    )
    return total + 1


def _write_reconciliation(paper: Paper, figures: Figures, row: int) -> int:
    """Costs of the request plus what is outside it against the annual accounts. The last row written."""
    needed = ("accounts_total_cost", "total_cost")
    if any(code not in figures.rows for code in needed):
        return row - 2
    others = [code for code in ("accounts_other_activities", "accounts_differences") if code in figures.rows]
    tied = ["total_cost", *others]
    # In the accounts costs and revenues stand apart: what lowered the costs here is added again.
    revenues = [measure.code for measure in figures.form.asked() if measure.kind == "revenue"]
    formulas = tuple(
        f"={_at(figures.rows['total_cost'], column, layout.COSTS)}"
        + (f"-{_sum(figures, revenues, column, layout.REVENUES)}" if revenues else "")
        + (f"+{_sum(figures, others, column)}" if others else "")
        for column in (VALUE, PREVIOUS)
    )
    sums = tuple(
        (figures.total(tied, which) or Decimal(0)) - (figures.total(revenues, which) or Decimal(0))
        for which in ("value", "previous")
    )
    label = "Kosten zonder aftrek van opbrengsten" + (", plus de andere posten" if others else "")
    _calculated(paper, row, label, (formulas[0], formulas[1]), (sums[0], sums[1]), style="total")
    known = figures.known("accounts_total_cost")
    accounts = figures.rows["accounts_total_cost"]
    differences = _minus(known.value, sums[0]), _minus(known.previous, sums[1])
    formulas = tuple(
        f'=IF(ISNUMBER({_at(accounts, column)}),{_at(accounts, column)}-{_at(row, column)},"")'
        for column in (VALUE, PREVIOUS)
    )
    _calculated(paper, row + 1, "Verschil met de jaarrekening", (formulas[0], formulas[1]), differences)
    _verdict(
        paper,
        row + 1,
        _at(row + 1, VALUE),
        differences[0],
        "Uw kosten sluiten aan op de jaarrekening.",
        "uw kosten sluiten niet aan op de jaarrekening.",
    )
    return row + 1


def _write_total_days(paper: Paper, figures: Figures, row: int) -> int:
    """All care days together. The last row written."""
    days = [measure.code for measure in figures.on(layout.PRODUCTION) if measure.kind == "days"]
    if not days:
        return row - 2
    formulas = tuple(f"={_sum(figures, days, column)}" for column in (VALUE, PREVIOUS))
    outcomes = figures.total(days, "value") or Decimal(0), figures.total(days, "previous") or Decimal(0)
    _calculated(paper, row, "Alle zorgdagen samen", (formulas[0], formulas[1]), outcomes, style="total", unit="dagen")
    return row
