"""Addresses, in Dutch: people read them."""

from django.contrib.auth import views as accounts
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from ivportal.pages import bandwidths, home, login, methods, mirror, rounds, runs, submissions

urlpatterns = [
    path("", home.home, name="home"),
    path("bevoegdheid/", home.choose_mandate, name="choose_mandate"),
    path("bevoegdheid/wisselen/", home.switch_mandate, name="switch_mandate"),
    path("begrippen/", home.glossary, name="glossary"),
    path("methode/", methods.methods, name="methods"),
    path("methode/<slug:page>/", methods.method_page, name="method"),
    path("inloggen/", login.Login.as_view(), name="login"),
    path("uitloggen/", login.Logout.as_view(), name="logout"),
    path(
        "wachtwoord/",
        login_not_required(
            accounts.PasswordResetView.as_view(
                email_template_name="registration/password_reset_email.txt",
                subject_template_name="registration/password_reset_subject.txt",
            )
        ),
        name="password_reset",
    ),
    path(
        "wachtwoord/verstuurd/",
        login_not_required(accounts.PasswordResetDoneView.as_view()),
        name="password_reset_done",
    ),
    path(
        "wachtwoord/nieuw/<uidb64>/<token>/",
        login_not_required(login.NewPassword.as_view()),
        name="password_reset_confirm",
    ),
    path(
        "wachtwoord/klaar/",
        login_not_required(accounts.PasswordResetCompleteView.as_view()),
        name="password_reset_complete",
    ),
    path("spiegel/", mirror.mirror, name="mirror"),
    path("spiegel/<uuid:report>/", mirror.mirror, name="mirror_report"),
    path("aanlevering/", submissions.own_submissions, name="own_submissions"),
    path("aanlevering/<slug:slug>/", submissions.own_submission, name="own_submission"),
    path("rondes/", rounds.rounds, name="rounds"),
    path("rondes/<slug:slug>/", rounds.round_page, name="round"),
    path("rondes/<slug:slug>/berekenen/", runs.start, name="start_run"),
    path("rondes/<slug:slug>/aanbieders/<uuid:provider>/", submissions.provider_submission, name="provider_submission"),
    path("berekeningen/<uuid:run>/", runs.follow, name="run_progress"),
    path("berekeningen/<uuid:run>/stoppen/", runs.cancel, name="cancel_run"),
    path("berekeningen/<uuid:run>/vrijgeven/", runs.release, name="release_run"),
    path("berekeningen/<uuid:run>/uitkomsten.csv", runs.download, name="results_csv"),
    path("bandbreedtes/", bandwidths.bandwidths, name="bandwidths"),
    path("bandbreedtes/bestand/", bandwidths.export, name="bandwidths_export"),
]
