"""The access matrix of what happens after a run: releasing, responding, deciding, objecting, agreeing."""

from __future__ import annotations

from tests.access.cases import NOBODY_SENDS, Case, look, send

RELEASE = {"release": "release-under-way"}
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
)
