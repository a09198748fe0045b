"""The access matrix: every address, everybody, looking and sending. An address that is not in it fails."""

from __future__ import annotations

import re
import uuid
from functools import cache

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ivportal.api import urls as api
from providers.models import ApiKey, Notice, SourceFile
from tests.access.cases import NOBODY_LOOKS, NOBODY_SENDS, Case, look, send
from tests.access.procedure import PROCEDURE
from tests.access.world import PEOPLE, World

COLUMNS = ("anonymous", *PEOPLE)
#: Where a word in the matrix sends somebody.
WAYS = {
    "choose": r"/bevoegdheid/",
    "home": r"/",
    "mirror": r"/spiegel/",
    "rounds": r"/rondes/",
    "bands": r"/bandbreedtes/",
    "noted": r"/bandbreedtes/proef-20\d\d/[0-9a-f-]+/#notitie",
    "own": r"/aanlevering/proef-20\d\d/",
    "progress": r"/rondes/[a-z0-9-]+/#voortgang",
    "round": r"/rondes/[a-z0-9-]+/",
    "sent": r"/wachtwoord/verstuurd/",
    "there": r"/aanlevering/uitvraag-2021/",
    "to_sign": r"/aanlevering/uitvraag-2021/ondertekenen/",
    "sent_file": r"/aanlevering/uitvraag-2021/bestanden/[0-9a-f-]{36}/",
    "people": r"/organisatie/",
    "inbox": r"/berichten/",
    "staff": r"/medewerkers/",
    "lindes": r"/rondes/proef-20\d\d/aanbieders/[0-9a-f-]+/mensen/",
    "text": r"/rondes/proef-20\d\d/teksten/[a-z_]+/",
    "desk": r"/rondes/[a-z0-9-]+/beheer/",
    "file": r"/rondes/[a-z0-9-]+/aanbieders/[0-9a-f-]+/dossier/",
    "mail": r"/rondes/proef-20\d\d/post/",
    "period": r"/duiding/[0-9a-f-]{36}/",
    "said": r"/duiding/reacties/[0-9a-f-]{36}/",
    "queue": r"/duidingen/",
    "asked": r"/duidingen/[0-9a-f-]{36}/",
    "written": r"/rondes/proef-20\d\d/nota-van-inlichtingen/1/",
    "to_write": r"/rondes/proef-20\d\d/nota-van-inlichtingen/2/",
    "release": r"/vrijgaven/[0-9a-f-]{36}/",
}


