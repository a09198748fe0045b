"""What Celery workers do for delivering. A task carries only a key; what has to be done stands in the database."""

from __future__ import annotations

import logging

from celery import shared_task

from providers.access import EVERYTHING, scope

logger = logging.getLogger(__name__)


@shared_task
def read_upload(upload_id: int) -> None:
    """Read a file that a provider sent in."""
    from providers import uploads

    with scope(EVERYTHING):
        uploads.read_waiting(upload_id)


@shared_task
def compare_with_sector(round_id: int) -> None:
    """Compute the figures of the sector anew and check all deliveries of a round against them."""
    from providers import sector

    with scope(EVERYTHING):
        sector.refresh(round_id)


@shared_task
def send_mails() -> None:
    """Send the mails that wait."""
    from providers import notices

    with scope(EVERYTHING):
        notices.send_on()


@shared_task
def sweep() -> None:
    """Wake workers for what was left, send what waits, and do what the clock says."""
    from providers import notices, sector, terms, uploads

    with scope(EVERYTHING):
        for part in (uploads.sweep, terms.keep, sector.sweep, notices.send_on):
            try:
                part()
            except Exception:
                # What goes wrong in one must not keep the others from being done.
                logger.exception("A part of the sweep failed: %s.%s", part.__module__, part.__name__)


@shared_task
def announce_round(round_id: int) -> None:
    """Send the invitations of a round."""
    from providers import terms
    from providers.models import Round

    with scope(EVERYTHING):
        terms.announce(Round.objects.get(pk=round_id))


@shared_task
def tell_of_term(change_id: int) -> None:
    """Tell everybody that the term of a round moved."""
    from providers import terms

    with scope(EVERYTHING):
        terms.tell_of_term(change_id)


@shared_task
def tell_of_closing(round_id: int) -> None:
    """Tell everybody that a round is closed."""
    from providers import terms
    from providers.models import Round

    with scope(EVERYTHING):
        terms.tell_of_closing(Round.objects.get(pk=round_id))
