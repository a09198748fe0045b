"""Somebody at a real screen: a Chromium page that reports whatever went wrong on it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

from tests.cast import PASSWORD

WIDTHS = (1440, 375)
HEIGHTS = {1440: 1000, 375: 812}
WATCH_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""
#: Every figure was drawn for the room that it has now.
FIGURES_FIT = """() => [...document.querySelectorAll("[data-drawn-width] .figure__plot")].every((plot) =>
  Math.abs(plot.querySelector("svg.main-svg").getBoundingClientRect().width - plot.getBoundingClientRect().width) <= 1)"""


@dataclass
class Screen:
    """One person in one browser window."""

    context: BrowserContext
    page: Page
    address: str
    has_scripts: bool = True
    width: int = 0
    wrong: list[str] = field(default_factory=list)
    """What the browser complained of, and answers that were errors."""

    @classmethod
    def opened(cls, context: BrowserContext, address: str, *, has_scripts: bool) -> Screen:
        """Open a window and start listening for complaints."""
        context.add_init_script(WATCH_POLICY)
        screen = cls(context=context, page=context.new_page(), address=address, has_scripts=has_scripts)
        screen.page.on("console", screen._said)
        screen.page.on("pageerror", lambda error: screen.wrong.append(f"script: {error}"))
        screen.page.on("response", screen._answered)
        return screen

    def leave(self) -> None:
        """Leave the window as somebody else may find it: connected, nobody logged in, nothing remembered.

        On a page of the portal: a window that goes elsewhere forgets which scripts it has read.
        """
        self.context.set_offline(False)
        self.page.emulate_media(media="null")
        if self.has_scripts and self.page.url.startswith(self.address):
            self.page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
        self.context.clear_cookies()
        self.page.goto(f"{self.address}/inloggen/")
        self.context.clear_cookies()
        self.wrong.clear()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.wrong.append(f"console {message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        """Open a page and wait until its figures are drawn."""
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page is there and its figures are drawn, or have failed to be."""
        self.page.wait_for_load_state("load")
        if self.has_scripts:
            self.page.wait_for_function(
                "() => [...document.querySelectorAll('[data-figure]')]"
                ".every((figure) => figure.dataset.drawnWidth || figure.classList.contains('figure--failed'))"
            )

    def resize(self, width: int) -> None:
        """Make the window another width, and wait until the figures follow it, as they do when it stands still."""
        self.width = width
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        self.page.wait_for_function(FIGURES_FIT)

    def open_everything(self, is_open: bool = True) -> None:
        """Open whatever can be opened on the page, or close it."""
        self.page.evaluate(
            "(open) => document.querySelectorAll('details').forEach((part) => { part.open = open; })", is_open
        )

    def log_in(self, email: str) -> None:
        """Log in by the form."""
        self.go("/inloggen/")
        self.page.get_by_label("E-mailadres").fill(email)
        self.page.get_by_label("Wachtwoord", exact=True).fill(PASSWORD)
        self.click("button", "Inloggen")

    def click(self, role: Literal["button", "link"], name: str) -> None:
        """Click what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name).first.click()
        self.settle()

    @property
    def path(self) -> str:
        """Return where the window is."""
        return self.page.url.removeprefix(self.address)

    @property
    def heading(self) -> str:
        """Return the heading of the page."""
        return self.page.locator("h1").inner_text()

    def too_wide(self) -> list[str]:
        """Return what sticks out of the page sideways, if the page can be scrolled that way."""
        found: list[str] = self.page.evaluate(
            """() => {
              const room = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= room) return [];
              return [...document.querySelectorAll("body *")]
                .filter((element) => element.getBoundingClientRect().right > room + 1)
                .map((element) => `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`)
                .slice(0, 5).concat([`${document.documentElement.scrollWidth} > ${room}`]);
            }"""
        )
        return found

    def keep(self, name: str) -> None:
        """Save a picture of the whole page in the folder ``IVPORTAL_SCREENSHOTS``, if that is set."""
        if folder := os.environ.get("IVPORTAL_SCREENSHOTS"):
            file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            self.page.screenshot(path=Path(folder) / f"{file}-{self.width}.png", full_page=True)

    def tab_to(self, name: str, *, most: int = 80) -> int:
        """Press Tab until what is called ``name`` has the focus; return how often that took."""
        for count in range(1, most + 1):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(
                "() => (document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent || '').trim()"
            )
            if focused == name:
                return count
        raise AssertionError(f"{name} is not reached with {most} times Tab")

    def focus_is_visible(self) -> bool:
        """Tell whether what has the focus can be seen to have it."""
        return bool(
            self.page.evaluate(
                """() => {
                  const style = getComputedStyle(document.activeElement);
                  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
                }"""
            )
        )