IN_ROUND = {"slug": "everybodys-round", "provider": "linde"}
DESK = {"slug": "portal-round", "provider": "linde"}
AT_OFFICE = {"round": "everybodys-round", "provider": "linde"}
A_TERM = {"until_day": "2030-01-31", "reason": "Vakantie"}
A_TEXT = {"subject": "Onderwerp", "body": "Ga naar {adres}", "save": "1"}
MATRIX = (
    #                         anonymous anne bram noor karim eva olaf
    look("home", "            login mirror mirror rounds bands bands choose"),
    send("home", NOBODY_SENDS),
    look("choose_mandate", "  login 200 200 200 200 200 200"),
    send("choose_mandate", NOBODY_SENDS),
    look("switch_mandate", NOBODY_LOOKS),
    send("switch_mandate", "  login home home home home home home"),
    look("glossary", "        login 200 200 200 200 200 200"),
    send("glossary", NOBODY_SENDS),
    look("checks", "          login 200 200 200 200 200 200"),
    send("checks", NOBODY_SENDS),
    look("methods", "         login 200 200 200 200 200 200"),
    send("methods", NOBODY_SENDS),
    look("method", "          login 200 200 200 200 200 200", page="page-on-peers"),
    look("method", "          login 404 404 404 404 404 404", page="page-that-is-not-there"),
    send("method", NOBODY_SENDS, page="page-on-peers"),
    look("login", "           200 200 200 200 200 200 200"),
    send("login", "           200 200 200 200 200 200 200"),
    look("logout", "          login home home home home home home"),
    send("logout", "          login 200 200 200 200 200 200"),
    look("password_reset", "  200 200 200 200 200 200 200"),
    send("password_reset", "  sent sent sent sent sent sent sent", {"email": "niemand@example.org"}),
    look("password_reset_done", "200 200 200 200 200 200 200"),
    send("password_reset_done", "405 405 405 405 405 405 405"),
    look("password_reset_confirm", "200 200 200 200 200 200 200", uidb64="no-user", token="no-token"),
    send("password_reset_confirm", "200 200 200 200 200 200 200", uidb64="no-user", token="no-token"),
    look("password_reset_complete", "200 200 200 200 200 200 200"),
    send("password_reset_complete", "405 405 405 405 405 405 405"),
    #                         anonymous anne bram noor karim eva olaf
    look("mirror", "          login 200 200 403 403 403 choose"),
    send("mirror", NOBODY_SENDS),
    look("mirror_report", "   login 200 404 403 403 403 choose", report="annes-report"),
    look("mirror_report", "   login 404 200 403 403 403 choose", report="brams-report"),
    look("mirror_report", "   login 404 404 403 403 403 choose", report="no-report"),
    send("mirror_report", NOBODY_SENDS, report="annes-report"),
    look("own_submissions", " login there own 403 403 403 choose"),
    send("own_submissions", NOBODY_SENDS),
    look("own_submission", "  login 200 200 403 403 403 choose", slug="everybodys-round"),
    look("own_submission", "  login 404 200 403 403 403 choose", slug="round-without-anne"),
    look("own_submission", "  login 404 404 403 403 403 choose", slug="no-round"),
    send("own_submission", NOBODY_SENDS, slug="everybodys-round"),
    #                         anonymous anne bram noor karim eva olaf
    look("rounds", "          login 403 403 200 403 403 choose"),
    send("rounds", NOBODY_SENDS),
    look("round", "           login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round", "           login 403 403 404 403 403 choose", slug="no-round"),
    send("round", NOBODY_SENDS, slug="everybodys-round"),
    look("start_run", NOBODY_LOOKS, slug="everybodys-round"),
    send("start_run", "       login 403 403 progress 403 403 choose", slug="everybodys-round"),
    send("start_run", "       login 403 403 404 403 403 choose", slug="no-round"),
    look("provider_submission", "login 403 403 200 403 403 choose", slug="everybodys-round", provider="linde"),
    look("provider_submission", "login 403 403 404 403 403 choose", slug="round-without-anne", provider="linde"),
    look("provider_submission", "login 403 403 404 403 403 choose", slug="everybodys-round", provider="no-provider"),
    send("provider_submission", NOBODY_SENDS, slug="everybodys-round", provider="linde"),
    look("run_progress", "    login 403 403 200 403 403 choose", run="released-run"),
    look("run_progress", "    login 403 403 404 403 403 choose", run="no-run"),
    send("run_progress", NOBODY_SENDS, run="released-run"),
    look("cancel_run", NOBODY_LOOKS, run="waiting-run"),
    send("cancel_run", "      login 403 403 progress 403 403 choose", run="waiting-run"),
    send("cancel_run", "      login 403 403 progress 403 403 choose", run="released-run"),
    send("cancel_run", "      login 403 403 404 403 403 choose", run="no-run"),
    look("results_csv", "     login 403 403 200 403 403 choose", run="unreleased-run"),
    look("results_csv", "     login 403 403 404 403 403 choose", run="waiting-run"),
    look("results_csv", "     login 403 403 404 403 403 choose", run="no-run"),
    send("results_csv", NOBODY_SENDS, run="released-run"),
    #                         anonymous anne bram noor karim eva olaf
    look("organisation", "    login 200 200 403 403 403 choose"),
    send("organisation", NOBODY_SENDS),
    look("invite_colleague", NOBODY_LOOKS),
    send("invite_colleague", "login 200 200 403 403 403 choose"),
    look("colleague", "       login 200 404 403 403 403 choose", mandate="daans-mandate"),
    look("colleague", "       login 404 404 403 403 403 choose", mandate="no-mandate"),
    send("colleague", "       login people 404 403 403 403 choose", {"powers": "sign"}, mandate="daans-mandate"),
    send("colleague", "       login 404 404 403 403 403 choose", {"powers": "sign"}, mandate="marias-nza-mandate"),
    look("end_colleague", NOBODY_LOOKS, mandate="daans-mandate"),
    send("end_colleague", "   login people 404 403 403 403 choose", mandate="daans-mandate"),
    send("end_colleague", "   login 404 404 403 403 403 choose", mandate="marias-nza-mandate"),
    look("make_key", NOBODY_LOOKS),
    send("make_key", "        login 200 200 403 403 403 choose"),
    look("end_key", NOBODY_LOOKS, key="annes-key"),
    send("end_key", "         login people 404 403 403 403 choose", key="annes-key"),
    send("end_key", "         login 404 404 403 403 403 choose", key="no-key"),
    look("make_staff_key", NOBODY_LOOKS),
    send("make_staff_key", "  login 403 403 200 403 403 choose"),
    look("end_staff_key", NOBODY_LOOKS, key="annes-key"),
    send("end_staff_key", "   login 403 403 404 403 403 choose", key="annes-key"),
    send("end_staff_key", "   login 403 403 404 403 403 choose", key="no-key"),
    look("inbox", "           login 200 200 200 200 200 choose"),
    send("inbox", NOBODY_SENDS),
    look("read_all", NOBODY_LOOKS),
    send("read_all", "        login inbox inbox inbox inbox inbox choose"),
    look("notice", "          login 200 404 404 404 404 choose", notice="annes-notice"),
    look("notice", "          login 404 404 404 404 404 choose", notice="no-notice"),
    send("notice", NOBODY_SENDS, notice="annes-notice"),
    #                         anonymous anne bram noor karim eva olaf
    look("staff", "           login 403 403 200 403 403 choose"),
    send("staff", NOBODY_SENDS),
    look("invite_staff", NOBODY_LOOKS),
    send("invite_staff", "    login 403 403 200 403 403 choose"),
    look("end_staff", NOBODY_LOOKS, mandate="marias-nza-mandate"),
    send("end_staff", "       login 403 403 staff 403 403 choose", mandate="marias-nza-mandate"),
    send("end_staff", "       login 403 403 404 403 403 choose", mandate="daans-mandate"),
    look("provider_people", " login 403 403 200 403 403 choose", slug="everybodys-round", provider="linde"),
    look("provider_people", " login 403 403 404 403 403 choose", slug="round-without-anne", provider="linde"),
    send("provider_people", NOBODY_SENDS, slug="everybodys-round", provider="linde"),
    look("invite_person", NOBODY_LOOKS, slug="everybodys-round", provider="linde"),
    send("invite_person", "   login 403 403 200 403 403 choose", slug="everybodys-round", provider="linde"),
    look("person", "          login 403 403 200 403 403 choose", **IN_ROUND, mandate="daans-mandate"),
    look("person", "          login 403 403 404 403 403 choose", **IN_ROUND, mandate="marias-nza-mandate"),
    send(
        "person",
        "          login 403 403 lindes 403 403 choose",
        {"powers": "sign"},
        **IN_ROUND,
        mandate="daans-mandate",
    ),
    look("end_person", NOBODY_LOOKS, **IN_ROUND, mandate="daans-mandate"),
    send("end_person", "      login 403 403 lindes 403 403 choose", **IN_ROUND, mandate="daans-mandate"),
    send("end_person", "      login 403 403 404 403 403 choose", **IN_ROUND, mandate="marias-nza-mandate"),
    look("round_texts", "     login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round_texts", "     login 403 403 404 403 403 choose", slug="no-round"),
    send("round_texts", NOBODY_SENDS, slug="everybodys-round"),
    look("round_text", "      login 403 403 200 403 403 choose", slug="everybodys-round", kind="text-of-a-round"),
    look("round_text", "      login 403 403 404 403 403 choose", slug="everybodys-round", kind="text-of-an-account"),
    look("round_text", "      login 403 403 404 403 403 choose", slug="everybodys-round", kind="no-text"),
    send(
        "round_text", "      login 403 403 text 403 403 choose", A_TEXT, slug="everybodys-round", kind="text-of-a-round"
    ),
    send("round_text", "      login 403 403 200 403 403 choose", slug="everybodys-round", kind="text-of-a-round"),
    look("reset_round_text", NOBODY_LOOKS, slug="everybodys-round", kind="text-of-a-round"),
    send("reset_round_text", "login 403 403 text 403 403 choose", slug="everybodys-round", kind="text-of-a-round"),
    look("round_mail", "      login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round_mail", "      login 403 403 404 403 403 choose", slug="no-round"),
    send("round_mail", NOBODY_SENDS, slug="everybodys-round"),
    look("resend_mail", NOBODY_LOOKS, slug="everybodys-round"),
    send("resend_mail", "     login 403 403 mail 403 403 choose", slug="everybodys-round"),
    #                         anonymous anne bram noor karim eva olaf
    look("new_round", "       login 403 403 200 403 403 choose"),
    send("new_round", "       login 403 403 200 403 403 choose"),
    look("manage_round", "    login 403 403 200 403 403 choose", slug="portal-round"),
    look("manage_round", "    login 403 403 404 403 403 choose", slug="everybodys-round"),
    look("manage_round", "    login 403 403 404 403 403 choose", slug="no-round"),
    send("manage_round", NOBODY_SENDS, slug="portal-round"),
    look("round_step", "      login 403 403 200 403 403 choose", slug="portal-round", step="close"),
    look("round_step", "      login 403 403 404 403 403 choose", slug="portal-round", step="no-step"),
    look("round_step", "      login 403 403 404 403 403 choose", slug="everybodys-round", step="close"),
    send("round_step", "      login 403 403 desk 403 403 choose", slug="portal-round", step="close"),
    send("round_step", "      login 403 403 200 403 403 choose", slug="portal-round", step="extend"),
    look("round_checks", "    login 403 403 200 403 403 choose", slug="portal-round"),
    look("round_checks", "    login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round_checks", "    login 403 403 404 403 403 choose", slug="no-round"),
    send("round_checks", NOBODY_SENDS, slug="portal-round"),
    look("provider_file", "   login 403 403 200 403 403 choose", **DESK),
    look("provider_file", "   login 403 403 200 403 403 choose", slug="everybodys-round", provider="linde"),
    look("provider_file", "   login 403 403 404 403 403 choose", slug="portal-round", provider="no-provider"),
    send("provider_file", NOBODY_SENDS, **DESK),
    look("provider_step", "   login 403 403 200 403 403 choose", **DESK, step="postpone"),
    look("provider_step", "   login 403 403 404 403 403 choose", **DESK, step="no-step"),
    send("provider_step", "   login 403 403 file 403 403 choose", A_TERM, **DESK, step="postpone"),
    send("provider_step", "   login 403 403 200 403 403 choose", **DESK, step="postpone"),
    # What is not signed yet is the provider's own affair, also for the NZa.
    look("provider_original", "login 403 403 404 403 403 choose", **DESK, file="lindes-file"),
    look("provider_original", "login 403 403 200 403 403 choose", slug="signed-round", provider="linde", file="signed"),
    look("provider_original", "login 403 403 404 403 403 choose", **DESK, file="file-of-a-source"),
    look("provider_original", "login 403 403 404 403 403 choose", **DESK, file="no-file"),
    send("provider_original", NOBODY_SENDS, **DESK, file="lindes-file"),
    #                         anonymous anne bram noor karim eva olaf
    look("own_submission", "  login 200 404 403 403 403 choose", slug="portal-round"),
    look("delivered", "       login 200 404 403 403 403 choose", slug="portal-round"),
    send("delivered", "       login 404 404 403 403 403 choose", slug="portal-round"),
    look("fill_in", "         login 200 404 403 403 403 choose", slug="portal-round"),
    send("fill_in", "         login 409 404 403 403 403 choose", slug="portal-round"),
    look("workbook", "        login 200 404 403 403 403 choose", slug="portal-round"),
    send("workbook", NOBODY_SENDS, slug="portal-round"),
    look("send_file", NOBODY_LOOKS, slug="portal-round"),
    send("send_file", "       login there 404 403 403 403 choose", slug="portal-round"),
    look("files", "           login 200 404 403 403 403 choose", slug="portal-round"),
    send("files", NOBODY_SENDS, slug="portal-round"),
    look("upload", "          login 200 404 403 403 403 choose", slug="portal-round", upload="lindes-upload"),
    look("upload", "          login 404 404 403 403 403 choose", slug="portal-round", upload="no-upload"),
    send("upload", NOBODY_SENDS, slug="portal-round", upload="lindes-upload"),
    look("apply_upload", NOBODY_LOOKS, slug="portal-round", upload="lindes-upload"),
    send("apply_upload", "    login sent_file 404 403 403 403 choose", slug="portal-round", upload="lindes-upload"),
    look("original", "        login 200 404 403 403 403 choose", slug="portal-round", upload="lindes-upload"),
    send("original", NOBODY_SENDS, slug="portal-round", upload="lindes-upload"),
    look("offer", NOBODY_LOOKS, slug="portal-round"),
    send("offer", "           login there 404 403 403 403 choose", slug="portal-round"),
    look("sign", "            login 200 404 403 403 403 choose", slug="portal-round"),
    send("sign", "            login 409 404 403 403 403 choose", slug="portal-round"),
    look("decline", NOBODY_LOOKS, slug="portal-round"),
    send("decline", "         login to_sign 404 403 403 403 choose", slug="portal-round"),
    look("withdraw", NOBODY_LOOKS, slug="portal-round"),
    send("withdraw", "        login there 404 403 403 403 choose", slug="portal-round"),
    look("exemption", "       login 200 404 403 403 403 choose", slug="portal-round"),
    send("exemption", "       login 409 404 403 403 403 choose", slug="portal-round"),
    look("withdraw_exemption", NOBODY_LOOKS, slug="portal-round"),
    send("withdraw_exemption", "login there 404 403 403 403 choose", slug="portal-round"),
    look("receipt", "         login 200 404 403 403 403 choose", version="lindes-delivery"),
    look("receipt", "         login 404 404 403 403 403 choose", version="no-delivery"),
    send("receipt", NOBODY_SENDS, version="lindes-delivery"),
    look("receipt_pdf", "     login 200 404 403 403 403 choose", version="lindes-delivery"),
    send("receipt_pdf", NOBODY_SENDS, version="lindes-delivery"),
    look("signed_document", " login 200 404 403 403 403 choose", version="lindes-delivery"),
    send("signed_document", NOBODY_SENDS, version="lindes-delivery"),
    look("look_along", NOBODY_LOOKS, **DESK),
    send("look_along", "      login 403 403 there 403 403 choose", **DESK),
    send("look_along", "      login 403 403 404 403 403 choose", slug="portal-round", provider="no-provider"),
    look("stop_looking_along", NOBODY_LOOKS),
    send("stop_looking_along", "login home home home home home home"),
    #                         anonymous anne bram noor karim eva olaf
    look("sources", "         login 403 403 200 403 403 choose"),
    send("sources", NOBODY_SENDS),
    look("bandwidths", "      login 403 403 403 200 200 choose"),
    send("bandwidths", NOBODY_SENDS),
    look("bandwidths_export", "login 403 403 403 200 200 choose"),
    send("bandwidths_export", NOBODY_SENDS),
    look("compare_providers", "login 403 403 403 200 200 choose"),
    send("compare_providers", NOBODY_SENDS),
    look("care_office_guide", "login 403 403 403 200 200 choose"),
    send("care_office_guide", "login 403 403 403 200 200 choose"),
    look("care_office_provider", "login 403 403 403 200 404 choose", **AT_OFFICE),
    look("care_office_provider", "login 403 403 403 404 404 choose", round="no-round", provider="linde"),
    look("care_office_provider", "login 403 403 403 404 404 choose", round="round-without-anne", provider="linde"),
    look("care_office_provider", "login 403 403 403 404 404 choose", round="everybodys-round", provider="no-provider"),
    send("care_office_provider", NOBODY_SENDS, **AT_OFFICE),
    look("agree", NOBODY_LOOKS, **AT_OFFICE),
    send("agree", "           login 403 403 403 200 404 choose", **AT_OFFICE),
    look("care_office_note", NOBODY_LOOKS, **AT_OFFICE),
    send("care_office_note", "login 403 403 403 noted 404 choose", {"notitie-text": "Bellen"}, **AT_OFFICE),
    look("office_keys", "     login 403 403 403 200 200 choose"),
    send("office_keys", NOBODY_SENDS),
    look("make_office_key", NOBODY_LOOKS),
    send("make_office_key", " login 403 403 403 200 200 choose"),
    look("end_office_key", NOBODY_LOOKS, key="annes-key"),
    send("end_office_key", "  login 403 403 403 404 404 choose", key="annes-key"),
    send("end_office_key", "  login 403 403 403 404 404 choose", key="no-key"),
    look("agreements", "      login 403 403 403 200 200 choose"),
    send("agreements", NOBODY_SENDS),
    *PROCEDURE,
    #                         anonymous anne bram noor karim eva olaf
    look("own_responses", "   login period period 403 403 403 choose"),
    send("own_responses", NOBODY_SENDS),
    look("report_responses", "login 200 404 403 403 403 choose", report="annes-report"),
    look("report_responses", "login 404 404 403 403 403 choose", report="no-report"),
    send("report_responses", NOBODY_SENDS, report="annes-report"),
    look("respond", "         login period 404 403 403 403 choose", report="annes-report"),
    send("respond", "         login period 404 403 403 403 choose", report="annes-report"),
    look("agree_with_item", NOBODY_LOOKS, report="annes-report"),
    send("agree_with_item", " login period 404 403 403 403 choose", report="annes-report"),
    look("own_response", "    login 200 404 403 403 403 choose", response="annes-response"),
    look("own_response", "    login 404 404 403 403 403 choose", response="no-response"),
    send("own_response", NOBODY_SENDS, response="annes-response"),
    look("supplement_response", NOBODY_LOOKS, response="annes-response"),
    send("supplement_response", "login 409 404 403 403 403 choose", response="annes-response"),
    look("withdraw_response", NOBODY_LOOKS, response="annes-response"),
    send("withdraw_response", "login said 404 403 403 403 choose", response="annes-response"),
    look("case_file", "       login 200 404 200 403 403 choose", file="annes-evidence"),
    look("case_file", "       login 404 404 404 403 403 choose", file="no-file"),
    send("case_file", NOBODY_SENDS, file="annes-evidence"),
    look("public_notes", "    login 200 200 403 403 403 choose"),
    send("public_notes", NOBODY_SENDS),
    look("public_note", "     login 200 200 403 403 403 choose", note="published-note"),
    look("public_note", "     login 404 404 403 403 403 choose", note="no-note"),
    send("public_note", NOBODY_SENDS, note="published-note"),
    look("response_queue", "  login 403 403 200 403 403 choose"),
    send("response_queue", NOBODY_SENDS),
    look("answer_together", " login 403 403 queue 403 403 choose"),
    send("answer_together", " login 403 403 queue 403 403 choose"),
    look("extend_period", "   login 403 403 200 403 403 choose", release="released"),
    look("extend_period", "   login 403 403 404 403 403 choose", release="no-release"),
    send("extend_period", "   login 403 403 200 403 403 choose", release="released"),
    look("response", "        login 403 403 200 403 403 choose", response="annes-response"),
    look("response", "        login 403 403 404 403 403 choose", response="no-response"),
    send("response", NOBODY_SENDS, response="annes-response"),
    look("response_step", "   login 403 403 200 403 403 choose", response="annes-response", step="treat"),
    look("response_step", "   login 403 403 404 403 403 choose", response="annes-response", step="no-step"),
    send("response_step", "   login 403 403 asked 403 403 choose", response="annes-response", step="treat"),
    look("round_notes", "     login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round_notes", "     login 403 403 404 403 403 choose", slug="no-round"),
    send("round_notes", "     login 403 403 to_write 403 403 choose", slug="everybodys-round"),
    look("round_note", "      login 403 403 200 403 403 choose", slug="everybodys-round", number="first"),
    look("round_note", "      login 403 403 404 403 403 choose", slug="everybodys-round", number="ninth"),
    send("round_note", "      login 403 403 200 403 403 choose", slug="everybodys-round", number="first"),
    look("publish_note", NOBODY_LOOKS, slug="everybodys-round", number="first"),
    send("publish_note", "    login 403 403 written 403 403 choose", slug="everybodys-round", number="first"),
    send("publish_note", "    login 403 403 404 403 403 choose", slug="everybodys-round", number="ninth"),
)


