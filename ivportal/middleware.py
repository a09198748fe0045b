"""Who is not logged in is asked to, also in the middle of a page that refreshes a part of itself."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import middleware
from django_htmx.http import HttpResponseClientRedirect


class LoginRequiredMiddleware(middleware.LoginRequiredMiddleware):
    """Django's rule that every page asks for a log-in; htmx is told to leave the page instead of showing the form in it."""

    def handle_no_permission(self, request: Any, view_func: Any) -> Any:
        answer = super().handle_no_permission(request, view_func)
        if request.htmx:
            return HttpResponseClientRedirect(self.get_login_url(view_func))
        return answer
