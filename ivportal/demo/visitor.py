"""Somebody who visits the portal over HTTP: fills in the real log-in form and asks for pages."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
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
        return self._open(urllib.request.Request(self.base + path))  # noqa: S310 (an address of our own)

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
        page, path = self._open(request)
        if path == "/inloggen/":
            raise VisitFailed(f"Inloggen als {email} is niet gelukt.")
        return page, path

    def _open(self, request: urllib.request.Request) -> tuple[str, str]:
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.read().decode(), urllib.parse.urlsplit(answer.url).path
        except urllib.error.HTTPError as error:
            raise VisitFailed(f"{request.selector} antwoordt met {error.code}.") from error
