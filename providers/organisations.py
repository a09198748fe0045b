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
    # A place that is listed twice is one place.
    listed = {
        (place.number, place.postcode, place.street): Location(
            provider=provider,
            number=place.number,
            postcode=place.postcode,
            street=place.street,
            name=place.name,
            place=place.place,
            region=regions.get(place.region),
        )
        for place in contents.locations
    }
    Location.objects.bulk_create(
        listed.values(),
        update_conflicts=True,
        unique_fields=["provider", "number", "postcode", "street"],
        update_fields=["name", "place", "region"],
    )
    stored = Location.objects.filter(provider=provider).values_list("pk", "number", "postcode", "street")
    gone = [key for key, number, postcode, street in stored if (number, postcode, street) not in listed]
    if gone:
        Location.objects.filter(pk__in=gone).delete()
