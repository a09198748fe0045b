"""What each of the three kinds of people comes to do, done by hand in a real browser."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from playwright.sync_api import expect

from benchmarking.models import Run, RunStatus
from tariffs.models import ReleaseStage
from tests.e2e.screen import Screen
from tests.processes import Portal, wait_for
from tests.resilience.gate import Gate

pytestmark = pytest.mark.browser


class TestProvider:
    """Anne reads her mirror."""

    def test_the_figure_is_drawn_and_its_table_says_the_same(
        self, width: int, open_screen: Callable[..., Screen]
    ) -> None:
        screen = open_screen("anne@example.org", width=width)
        figure = screen.page.locator("figure[data-figure=peer-koppeling]")
        figure.scroll_into_view_if_needed()
        expect(figure.locator("svg.main-svg").first).to_be_visible()
        drawn = " ".join(figure.locator("svg.main-svg text").all_text_contents())
        peers = set(screen.page.locator(".peers h3").all_inner_texts())
        assert peers
        for peer in peers:
            assert peer in drawn
        table = figure.locator("table")
        expect(table).not_to_be_visible()
        figure.get_by_text("Bekijk als tabel").click()
        expect(table).to_be_visible()
        assert set(table.locator("tbody th").all_inner_texts()) == {"u", *peers}
        screen.keep("anne figure as table")

    def test_the_figure_keeps_its_place_when_the_window_changes(self, open_screen: Callable[..., Screen]) -> None:
        screen = open_screen("anne@example.org")
        for width in (375, 1440):
            screen.resize(width)
            assert screen.too_wide() == []

    def test_she_reads_how_sure_her_score_is(self, width: int, open_screen: Callable[..., Screen]) -> None:
        screen = open_screen("anne@example.org", width=width)
        section = screen.page.locator("section", has=screen.page.get_by_role("heading", name="Hoe zeker is uw score?"))
        scale = section.get_by_role("img")
        expect(scale).to_be_visible()
        label = scale.get_attribute("aria-label") or ""
        found = re.fullmatch(r"interval (\S+)\s% tot (\S+)\s%; getoonde score (\S+)\s%", label)
        assert found is not None, label
        lower, upper, score = found.groups()
        said = " ".join(section.inner_text().split())
        assert f"tussen {lower} % en {upper} %" in said
        assert f"de getoonde score van {score} % een schatting aan de hoge kant" in said
        key_figures = " ".join(screen.page.locator(".key-figures").inner_text().split())
        assert f"werkelijke score waarschijnlijk {lower}–{upper} %" in key_figures
        drawn = [" ".join(text.split()) for text in section.locator("svg text").all_text_contents()]
        assert [text for text in drawn if text.split()[0] in ("Getoonde", "van", "tot")] == [
            f"Getoonde score {score} %",
            f"van {lower} %",
            f"tot {upper} %",
        ]
        screen.keep("anne how sure")

    def test_from_a_figure_to_the_cell_it_came_from(self, width: int, open_screen: Callable[..., Screen]) -> None:
        screen = open_screen("anne@example.org", width=width)
        screen.click("link", "Bekijk uw aanlevering")
        assert screen.path.startswith("/aanlevering/fictief-2023/")
        assert "Kosten" in screen.page.locator("main").inner_text()


@pytest.mark.workers
@pytest.mark.usefixtures("gate")
class TestNza:
    """Noor computes a round and releases it."""

    def test_she_starts_a_run_watches_it_and_releases_it(
        self, width: int, worker: None, gate: Gate, open_screen: Callable[..., Screen]
    ) -> None:
        screen = open_screen("noor@example.org", width=width)
        screen.click("link", "2024")
        before = Run.objects.count()
        gate.close()
        screen.click("button", "Start een berekening")
        run = Run.objects.first()
        assert run is not None
        assert Run.objects.count() == before + 1
        # The page moves with the run, and nothing is reloaded by hand. The run waits until it was seen in the middle.
        live = screen.page.locator("#voortgang [role=status]")
        expect(live).to_contain_text("1 van 2 delen klaar")
        expect(live).to_contain_text("stap 6 van 11")
        gate.open()
        expect(live).to_contain_text("Klaar")
        screen.settle()
        screen.keep("noor results")
        run.refresh_from_db()
        assert run.status == RunStatus.COMPLETED
        main = screen.page.locator("main")
        expect(main).to_contain_text("Gemiddelde score")
        expect(screen.page.locator("figure[data-figure=verdeling-scores] svg.main-svg").first).to_be_visible()
        expect(screen.page.locator("figure[data-figure=intervallen-scores] svg.main-svg").first).to_be_visible()
        expect(main).to_contain_text("Wie dragen deze uitkomst?")
        screen.page.get_by_text("Kenmerken").first.click()
        expect(main).to_contain_text(run.result_hash)

        screen.click("link", "Zet een vrijgave klaar")
        screen.page.get_by_label("Wat is er nieuw").fill("Dit is opnieuw berekend.")
        screen.click("button", "Zet de spiegels klaar")
        expect(screen.page.get_by_text("Een collega moet haar goedkeuren.", exact=False).last).to_be_visible()
        screen.keep("noor prepared")
        pieter = open_screen("pieter@example.org", at=screen.path, width=width)
        pieter.click("link", "Keur goed")
        pieter.page.get_by_label("Ik heb de gevolgen").check()
        pieter.click("button", "Keur goed")
        wait_for("the mirrors are there", lambda: run.releases.filter(stage=ReleaseStage.RELEASED).exists())
        pieter.go(pieter.path)
        expect(pieter.page.get_by_text("De spiegels zijn zichtbaar sinds")).to_be_visible()
        pieter.keep("pieter released")
        anne = open_screen("anne@example.org", width=width)
        assert "2024" in anne.heading

    def test_she_stops_a_run(self, portal: Portal, open_screen: Callable[..., Screen]) -> None:
        portal.without_workers()
        screen = open_screen("noor@example.org", at="/rondes/fictief-2024/")
        screen.click("button", "Start een berekening")
        expect(screen.page.locator("#voortgang")).to_contain_text("In de wachtrij")
        screen.keep("noor waiting")
        # The page that follows and the refresh of a run that has ended may overtake each other; either one shows it.
        screen.page.get_by_role("button", name="Stop de berekening").click()
        expect(screen.page.locator("#voortgang")).to_contain_text("De berekening is gestopt")
        expect(screen.page.get_by_role("button", name="Start een berekening")).to_be_visible()

    def test_she_sees_that_the_connection_is_gone(self, portal: Portal, open_screen: Callable[..., Screen]) -> None:
        portal.without_workers()
        screen = open_screen("noor@example.org", at="/rondes/fictief-2024/")
        screen.click("button", "Start een berekening")
        lost = screen.page.get_by_text("De verbinding is weg")
        expect(lost).not_to_be_visible()
        screen.context.set_offline(True)
        expect(lost).to_be_visible()
        screen.keep("noor connection lost")
        screen.context.set_offline(False)
        expect(lost).not_to_be_visible()
        assert screen.wrong
        assert all("net::" in complaint or "htmx" in complaint for complaint in screen.wrong), screen.wrong
        screen.wrong.clear()
        screen.click("button", "Stop de berekening")
        expect(screen.page.locator("#voortgang")).to_contain_text("De berekening is gestopt")


class TestCareOffice:
    """Karim prepares his negotiations."""

    def names(self, screen: Screen) -> list[str]:
        """Return the providers in the table, in their order."""
        texts = screen.page.locator("table tbody th").all_inner_texts()
        return [text.strip().splitlines()[0] for text in texts]

    def test_he_filters_sorts_and_downloads_the_same_selection(
        self, width: int, open_screen: Callable[..., Screen]
    ) -> None:
        screen = open_screen("karim@example.org", width=width)
        everybody = self.names(screen)
        assert len(everybody) >= 3
        assert everybody == sorted(everybody, key=str.casefold)
        if width > 600:
            screen.click("link", "Bovenkant")
            assert screen.page.locator("th[aria-sort=ascending]").inner_text().startswith("Bovenkant")
        else:
            screen.page.get_by_label("Volgorde").select_option("upper_rate")
            screen.click("button", "Toon")
        assert "volgorde=upper_rate" in screen.path
        ordered = self.names(screen)
        assert set(ordered) == set(everybody)
        word = max(everybody[0].split(), key=len)
        screen.page.get_by_label("Naam of plaats").fill(word)
        screen.click("button", "Toon")
        chosen = self.names(screen)
        assert everybody[0] in chosen
        assert len(chosen) < len(everybody)
        screen.keep("karim filtered")
        with screen.page.expect_download() as waiting:
            screen.page.get_by_role("link", name="Download deze selectie").click()
        assert waiting.value.suggested_filename.endswith(".xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes())).worksheets[0]
        column = [row[0].value for row in sheet.iter_rows()]
        assert column[column.index("Zorgaanbieder") + 1 :] == chosen
        screen.click("link", "Wis filters")
        assert self.names(screen) == everybody


class TestSeveralMandates:
    """Maria works for three organisations."""

    def test_she_chooses_and_switches(self, width: int, open_screen: Callable[..., Screen]) -> None:
        screen = open_screen(width=width)
        screen.log_in("maria@example.org")
        screen.click("button", "Nederlandse Zorgautoriteit (NZa)")
        assert screen.path == "/rondes/"
        switcher = screen.page.get_by_label("U werkt namens")
        for kind, path in (
            ("(Zorgkantoor)", "/bandbreedtes/"),
            ("(Zorgaanbieder)", "/spiegel/"),
            ("(NZa)", "/rondes/"),
        ):
            label = next(text for text in switcher.locator("option").all_inner_texts() if text.endswith(kind))
            switcher.select_option(label=label)
            screen.click("button", "Wissel")
            assert screen.path == path
            assert screen.too_wide() == []
            assert screen.page.locator("#mandate option:checked").inner_text() == label


class TestKeyboard:
    """Whoever cannot use a mouse reaches the same."""

    def test_the_skip_link_comes_first_and_leads_to_the_content(
        self, width: int, open_screen: Callable[..., Screen]
    ) -> None:
        screen = open_screen("anne@example.org", width=width)
        link = screen.page.get_by_role("link", name="Naar de inhoud")
        assert screen.tab_to("Naar de inhoud", most=1) == 1
        expect(link).to_be_in_viewport()
        assert screen.focus_is_visible()
        screen.page.keyboard.press("Enter")
        assert screen.page.evaluate("() => document.activeElement.id") == "inhoud"
        screen.page.keyboard.press("Tab")
        assert screen.page.evaluate("() => document.activeElement.closest('main') !== null")

    def test_logging_in_takes_no_mouse(self, open_screen: Callable[..., Screen]) -> None:
        screen = open_screen()
        screen.go("/inloggen/")
        screen.tab_to("E-mailadres", most=5)
        screen.page.keyboard.type("noor@example.org")
        screen.tab_to("Wachtwoord", most=1)
        screen.page.keyboard.type("een-lang-wachtwoord-1")
        screen.tab_to("Inloggen", most=1)
        assert screen.focus_is_visible()
        screen.page.keyboard.press("Enter")
        screen.page.wait_for_url("**/rondes/")

    @pytest.mark.parametrize(
        ("email", "path", "action"),
        [
            ("noor@example.org", "/rondes/fictief-2024/", "Start een berekening"),
            ("karim@example.org", "/bandbreedtes/", "Toon"),
            ("anne@example.org", "/spiegel/", "Bekijk als tabel"),
        ],
    )
    def test_the_main_action_is_reached_in_the_order_of_the_page(
        self, email: str, path: str, action: str, width: int, open_screen: Callable[..., Screen]
    ) -> None:
        screen = open_screen(email, at=path, width=width)
        screen.tab_to(action, most=60)
        assert screen.focus_is_visible()
        expect(screen.page.locator(":focus")).to_be_in_viewport()
