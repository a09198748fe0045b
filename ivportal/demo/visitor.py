"""Somebody who visits the portal over HTTP: fills in the real log-in form and asks for pages."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request


class VisitFailed(Exception):
    """A page did not answer as it should; the message says which."""


class Visitor:
    """A browser without a screen: cookies, forms, redirects."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> tuple[str, str]:
        """Return the text of a page and the path it ended at; raise :class:`VisitFailed` if it does not answer with 200."""
        with self._opener.open(self.base + path, timeout=30) as answer:
            if answer.status != 200:
                raise VisitFailed(f"{path} antwoordt met {answer.status}.")
            return answer.read().decode(), urllib.parse.urlsplit(answer.url).path

    def log_in(self, email: str, password: str) -> tuple[str, str]:
        """Fill in the log-in form; return the start page and its path. Raises :class:`VisitFailed` if that does not work."""
        form, _ = self.get("/inloggen/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        if token is None:
            raise VisitFailed("Het inlogformulier ontbreekt.")
        fields = {"username": email, "password": password, "csrfmiddlewaretoken": token[1]}
        request = urllib.request.Request(  # noqa: S310 (an address of our own)
            self.base + "/inloggen/",
            data=urllib.parse.urlencode(fields).encode(),
            headers={"Referer": self.base + "/inloggen/"},
        )
        with self._opener.open(request, timeout=30) as answer:
            page, path = answer.read().decode(), urllib.parse.urlsplit(answer.url).path
        if path == "/inloggen/":
            raise VisitFailed(f"Inloggen als {email} is niet gelukt.")
        return page, path
