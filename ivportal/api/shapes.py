"""The shapes of what goes out and comes in, for the OpenAPI description. A test holds every answer against them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers as s

from providers.models import RoundStatus, Severity, SubmissionStatus
from tariffs.agreements import Fit
from tariffs.models import BandwidthStatus, ReportStatus

CHANGED_BY: Final = [(name, name) for name in ("both", "you", "others")]
FILE_STATUSES: Final = [(name, name) for name in ("waiting", "refused", "saved", "not_saved")]


def _nullable(**said: Any) -> dict[str, Any]:
    return {**said, "nullable": True}


@extend_schema_field(_nullable(type="string", format="decimal", example="26312480.55"))
class Amount(s.Field):  # type: ignore[type-arg,unused-ignore]
    """A figure on its way out: text with a decimal point, or null."""


@extend_schema_field(
    _nullable(
        oneOf=[{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "maxLength": 40}],
        description="Een JSON-getal of een tekst met een decimale punt; null als u het cijfer niet weet.",
        example=26312480.55,
    )
)
class Given(s.Field):  # type: ignore[type-arg,unused-ignore]
    """A figure on its way in."""


@extend_schema_field({"description": "Een tekst, een lijst locaties of null.", "nullable": True})
class Anything(s.Field):  # type: ignore[type-arg,unused-ignore]
    """The value of a part, whatever it is."""


class ProblemPlace(s.Serializer):
    """One thing that is wrong in a document."""

    path = s.CharField(help_text="Waar, als JSON-pad: $.values.total_cost.")
    message = s.CharField(help_text="Wat er niet klopt en wat u kunt doen.")


class Difference(s.Serializer):
    """One part that differs from the state that the caller saw."""

    path = s.CharField(help_text="Waar, als JSON-pad.")
    label = s.CharField(help_text="Hoe het heet in het portaal.")
    base = Anything(help_text="Wat er stond in de stand waarvan u uitging.")
    saved = Anything(help_text="Wat er nu opgeslagen is.")
    yours = Anything(help_text="Wat u verstuurde.")
    changed_by = s.ChoiceField(CHANGED_BY, help_text="Wie het wijzigde: u, anderen of allebei.")


class Party(s.Serializer):
    """A provider."""

    key_scheme = s.CharField(help_text="Soort nummer: kvk.")
    key = s.CharField(help_text="Het nummer.")
    name = s.CharField(help_text="De naam.")


class OwnSubmission(s.Serializer):
    """Where the own submission in a round stands."""

    status = s.ChoiceField(SubmissionStatus.choices)
    status_label = s.CharField()
    deadline = s.DateTimeField(allow_null=True, help_text="Laatste seconde waarin u op tijd bent.")


class RoundShape(s.Serializer):
    """A round."""

    slug = s.CharField(help_text="Korte naam, in het adres.")
    title = s.CharField()
    book_year = s.IntegerField()
    currency = s.CharField()
    template = s.CharField(help_text="Versie van het sjabloon.")
    is_fictitious = s.BooleanField(help_text="Verzonnen gegevens, om te oefenen.")
    is_delivered_here = s.BooleanField(help_text="Of zorgaanbieders in dit portaal aanleveren.")
    status = s.ChoiceField(RoundStatus.choices)
    status_label = s.CharField()
    opens_at = s.DateTimeField(allow_null=True)
    deadline = s.DateTimeField(allow_null=True)
    submission = OwnSubmission(allow_null=True, help_text="Uw eigen aanlevering; null voor de NZa.")


class Rounds(s.Serializer):
    """Rounds, newest book year first."""

    results = RoundShape(many=True)


class Asked(s.Serializer):
    """A measure that a round asks for."""

    code = s.CharField()
    label = s.CharField()
    description = s.CharField()
    unit = s.CharField(help_text="money, days, share (0 tot 1), count, …")
    kind = s.CharField()
    is_whole = s.BooleanField(help_text="Alleen hele getallen hebben zin.")
    minimum = Amount()
    maximum = Amount()
    plausible_minimum = Amount()
    plausible_maximum = Amount()


class Template(s.Serializer):
    """What a round asks of a provider."""

    round = s.CharField()
    template = s.CharField()
    measures = Asked(many=True)


class OrganisationShape(s.Serializer):
    """What identifies the organisation besides its key."""

    legal_form = s.CharField(required=False, allow_blank=True)
    agb_code = s.CharField(required=False, allow_blank=True)
    nza_number = s.CharField(required=False, allow_blank=True)


class Place(s.Serializer):
    """A location."""

    number = s.CharField(required=False, allow_blank=True, help_text="Vestigingsnummer, 12 cijfers.")
    name = s.CharField(required=False, allow_blank=True)
    street = s.CharField(required=False, allow_blank=True)
    postcode = s.CharField(required=False, allow_blank=True)
    place = s.CharField(required=False, allow_blank=True)
    region = s.CharField(required=False, allow_blank=True, help_text="Zorgkantoorregio, 55xx.")


class _Identity(s.Serializer):
    round = s.CharField()
    book_year = s.IntegerField()
    template = s.CharField()
    currency = s.CharField()
    key_scheme = s.CharField()
    key = s.CharField()


class _Texts(s.Serializer):
    explanations = s.DictField(
        child=s.CharField(allow_blank=True),
        required=False,
        help_text="Toelichting per code van een cijfer, of per code van een bevinding die over geen cijfer gaat.",
    )
    remarks = s.CharField(required=False, allow_blank=True)
    organisation = OrganisationShape(required=False)
    locations = Place(many=True, required=False)


class Document(_Identity, _Texts):
    """Figures and texts, as they stand in a saved state."""

    values = s.DictField(child=Amount(), help_text="Per code het cijfer.")


class SentDocument(_Identity, _Texts):
    """Figures and texts to save. What is left out among the texts stays as it is; an empty text empties it."""

    values = s.DictField(child=Given(), help_text="Elke code van het sjabloon, met haar cijfer.")


class FigureShape(s.Serializer):
    """One figure, with where it comes from."""

    measure = s.CharField()
    label = s.CharField()
    value = Amount()
    previous = Amount(help_text="Het cijfer van vorig jaar.")
    cell = s.CharField(allow_blank=True, help_text="Cel van het bestand, JSON-pad, of ‘Portaal’.")
    source = s.CharField(allow_blank=True, help_text="Andere bron waaruit het cijfer was klaargezet.")
    source_value = Amount(help_text="Wat die bron zegt.")
    is_corrected = s.BooleanField(help_text="U gaf een ander cijfer dan die bron.")


class FindingShape(s.Serializer):
    """What a check noticed."""

    code = s.CharField(help_text="Vaste code van de regel.")
    severity = s.ChoiceField(Severity.choices)
    measure = s.CharField(allow_blank=True)
    message = s.CharField()
    mend = s.CharField(allow_blank=True, help_text="Hoe u het verhelpt.")
    cell = s.CharField(allow_blank=True)
    needs_explanation = s.BooleanField()
    explain_as = s.CharField(help_text="Onder welke naam in ‘explanations’ u het toelicht.")
    explanation = s.CharField(allow_blank=True)
    stands_in_the_way = s.BooleanField(help_text="Zolang dit waar is kunt u niet voorleggen.")


class Problem(s.Serializer):
    """An error (RFC 9457)."""

    type = s.CharField(help_text="Soort probleem; verandert niet.")
    title = s.CharField(help_text="Soort probleem in woorden.")
    status = s.IntegerField(help_text="HTTP-status.")
    detail = s.CharField(help_text="Wat er is en wat u kunt doen.")
    instance = s.CharField(help_text="Pad van het verzoek.")
    problems = ProblemPlace(many=True, required=False, help_text="Bij 422: elke fout met haar plaats.")
    etag = s.CharField(required=False, help_text="Bij 412: de ETag van de stand van nu.")
    differences = Difference(many=True, required=False, help_text="Bij 412: wat u en anderen wijzigden.")
    findings = s.ListField(
        child=s.JSONField(), required=False, help_text="Bij 409: de bevindingen die in de weg staan."
    )


class SignatureWaiting(s.Serializer):
    """A request to sign that waits."""

    asked_at = s.DateTimeField()
    asked_by = s.CharField()


class Delivery(s.Serializer):
    """The own delivery in a round."""

    round = s.CharField()
    provider = Party()
    status = s.ChoiceField(SubmissionStatus.choices)
    status_label = s.CharField()
    deadline = s.DateTimeField(allow_null=True)
    may_change = s.BooleanField()
    closed_because = s.CharField(allow_blank=True, help_text="Waarom u nu niets kunt wijzigen.")
    number = s.IntegerField(help_text="Nummer van de opgeslagen stand; 0 als er nog niets is opgeslagen. Ook de ETag.")
    saved_at = s.DateTimeField(allow_null=True)
    data = Document(help_text="Wat er in de stand staat, in de vorm waarin u het terugstuurt.")
    figures = FigureShape(many=True)
    findings = FindingShape(many=True)
    is_ready = s.BooleanField(help_text="Of de stand voorgelegd kan worden.")
    signature_request = SignatureWaiting(allow_null=True)
    receipt = s.CharField(allow_null=True, help_text="Pad van de ontvangstbevestiging van de nieuwste versie.")


class FileShape(s.Serializer):
    """A file that was sent, and what became of it."""

    uuid = s.UUIDField()
    name = s.CharField()
    sha256 = s.CharField()
    sent_at = s.DateTimeField()
    based_on = s.IntegerField()
    status = s.ChoiceField(
        FILE_STATUSES,
        help_text=(
            "waiting: wordt gelezen; refused: geweigerd, zie problems; saved: opgeslagen als stand ‘number’; not_saved:"
            " gelezen, maar niet opgeslagen: er veranderde niets, of iemand sloeg intussen iets op. Kies dan in het portaal."
        ),
    )
    status_label = s.CharField()
    read_at = s.DateTimeField(allow_null=True)
    problems = s.ListField(
        child=s.CharField(), help_text="Bij refused: waarom. Anders: de cellen die wij niet konden lezen."
    )
    number = s.IntegerField(allow_null=True)


class Offered(s.Serializer):
    """What was offered to be signed."""

    number = s.IntegerField(help_text="De stand die ter ondertekening ligt.")
    asked_at = s.DateTimeField()
    asked_by = s.CharField()
    signatories = s.ListField(child=s.CharField(), help_text="Wie in het portaal kan ondertekenen.")


class Receipt(s.Serializer):
    """The receipt of a delivered version."""

    uuid = s.UUIDField()
    round = s.CharField()
    provider = Party()
    version = s.IntegerField()
    is_newest = s.BooleanField()
    status = s.ChoiceField(SubmissionStatus.choices)
    status_label = s.CharField()
    signed_at = s.DateTimeField()
    signed_by = s.CharField()
    signed_as = s.CharField()
    filled_in_by = s.ListField(child=s.CharField())
    statement = s.CharField()
    figures = s.IntegerField(help_text="Hoeveel cijfers er zijn ingevuld.")
    document_sha256 = s.CharField()
    figures_sha256 = s.CharField()
    files = inline_serializer("ReceiptFile", {"name": s.CharField(), "sha256": s.CharField()}, many=True)


class FollowedSubmission(s.Serializer):
    """One provider's submission, as the NZa follows it."""

    provider = Party()
    regions = s.ListField(child=s.CharField(), help_text="Codes van zorgkantoorregio's.")
    status = s.ChoiceField(SubmissionStatus.choices)
    status_label = s.CharField()
    is_merged = s.BooleanField(help_text="Opgegaan in een andere aanbieder, die dan aanlevert.")
    deadline = s.DateTimeField(allow_null=True)
    is_late = s.BooleanField()
    version = s.IntegerField(allow_null=True, help_text="Nummer van de nieuwste ingediende versie.")
    delivered_at = s.DateTimeField(allow_null=True)
    errors = s.IntegerField()
    warnings = s.IntegerField()


