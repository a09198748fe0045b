"""What is known of an organisation, brought up to date by what it delivers itself."""

from __future__ import annotations

from providers.contents import Contents
from providers.models import CareOfficeRegion, Location, Provider, Round, Submission


def update(*, provider: Provider, round: Round, contents: Contents) -> None:
    """Store organisation and locations as delivered; an older round than the provider's newest changes nothing."""
    if Submission.objects.filter(
        provider=provider, round__book_year__gt=round.book_year, versions__isnull=False
    ).exists():
        return
    known = {name: text for name, text in contents.organisation.items() if text}
    if known:
        Provider.objects.filter(pk=provider.pk).update(**known)
    if not contents.locations:
        return
    regions = {region.code: region for region in CareOfficeRegion.objects.all()}
    kept = []
    for place in contents.locations:
        location, _ = Location.objects.update_or_create(
            provider=provider,
            number=place.number,
            postcode=place.postcode,
            street=place.street,
            defaults={"name": place.name, "place": place.place, "region": regions.get(place.region)},
        )
        kept.append(location.pk)
    Location.objects.filter(provider=provider).exclude(pk__in=kept).delete()
