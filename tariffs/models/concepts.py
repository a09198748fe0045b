"""What the NZa drew up and did not announce yet: kept apart from the row that it is about, which a provider may read.

Row-level security hides rows and no columns. So reasons, reactions, verdicts and outcomes stand in a table of their own until
they are announced, and in their row from then on. Who may read them finds them in the row all the same: it is filled in when
it is looked up.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeVar, cast

from django.db import models
from django.db.models import Q

from providers.access import OwnedQuerySet

_D = TypeVar("_D", bound="DrawnUp")
ABOUT = ("decision", "views", "objection", "ground")


def _about_one(one: str) -> Q:
    return Q(**{f"{name}__isnull": name != one for name in ABOUT})


class Concept(models.Model):
    """What was drawn up about one row, for staff of the NZa alone."""

    decision = models.OneToOneField(
        "tariffs.Decision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which decision.",
    )
    views = models.OneToOneField(
        "tariffs.StatementOfViews",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which views.",
    )
    objection = models.OneToOneField(
        "tariffs.Objection",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which objection.",
    )
    ground = models.OneToOneField(
        "tariffs.Ground", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Which ground."
    )
    contents = models.JSONField(help_text="Column → what will stand in it.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=functools.reduce(operator.or_, (_about_one(name) for name in ABOUT)),
                name="a_concept_is_about_one_row",
            )
        ]

    def __str__(self) -> str:
        return f"Concept {self.pk}"


class WithConcepts(OwnedQuerySet[_D]):
    """Rows as whoever looks may read them: for the NZa with what was drawn up about them."""

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._result_cache = list(cast("Iterable[_D]", self._iterable_class(self)))
            _fill([row for row in self._result_cache if isinstance(row, DrawnUp) and row.may_have_concept])
        super()._fetch_all()


class DrawnUp(models.Model):
    """A row of which some columns are drawn up first and announced later."""

    #: By which column of a concept it is found.
    CONCEPT: ClassVar[str]
    #: What is kept apart until it is announced, with what stands there as long as nothing was drawn up.
    KEPT: ClassVar[dict[str, Any]]

    class Meta:
        abstract = True

    @property
    def is_announced(self) -> bool:
        """Tell whether its provider may read what was drawn up."""
        raise NotImplementedError

    @property
    def may_have_concept(self) -> bool:
        """Tell whether it is worth looking for a concept, from the columns that were read."""
        raise NotImplementedError

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it; what was drawn up and not announced goes into its concept."""
        names = kwargs.get("update_fields")
        said = {name: getattr(self, name) for name in self.KEPT}
        if self._state.adding and said == self.KEPT:
            super().save(*args, **kwargs)
            return
        if self.is_announced:
            if names is not None and "status" in names:
                kwargs["update_fields"] = {*names, *self.KEPT}
            super().save(*args, **kwargs)
            _of([self]).delete()
            return
        for name, nothing in self.KEPT.items():
            setattr(self, name, nothing)
        super().save(*args, **kwargs)
        for name, value in said.items():
            setattr(self, name, value)
        written = {name for name in self.KEPT if names is None or name in names or name.removesuffix("_id") in names}
        if written:
            self._keep({name: said[name] for name in written})

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read it anew, as a query does."""
        super().refresh_from_db(*args, **kwargs)
        if self.may_have_concept:
            _fill([self])

    def _keep(self, written: dict[str, Any]) -> None:
        about: dict[str, Any] = {self.CONCEPT: self}
        known = Concept.objects.filter(**about).first()
        contents = {**(known.contents if known else {}), **written}
        contents = {name: value for name, value in contents.items() if value != self.KEPT[name]}
        if contents:
            Concept.objects.update_or_create(**about, defaults={"contents": contents})
        elif known is not None:
            known.delete()


def keep(rows: Sequence[DrawnUp], **contents: Any) -> None:
    """Keep the same contents for many rows of one kind, in place of what was drawn up before."""
    for row in rows:
        for name, value in contents.items():
            setattr(row, name, value)
    _of(rows).delete()
    if any(contents.values()):
        Concept.objects.bulk_create(Concept(**{row.CONCEPT: row}, contents=contents) for row in rows)


def announce(rows: Sequence[DrawnUp]) -> None:
    """Put what was drawn up about rows of one kind into them, where their provider reads it."""
    drawn_up = _fill(rows)
    if drawn_up:
        kind = type(drawn_up[0])
        kind._default_manager.bulk_update(drawn_up, [name.removesuffix("_id") for name in kind.KEPT])
        _of(drawn_up).delete()


def _fill(rows: Iterable[_D]) -> list[_D]:
    """Fill rows of one kind in with their concepts; return those that have one."""
    found = {row.pk: row for row in rows}
    if not found:
        return []
    about = next(iter(found.values())).CONCEPT
    contents = dict(_of(list(found.values())).values_list(f"{about}_id", "contents"))
    for pk, drawn_up in contents.items():
        for name, value in drawn_up.items():
            setattr(found[pk], name, value)
    return [found[pk] for pk in contents]


def _of(rows: Sequence[DrawnUp]) -> models.QuerySet[Concept]:
    if not rows:
        return Concept.objects.none()
    return Concept.objects.filter(**{f"{rows[0].CONCEPT}__in": [row.pk for row in rows]})
