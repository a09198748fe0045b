"""What people are told of a release: providers that there is a mirror, and who worked on it that it does not go out."""

from __future__ import annotations

from django.urls import reverse

from providers import notices
from providers.formatting import format_datetime
from providers.mandates import people_of_each
from tariffs import periods
from tariffs.models import MirrorReport, Release


def tell_providers(release: Release, *, only: frozenset[int] | None) -> None:
    """Tell the people of the providers that there is a mirror, of all or of these; each once, whatever happens."""
    found = MirrorReport.objects.filter(release=release).select_related("provider").defer("content")
    if only is not None:
        found = found.filter(provider__in=only)
    reports = {report.provider_id: report for report in found}
    people = people_of_each(reports)
    last = periods.newest_release(release.round)
    ended = periods.sentences(last=last, respond_until=release.respond_until, providers=reports)
    new = release.note or "Dit is de eerste spiegel van deze ronde."
    kind = "mirror_released" if release.respond_until is None else "mirror_to_respond_to"
    until = format_datetime(release.respond_until) if release.respond_until else ""
    notices.tell_all(
        kind=kind,
        round=release.round,
        path=reverse("mirror"),
        messages=[
            notices.Message(
                to=people.get(provider_id, []),
                provider=report.provider,
                occasion=f"release {release.uuid}",
                facts={
                    "status": release.get_status_display().lower(),
                    "nieuw": "\n\n".join(filter(None, [new, ended.get(provider_id)])),
                    "termijn": until,
                },
            )
            for provider_id, report in reports.items()
        ],
    )


def tell_withdrawn(release: Release) -> None:
    """Tell who prepared a release and who approved it that the portal took it back, and why; a command is told nothing."""
    notices.tell(
        kind="release_withdrawn",
        to=[user for user in (release.prepared_by, release.approved_by) if user is not None],
        round=release.round,
        path=reverse("release", args=[release.uuid]),
        occasion=f"release {release.uuid} withdrawn",
        status=release.get_status_display().lower(),
        reden=release.withdrawn_reason,
    )
