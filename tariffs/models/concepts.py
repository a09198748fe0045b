"""What the NZa drew up and did not announce yet: kept apart from the row that it is about, which a provider may read.

Row-level security hides rows and no columns. So reasons, reactions, verdicts and outcomes stand in a table of their own until
they are announced, and in their row from then on. Who may read them finds them in the row all the same, however the row was
looked up: a query for such rows fills them in at once, and of a row that came along with another these columns are deferred,
looked up with the concept when they are asked for or saved. Only the database itself sees two places: a condition on such a
column is refused unless it says of which status the rows are.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self, TypeVar, cast

from django.db import models
from django.db.models import Q
from django.db.models.expressions import Col

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
            _fill([row for row in self._result_cache if isinstance(row, DrawnUp) and "_in_row" in row.__dict__])
        super()._fetch_all()

    def _filter_or_exclude(self, negate: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Self:
        self._require_announced({*_named(args), *_named(kwargs.items())})
        return super()._filter_or_exclude(negate, args, kwargs)  # type: ignore[misc, no-any-return]

    def _values(self, *fields: Any, **expressions: Any) -> Self:
        self._require_announced({field for field in fields if isinstance(field, str)} or set(self.model.KEPT))
        return super()._values(*fields, **expressions)  # type: ignore[misc, no-any-return]

    def _require_announced(self, names: set[str]) -> None:
        """Raise :class:`ValueError` for a question to the database about what may not stand there yet."""
        kept = {name for name in self.model.KEPT if {name, name.removesuffix("_id")} & names}
        if kept and "status" not in {*names, *_columns_of(self)}:
            raise ValueError(f"{', '.join(sorted(kept))} may be kept apart: say of which status the rows are.")


def _named(conditions: Iterable[Any]) -> Iterator[str]:
    """Yield the columns of its own table that a condition names."""
    for condition in conditions:
        if isinstance(condition, Q):
            yield from _named(condition.children)
        elif isinstance(condition, tuple):
            yield condition[0].partition("__")[0]


def _columns_of(rows: models.QuerySet[Any]) -> Iterator[str]:
    """Yield the columns of its own table that a query has conditions on already."""
    for condition in rows.query.where.leaves():
        column = getattr(condition, "lhs", None)
        if isinstance(column, Col) and column.alias == rows.query.base_table:
            yield column.target.name


class DrawnUp(models.Model):
    """A row of which some columns are drawn up first and announced later."""

    #: By which column of a concept it is found.
    CONCEPT: ClassVar[str]
    #: What is kept apart until it is announced, with what stands there as long as nothing was drawn up.
    KEPT: ClassVar[dict[str, Any]]
    #: What its own row has in those columns; only as long as its concept was not read.
    _in_row: dict[str, Any]

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

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a row of what was read, without the columns that may be kept apart: those are looked up with its concept."""
        row = super().from_db(*args, **kwargs)
        if row.may_have_concept:
            in_row = {name: row.__dict__.pop(name) for name in cls.KEPT if name in row.__dict__}
            if in_row:
                row._in_row = in_row
        return row

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

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        """Read it anew, as a query does; of what may be kept apart all that was not read yet comes at once."""
        if fields is not None:
            fields = set(fields)
            if fields & self.KEPT.keys():
                fields |= self.KEPT.keys() - self.__dict__.keys()
        super().refresh_from_db(
            using, fields, type(self)._default_manager.all() if from_queryset is None else from_queryset
        )

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
    for row in found.values():
        row.__dict__.update({**row.__dict__.pop("_in_row", {}), **row.__dict__})
    for pk, drawn_up in contents.items():
        for name, value in drawn_up.items():
            setattr(found[pk], name, value)
    return [found[pk] for pk in contents]


def _of(rows: Sequence[DrawnUp]) -> models.QuerySet[Concept]:
    if not rows:
        return Concept.objects.none()
    return Concept.objects.filter(**{f"{rows[0].CONCEPT}__in": [row.pk for row in rows]})
