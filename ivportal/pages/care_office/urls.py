"""Addresses."""

from django.urls import path

from ivportal.pages.care_office import agreements, bandwidths, comparison, guide, provider

_PROVIDER = "bandbreedtes/<slug:round>/<uuid:provider>/"

urlpatterns = [
    path("bandbreedtes/", bandwidths.bandwidths, name="bandwidths"),
    path("bandbreedtes/bestand/", bandwidths.export, name="bandwidths_export"),
    path("bandbreedtes/vergelijken/", comparison.compare, name="compare_providers"),
    path("bandbreedtes/richtpercentage/", guide.guide, name="care_office_guide"),
    path(_PROVIDER, provider.provider, name="care_office_provider"),
    path(f"{_PROVIDER}afspraak/", provider.agree, name="agree"),
    path(f"{_PROVIDER}notitie/", provider.note, name="care_office_note"),
    path("afspraken/", agreements.overview, name="agreements"),
]
