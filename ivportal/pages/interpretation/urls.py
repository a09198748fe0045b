"""Addresses."""

from django.urls import path

from ivportal.pages.interpretation import files, notes, one, own, queue, responding

urlpatterns = [
    path("duiding/", own.own_responses, name="own_responses"),
    path("duiding/<uuid:report>/", own.report_responses, name="report_responses"),
    path("duiding/<uuid:report>/reageren/", responding.respond, name="respond"),
    path("duiding/<uuid:report>/akkoord/", own.agree, name="agree_with_item"),
    path("duiding/reacties/<uuid:response>/", own.own_response, name="own_response"),
    path("duiding/reacties/<uuid:response>/aanvullen/", own.supplement, name="supplement_response"),
    path("duiding/reacties/<uuid:response>/intrekken/", own.withdraw, name="withdraw_response"),
    path("bestanden/<uuid:file>/", files.case_file, name="case_file"),
    path("nota-van-inlichtingen/", notes.own_notes, name="public_notes"),
    path("nota-van-inlichtingen/<uuid:note>/", notes.own_note, name="public_note"),
    path("duidingen/", queue.response_queue, name="response_queue"),
    path("duidingen/samen/", queue.answer_together, name="answer_together"),
    path("duidingen/termijn/<uuid:release>/", queue.extend_period, name="extend_period"),
    path("duidingen/<uuid:response>/", one.response, name="response"),
    path("duidingen/<uuid:response>/<slug:step>/", one.response_step, name="response_step"),
    path("rondes/<slug:slug>/nota-van-inlichtingen/", notes.round_notes, name="round_notes"),
    path("rondes/<slug:slug>/nota-van-inlichtingen/<int:number>/", notes.round_note, name="round_note"),
    path("rondes/<slug:slug>/nota-van-inlichtingen/<int:number>/publiceren/", notes.publish_note, name="publish_note"),
]
