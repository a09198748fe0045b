"""Addresses of releasing."""

from django.urls import path

from ivportal.pages.releasing import policy, preparing, release

urlpatterns = [
    path("berekeningen/<uuid:run>/vrijgeven/", preparing.prepare, name="release_run"),
    path("vrijgaven/<uuid:release>/", release.release_page, name="release"),
    path("vrijgaven/<uuid:release>/spiegels/<uuid:report>/", release.concept, name="concept_mirror"),
    path("vrijgaven/<uuid:release>/<slug:step>/", release.release_step, name="release_step"),
    path("rondes/<slug:slug>/beleid/", policy.round_policy, name="round_policy"),
    path("tarieven/", policy.tariff_tables, name="tariff_tables"),
]
