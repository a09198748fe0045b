"""One line of the access matrix: an address, asked for in one way, and what becomes of it for each of the people."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One address, asked for in one way: what becomes of it for each of the people, in their order.

    A number is the status; ``login`` leads to the log-in form with the address kept; other words stand in ``WAYS``.
    """

    name: str
    method: str
    expected: str
    places: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.method, self.name, *self.places.values()])


def look(name: str, expected: str, **places: str) -> Case:
    """Return the case of opening a page."""
    return Case(name, "get", expected, places)


def send(name: str, expected: str, data: dict[str, str] | None = None, **places: str) -> Case:
    """Return the case of sending a form."""
    return Case(name, "post", expected, places, data or {})


NOBODY_SENDS = "login 405 405 405 405 405 405"
NOBODY_LOOKS = "login 405 405 405 405 405 405"
