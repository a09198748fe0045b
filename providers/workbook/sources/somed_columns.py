"""The 65 columns of the Swiss workbooks: how each year calls them and how their figures are read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

Scale = Literal["as_is", "thousand", "percent"]

_STORED = Decimal("0.000001")
_CENTIME = Decimal("0.01")


def normalised_header(text: str) -> str:
    """A header without what differs between the years: hyphens, line breaks, capitals, spaces, footnote digits, the
    sign ø.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"1\s?['’]\s?000", "tausend", text)
    return "".join(character for character in text if character.isalpha() and character != "ø")


@dataclass(frozen=True)
class Column:
    """One column: the field or measure it fills, its title for messages, the headers it goes by (normalised)."""

    field: str
    title: str
    headers: frozenset[str]
    scale: Scale = "as_is"
    dash_is_zero: bool = False
    may_be_negative: bool = False
    is_figure: bool = False

    def convert(self, written: Decimal) -> Decimal:
        """Thousand francs to francs and centimes, percent to a share; others with at most six decimals."""
        match self.scale:
            case "thousand":
                return (written * 1000).quantize(_CENTIME, rounding=ROUND_HALF_UP)
            case "percent":
                written = written / 100
        rounded = written.quantize(_STORED, rounding=ROUND_HALF_UP)
        return rounded if rounded != rounded.to_integral_value() else rounded.quantize(Decimal(1))


def _column(
    field: str,
    *titles: str,
    under: str = "",
    scale: Scale = "as_is",
    zero: bool = False,
    figure: bool = False,
    negative: bool = False,
) -> Column:
    headers = frozenset((f"{under}>" if under else "") + normalised_header(title) for title in titles)
    return Column(field, titles[0], headers, scale, zero, negative, figure)


def _figure(measure: str, *titles: str, scale: Scale = "as_is", zero: bool = False, negative: bool = False) -> Column:
    return _column(measure, *titles, scale=scale, zero=zero, figure=True, negative=negative)


