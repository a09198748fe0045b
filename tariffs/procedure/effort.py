"""How much may be done to look into files: each by itself, and all that come in at once."""

from __future__ import annotations


class TooMuchError(Exception):
    """There is more in a file, or in files together, than is looked through."""


class Effort:
    """What is left to do, in bytes to read; what costs more than reading a byte counts for more of them."""

    def __init__(self, most: int, *, within: Effort | None = None) -> None:
        self._left, self._within = most, within

    @property
    def left(self) -> int:
        """How many bytes may still be read; negative if there was more than that."""
        return self._left if self._within is None else min(self._left, self._within.left)

    def spend(self, count: int) -> None:
        """Take so many bytes from what is left. Raises :class:`TooMuchError` if that is not there."""
        self._left -= count
        if self._within is not None:
            self._within.spend(count)
        if self._left < 0:
            raise TooMuchError
