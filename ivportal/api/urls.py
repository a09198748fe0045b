"""Addresses of the API. Nouns in Dutch, as the pages have them; no slash at the end."""

from django.urls import path, re_path

from ivportal.api import bandwidths, delivering, files, rounds, schema

_ROOT = "api/v1/"
_OWN = f"{_ROOT}rondes/<slug:slug>/aanlevering"

#: What the description describes.
resources = [
    path(f"{_ROOT}rondes", rounds.RoundList.as_view(), name="api_rounds"),
    path(f"{_ROOT}rondes/<slug:slug>", rounds.RoundItem.as_view(), name="api_round"),
    path(f"{_ROOT}rondes/<slug:slug>/sjabloon", delivering.Template.as_view(), name="api_template"),
    path(f"{_ROOT}rondes/<slug:slug>/aanleveringen", rounds.SubmissionList.as_view(), name="api_submissions"),
    path(_OWN, delivering.OwnDelivery.as_view(), name="api_delivery"),
    path(f"{_OWN}/gegevens", delivering.Data.as_view(), name="api_data"),
    path(f"{_OWN}/bestanden", files.Files.as_view(), name="api_files"),
    path(f"{_OWN}/bestanden/<uuid:upload>", files.File.as_view(), name="api_file"),
    path(f"{_OWN}/voorleggen", delivering.Offer.as_view(), name="api_offer"),
    path(f"{_ROOT}ontvangsten/<uuid:version>", delivering.Receipt.as_view(), name="api_receipt"),
    path(f"{_ROOT}bandbreedtes", bandwidths.BandwidthList.as_view(), name="api_bandwidths"),
]
urlpatterns = [
    *resources,
    path(f"{_ROOT}openapi.json", schema.openapi, name="api_openapi"),
    re_path(r"^api(?:/.*)?$", schema.nowhere, name="api_nowhere"),
]
