"""Who is not logged in is asked to, also in the middle of a page that refreshes a part of itself; HEAD is GET without a body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Django's rule that every page asks for a log-in; htmx is told to leave the page instead of showing the form in it."""

    def handle_no_permission(self, request: Any, view_func: Any) -> Any:
        answer = super().handle_no_permission(request, view_func)
        if request.htmx:
            return HttpResponseClientRedirect(self.get_login_url(view_func))
        if request.method == "POST":
            # She was filling something in, and reads that it was not saved.
            answer["Location"] += f"{'&' if '?' in answer['Location'] else '?'}reden=verlopen"
        return answer


class HeadMiddleware:
    """Answers HEAD wherever GET is answered, with the same headers and no body: who watches whether a page is there asks so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return self.get_response(request)
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        if getattr(response, "streaming", False):
            response.close()
            response.streaming_content = []  # type: ignore[attr-defined]  # of a streaming response
        else:
            length = str(len(response.content))
            response.content = b""
            response.headers["Content-Length"] = length
        return response
