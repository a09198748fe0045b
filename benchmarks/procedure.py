"""What follows on a national release: a decision for everybody, with its letters; one answer to many; the file of a case."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING
from uuid import uuid4

from benchmarks.releasing import PEOPLE_EACH, Stage, measured, wait_for

if TYPE_CHECKING:
    from providers.access import Actor
    from tariffs.models import Release

#: So many letters are made as PDF; the rest takes as long each.
LETTERS = 650
MB = 1024 * 1024


def decide(stage: Stage, release: Release, staff: tuple[Actor, Actor]) -> None:
    """Announce, draw up and send the decisions of a round, with views waived by everybody; print how long each took."""
    from django.utils import timezone

    from tariffs.models import Channel, Decision, DecisionStatus, StatementOfViews
    from tariffs.procedure import decisions
    from tariffs.procedure.views import WAIVED

    noor, pieter = staff
    round = release.round
    with measured(stage, "decisions prepared") as done:
        done["count"] = decisions.prepare_all(release=release, actor=noor).done
    with _Told(stage, "decisions announced, with their letters"):
        decisions.announce_all(round=round, actor=noor)
    StatementOfViews.objects.bulk_create(
        StatementOfViews(
            provider_id=decision.provider_id,
            decision=decision,
            key=str(uuid4()),
            channel=Channel.POST,
            text=WAIVED,
            received_at=timezone.now(),
            received_by=noor.user,
        )
        for decision in Decision.objects.filter(round=round)
    )
    with measured(stage, "decisions drawn up") as done:
        done["count"] = decisions.draft_all(round=round, actor=noor, reasons="Uw bandbreedte volgt uit het model.").done
    with _Told(stage, "decisions taken and sent, with their letters"):
        decisions.send_all(round=round, actor=pieter)
    stage.must(not Decision.objects.filter(round=round).exclude(status=DecisionStatus.SENT).exists(), "all are sent")
    _letters_as_pdf(stage, release)


class _Told:
    """Print how long something took that tells the people of every provider once, until their mails are out."""

    def __init__(self, stage: Stage, what: str) -> None:
        self.stage, self.what = stage, what

    def __enter__(self) -> None:
        from tariffs.models import Letter

        self.stage.sink.forget()
        self.letters = Letter.objects.count()
        self.cpu, self.own, self.began = self.stage.cpu(), time.process_time(), time.monotonic()

    def __exit__(self, *error: object) -> None:
        from providers.models import Mail, MailStatus
        from tariffs.models import Letter

        if error[0] is not None:
            return
        took = time.monotonic() - self.began
        wait_for("all mails are sent", lambda: not Mail.objects.filter(status=MailStatus.WAITING).exists(), every=0.1)
        cpu = self.stage.cpu() - self.cpu + time.process_time() - self.own
        sink, count = self.stage.sink, Letter.objects.count() - self.letters
        print(
            f"{count} {self.what}: {took:.1f} s; {sink.taken:,} mails out after {sink.last - self.began:.1f} s"
            f" ({cpu:.1f} s CPU)",
            flush=True,
        )
        self.stage.must(sink.taken == len(sink.messages) == PEOPLE_EACH * count, "everybody has one mail")


def _letters_as_pdf(stage: Stage, release: Release) -> None:
    from ivportal.letters import posted
    from tariffs.models import Letter, LetterKind

    found = list(Letter.objects.filter(round=release.round, kind=LetterKind.DECISION).select_related("round")[:LETTERS])
    with measured(stage, "decisions as PDF") as made:
        sizes = [len(posted(letter)) for letter in found]
        made["count"] = len(sizes)
    print(f"  largest {max(sizes) / 1024:.0f} kB", flush=True)


def answer_and_bundle(stage: Stage, release: Release, staff: tuple[Actor, Actor], *, questions: int) -> None:
    """Give one answer to many equal questions; make the file of the case of one who asked."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from ivportal.letters import posted
    from ivportal.pages.cases.own import mirror_on_paper
    from providers.access import Actor
    from providers.models import Mandate
    from tariffs.models import Item, MirrorReport, ResponseKind, ResponseOutcome
    from tariffs.procedure import answering, dossier, interpretation

    asked = []
    with measured(stage, "questions asked") as done:
        for report in MirrorReport.objects.filter(release=release).select_related("release__round")[:questions]:
            mandate = Mandate.objects.filter(provider=report.provider_id).select_related("user", "provider")[0]
            asked.append(
                interpretation.respond(
                    report=report,
                    item=Item.COSTS,
                    kind=ResponseKind.ASK,
                    text="Waarom tellen de kosten van de inventaris mee?",
                    key=str(uuid4()),
                    actor=Actor(user=mandate.user, mandate=mandate, mandates=(mandate,)),
                )
            )
        done["count"] = len(asked)
    with measured(stage, "questions answered together") as done, CaptureQueriesContext(connection) as queries:
        answering.answer_together(
            responses=asked,
            outcome=ResponseOutcome.REPLIED,
            text="Zij horen bij de kosten van de zorg, zoals in de toelichting bij de uitvraag staat.",
            actor=staff[0],
        )
        done["count"] = len(asked)
    print(f"  {len(queries)} queries", flush=True)
    tracemalloc.start()
    with (
        measured(stage, "file of a case"),
        dossier.bundle(
            provider=asked[0].provider, round=release.round, actor=staff[0], render=posted, mirror=mirror_on_paper
        ) as made,
    ):
        size = made.seek(0, 2)
    print(
        f"  {size / MB:.2f} MB; at most {tracemalloc.get_traced_memory()[1] / MB:.1f} MB of memory for it",
        flush=True,
    )
    tracemalloc.stop()
