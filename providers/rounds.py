"""Rounds: storing what a source delivers, as one round per file.

A file is stored whole or not at all. Delivered again, unchanged figures stay the version they are and changed figures
become a new version: nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from providers import checks, powers
from providers.access import Actor
from providers.audit import record
from providers.models import (
    COUNTING,
    Act,
    CareOfficeRegion,
    Finding,
    Location,
    MeasuredValue,
    Provider,
    Round,
    RoundStatus,
    SourceFile,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.workbook.content import Cell, NotArrived, Problem, ReadDelivery, ReadRound, SourceError
from providers.workbook.linking import KnownProvider, link
from providers.workbook.sources import source

BATCH = 2000
#: No figure of a provider is as large as this, in whatever unit.
LARGEST = 10**12


@dataclass(frozen=True)
class ImportedRound:
    """What became of one file."""

    round: Round
    delivered: int
    new_versions: int
    unchanged: int
    linked: int
    """Providers that were known already from another round under another key."""
    not_delivered: int
    not_arrived: tuple[NotArrived, ...]
    absent: tuple[str, ...]
    """Names of providers that delivered before and are not in this file; their figures stay as they are."""
    findings: int


def import_files(*, source_name: str, paths: Sequence[Path], actor: Actor | None) -> list[ImportedRound]:
    """Read files with a source adapter and store them, all together or not at all.

    Raises :class:`~providers.workbook.sources.UnknownSource` and
    :class:`~providers.workbook.content.SourceError`; the database is then as it was.
    """
    powers.require_staff(actor)
    read = source(source_name).read(paths)
    with transaction.atomic():
        return [store_round(contents, actor=actor) for contents in sorted(read, key=lambda item: item.book_year)]


def store_round(contents: ReadRound, *, actor: Actor | None) -> ImportedRound:
    """Store what was read from one file; call it in a transaction. Raises SourceError if the round is another one."""
    powers.require_staff(actor)
    _refuse_absurd(contents)
    now = timezone.now()
    round = _round(contents)
    digest = hashlib.sha256(contents.content).hexdigest()
    file, _ = SourceFile.objects.get_or_create(
        sha256=digest, defaults={"name": contents.file_name, "content": contents.content}
    )
    everyone = [*contents.deliveries, *contents.invited]
    is_newest = not Round.objects.filter(source=round.source, book_year__gt=round.book_year).exists()
    providers, linked, fresh = _store_providers(everyone, is_newest=is_newest)
    _store_locations([delivery for delivery in everyone if delivery.key in fresh], providers)
    submissions = _store_submissions(round, contents, providers)
    made, findings = _store_versions(contents, submissions, file, now)
    record(
        act=Act.ROUND_IMPORTED,
        actor=actor,
        subject=str(round),
        details={"file": contents.file_name, "sha256": digest, "new_versions": len(made)},
    )
    return ImportedRound(
        round=round,
        delivered=len(contents.deliveries),
        new_versions=len(made),
        unchanged=len(contents.deliveries) - len(made),
        linked=linked,
        not_delivered=len(contents.invited),
        not_arrived=contents.not_arrived,
        absent=_absent(round, providers),
        findings=findings,
    )


def _refuse_absurd(contents: ReadRound) -> None:
    """Refuse figures that no provider in the world can have: they would not fit anywhere further on."""
    problems = [
        Problem(contents.file_name, value.cell, f"{value.raw[:40]!r} is te groot. Controleer het getal en de eenheid.")
        for delivery in contents.deliveries
        for value in delivery.values
        if value.value is not None and abs(value.value) >= LARGEST
    ]
    if problems:
        raise SourceError(problems[:50])


def _round(contents: ReadRound) -> Round:
    """Return the round of a file, made if it is new; refuse a file that says otherwise than the round that is there."""
    facts = {
        "book_year": contents.book_year,
        "currency": contents.currency,
        "is_fictitious": contents.is_fictitious,
        "source": contents.source,
        "template_version": contents.template_version,
    }
    round, is_new = Round.objects.get_or_create(
        slug=contents.slug, defaults={**facts, "title": contents.title, "measures": list(contents.measures)}
    )
    if is_new:
        round.status = RoundStatus.OPEN
        round.save()
        round.status = RoundStatus.CLOSED
        round.save()
        return round
    differing = [name for name, value in facts.items() if getattr(round, name) != value]
    if round.measures != list(contents.measures):
        differing.append("measures")
    if differing:
        raise SourceError(
            [
                Problem(
                    contents.file_name,
                    None,
                    f"Ronde {contents.slug} bestaat al, maar dit bestand wijkt ervan af ({', '.join(differing)})."
                    " Gebruik een andere korte naam, of verbeter het bestand.",
                )
            ]
        )
    return round


def _store_providers(everyone: Iterable[ReadDelivery], *, is_newest: bool) -> tuple[dict[str, Provider], int, set[str]]:
    """Store or update the organisations.

    Return them by delivered key, how many were linked under another key, and the delivered keys of those whose facts count:
    only the newest book year changes what is known of an organisation; an older year adds who was not known.
    """
    everyone = list(everyone)
    schemes = {delivery.key_scheme for delivery in everyone}
    known = {
        (provider.key_scheme, provider.key): provider for provider in Provider.objects.filter(key_scheme__in=schemes)
    }
    links = link(
        [KnownProvider(key=key, link_by=tuple(provider.link_by)) for (_, key), provider in known.items()], everyone
    )
    found: dict[str, Provider] = {}
    new, changed = [], []
    fresh: set[str] = set()
    for delivery in everyone:
        key = links.get(delivery.key, delivery.key)
        provider = known.get((delivery.key_scheme, key))
        if provider is None:
            provider = Provider(key_scheme=delivery.key_scheme, key=key)
            new.append(provider)
        else:
            changed.append(provider)
        if is_newest or provider.pk is None:
            fresh.add(delivery.key)
            provider.name = delivery.name
            provider.legal_form = delivery.legal_form
            provider.agb_code = delivery.agb_code
            provider.nza_number = delivery.nza_number
            provider.area = delivery.area
        provider.link_by = sorted({*provider.link_by, *delivery.link_by})
        found[delivery.key] = provider
    Provider.objects.bulk_create(new, batch_size=BATCH)
    Provider.objects.bulk_update(
        changed, ["name", "legal_form", "agb_code", "nza_number", "area", "link_by"], batch_size=BATCH
    )
    return found, sum(key != known_key for key, known_key in links.items()), fresh


def _store_locations(everyone: Iterable[ReadDelivery], providers: dict[str, Provider]) -> None:
    """Store the locations as delivered: new ones added, changed ones updated, those that are gone removed."""
    regions = {region.code: region for region in CareOfficeRegion.objects.all()}
    delivered = [delivery for delivery in everyone if delivery.locations]
    listed = [
        Location(
            provider=providers[delivery.key],
            number=location.number,
            name=location.name,
            street=location.street,
            postcode=location.postcode,
            place=location.place,
            region=regions.get(location.region),
        )
        for delivery in delivered
        for location in delivery.locations
    ]
    Location.objects.bulk_create(
        listed,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["provider", "number", "postcode", "street"],
        update_fields=["name", "place", "region"],
    )
    kept = {(place.provider_id, place.number, place.postcode, place.street) for place in listed}
    known = Location.objects.filter(provider__in=[providers[delivery.key] for delivery in delivered])
    gone = [place.pk for place in known if (place.provider_id, place.number, place.postcode, place.street) not in kept]
    Location.objects.filter(pk__in=gone).delete()


def _store_submissions(round: Round, contents: ReadRound, providers: dict[str, Provider]) -> dict[str, Submission]:
    """Store a submission per provider, delivered or not; return those that were delivered by delivered key."""
    known = {submission.provider_id: submission for submission in round.submissions.all()}
    delivered = {delivery.key for delivery in contents.deliveries}
    found: dict[str, Submission] = {}
    new, changed = [], []
    for delivery in [*contents.deliveries, *contents.invited]:
        provider = providers[delivery.key]
        status = SubmissionStatus.SUBMITTED if delivery.key in delivered else SubmissionStatus.NOT_STARTED
        merged_into = providers.get(delivery.merged_into) if delivery.merged_into else None
        submission = known.get(provider.pk)
        if submission is None:
            submission = Submission(round=round, provider=provider, status=status, merged_into=merged_into)
            new.append(submission)
        else:
            before = submission.status, submission.merged_into_id
            if status == SubmissionStatus.SUBMITTED and submission.status == SubmissionStatus.NOT_STARTED:
                submission.status = status
            if merged_into is not None:
                submission.merged_into = merged_into
            if before != (submission.status, submission.merged_into_id):
                changed.append(submission)
        found[delivery.key] = submission
    Submission.objects.bulk_create(new, batch_size=BATCH)
    Submission.objects.bulk_update(changed, ["status", "merged_into"], batch_size=BATCH)
    return {key: submission for key, submission in found.items() if key in delivered}


def _absent(round: Round, providers: dict[str, Provider]) -> tuple[str, ...]:
    here = {provider.pk for provider in providers.values()}
    missing = round.submissions.exclude(provider__in=here).filter(versions__isnull=False).distinct()
    return tuple(missing.order_by("provider__name").values_list("provider__name", flat=True))


def content_hash(delivery: ReadDelivery) -> str:
    """Return the SHA-256 of the figures of a delivery: measure and value, in order of measure."""
    lines = sorted(
        f"{value.measure}={'' if value.value is None else format(value.value.normalize(), 'f')}"
        for value in delivery.values
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _store_versions(
    contents: ReadRound, submissions: dict[str, Submission], file: SourceFile, now: datetime
) -> tuple[list[SubmissionVersion], int]:
    """Store a new version of every delivery whose figures changed since the source last gave them, with values and findings."""
    known = SubmissionVersion.objects.filter(submission__in=submissions.values()).order_by("submission_id", "number")
    newest = {version.submission_id: version for version in known}
    # A correction has a file of the provider: what the source says again does not undo it, what it says anew does.
    read = {version.submission_id: version.sha256 for version in known.filter(source_file__provider__isnull=True)}
    made: list[tuple[SubmissionVersion, ReadDelivery]] = []
    for delivery in contents.deliveries:
        submission = submissions[delivery.key]
        previous = newest.get(submission.pk)
        digest = content_hash(delivery)
        if previous is not None and digest in (previous.sha256, read.get(submission.pk)):
            continue
        version = SubmissionVersion(
            submission=submission,
            number=previous.number + 1 if previous else 1,
            source_file=file,
            file_name=file.name,
            sha256=digest,
            submitted_at=now,
        )
        made.append((version, delivery))
    SubmissionVersion.objects.bulk_create((version for version, _ in made), batch_size=BATCH)
    MeasuredValue.objects.bulk_create(
        (
            MeasuredValue(
                version=version,
                measure=value.measure,
                value=value.value,
                sheet=value.cell.sheet,
                row=value.cell.row,
                column=value.cell.column,
                raw=value.raw[:120],
            )
            for version, delivery in made
            for value in delivery.values
        ),
        batch_size=BATCH,
    )
    earlier = _earlier(contents, [version.submission for version, _ in made])
    findings = [
        _finding(version, found)
        for version, delivery in made
        for found in checks.check(_with_earlier(delivery, earlier.get(version.submission.provider_id)), contents)
    ]
    Finding.objects.bulk_create(findings, batch_size=BATCH)
    return [version for version, _ in made], len(findings)


Earlier = tuple[int, dict[str, Decimal | None]]


def _earlier(contents: ReadRound, submissions: Sequence[Submission]) -> dict[int, Earlier]:
    """Return, by provider, the last book year before this one that the same source delivered, with its figures."""
    versions = list(
        SubmissionVersion.objects.filter(
            submission__provider__in=[submission.provider_id for submission in submissions],
            submission__round__source=contents.source,
            submission__round__template_version=contents.template_version,
            submission__round__currency=contents.currency,
            submission__round__is_fictitious=contents.is_fictitious,
            submission__round__book_year__lt=contents.book_year,
            submission__status__in=COUNTING,
        )
        .order_by("submission__provider", "-submission__round__book_year", "-number")
        .distinct("submission__provider")
        .values_list("pk", "submission__provider", "submission__round__book_year")
    )
    found: dict[int, Earlier] = {provider: (year, {}) for _, provider, year in versions}
    provider_of = {version: provider for version, provider, _ in versions}
    values = MeasuredValue.objects.filter(version__in=provider_of).values_list("version", "measure", "value")
    for version, measure, value in values.iterator(chunk_size=BATCH):
        found[provider_of[version]][1][measure] = value
    return found


def _with_earlier(delivery: ReadDelivery, earlier: Earlier | None) -> ReadDelivery:
    """Give a delivery the figures of an earlier year that the portal has, unless its own files hold later ones."""
    if earlier is None or earlier[0] <= delivery.earlier_year:
        return delivery
    return replace(delivery, earlier_year=earlier[0], earlier_values=earlier[1])


def _finding(version: SubmissionVersion, found: checks.Found) -> Finding:
    cell: Cell = found.cell
    return Finding(
        version=version,
        rule=found.rule.code,
        severity=found.rule.severity,
        measure=found.measure,
        sheet=cell.sheet,
        row=cell.row,
        column=cell.column,
        message=found.message,
        mend=found.rule.mend,
    )
