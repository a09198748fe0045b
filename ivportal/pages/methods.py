"""How the comparison is computed: the pages of ``docs/method``, for everybody who may log in."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal import method


@require_GET
def methods(request: Any) -> HttpResponse:
    """Show which pages there are, with what they are about in short."""
    return render(request, "providers/method.html", {"page": method.page(method.CONTENTS), "is_contents": True})


@require_GET
def method_page(request: Any, page: str) -> HttpResponse:
    """Show one page, with the way to the one before and the one after."""
    order = method.names()
    if page not in order:
        raise Http404
    place = order.index(page)
    return render(
        request,
        "providers/method.html",
        {
            "page": method.page(page),
            "is_contents": False,
            "before": _link(order[place - 1]) if place else None,
            "after": _link(order[place + 1]) if place + 1 < len(order) else None,
        },
    )


def _link(name: str) -> dict[str, str]:
    found = method.page(name)
    return {"url": reverse("method", args=[name]), "label": found.title, "language": found.language}