# Titles are those of 2019; further ones are how 2018 says the same. `-` is zero where something is counted or paid, and
# missing where something is divided by what is not there. Columns that are no measure are known, so that a renamed one
# is noticed, but not read.
COLUMNS: Final = (
    _column("name", "Institution"),
    _column("street", "Strasse"),
    _column("place", "Ort"),
    _column("canton", "Kanton"),
    _column("legal_form", "Rechtsform"),
    _column("instrument", "Pflegeleistungs Instrument"),
    _column("year", "Jahr"),
    _figure("places_long", "Anzahl Plätze Langzeitaufenthalt", zero=True),
    _figure("places_short", "Anzahl Plätze Kurzzeitaufenthalt", zero=True),
    _figure("places_aup", "Anzahl Plätze Akut- und Übergangspflege", zero=True),
    _figure("places_daynight", "Anzahl Plätze Tages- oder Nachtstrukturen", zero=True),
    _figure("days_long", "Anzahl Tage Langzeitaufenthalt", zero=True),
    _figure("days_short", "Anzahl Tage Kurzzeitaufenthalt", "Anzahl Tage Kurzzeit", zero=True),
    _figure("days_aup", "Anzahl Tage Akut- und Übergangspflege", zero=True),
    _figure("days_daynight", "Anzahl Tage Tages- oder Nachtstrukturen", zero=True),
    _figure("care_days", "Anzahl Pflegetage", zero=True),
    _column("care_days_aup", "davon Akut- und Übergangspflege", under="care_days"),
    _figure("care_intensity_index", "Index der Pflegeintensität (Min = 1; Max = 12)"),
    _figure("length_of_stay_long", "Langzeit Aufenthaltsdauer in Tagen", "Aufenthaltsdauer (Langzeit) in Tagen"),
    _column("length_of_stay_short", "Kurzzeit Aufenthaltsdauer in Tagen", "Aufenthaltsdauer (Kurzzeit) in Tagen"),
    _column(
        "length_of_stay_aup", "Akut- und Übergangspflege Aufenthaltsdauer in Tagen", "Aufenthaltsdauer (AÜP) in Tagen"
    ),
    _column(
        "days_per_client_daynight",
        "Anzahl Tage pro Klient Tages- oder Nachtstrukturen",
        "Anzahl Tage TNS pro Klient",
    ),
    _figure("occupancy_long", "Belegungsgrad Langzeit", scale="percent"),
    _column("occupancy_short", "Belegungsgrad Kurzzeit"),
    _column("occupancy_aup", "Belegungsgrad Akut- und Übergangspflege", "Belegungsgrad AÜP"),
    _figure("clients_long", "Anzahl Klienten Langzeit", zero=True),
    _column("clients_short", "Anzahl Klienten Kurzzeit"),
    _column("clients_aup", "Anzahl Klienten Akut- und Übergangspflege", "Anzahl Klienten AÜP"),
    _column("clients_daynight", "Anzahl Klienten Tages- oder Nachtstrukturen", "Anzahl Klienten TNS"),
    _figure("mean_age_at_entry", "Durchschnittsalter der Klienten bei Eintritt", "Durchschnittsalter bei Eintritt"),
    _column("female_share", "Anteil Klientinnen", "Anteil weibliche Klienten (%)"),
    _column("multiple_stay_share", "Anteil Mehrfachklienten"),
    _column("turnover_rate", "Fluktuationsrate"),
    _column(
        "clients_other_canton_share",
        "Anteil Klienten aus anderen Kantonen oder aus dem Ausland",
        "Anteil Klienten aus anderen Kantonen (%)",
    ),
    _column("external_care_days", "Anzahl Betreuungstage (externe Klienten)"),
    _column("staff_academic_share", "Ärzte und andere Akademiker"),
    _figure("nursing_staff_share", "Pflegefachpersonal", scale="percent"),
    _column("staff_other_medical_share", "Andere medizinische Fachbereiche"),
    _column(
        "staff_support_share",
        "Personal Verwaltung, Hausdienst, technische Dienste",
        "Personal Verwaltung, Hausdienste, technische Dienste (%)",
    ),
    _figure("staff_fte", "Gesamtes Personal"),
    _figure("qualified_nursing_share", "Qualifiziertes Personal im Pflegebereich", scale="percent"),
    _column("staff_insured_care_share", "Personal KVG-pflichtige Pflege"),
    _column("staff_per_place", "Personal pro Beherbergungsplatz"),
    _figure("staff_per_1000_days", "Personal pro 1'000 Beherbergungstage"),
    _figure(
        "qualified_nurses_per_1000_care_days",
        "Pflegefachpersonal (qualifiziert) pro 1'000 Pflegetage",
        "Pflegefachpers. (qual.) pro tausend Pflegetage",
    ),
    _figure("salaries", "Aufwand für Besoldungen (in 1'000 Franken)", scale="thousand"),
    _figure("total_cost", "Gesamte Kosten (in 1'000 Franken)", scale="thousand"),
    _column("cost_aup_share", "davon Kosten Akut- und Übergangspflege", under="total_cost"),
    _column(
        "cost_daynight_share", "davon Kosten Tages- oder Nachtstrukturen", "davon Kosten TNS (%)", under="total_cost"
    ),
    _figure("care_cost_share", "KVG-Pflegekosten", scale="percent"),
    _column("other_insured_cost_share", "Übrige KVG-Leistungen"),
    _figure("cost_per_day_published", "Gesamtkosten pro Beherbergungstag (Franken)"),
    _figure("care_cost_per_care_day", "Kosten für KVG-pflichtige Pflege pro Pflegetag (Franken)"),
    _column("care_cost_per_care_day_aup", "davon Akut- und Übergangspflege (Franken)", under="care_cost_per_care_day"),
    _column("other_insured_cost_per_care_day", "Kosten für übrige KVG-Leistungen pro Pflegetag (Franken)"),
    _column(
        "other_insured_cost_per_care_day_aup",
        "davon Akut- und Übergangspflege (Franken)",
        "davon Anteil Akut- und Übergangspflege (Franken)",
        under="other_insured_cost_per_care_day",
    ),
    _figure("care_fees", "Pflegetaxen (in 1'000 Franken)", scale="thousand"),
    _column("care_fees_share", "Pflegetaxen (Anteil am Gesamtertrag)", "Pflegetaxen (%)"),
    _figure("board_cost_share", "Pensionskosten (Anteil an den Gesamtkosten)", "Pensionskosten (%)", scale="percent"),
    _figure("board_cost_per_day", "Pensionskosten pro Beherbergungstag (Franken)"),
    _column("board_fees_share", "Pensionstaxen (Anteil am Gesamtertrag)", "Pensionstaxen (%)"),
    _column("board_fees_per_day", "Pensionstaxen pro Beherbergungstag (Franken)"),
    _figure("revenue_total", "Gesamte Erträge (in 1'000 Franken)", scale="thousand"),
    _figure(
        "subsidies",
        "Beiträge, Subventionen, Defizitdeckung (in 1'000 Franken)",
        scale="thousand",
        zero=True,
        negative=True,
    ),
    _figure(
        "result",
        "Betriebsergebnis, ohne Defizitdeckung (in 1'000 Franken)",
        scale="thousand",
        negative=True,
    ),
)

FIGURES: Final = tuple(column for column in COLUMNS if column.is_figure)