@cache
def places_of(world: World) -> dict[str, str]:
    """Return what the words for places in the matrix stand for; looked up once per world, as every test leaves it as it was."""
    reports = world.release.reports
    return {
        "annes-report": str(reports.get(provider=world.cast.linde).uuid),
        "brams-report": str(reports.get(provider=world.cast.anker).uuid),
        "no-report": str(uuid.uuid4()),
        "annes-response": str(world.response.uuid),
        "no-response": str(uuid.uuid4()),
        "annes-evidence": str(world.response.files.get().uuid),
        "published-note": str(world.note.uuid),
        "no-note": str(uuid.uuid4()),
        "treat": "behandelen",
        "first": "1",
        "ninth": "9",
        "everybodys-round": world.round.slug,
        "round-without-anne": world.unreleased.dataset.round.slug,
        "no-round": "bestaat-niet",
        "linde": str(world.cast.linde.uuid),
        "no-provider": str(uuid.uuid4()),
        "released-run": str(world.released.uuid),
        "unreleased-run": str(world.unreleased.uuid),
        "waiting-run": str(world.waiting.uuid),
        "no-run": str(uuid.uuid4()),
        "page-on-peers": "2-peers",
        "page-that-is-not-there": "README",
        "daans-mandate": str(world.cast.daan.mandates.get().uuid),
        "marias-nza-mandate": str(world.cast.maria.mandates.get(role="nza").uuid),
        "no-mandate": str(uuid.uuid4()),
        "annes-key": str(ApiKey.objects.get(mandate__user=world.cast.anne).uuid),
        "no-key": str(uuid.uuid4()),
        "annes-notice": str(Notice.objects.get(recipient=world.cast.anne, kind="validated").uuid),
        "no-notice": str(uuid.uuid4()),
        "text-of-a-round": "invitation",
        "text-of-an-account": "account_invited",
        "no-text": "bestaat-niet",
        "portal-round": world.portal.slug,
        "lindes-file": str(world.upload.source_file.uuid),
        "signed-round": world.signed.submission.round.slug,
        "signed": str(world.signed.source_file.uuid),
        "file-of-a-source": str(SourceFile.objects.filter(provider=None)[0].uuid),
        "no-file": str(uuid.uuid4()),
        "lindes-upload": str(world.upload.uuid),
        "no-upload": str(uuid.uuid4()),
        "lindes-delivery": str(world.signed.uuid),
        "no-delivery": str(uuid.uuid4()),
        "close": "sluiten",
        "extend": "verlengen",
        "postpone": "uitstel",
        "no-step": "bestaat-niet",
        "release-under-way": str(world.under_way.uuid),
        "released": str(world.release.uuid),
        "no-release": str(uuid.uuid4()),
        "approve": "goedkeuren",
        "no-user": "MQ",
        "no-token": "abc-def",
    }


