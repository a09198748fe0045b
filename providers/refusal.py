"""When something cannot be done: the reason, for the person who asked."""


class Refused(Exception):
    """What was asked cannot be done now. The message is one or more Dutch sentences: what, why and what to do."""


class Overtaken(Exception):
    """Somebody else saved meanwhile; nothing was stored. The person compares and chooses."""
