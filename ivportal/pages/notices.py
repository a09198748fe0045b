"""The inbox, and for the NZa the mails of a round."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, F
from django.db.models.lookups import IsNull
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from ivportal.pages import listing
from ivportal.pages.rights import for_role
from providers import notices
from providers.models import Mail, MailStatus, Notice, Round


@require_GET
def inbox(request: Any) -> HttpResponse:
    """What the portal told her, unread first."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = notices.inbox_of(request.actor).select_related("round")
    unread_first = found.order_by(IsNull(F("read_at"), True).desc(), "-created_at", "-pk")
    rows, pagination = listing.paginate(unread_first, request.GET)
    return render(request, "accounts/inbox.html", {"notices": rows, "pagination": pagination})


@require_GET
def notice(request: Any, notice: Any) -> HttpResponse:
    """One message; opening it is reading it."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = get_object_or_404(notices.inbox_of(request.actor).select_related("round"), uuid=notice)
    notices.mark_read(actor=request.actor, notice=found)
    leads_here = url_has_allowed_host_and_scheme(found.path, allowed_hosts=None)
    return render(request, "accounts/notice.html", {"notice": found, "url": found.path if leads_here else ""})


@require_POST
def read_all(request: Any) -> HttpResponse:
    """Mark everything in the inbox as read."""
    if request.actor is None:
        return redirect("choose_mandate")
    notices.mark_read(actor=request.actor)
    return redirect("inbox")


@require_GET
@for_role("nza")
def round_mail(request: Any, slug: str) -> HttpResponse:
    """The mails of a round: how many went out, and which did not and why."""
    round = get_object_or_404(Round, slug=slug)
    mails = Mail.objects.filter(notice__round=round)
    counts = dict(mails.values_list("status").annotate(count=Count("pk")).values_list("status", "count"))
    (wanted,) = listing.asked(request.GET, "status")
    if wanted not in MailStatus.values:
        wanted = MailStatus.FAILED if counts.get(MailStatus.FAILED) else ""
    shown = mails.filter(status=wanted) if wanted else mails
    shown = shown.select_related("notice__recipient", "notice__provider").order_by("-pk")
    rows, pagination = listing.paginate(shown, request.GET)
    context = {
        "round": round,
        "counts": [
            {
                "label": status.label,
                "count": counts.get(status, 0),
                "url": f"?status={status.value}",
                "is_shown": status == wanted,
            }
            for status in MailStatus
        ],
        "mails": rows,
        "pagination": pagination,
        "shown": MailStatus(wanted).label if wanted else "",
        "failed": counts.get(MailStatus.FAILED, 0),
    }
    return render(request, "accounts/round_mail.html", context)


@require_POST
@for_role("nza")
def resend_mail(request: Any, slug: str) -> HttpResponse:
    """Try the mails of a round that failed once more: all, or the one of the notice that is named."""
    round = get_object_or_404(Round, slug=slug)
    failed = Mail.objects.filter(notice__round=round, status=MailStatus.FAILED)
    if wanted := request.POST.get("notice"):
        failed = failed.filter(notice__in=[found.pk for found in _named(wanted)])
    count = sum(notices.try_again(mail=mail, actor=request.actor) for mail in failed.select_related("notice"))
    said = {0: "Er was geen e-mail die opnieuw moest.", 1: "De e-mail wordt opnieuw verstuurd."}
    messages.success(request, said.get(count, f"{count} e-mails worden opnieuw verstuurd."))
    return redirect("round_mail", slug=slug)


def _named(wanted: str) -> list[Notice]:
    """Return the notice with this identifier, if it is one."""
    try:
        return list(Notice.objects.filter(uuid=wanted))
    except ValidationError:
        return []
