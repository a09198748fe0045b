"""When something cannot be done: the reason, for the person who asked."""


class Refused(Exception):
    """What was asked cannot be done now. The message is one or more Dutch sentences: what, why and what to do."""


class Overtaken(Exception):
    """Somebody else saved meanwhile; nothing was stored. The person compares and chooses."""


def require_words(text: str, sentence: str, *, least: int = 10) -> None:
    """Raise :class:`Refused` with ``sentence`` unless somebody wrote something that can be read: ``least`` signs."""
    written = len(text.strip())
    if written < least:
        raise Refused(f"{sentence} Schrijf ten minste {least} tekens{f': u schreef er {written}' if written else ''}.")
