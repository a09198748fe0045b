"""NZa: in which order the steps of a case stand on its page: one that moves it on first, rare ones together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from providers.access import Actor
from tariffs.models import Decision, Objection, ObjectionStatus
from tariffs.procedure import admission, decisions, rulings
from tariffs.procedure.deadlines import counts_as_in_time

Found = list[dict[str, Any]]
#: Steps with an objection that are seldom taken: they stand together, folded up.
RARE = {
    "toewijzen",
    "adres-gemachtigde",
    "uit-de-groep",
    "intrekken",
    "beroep",
    "verdagen",
    "uitstel-met-instemming",
    "opschorten",
    "hervatten",
    "ingebrekestelling",
}


def of_objection(found: Found, objection: Objection, actor: Actor) -> dict[str, Found]:
    """Return the steps with an objection as ``_steps.html`` shows them."""
    return {
        **_ordered(
            [step for step in found if step["name"] not in RARE],
            _next_with(objection),
            {"beslissen": rulings.why_not(objection, actor)},
        ),
        "rare": [step for step in found if step["name"] in RARE],
    }


def of_decision(found: Found, decision: Decision, actor: Actor) -> dict[str, Found]:
    """Return the steps with a decision as ``_steps.html`` shows them."""
    names = {step["name"] for step in found}
    # An intention that rests on older outcomes goes no further: then it is withdrawn first.
    first = next((name for name in ("voornemen", "opstellen", "vaststellen", "intrekken") if name in names), "")
    return _ordered(found, first, {"vaststellen": decisions.why_not(decision, actor)})


def of_views(found: Found, needs_consideration: bool) -> dict[str, Found]:
    """Return the steps with views as ``_steps.html`` shows them."""
    return _ordered(found, "overweging" if needs_consideration else "", {})


def only_first_is_primary(several: Iterable[dict[str, Found]]) -> None:
    """Let of all steps on a page no more than one stand out."""
    is_taken = False
    for steps in several:
        for step in steps["open"]:
            step["is_primary"] = step["is_primary"] and not is_taken
            is_taken = is_taken or step["is_primary"]


def _ordered(found: Found, first: str, why_not: dict[str, str]) -> dict[str, Found]:
    rows = [
        {
            **step,
            "why_not": why_not.get(step["name"], ""),
            "is_primary": step["name"] == first and not why_not.get(step["name"]),
        }
        for step in found
    ]
    return {"open": sorted(rows, key=lambda step: step["name"] != first)}


def _next_with(objection: Objection) -> str:
    """Return the name of the step that moves an objection on; empty if the NZa waits for another, or nothing is plain."""
    status = ObjectionStatus(objection.status)
    if status == ObjectionStatus.RECEIVED:
        return _next_with_received(objection)
    if status in (ObjectionStatus.ADMITTED, ObjectionStatus.HEARING):
        return "hoorzitting" if status == ObjectionStatus.ADMITTED else "verslag"
    if status == ObjectionStatus.HEARD and objection.with_committee:
        return "advies"
    if status not in (ObjectionStatus.HEARD, ObjectionStatus.ADVISED):
        return ""
    if objection.outcome:
        return "beslissen"
    return "opstellen" if all(ground.verdict for ground in rulings.grounds_of(objection)) else "gronden"


def _next_with_received(objection: Objection) -> str:
    in_time = counts_as_in_time(objection)
    if in_time is None:
        return "termijn"
    if not in_time:
        return ""
    if admission.may_be_mandate(objection).exists():
        return "machtiging"
    return "aanvulling-vragen" if admission.missing(objection) else "behandelen"
