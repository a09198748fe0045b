"""Freezing the figures of a round: canonical CSV bytes, their hash, and the way back to tables."""

from __future__ import annotations

import csv
import hashlib
import io
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from benchmarking.models import Dataset
from providers.models import (
    COUNTING,
    Finding,
    MeasuredValue,
    Round,
    Severity,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)

if TYPE_CHECKING:
    import pandas as pd

FACTS = ("key", "delivered", "merged", "errors")


#: Why a submission does not count although somebody may have delivered before; stands where else 1 or 0 does.
STANDINGS = {
    SubmissionStatus.EXEMPT: "exempt",
    SubmissionStatus.EXCLUDED: "excluded",
    SubmissionStatus.RETURNED: "returned",
    SubmissionStatus.DRAFT: "withdrawn",
}


def canonical_number(value: Decimal | None) -> str:
    """Return a number as the dataset writes it: no exponent, no trailing zeros, empty for missing."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def freeze(*, round: Round) -> Dataset:
    """Freeze the newest versions of all submissions of ``round`` that count and return the dataset.

    What was withdrawn, given back or left out keeps its word for why, and no figures. The same figures give the same dataset: if
    they were frozen before, that one is returned.
    """
    with transaction.atomic():
        submissions = list(Submission.objects.filter(round=round).select_related("provider"))
        versions = {
            version.submission_id: version
            for version in SubmissionVersion.objects.filter(submission__round=round).order_by("submission_id", "number")
        }
        delivered = set(versions)
        counting = {submission.pk for submission in submissions if submission.status in COUNTING}
        versions = {key: version for key, version in versions.items() if key in counting}
        of_version = {version.pk: submission for submission, version in versions.items()}
        values: dict[int, dict[str, Decimal | None]] = {}
        for version_id, measure, value in MeasuredValue.objects.filter(version__in=of_version).values_list(
            "version_id", "measure", "value"
        ):
            values.setdefault(of_version[version_id], {})[measure] = value
        errors: dict[int, set[str]] = {}
        for version_id, rule in Finding.objects.filter(
            version__in=of_version, severity=Severity.ERROR, ended_at__isnull=True
        ).values_list("version_id", "rule"):
            errors.setdefault(of_version[version_id], set()).add(rule)
        measures = sorted(round.measures)
        rows = []
        for submission in submissions:
            figures = values.get(submission.pk, {})
            rows.append(
                [
                    submission.provider.key,
                    "1"
                    if submission.pk in versions
                    else _standing(submission, is_delivered=submission.pk in delivered),
                    "1" if submission.merged_into_id else "0",
                    " ".join(sorted(errors.get(submission.pk, ()))),
                    *(canonical_number(figures.get(measure)) for measure in measures),
                ]
            )
        content = write_csv([[*FACTS, *measures], *sorted(rows)])
        digest = hashlib.sha256(content).hexdigest()
        dataset, is_new = Dataset.objects.get_or_create(round=round, sha256=digest, defaults={"content": content})
        if is_new:
            dataset.versions.set(of_version)
        return dataset


def _standing(submission: Submission, *, is_delivered: bool) -> str:
    if is_delivered or submission.status in (SubmissionStatus.EXEMPT, SubmissionStatus.EXCLUDED):
        return STANDINGS.get(SubmissionStatus(submission.status), "0")
    return "0"


def write_csv(rows: list[list[str]]) -> bytes:
    """Return rows as canonical CSV: UTF-8, comma, LF."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def different(before: Dataset, now: Dataset) -> frozenset[str]:
    """Return the keys of the providers whose rows in two datasets differ; also of who is in one of them only."""
    old, new = (_rows(dataset) for dataset in (before, now))
    return frozenset(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def keys_of(dataset: Dataset) -> frozenset[str]:
    """Return the keys of the providers in a dataset."""
    return frozenset(_rows(dataset))


def counting(dataset: Dataset) -> frozenset[str]:
    """Return the keys of the providers of whom a dataset holds figures."""
    return frozenset(key for key, row in _rows(dataset).items() if row["delivered"] == "1")


def _rows(dataset: Dataset) -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in csv.DictReader(io.StringIO(bytes(dataset.content).decode()))}


def read(content: bytes) -> pd.DataFrame:
    """Return the table of a dataset: index ``key`` ascending, facts, and a ``Decimal`` or ``None`` per measure."""
    import pandas as pd  # takes a second, and whoever only freezes or shows figures needs none of it

    rows = list(csv.reader(io.StringIO(content.decode())))
    header, body = rows[0], rows[1:]
    measures = header[len(FACTS) :]
    table = pd.DataFrame(
        {
            "delivered": [row[1] == "1" for row in body],
            "standing": [row[1] if row[1] not in ("0", "1") else "" for row in body],
            "merged": [row[2] == "1" for row in body],
            "errors": [row[3] for row in body],
        },
        index=pd.Index([row[0] for row in body], name="key", dtype=object),
    )
    columns = {
        measure: pd.Series(
            [Decimal(row[place]) if row[place] else None for row in body], index=table.index, dtype=object
        )
        for place, measure in enumerate(measures, start=len(FACTS))
    }
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)
