"""Every page, on a desk and on a telephone: nothing complains, nothing sticks out, on paper and without JavaScript too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from providers.models import Submission
from tests.e2e.screen import WIDTHS, Screen

pytestmark = pytest.mark.browser

START_PAGES = {
    "anne@example.org": ("/spiegel/", "Uw spiegel over boekjaar"),
    "noor@example.org": ("/rondes/", "Wat vraagt vandaag aandacht?"),
    "karim@example.org": ("/bandbreedtes/", "Welke bandbreedtes"),
    "maria@example.org": ("/bevoegdheid/", "Namens wie werkt u nu?"),
    "olaf@example.org": ("/bevoegdheid/", "U heeft nu geen bevoegdheid"),
}
PAGES = {
    None: ("/inloggen/", "/inloggen/?next=/spiegel/", "/wachtwoord/", "/wachtwoord/verstuurd/", "/wachtwoord/klaar/",
           "/wachtwoord/nieuw/MQ/abc-def/"),
    "anne@example.org": ("/spiegel/", "/aanlevering/", "/aanlevering/fictief-2023/", "/begrippen/", "/methode/",
                         "/methode/rekenvoorbeeld/", "/methode/1-model/", "/methode/5-onzekerheid/", "/methode/solver/",
                         "/organisatie/", "/berichten/"),
    "noor@example.org": ("/rondes/", "/rondes/fictief-2023/", "/rondes/fictief-2024/", "{provider}", "/begrippen/",
                         "/rondes/fictief-2024/?zoek=bestaat-niet", "/medewerkers/", "{provider}mensen/",
                         "/rondes/fictief-2024/teksten/", "/rondes/fictief-2024/teksten/returned/",
                         "/rondes/fictief-2024/post/"),
    "karim@example.org": ("/bandbreedtes/", "/bandbreedtes/?volgorde=-upper_rate", "/bandbreedtes/?zoek=bestaat-niet"),
    "maria@example.org": ("/bevoegdheid/",),
    "olaf@example.org": ("/bevoegdheid/",),
}  # fmt: skip
EVERYBODY = list(PAGES)
#: Figures have the width of the paper.
DRAWN_FOR_PAPER = """() => [...document.querySelectorAll("[data-drawn-width] svg.main-svg")]
  .every((drawing) => Math.abs(drawing.getBoundingClientRect().width - 672) <= 1)"""


def who(email: str | None) -> str:
    """Return a short name for the report of the tests."""
    return email.partition("@")[0] if email else "anonymous"


def addresses(email: str | None) -> list[str]:
    """Return the pages of somebody, with the identifier of a provider filled in."""
    submission = Submission.objects.filter(round__slug="fictief-2023", versions__isnull=False).select_related(
        "provider"
    )[0]
    page = f"/rondes/fictief-2023/aanbieders/{submission.provider.uuid}/"
    return [path.replace("{provider}", page) for path in PAGES[email]]


@pytest.mark.parametrize("email", list(START_PAGES), ids=who)
def test_logging_in_leads_to_the_start_page_of_the_role(email: str, open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.log_in(email)
    path, heading = START_PAGES[email]
    assert screen.path == path
    assert heading in screen.heading


@pytest.mark.parametrize("email", EVERYBODY, ids=who)
def test_pages_fit_the_window_and_complain_of_nothing(email: str | None, open_screen: Callable[..., Screen]) -> None:
    """On a telephone, and after the window has become as wide as on a desk."""
    screen = open_screen(email, width=min(WIDTHS))
    for path in addresses(email):
        screen.resize(min(WIDTHS))
        screen.go(path)
        assert screen.page.locator("h1").count() == 1, path
        assert screen.page.title().endswith("– IV-portaal"), path
        screen.keep(f"{who(email)} {path.partition('/aanbieders/')[0]}")
        assert screen.too_wide() == [], path
        screen.open_everything()
        assert screen.too_wide() == [], f"{path}, when everything on it is opened"
        screen.resize(max(WIDTHS))
        assert screen.too_wide() == [], f"{path}, opened and on a desk"
        screen.open_everything(False)
        assert screen.too_wide() == [], f"{path}, on a desk"
        screen.keep(f"{who(email)} {path.partition('/aanbieders/')[0]}")
        assert screen.wrong == [], path


@pytest.mark.parametrize("email", ["anne@example.org", "noor@example.org", "karim@example.org"], ids=who)
def test_a_printed_page_is_not_cut_off(email: str, open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(email)
    for path in addresses(email):
        screen.page.set_viewport_size({"width": 672, "height": 1000})
        screen.go(path)
        screen.page.emulate_media(media="print")
        screen.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        screen.page.wait_for_function(DRAWN_FOR_PAPER)
        screen.keep(f"{who(email)} paper {path.partition('/aanbieders/')[0]}")
        assert screen.too_wide() == [], path
        assert not screen.page.get_by_role("navigation", name="Hoofdmenu").is_visible(), path
        assert len(screen.page.pdf(format="A4")) > 10_000
        screen.page.emulate_media(media="screen")


@pytest.mark.parametrize("email", ["anne@example.org", "noor@example.org", "karim@example.org"], ids=who)
def test_pages_can_be_read_without_javascript(email: str, open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(email, width=375, scripts=False)
    assert screen.path == START_PAGES[email][0]
    figures = 0
    for path in addresses(email):
        screen.go(path)
        for figure in screen.page.locator("figure.figure").all():
            assert figure.locator("noscript p").is_visible()
            figure.get_by_text("Bekijk als tabel").click()
            assert figure.locator("table tbody tr").first.is_visible()
            figures += 1
        screen.keep(f"{who(email)} no script {path.partition('/aanbieders/')[0]}")
    assert figures > 0 or email == "karim@example.org"


def test_pages_for_errors_are_dutch_and_fit(width: int, open_screen: Callable[..., Screen]) -> None:
    screen = open_screen("anne@example.org", width=width)
    for path, heading in (("/bestaat/niet/", "Deze bladzijde bestaat niet"), ("/rondes/", "U heeft hier geen toegang")):
        screen.go(path)
        assert screen.heading == heading
        assert screen.too_wide() == []
        screen.keep(f"error {path}")
    assert [complaint[:4] for complaint in screen.wrong] == ["404 ", "403 "]
    screen.wrong.clear()
