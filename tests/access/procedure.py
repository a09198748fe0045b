"""The access matrix of what happens after a run: releasing, responding, deciding, objecting, agreeing."""

from __future__ import annotations

from tests.access.cases import NOBODY_LOOKS, NOBODY_SENDS, Case, look, send

RELEASE = {"release": "release-under-way"}
OF_LINDE = {"slug": "everybodys-round", "provider": "linde"}
NO_POST = {"slug": "everybodys-round", "day": "no-step", "kind": "no-step", "part": "first"}
PROCEDURE: tuple[Case, ...] = (
    #                         anonymous anne bram noor karim eva olaf
    look("mirror_pdf", "      login 200 404 403 403 403 choose", report="annes-report"),
    look("mirror_pdf", "      login 404 404 403 403 403 choose", report="no-report"),
    send("mirror_pdf", NOBODY_SENDS, report="annes-report"),
    look("release_run", "     login 403 403 200 403 403 choose", run="unreleased-run"),
    look("release_run", "     login 403 403 404 403 403 choose", run="no-run"),
    send("release_run", "     login 403 403 release 403 403 choose", {"status": "simulation"}, run="unreleased-run"),
    send("release_run", "     login 403 403 200 403 403 choose", {"status": "simulation"}, run="waiting-run"),
    send("release_run", "     login 403 403 404 403 403 choose", run="no-run"),
    look("release", "         login 403 403 200 403 403 choose", **RELEASE),
    look("release", "         login 403 403 404 403 403 choose", release="no-release"),
    send("release", NOBODY_SENDS, **RELEASE),
    look("release_step", "    login 403 403 200 403 403 choose", step="approve", **RELEASE),
    look("release_step", "    login 403 403 404 403 403 choose", step="no-step", **RELEASE),
    send("release_step", "    login 403 403 release 403 403 choose", {"has_looked": "on"}, step="approve", **RELEASE),
    send("release_step", "    login 403 403 404 403 403 choose", step="approve", release="no-release"),
    look("concept_mirror", "  login 403 403 200 403 403 choose", release="released", report="annes-report"),
    look("concept_mirror", "  login 403 403 404 403 403 choose", release="released", report="no-report"),
    look("concept_mirror", "  login 403 403 404 403 403 choose", release="release-under-way", report="annes-report"),
    send("concept_mirror", NOBODY_SENDS, release="released", report="annes-report"),
    look("round_policy", "    login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("round_policy", "    login 403 403 404 403 403 choose", slug="no-round"),
    send("round_policy", "    login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("tariff_tables", "   login 403 403 200 403 403 choose"),
    send("tariff_tables", "   login 403 403 200 403 403 choose"),
    # Decisions and objections: nothing was decided in this world, so a case is there for the NZa alone.
    look("own_cases", "       login 200 200 403 403 403 choose"),
    send("own_cases", NOBODY_SENDS),
    look("post_consent", "    login 200 200 403 403 403 choose"),
    send("post_consent", "    login 200 200 403 403 403 choose"),
    look("name_consent", "    login 404 404 403 403 403 choose", slug="everybodys-round"),
    send("name_consent", "    login 404 404 403 403 403 choose", slug="everybodys-round"),
    look("own_case", "        login 404 404 403 403 403 choose", slug="everybodys-round"),
    send("own_case", NOBODY_SENDS, slug="everybodys-round"),
    look("own_bundle", "      login 404 404 403 403 403 choose", slug="everybodys-round"),
    send("own_bundle", NOBODY_SENDS, slug="everybodys-round"),
    look("give_views", "      login 404 404 403 403 403 choose", slug="everybodys-round"),
    send("give_views", "      login 404 404 403 403 403 choose", slug="everybodys-round"),
    look("object", "          login 404 404 403 403 403 choose", slug="everybodys-round"),
    send("object", "          login 404 404 403 403 403 choose", slug="everybodys-round"),
    *(
        case(name, "login 404 404 403 403 403 choose", slug="everybodys-round", objection="no-run")
        for name in ("supplement_objection", "withdraw_objection", "notice_of_default")
        for case in (look, send)
    ),
    look("letter", "          login 404 404 404 403 403 choose", letter="no-run"),
    send("letter", NOBODY_SENDS, letter="no-run"),
    look("letter_pdf", "      login 404 404 404 403 403 choose", letter="no-run"),
    send("letter_pdf", NOBODY_SENDS, letter="no-run"),
    look("cases", "           login 403 403 200 403 403 choose"),
    send("cases", NOBODY_SENDS),
    look("case_round", "      login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("case_round", "      login 403 403 404 403 403 choose", slug="no-round"),
    send("case_round", NOBODY_SENDS, slug="everybodys-round"),
    look("case_round_step", " login 403 403 404 403 403 choose", slug="everybodys-round", step="no-step"),
    send("case_round_step", " login 403 403 404 403 403 choose", slug="everybodys-round", step="no-step"),
    look("case_post", "       login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("case_post", "       login 403 403 404 403 403 choose", slug="no-round"),
    send("case_post", NOBODY_SENDS, slug="everybodys-round"),
    *(
        case(name, "login 403 403 404 403 403 choose", slug="everybodys-round", day="no-step")
        for name in ("case_post_day", "case_post_letters")
        for case in (look, send)
    ),
    look("case_post_archive", NOBODY_LOOKS, **NO_POST),
    send("case_post_archive", "login 403 403 404 403 403 choose", **NO_POST),
    look("new_objection_group", "login 403 403 404 403 403 choose", slug="no-round"),
    send("new_objection_group", "login 403 403 200 403 403 choose", slug="everybodys-round"),
    look("objection_group", " login 403 403 404 403 403 choose", group="no-run"),
    send("objection_group", " login 403 403 404 403 403 choose", group="no-run"),
    look("case", "            login 403 403 200 403 403 choose", **OF_LINDE),
    look("case", "            login 403 403 404 403 403 choose", slug="everybodys-round", provider="no-provider"),
    look("case", "            login 403 403 404 403 403 choose", slug="round-without-anne", provider="linde"),
    send("case", NOBODY_SENDS, **OF_LINDE),
    look("case_bundle", "     login 403 403 200 403 403 choose", **OF_LINDE),
    look("case_bundle", "     login 403 403 404 403 403 choose", slug="no-round", provider="linde"),
    send("case_bundle", NOBODY_SENDS, **OF_LINDE),
    *(
        case(f"{name}_step", "login 403 403 404 403 403 choose", **{name: "no-run", "step": "no-step"})
        for name in ("decision", "views", "objection")
        for case in (look, send)
    ),
    look("decision_concept", "login 403 403 404 403 403 choose", decision="no-run"),
    send("decision_concept", NOBODY_SENDS, decision="no-run"),
    look("objection_concept", "login 403 403 404 403 403 choose", objection="no-run"),
    send("objection_concept", NOBODY_SENDS, objection="no-run"),
    look("supplement_for", "  login 403 403 404 403 403 choose", objection="no-run"),
    send("supplement_for", "  login 403 403 404 403 403 choose", objection="no-run"),
)
