"""Telling people something: in their inbox in the portal, and by mail.

What is told stands in the database before anything is sent. Workers take the mails that wait, one by one, each under a lock
that other workers pass by. A worker that dies between handing a mail over and writing that down leaves it waiting, and it is
sent again with the same Message-ID: mail servers and readers know it as the same mail.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers import powers, tasks, waking
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.models import Act, Mail, MailStatus, Notice, Provider, Round, Submission, User
from providers.texts import kinds, text_of

logger = logging.getLogger(__name__)

#: How long to wait after each time that the server put this mail off; after the last one the mail has failed.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
#: So many notices are stored in one transaction.
BATCH = 500
#: How many mails one call sends at most, so that a worker gets round to other work.
LIMIT = 200


def tell(
    *,
    kind: str,
    to: Iterable[User],
    provider: Provider | None = None,
    round: Round | None = None,
    occasion: str,
    path: str = "",
    **facts: str,
) -> list[Notice]:
    """Tell each of ``to`` once what ``kind`` says, and return the notices that are new.

    ``occasion`` names what happened, such as ``"submission 12 returned 3"``: for the same kind, occasion and person nothing is
    made a second time. ``path`` is the page in the portal that it is about. ``facts`` are the placeholders that the kind names
    in ``texts.toml``; a common one (such as ``termijn``) given here goes before what the round says. Raises ValueError if a
    fact is missing or unknown. Call it inside the transaction of what happened.
    """
    message = Message(to=tuple(to), provider=provider, occasion=occasion, facts=facts)
    return tell_all(kind=kind, round=round, path=path, messages=[message])


@dataclass(frozen=True)
class Message:
    """What the people of one provider are told; see :func:`tell` for what each part means."""

    to: Sequence[User]
    provider: Provider | None
    occasion: str
    facts: Mapping[str, str]


def tell_all(*, kind: str, round: Round | None, path: str = "", messages: Iterable[Message]) -> list[Notice]:
    """Tell many at once what ``kind`` says, each once, as :func:`tell` does; return the notices that are new.

    The number of queries depends on :data:`BATCH` alone, as long as each message says its ``termijn``. Outside a transaction
    each batch is kept when it is done, and workers are woken once, at the end.
    """
    described = kinds()[kind]
    text = text_of(round, kind)
    made = {}
    for message in messages:
        facts = message.facts
        if not described.is_mail or not set(described.facts) <= set(facts) <= set(described.placeholders):
            raise ValueError(f"the text {kind!r} needs the facts {sorted(described.facts)}, not {sorted(facts)}")
        common = {
            **common_facts(provider=message.provider, round=round, path=path, termijn=facts.get("termijn")),
            **facts,
        }
        for user in message.to:
            written = text.filled({**common, "naam": user.name})
            key = f"{kind}:{message.occasion}:{user.pk}"
            made[key] = Notice(
                recipient=user,
                provider=message.provider,
                round=round,
                kind=kind,
                key=key,
                subject=written.subject[:250],
                body=written.body,
                path=path,
            )
    new: list[Notice] = []
    # In a fixed order, so that two who tell the same people wait for each other and not in a circle.
    for keys in batched(sorted(made), BATCH):
        new += _store([made[key] for key in keys])
    if new:
        _wake_on_commit()
    return new


def _store(made: Sequence[Notice]) -> list[Notice]:
    """Store notices with their mails; return those that are new."""
    with transaction.atomic():
        Notice.objects.bulk_create(made, ignore_conflicts=True)
        new = list(Notice.objects.filter(uuid__in=[notice.uuid for notice in made]).select_related("recipient"))
        Mail.objects.bulk_create(Mail(notice=notice, address=notice.recipient.email) for notice in new)
    return new


def common_facts(
    *, provider: Provider | None, round: Round | None, path: str = "", termijn: str | None = None
) -> dict[str, str]:
    """Return the placeholders of every text but ``naam``; ``termijn``: the term, if who tells it knows it already."""
    deadline = round.deadline if round else None
    if provider is not None and round is not None and termijn is None:
        own = Submission.objects.filter(round=round, provider=provider).values_list("extended_until", flat=True).first()
        deadline = own or deadline
    return {
        "aanbieder": provider.name if provider else "",
        "ronde": round.title if round else "",
        "boekjaar": str(round.book_year) if round else "",
        "termijn": format_datetime(deadline) if deadline else "een datum die nog niet bekend is",
        "vraagbaak": (round.contact if round else "") or "Neem contact op met uw contactpersoon bij de NZa.",
        "adres": f"{settings.PORTAL_ADDRESS.rstrip('/')}{path or '/'}",
    }


def inbox_of(actor: Actor) -> QuerySet[Notice]:
    """Return the notices to somebody in the organisation she acts for now, newest first."""
    own = Notice.objects.visible_to(actor).filter(recipient=actor.user)
    return own.filter(provider=actor.provider_id)


def mark_read(*, actor: Actor, notice: Notice | None = None) -> None:
    """Write down that she read a notice, or (without) everything in her inbox; what was read before stays so."""
    unread = inbox_of(actor).filter(read_at__isnull=True)
    if notice is not None:
        unread = unread.filter(pk=notice.pk)
    unread.update(read_at=timezone.now())


def batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Return the keys in parts of at most ``size``."""
    return (keys[start : start + size] for start in range(0, len(keys), size))


