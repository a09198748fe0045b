"""NZa: all steps with an objection, from receipt to the decision on it, in the order in which they come."""

from __future__ import annotations

from ivportal.pages.cases.granted_steps import granted_steps
from ivportal.pages.cases.hearing_steps import hearing_steps
from ivportal.pages.cases.receipt_steps import CASE_STEPS, RECEIPT_STEPS, mandate_step
from ivportal.pages.cases.ruling_steps import ruling_steps
from ivportal.pages.cases.term_steps import TERM_STEPS
from ivportal.pages.steps import Step
from tariffs.models import Objection


def steps_for(objection: Objection) -> tuple[Step[Objection], ...]:
    """Return all steps with this objection."""
    return (
        mandate_step(objection),
        *RECEIPT_STEPS,
        *hearing_steps(objection),
        *ruling_steps(objection),
        *granted_steps(objection),
        *TERM_STEPS,
        *CASE_STEPS,
    )
