"""The looks of the workbook: few colours, each with a meaning that the legend and the text beside it give as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

INK: Final = "#17222B"
SOFT: Final = "#47545F"
LINE: Final = "#AEB8C0"
ACCENT: Final = "#0B5773"
ACCENT_SOFT: Final = "#E3EFF4"
INPUT: Final = "#FFFBE0"
SOURCE: Final = "#E6F0DC"
SURFACE: Final = "#F3F6F8"
ATTENTION: Final = "#8A4B00"
ATTENTION_SOFT: Final = "#FDF1DC"

_BASE: Final = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "vcenter"}
_BOXED: Final = {"border": 1, "border_color": LINE}
_WRAPPED: Final = {"text_wrap": True, "valign": "top"}


@dataclass(frozen=True)
class Styles:
    """Makes formats on demand, each once, so that the same workbook has the same bytes."""

    book: Any
    made: dict[tuple[tuple[str, object], ...], Any]

    def __call__(self, name: str, **more: object) -> Any:
        settings: dict[str, object] = {**_BASE, **_STYLES[name], **more}
        key = tuple(sorted(settings.items(), key=lambda item: item[0]))
        if key not in self.made:
            self.made[key] = self.book.add_format(settings)
        return self.made[key]


_STYLES: Final[dict[str, dict[str, object]]] = {
    "text": {**_WRAPPED},
    "title": {"bold": True, "font_size": 16, "font_color": ACCENT},
    "about": {"font_color": SOFT},
    "ribbon": {"bold": True, "font_color": ATTENTION, "bg_color": ATTENTION_SOFT, "text_wrap": True},
    "heading": {"bold": True, "font_size": 12, "font_color": ACCENT},
    "header": {"bold": True, "font_color": "#FFFFFF", "bg_color": ACCENT, "text_wrap": True, "indent": 1, **_BOXED},
    "label": {"text_wrap": True, "indent": 1, **_BOXED},
    "fixed": {"bg_color": SURFACE, "text_wrap": True, "indent": 1, **_BOXED},
    "calculated": {"indent": 1, "bg_color": SURFACE, "font_color": SOFT, **_BOXED},
    "total": {"indent": 1, "bold": True, "bg_color": ACCENT_SOFT, **_BOXED},
    "input": {"indent": 1, "bg_color": INPUT, "locked": False, **_BOXED},
    "known": {"indent": 1, "bg_color": SOURCE, "locked": False, **_BOXED},
    "input_text": {"bg_color": INPUT, "locked": False, **_WRAPPED, **_BOXED, "indent": 1, "num_format": "@"},
    "code": {"font_size": 8, "font_color": LINE},
    "attention": {"indent": 1, "bg_color": ATTENTION_SOFT, "font_color": ATTENTION, "bold": True, **_BOXED},
}


def number_format(unit: str, decimals: int, value_decimals: int = 0) -> str:
    """The number format of a measure; a value with more decimals than usual is shown with all of them."""
    places = 2 if unit == "money" else max(decimals, min(value_decimals, 6))
    return "#,##0" + ("." + "0" * places if places else "")
