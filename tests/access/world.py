"""A small world with something to hide: providers whose costs nobody could mistake for anything else.

Everyone delivers care with and without treatment; a few are cheap, the others lean on them as peers. De Linde and Het
Anker of the cast are among the dear ones. One provider works in two regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.utils import timezone

from benchmarking.models import Run
from benchmarking.runs import request_run, set_specification
from providers import uploads
from providers.middleware import MANDATE_KEY
from providers.models import ApiKey, Mandate, Provider, Role, Round, SubmissionVersion, Upload, User
from providers.models.accounts import every_power
from providers.notices import tell
from providers.workbook.content import ReadDelivery, ReadLocation
from tariffs.models import InterpretationResponse, Item, MirrorReport, PublicNote, Release, ReportStatus, ResponseKind
from tariffs.policies import set_policy
from tariffs.procedure import files, interpretation
from tariffs.release import make_reports, prepare, release_run
from tariffs.tables import import_tariffs
from tests.cast import PASSWORD, Cast, browser_of, make_cast
from tests.delivering import acting, delivered, portal_round, submission_of
from tests.factories import a_workday, computed, delivery, make_round

PEOPLE = ("anne", "bram", "noor", "karim", "eva", "olaf")
NORTH, SOUTH = "5501", "5525"
MODEL = {
    "inputs": ["total_cost"],
    "outputs": [
        {"name": "5vv", "days": ["days_5vv"]},
        {"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]},
    ],
    "returns_to_scale": "vrs",
    "allowances": ["housing_nhc"],
    "bootstrap": {"replications": 100},
}
TARIFFS = """year,code,amount,source,valid_from,includes_nhc_nic
2024,days_5vv,241.37,Fictief,2024-01-01,ja
2024,days_5vv_with_treatment,283.59,Fictief,2024-01-01,ja
2025,days_5vv,251.43,Fictief,2025-01-01,ja
2025,days_5vv_with_treatment,294.61,Fictief,2025-01-01,ja
"""
#: Key, name, region, costs, of which housing, days without and with treatment.
FIGURES = (
    ("99900001", "De Linde", NORTH, "7313977.41", "417391.13", 17351, 8263),
    ("99900002", "Het Anker", SOUTH, "9271833.67", "593717.29", 21383, 11273),
    ("99900003", "Het Kompas", NORTH, "2917431.83", "183719.37", 11173, 2719),
    ("99900004", "De Vlonder", SOUTH, "3371937.59", "219371.71", 6173, 8179),
    ("99900005", "De Wilgen", NORTH, "5719331.27", "371933.19", 14173, 9371),
    ("99900006", "De Meander", SOUTH, "4193771.93", "273719.53", 9137, 5171),
    ("99900007", "Het Baken", NORTH, "6137719.71", "391733.87", 13171, 7193),
    ("99900008", "De Terp", SOUTH, "8371931.39", "517391.41", 19373, 9719),
    ("99900009", "De Brink", NORTH, "3719173.51", "231739.67", 7193, 4973),
    ("99900010", "De Zwaluw", SOUTH, "5173917.97", "337193.79", 10739, 8317),
)
BOTH_REGIONS = "99900010"


@dataclass(frozen=True)
class World:
    """The cast, a released run, one that is not released, one that waits, and a round that is delivered in the portal."""

    cast: Cast
    released: Run
    release: Release
    under_way: Release
    """A release of the run of the round after it, prepared by nobody in particular, that a colleague still has to approve."""
    unreleased: Run
    waiting: Run
    portal: Round
    upload: Upload
    """A file that De Linde sent in."""
    signed: SubmissionVersion
    """What De Linde delivered in an earlier round."""
    response: InterpretationResponse
    """What De Linde asked in the interpretation period, with a file."""
    note: PublicNote
    """A published note in the released round."""
    sessions: Mapping[str, str] = field(hash=False)
    """Who is logged in, by first name: the key of her session."""

    @property
    def round(self) -> Round:
        """Return the round whose outcome is released."""
        return self.released.dataset.round


def deliveries(*, dearer: Decimal = Decimal(0)) -> list[ReadDelivery]:
    """Return what everyone delivers; ``dearer`` is added to everybody's costs."""
    made = [
        delivery(
            key,
            name,
            region,
            total_cost=Decimal(cost) + dearer,
            housing_nhc=Decimal(housing),
            care_staff_employed=Decimal(cost) + dearer - Decimal(housing),
            days_5vv=days,
            days_5vv_with_treatment=treated,
        )
        for key, name, region, cost, housing, days, treated in FIGURES
    ]
    elsewhere = ReadLocation(number=f"{BOTH_REGIONS}0002", postcode="9711 BB", place="Groningen", region=NORTH)
    return [
        replace(item, locations=(*item.locations, elsewhere)) if item.key == BOTH_REGIONS else item for item in made
    ]


