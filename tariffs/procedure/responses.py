"""One response in the interpretation period as a row: locked, brought one step further, named in the records."""

from __future__ import annotations

from datetime import datetime

from providers.access import Actor
from providers.checking import FEWEST_LETTERS, says_why
from providers.free_text import plain
from providers.models import Role
from providers.refusal import Refused
from tariffs.models import RESPONSE_PROVIDER_STEPS, RESPONSE_TRANSITIONS, InterpretationResponse, ResponseStatus


def lock(response: InterpretationResponse) -> InterpretationResponse:
    """Return a response as it is now, locked: whoever does something with it waits for the other.

    Locked first and read after that, so that what belongs to it is of after the other was done as well.
    """
    InterpretationResponse.objects.select_for_update(of=("self",)).only("pk").get(pk=response.pk)
    return InterpretationResponse.objects.select_related(
        "provider", "report__release__round", "report__provider", "answered_by"
    ).get(pk=response.pk)


def move(response: InterpretationResponse, to: ResponseStatus, actor: Actor) -> None:
    """Bring a locked response into status ``to`` and store that.

    Raises :class:`~providers.refusal.Refused` if the table has no such step, or not for a provider.
    """
    before = ResponseStatus(response.status)
    steps = RESPONSE_PROVIDER_STEPS if actor.role == Role.PROVIDER else RESPONSE_TRANSITIONS
    if to not in steps.get(before, frozenset()):
        raise Refused(
            f"Deze reactie staat op ‘{before.label.lower()}’ en kan niet naar ‘{to.label.lower()}’. Misschien was een collega u"
            " voor: ververs de bladzijde."
        )
    response.status = to
    response.save(update_fields=["status"])


def asked_until(response: InterpretationResponse) -> datetime | None:
    """Return until when the NZa waits for what it asked last."""
    last = response.messages.filter(is_from_nza=True).last()
    return last.until if last is not None else None


def subject_of(response: InterpretationResponse) -> str:
    """Return how the records name a response."""
    return f"{response.provider}: {response}"


def facts_of(response: InterpretationResponse) -> dict[str, str]:
    """Return what the records hold about a response; no figures."""
    return {"response": str(response.uuid), "item": response.item, "kind": response.kind}


def in_words(text: str, sentence: str) -> str:
    """Return what somebody of the NZa wrote, as it is kept; with too little it is refused by ``sentence``."""
    said = plain(text)
    if not says_why(said):
        raise Refused(f"{sentence} Gebruik ten minste {FEWEST_LETTERS} letters.")
    return said