def address_of(world: World, name: str, places: dict[str, str]) -> str:
    """Return the address of a page, its places filled in."""
    known = places_of(world)
    return reverse(name, kwargs={part: known[place] for part, place in places.items()})


def client_of(world: World, person: str) -> Client:
    """Return a browser of one of the people, logged in before."""
    client = Client()
    if person != "anonymous":
        client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[person]
    return client


def without_tokens(page: bytes) -> bytes:
    """Return a page without what differs each time it is made: the tokens of its forms."""
    return re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", page)


def outcome(response: HttpResponse, address: str, expected: str) -> str:
    """Return what became of a request, in the words of the matrix; ``expected`` if it fits."""
    if response.status_code != 302:
        return str(response.status_code)
    target = response["Location"]
    # Who was filling something in is told that it was not saved.
    if target.removesuffix("&reden=verlopen") == f"/inloggen/?next={address}":
        return "login"
    if expected in WAYS and re.fullmatch(WAYS[expected], target):
        return expected
    return target


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_everybody_gets_what_the_matrix_says(case: Case, world: World) -> None:
    """Nobody reaches more, or less, than stands in the matrix."""
    address = address_of(world, case.name, case.places)
    found = []
    for person, expected in zip(COLUMNS, case.expected.split(), strict=True):
        with transaction.atomic():
            response = getattr(client_of(world, person), case.method)(address, case.data)
            found.append(outcome(response, address, expected))
            transaction.set_rollback(True)
    assert found == case.expected.split(), dict(zip(COLUMNS, found, strict=True))


