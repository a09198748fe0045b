"""A number written as text is read as what it says, or refused; never as something else."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.workbook.numbers import Notation, NumberError, parse_number

SEPARATORS: dict[Notation, tuple[str, str]] = {"nl": (".", ","), "en": (",", "."), "ch": ("'", ".")}
amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False)
thousandths = st.decimals(min_value=-(10**4), max_value=10**4, places=3, allow_nan=False, allow_infinity=False)


def _written(value: Decimal, notation: Notation, *, grouped: bool) -> str:
    """Digit by digit, so that the writer shares nothing with the reader."""
    thousands, mark = SEPARATORS[notation]
    whole, fraction = f"{abs(value):f}".split(".")
    if grouped:
        turned = whole[::-1]
        whole = thousands.join(turned[start : start + 3] for start in range(0, len(turned), 3))[::-1]
    return ("-" if value < 0 else "") + whole + mark + fraction


@given(value=amounts, notation=st.sampled_from(list(SEPARATORS)), grouped=st.booleans())
def test_what_is_written_in_a_notation_is_read_back(value: Decimal, notation: Notation, grouped: bool) -> None:
    assert parse_number(_written(value, notation, grouped=grouped), notation) == value


@given(value=thousandths, notation=st.sampled_from(list(SEPARATORS)), grouped=st.booleans())
def test_without_a_notation_a_number_is_read_right_or_refused(
    value: Decimal, notation: Notation, grouped: bool
) -> None:
    text = _written(value, notation, grouped=grouped)
    try:
        read = parse_number(text)
    except NumberError:
        # Only what may mean two things: exactly three digits after the one point or comma.
        assert re.fullmatch(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}", text)
        return
    assert read == value


@given(text=st.text(alphabet="0123456789.,'’ -", max_size=12), notation=st.sampled_from([None, "nl", "en", "ch"]))
def test_no_text_is_read_as_a_number_with_other_digits(text: str, notation: Notation | None) -> None:
    try:
        value = parse_number(text, notation)
    except NumberError:
        return
    digits = [character for character in text if character.isdigit()]
    read = [character for character in f"{value:f}" if character.isdigit()]
    assert "".join(digits).lstrip("0") == "".join(read).lstrip("0")


@pytest.mark.parametrize(
    ("text", "notation", "value"),
    [
        ("1.234,5", "nl", "1234.5"),
        ("1234,5", "nl", "1234.5"),
        ("12.500", "nl", "12500"),
        ("€ 1.234,-", "nl", "1234"),
        ("-12", "nl", "-12"),
        ("\u22123,5", "nl", "-3.5"),
        ("1 234 567,89", "nl", "1234567.89"),
        ("0,05", "nl", "0.05"),
        ("1,234.5", "en", "1234.5"),
        ("12,500", "en", "12500"),
        ("1'234.5", "ch", "1234.5"),
        ("1’234", "ch", "1234"),
        ("CHF 12'000.05", "ch", "12000.05"),
        ("1.234,5", None, "1234.5"),
        ("1,234.5", None, "1234.5"),
        ("1234", None, "1234"),
        ("1.234.567", None, "1234567"),
        ("1'234", None, "1234"),
    ],
)
def test_readable_numbers(text: str, notation: Notation | None, value: str) -> None:
    assert parse_number(text, notation) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "notation", "reason"),
    [
        ("1.234", None, "betekenen"),
        ("1,234", None, "betekenen"),
        ("12.500", None, "betekenen"),
        ("1.5", "nl", "geen getal"),
        ("1,5", "en", "geen getal"),
        ("1.23.456", "nl", "geen getal"),
        ("0.123", "nl", "geen getal"),
        ("1.234.56", "nl", "geen getal"),
        ("12,34,567", "en", "geen getal"),
        ("007", "nl", "geen getal"),
        ("1e6", "nl", "geen getal"),
        ("(1.234)", "nl", "geen getal"),
        ("1.234-", "nl", "geen getal"),
        ("--5", "nl", "geen getal"),
        ("١٢٣", "nl", "tekst"),
        ("12 %", "nl", "procentteken"),
        ("veel", "nl", "tekst"),
        ("", "nl", "niets"),
        ("  ", None, "niets"),
        ("-", "nl", "tekst"),
        ("9" * 80, "nl", "te lang"),
        ("1 23", "nl", "geen getal"),
        ("1\n234", "nl", "geen getal"),
    ],
)
def test_unreadable_numbers_are_refused_with_the_reason(text: str, notation: Notation | None, reason: str) -> None:
    with pytest.raises(NumberError, match=reason):
        parse_number(text, notation)
