"""Who only asks whether a page is there (HEAD) gets the answer of the page without its body, on the line as it is sent."""

from __future__ import annotations

import io

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from tests.cast import browser_of, make_cast


def asked(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Ask the portal as a web server does; return status, headers and what would go over the line."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    answer = WSGIHandler().get_response(WSGIRequest(environ))
    return answer.status_code, dict(answer.headers), b"".join(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/inloggen/", 200),
        ("/rondes/", 302),
        ("/bestaat-niet/", 404),
        ("/static/css/layout.css", 200),
        ("/api/v1/rondes", 401),
    ],
)
def test_a_page_answers_head_as_get_without_a_body(path: str, status: int, db: None) -> None:
    got, headers, body = asked("GET", path)
    assert got == status
    assert body or status == 302
    head_status, head_headers, nothing = asked("HEAD", path)
    assert (head_status, nothing) == (status, b"")
    for name in ("Content-Type", "Content-Length", "Location"):
        assert head_headers.get(name) == headers.get(name), name


def test_what_can_only_be_posted_is_not_there_for_head_either(db: None) -> None:
    browser = browser_of(make_cast().noor)
    assert (
        browser.head("/bevoegdheid/wisselen/").status_code == browser.get("/bevoegdheid/wisselen/").status_code == 405
    )
    assert browser.head("/rondes/").status_code == 200