class FollowedSubmissions(s.Serializer):
    """A page of submissions."""

    results = FollowedSubmission(many=True)
    next = s.CharField(allow_null=True, help_text="Adres van de volgende bladzijde.")
    previous = s.CharField(allow_null=True, help_text="Adres van de vorige bladzijde.")


class ProductTariffs(s.Serializer):
    """The bandwidth of one product, per day."""

    product = s.CharField()
    label = s.CharField()
    lower = Amount()
    upper = Amount()
    maximum_tariff = Amount()


class AgreedShape(s.Serializer):
    """What the own care office agreed: one rate, or an amount per product."""

    number = s.IntegerField(help_text="1, 2, 3, …; alleen de nieuwste staat hier.")
    agreed_on = s.DateField()
    rate = Amount(help_text="Deel van de maximumtarieven; null als er per product is afgesproken.")
    products = inline_serializer("AgreedProduct", {"product": s.CharField(), "amount": Amount()}, many=True)
    fit = s.ChoiceField(Fit.choices, help_text="Hoe de afspraak ligt in de bandbreedte van nu.")
    fit_label = s.CharField()
    reason = s.CharField(allow_blank=True, help_text="Waarom zij erbuiten ligt, als dat zo is.")


class CareDaysShape(s.Serializer):
    """A class of care days."""

    at_least = s.IntegerField(help_text="Vanaf zoveel zorgdagen.")
    below = s.IntegerField(allow_null=True, help_text="Tot zoveel zorgdagen; null bij de hoogste klasse.")


