"""Lists on a page: filters that stay in the address, sorting by column, paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict

PAGE_SIZE = 50


def address(query: QueryDict, **changes: str | int | None) -> str:
    """Return ``?…`` with the current query and ``changes`` applied; ``None`` removes a name."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None and value != "":
            changed[name] = str(value)
    return f"?{changed.urlencode()}"


def asked(query: QueryDict, *names: str) -> tuple[str, ...]:
    """Return what was filled in for ``names``, without blanks around it and without characters that no text holds."""
    return tuple(query.get(name, "").replace("\0", "").strip() for name in names)


def options(choices: Sequence[tuple[str, str]], chosen: str) -> list[dict[str, Any]]:
    """Return choices for a select element, with the chosen one marked."""
    return [{"value": value, "label": label, "selected": value == chosen} for value, label in choices]


def paginate(rows: Any, query: QueryDict, *, name: str = "bladzijde") -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of the page asked for and what ``components/pagination.html`` needs; a wrong page is the nearest."""
    paginator = Paginator(rows, PAGE_SIZE)
    page = paginator.get_page(query.get(name))
    numbers = paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return list(page.object_list), {
        "first": page.start_index(),
        "last": page.end_index(),
        "total": paginator.count,
        "previous_url": address(query, **{name: page.previous_page_number()}) if page.has_previous() else None,
        "next_url": address(query, **{name: page.next_page_number()}) if page.has_next() else None,
        "pages": [
            {"number": number, "url": address(query, **{name: number}), "current": number == page.number}
            if isinstance(number, int)
            else {"number": None}
            for number in numbers
        ],
    }


def sorting(
    query: QueryDict, columns: Mapping[str, str], *, default: str, name: str = "volgorde"
) -> tuple[str, bool, dict[str, Any]]:
    """Return the column to sort by, whether it descends, and what the heads of the table need.

    ``columns``: column → label. The order is ``column`` or ``-column`` in the address; anything else is ``default``.
    """
    wanted = query.get(name, default)
    if wanted.removeprefix("-") not in columns:
        wanted = default
    column, descending = wanted.removeprefix("-"), wanted.startswith("-")
    heads = {
        key: {
            "url": address(query, **{name: f"-{key}" if key == column and not descending else key, "bladzijde": None}),
            "direction": ("descending" if descending else "ascending") if key == column else "",
        }
        for key in columns
    }
    choices = [
        (f"{sign}{key}", f"{label}, {way}")
        for key, label in columns.items()
        for sign, way in (("", "oplopend"), ("-", "aflopend"))
    ]
    return (
        column,
        descending,
        {
            "key": column,
            "direction": "descending" if descending else "ascending",
            "columns": heads,
            "options": options(choices, wanted),
            "current": wanted,
        },
    )
