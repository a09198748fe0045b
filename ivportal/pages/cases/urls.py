"""Addresses."""

from django.urls import path

from ivportal.pages.cases import board, consenting, letter, one, own, posting, speaking, taking

urlpatterns = [
    path("besluiten/", own.own_cases, name="own_cases"),
    path("besluiten/post/", own.post_consent, name="post_consent"),
    path("besluiten/<slug:slug>/", own.own_case, name="own_case"),
    path("besluiten/<slug:slug>/naam/", consenting.name_consent, name="name_consent"),
    path("besluiten/<slug:slug>/dossier/", own.own_bundle, name="own_bundle"),
    path("besluiten/<slug:slug>/zienswijze/", speaking.give_views, name="give_views"),
    path("besluiten/<slug:slug>/bezwaar/", speaking.object_to, name="object"),
    path("besluiten/<slug:slug>/bezwaar/<uuid:objection>/aanvullen/", speaking.supplement, name="supplement_objection"),
    path("besluiten/<slug:slug>/bezwaar/<uuid:objection>/intrekken/", speaking.withdraw, name="withdraw_objection"),
    path(
        "besluiten/<slug:slug>/bezwaar/<uuid:objection>/ingebrekestelling/",
        speaking.notice_of_default,
        name="notice_of_default",
    ),
    path("brieven/<uuid:letter>/", letter.letter, name="letter"),
    path("brieven/<uuid:letter>/pdf/", letter.letter_pdf, name="letter_pdf"),
    path("zaken/", board.cases, name="cases"),
    path("zaken/besluiten/<uuid:decision>/concept/", taking.decision_concept, name="decision_concept"),
    path("zaken/bezwaren/<uuid:objection>/concept/", taking.objection_concept, name="objection_concept"),
    path("zaken/besluiten/<uuid:decision>/<slug:step>/", one.decision_step, name="decision_step"),
    path("zaken/zienswijzen/<uuid:views>/<slug:step>/", one.views_step, name="views_step"),
    path("zaken/bezwaren/<uuid:objection>/aanvullen/", one.supplement_for, name="supplement_for"),
    path("zaken/bezwaren/<uuid:objection>/<slug:step>/", one.objection_step, name="objection_step"),
    path("zaken/groepen/<uuid:group>/", board.group, name="objection_group"),
    path("zaken/<slug:slug>/", board.case_round, name="case_round"),
    path("zaken/<slug:slug>/post/", posting.case_post, name="case_post"),
    path("zaken/<slug:slug>/post/<slug:day>/", posting.case_post_day, name="case_post_day"),
    path("zaken/<slug:slug>/post/<slug:day>/brieven/", posting.case_post_letters, name="case_post_letters"),
    path(
        "zaken/<slug:slug>/post/<slug:day>/<slug:kind>/<int:part>/",
        posting.case_post_archive,
        name="case_post_archive",
    ),
    path("zaken/<slug:slug>/groep/", board.new_group, name="new_objection_group"),
    path("zaken/<slug:slug>/stap/<slug:step>/", board.case_round_step, name="case_round_step"),
    path("zaken/<slug:slug>/<uuid:provider>/", one.case, name="case"),
    path("zaken/<slug:slug>/<uuid:provider>/dossier/", one.case_bundle, name="case_bundle"),
]