class BandwidthShape(s.Serializer):
    """One provider, as a care office sees it."""

    provider = Party()
    regions = s.ListField(child=s.CharField(), help_text="Codes van uw regio's waar zij een locatie heeft.")
    status = s.ChoiceField(ReportStatus.choices, help_text="Juridische status van deze bandbreedte.")
    status_label = s.CharField()
    since = s.DateTimeField(help_text="Sinds wanneer dit geldt.")
    care_days_class = CareDaysShape(
        allow_null=True,
        help_text="Klasse van de zorgdagen van de hele organisatie in het boekjaar; nooit het aantal. Dat kan één klasse hoger of"
        " lager liggen.",
    )
    bandwidth_status = s.ChoiceField(BandwidthStatus.choices)
    bandwidth_status_label = s.CharField()
    lower_rate = Amount(help_text="Minimum, als deel van de maximumtarieven, naar binnen afgerond op 0,01 %.")
    upper_rate = Amount(help_text="Maximum, als deel van de maximumtarieven, naar binnen afgerond op 0,01 %.")
    products = ProductTariffs(many=True)
    agreement = AgreedShape(allow_null=True)


class Bandwidths(s.Serializer):
    """What a care office sees of a round."""

    round = s.CharField(allow_null=True, help_text="null: er is nog niets vrijgegeven.")
    book_year = s.IntegerField(allow_null=True)
    tariff_year = s.IntegerField(allow_null=True)
    is_fictitious = s.BooleanField(allow_null=True, help_text="De gegevens zijn verzonnen.")
    guide_share = Amount(help_text="Uw richtpercentage, als deel van de maximumtarieven.")
    results = BandwidthShape(many=True)