def wake() -> None:
    """Tell a worker that there are mails to send."""
    waking.wake(tasks.send_mails)


def send_waiting(limit: int = LIMIT) -> int:
    """Send mails that wait, over one connection, and return how many went out. For workers: it needs to see everything.

    Stops after ``limit`` mails, or when the mail server is away or takes none; the rest is for the next call.
    """
    outgoing = get_connection()
    tried: list[int] = []
    sent = 0
    try:
        while len(tried) < limit:
            # The lock lasts as long as the sending: nobody else takes this mail meanwhile, and it is gone when we are.
            with transaction.atomic():
                mail = _next(tried)
                if mail is None:
                    break
                tried.append(mail.pk)
                went_wrong = _hand_over(mail, outgoing)
                _write_down(mail, went_wrong)
            if went_wrong is None:
                sent += 1
            elif not _is_about_this_mail(went_wrong):
                logger.warning("The mail server takes no mail now: %s", went_wrong)
                break
    finally:
        with suppress(smtplib.SMTPException, OSError):
            outgoing.close()
    return sent


def send_on() -> None:
    """Send mails that wait, and wake a worker for the rest, until none goes out any more. For workers.

    Who has other work in between gets round to it; thousands of mails do not wait for the sweeper each :data:`LIMIT`.
    """
    if send_waiting():
        wake()


def message_of(mail: Mail) -> EmailMessage:
    """Return the message of a mail. Its Message-ID is the same each time, so a mail that was sent twice is known as one."""
    notice = mail.notice
    host = urlsplit(settings.PORTAL_ADDRESS).hostname or "localhost"
    return EmailMessage(
        subject=" ".join(notice.subject.split()),
        body=notice.body,
        to=[mail.address],
        headers={"Message-ID": f"<{notice.uuid}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def try_again(*, mail: Mail, actor: Actor | None) -> bool:
    """Let a mail that failed wait again, for a new series of tries; tell whether it was one that failed."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = Mail.objects.select_for_update().get(pk=mail.pk)
        if locked.status != MailStatus.FAILED:
            return False
        locked.status, locked.tries, locked.next_try_at = MailStatus.WAITING, 0, timezone.now()
        locked.save()
        record(act=Act.MAIL_TRIED_AGAIN, actor=actor, subject=str(locked.notice), details={"mail": locked.pk})
        _wake_on_commit()
    return True


def _wake_on_commit() -> None:
    """Wake a worker once, however much is told in one transaction."""
    if not any(asked is wake for _, asked, *_ in connection.run_on_commit):
        transaction.on_commit(wake)


def _next(tried: list[int]) -> Mail | None:
    """Return the next mail that may be sent now, locked; one that another worker has in hand is passed by.

    Whose turn came first, in the order of the index: thousands that wait behind it are not looked at.
    """
    return (
        Mail.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(status=MailStatus.WAITING, next_try_at__lte=timezone.now())
        .exclude(pk__in=tried)
        .select_related("notice")
        .order_by("next_try_at", "pk")
        .first()
    )


def _hand_over(mail: Mail, outgoing: Any) -> Exception | None:
    """Give a mail to the mail server; return what went wrong, if anything did."""
    try:
        outgoing.open()
        outgoing.send_messages([message_of(mail)])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # After an error nobody knows what state the connection is in: the next mail gets a new one.
        with suppress(smtplib.SMTPException, OSError):
            outgoing.close()
        return error
    return None


def _write_down(mail: Mail, went_wrong: Exception | None) -> None:
    if went_wrong is not None:
        mail.error = f"{type(went_wrong).__name__}: {_said(went_wrong)}"[:250]
    if went_wrong is None:
        mail.tries += 1
        mail.status, mail.sent_at, mail.error = MailStatus.SENT, timezone.now(), ""
    elif not _is_about_this_mail(went_wrong):
        # A server that is away, or wants another password, says nothing about this mail: it waits as long as that takes.
        mail.next_try_at = timezone.now() + PAUSES[0]
    else:
        mail.tries += 1
        if mail.tries > len(PAUSES) or _is_hopeless(went_wrong):
            mail.status = MailStatus.FAILED
        else:
            mail.next_try_at = timezone.now() + PAUSES[mail.tries - 1]
    mail.save(update_fields=["tries", "status", "sent_at", "error", "next_try_at"])


def _said(error: Exception) -> str:
    """Return what the mail server answered, as text that can be shown."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers: list[tuple[int, bytes | str]] = list(error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        answers = [(error.smtp_code, error.smtp_error)]
    else:
        return str(error)
    return " ".join(
        f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}" for code, text in answers
    )


def _is_about_this_mail(error: Exception) -> bool:
    """Tell whether the server answered about this address or this text; 421 is how a server says that it closes."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code != 421 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code != 421
    return isinstance(error, ValueError)


def _is_hopeless(error: Exception) -> bool:
    """Tell whether the server said that it will never accept this mail (codes from 500), or it is no mail at all."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, ValueError)