def patterns(resolver: URLResolver) -> list[URLPattern]:
    """Return every URL pattern there is, also of included lists."""
    return [
        found
        for pattern in resolver.url_patterns
        for found in (patterns(pattern) if isinstance(pattern, URLResolver) else [pattern])
    ]


def test_an_address_that_the_matrix_does_not_know_fails() -> None:
    """Whoever adds an address says in the matrix who may reach it, looking and sending."""
    # The addresses of the API have a matrix of keys, with the same test: tests/api/test_who_may.py.
    of_the_api = {pattern.name for pattern in api.urlpatterns}
    addresses = {pattern.name or str(pattern.pattern) for pattern in patterns(get_resolver())} - of_the_api
    for method in ("get", "post"):
        assert {case.name for case in MATRIX if case.method == method} == addresses


@pytest.mark.parametrize(
    ("person", "name", "someone_elses", "random"),
    [
        ("anne", "mirror_report", {"report": "brams-report"}, {"report": "no-report"}),
        ("bram", "mirror_report", {"report": "annes-report"}, {"report": "no-report"}),
        ("anne", "own_submission", {"slug": "round-without-anne"}, {"slug": "no-round"}),
        ("anne", "run_progress", {"run": "released-run"}, {"run": "no-run"}),
        ("karim", "run_progress", {"run": "unreleased-run"}, {"run": "no-run"}),
        ("karim", "round", {"slug": "everybodys-round"}, {"slug": "no-round"}),
        ("bram", "results_csv", {"run": "released-run"}, {"run": "no-run"}),
        ("eva", "mirror_report", {"report": "annes-report"}, {"report": "no-report"}),
        ("bram", "colleague", {"mandate": "daans-mandate"}, {"mandate": "no-mandate"}),
        ("bram", "notice", {"notice": "annes-notice"}, {"notice": "no-notice"}),
        ("bram", "receipt", {"version": "lindes-delivery"}, {"version": "no-delivery"}),
        ("bram", "fill_in", {"slug": "portal-round"}, {"slug": "no-round"}),
        ("noor", "notice", {"notice": "annes-notice"}, {"notice": "no-notice"}),
        ("bram", "own_response", {"response": "annes-response"}, {"response": "no-response"}),
        ("bram", "case_file", {"file": "annes-evidence"}, {"file": "no-file"}),
    ],
)
def test_someone_elses_page_cannot_be_told_from_one_that_does_not_exist(
    person: str, name: str, someone_elses: dict[str, str], random: dict[str, str], world: World
) -> None:
    """Trying addresses teaches nothing: same status, same page, same headers."""
    client = client_of(world, person)
    first, second = (client.get(address_of(world, name, places)) for places in (someone_elses, random))
    assert first.status_code == second.status_code
    assert first.status_code in (403, 404)
    assert without_tokens(first.content) == without_tokens(second.content)
    assert dict(first.headers) == dict(second.headers)