def with_tariffs(round: Round) -> Round:
    """Give ``round`` the model and the tariffs of this world."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tarieven.csv"
        path.write_text(TARIFFS, encoding="utf-8")
        set_policy(round=round, actor=None, tariff_table=import_tariffs(path=path, actor=None), tariff_year=2025)
    set_specification(round=round, document=MODEL, actor=None)
    return round


def build_world() -> World:
    """Store the world; needs a database."""
    cast = make_cast()
    released = computed(with_tariffs(make_round(deliveries())), MODEL)
    assert released.status == "completed", released.failure_reason
    release = release_run(run=released, actor=None, respond_until=a_workday())
    without_linde = deliveries()[1:]
    coming = computed(make_round(without_linde, slug="proef-2025", book_year=2025), MODEL)
    under_way = prepare(run=coming, status=ReportStatus.SIMULATION, actor=None)
    make_reports(under_way.pk)
    unreleased = computed(make_round(without_linde, slug="proef-2023", book_year=2023), MODEL)
    waiting_round = make_round(without_linde, slug="proef-2022", book_year=2022)
    tell(
        kind="validated",
        to=[cast.anne],
        provider=cast.linde,
        round=released.dataset.round,
        occasion="1",
        path="/spiegel/",
    )
    ApiKey.objects.create(
        mandate=cast.anne.mandates.get(),
        name="Administratie",
        start="iv_00000000",
        sha256="0" * 64,
        valid_until=timezone.now() + timedelta(days=30),
    )
    set_specification(round=waiting_round, document=MODEL, actor=None)
    earlier = portal_round(slug="uitvraag-2020", book_year=2020, providers=[cast.linde])
    portal = portal_round(slug="uitvraag-2021", book_year=2021, providers=[cast.linde])
    return World(
        cast=cast,
        released=released,
        release=release,
        under_way=under_way,
        unreleased=unreleased,
        waiting=request_run(round=waiting_round, actor=None),
        portal=portal,
        signed=delivered(submission_of(earlier, cast.linde)),
        response=_asked(cast, release),
        note=_noted(cast, released.dataset.round),
        upload=uploads.receive(
            submission=submission_of(portal, cast.linde),
            name="gegevens.xlsx",
            content=b"PK geen werkmap",
            key="een",
            based_on=0,
            actor=acting(cast.anne),
        ),
        sessions={name: _session_of(getattr(cast, name)) for name in PEOPLE},
    )


def _session_of(user: User) -> str:
    """Log somebody in and return the key of her session. It knows her mandate, as after her first page."""
    client = browser_of(user)
    session, mandate = client.session, user.mandates.first()
    if mandate is not None:
        session[MANDATE_KEY] = str(mandate.uuid)
        session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _asked(cast: Cast, release: Release) -> InterpretationResponse:
    report = MirrorReport.objects.select_related("release__round", "provider").get(release=release, provider=cast.linde)
    return interpretation.respond(
        report=report,
        item=Item.COSTS,
        kind=ResponseKind.ASK,
        text="Hoe telt onze huisvesting mee?",
        key="een",
        sent=[files.Sent("bewijs.pdf", b"%PDF-1.7")],
        actor=acting(cast.anne),
    )


def _noted(cast: Cast, round: Round) -> PublicNote:
    note = PublicNote.objects.create(round=round, number=1, prepared_by=cast.noor)
    note.items.create(number=1, question="Hoe telt huisvesting mee?", answer="Apart.")
    note.published_by, note.published_at = cast.maria, timezone.now()
    note.save()
    return note


def somebody_of(provider: Provider) -> User:
    """Return a new user with a mandate for ``provider``."""
    user = User.objects.create_user(f"iemand-{provider.key}@example.org", PASSWORD, name=f"Iemand {provider.key}")
    Mandate.objects.create(user=user, role=Role.PROVIDER, provider=provider, powers=every_power())
    return user