@pytest.mark.parametrize("person", ["anonymous", "anne", "noor", "karim", "olaf"])
def test_a_page_that_is_not_there_says_so_in_dutch(person: str, world: World) -> None:
    """Somebody with a wrong link reads what she can do."""
    response = client_of(world, person).get("/bestaat/niet/")
    assert response.status_code == 404
    page = response.content.decode()
    assert '<html lang="nl">' in page
    assert "Deze bladzijde bestaat niet" in page


@pytest.mark.parametrize(
    ("person", "name", "places"),
    [("anne", "rounds", {}), ("karim", "mirror", {}), ("noor", "bandwidths", {}), ("eva", "own_submissions", {})],
)
def test_a_page_of_another_role_is_refused_in_dutch(
    person: str, name: str, places: dict[str, str], world: World
) -> None:
    """Somebody who follows a colleague's link reads why it does not open, and keeps her own menu."""
    response = client_of(world, person).get(address_of(world, name, places))
    assert response.status_code == 403
    page = response.content.decode()
    assert '<html lang="nl">' in page
    assert "U heeft hier geen toegang" in page
    assert "Uitloggen" in page


@pytest.mark.parametrize(
    "case", [case for case in MATRIX if case.method == "post" and "405" not in case.expected], ids=str
)
def test_a_form_from_another_site_is_refused(case: Case, world: World) -> None:
    """A form without the token of this portal does nothing, and the page says that nothing was stored."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.cast.noor)
    response = client.post(address_of(world, case.name, case.places), case.data)
    assert response.status_code == 403
    assert "Dit formulier is verlopen" in response.content.decode()
    world.waiting.refresh_from_db()
    assert world.waiting.cancel_requested_at is None


def test_pages_that_may_be_personal_are_not_kept_by_others(world: World) -> None:
    """A page of somebody is never served from a cache to somebody else."""
    for person, name in (
        ("anne", "mirror"),
        ("noor", "rounds"),
        ("karim", "bandwidths"),
        ("karim", "bandwidths_export"),
    ):
        response = client_of(world, person).get(reverse(name))
        assert "Cookie" in response["Vary"]
        assert "public" not in response.get("Cache-Control", "")
