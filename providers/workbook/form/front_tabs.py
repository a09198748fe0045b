"""The tabs around the figures: version and legend, remarks, organisation, locations, statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from providers.formatting import format_datetime
from providers.reference import region_rows
from providers.workbook.content import ReadLocation
from providers.workbook.form import layout
from providers.workbook.form.contents import Organisation
from providers.workbook.form.figure_tabs import Figures
from providers.workbook.form.paper import Paper

SPARE_LOCATIONS: Final = 25
FEWEST_LOCATIONS: Final = 40
_LIST_COLUMN: Final = 7

_STEPS: Final = (
    "Vul alleen de gele en groene cellen in. Alle andere cellen zijn vergrendeld.",
    "Vul getallen in als getal, zonder letters of eenheden. Laat een cel leeg als u het cijfer niet weet; vul 0 in als "
    "het nul is.",
    "Wijkt een cijfer sterk af van vorig jaar, schrijf dan in de kolom ‘Toelichting’ waarom.",
    "Vul geen gegevens van cliënten in: geen namen, geen geboortedatums, geen burgerservicenummers.",
    "Sla het bestand op als Excel-werkmap (.xlsx) en lever het aan in het portaal. U ziet daar meteen wat wij lazen en "
    "wat er nog niet klopt.",
)


def _fields(paper: Paper, rows: Sequence[tuple[str, str, str]], *, open_to: str = "") -> None:
    """Label, value, code: rows that say one thing each. ``open_to`` names the style of values to fill in."""
    for label, value, field in rows:
        paper.write(paper.row, 0, label, "label")
        paper.write(paper.row, 1, value, open_to or "fixed")
        if field:
            paper.write(paper.row, 2, layout.PREFIX + field, "code")
        paper.row += 1


def write_version(paper: Paper, figures: Figures) -> None:
    """What this file is, whom it is about, how to fill it in, what the colours mean, what stands where."""
    sheet, form = paper.sheet, paper.form
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 96)
    sheet.set_column(2, 2, 22)
    paper.head("Werkboek Integrale Vergelijking", "", columns=2)
    paper.row += 1
    paper.write(paper.row, 0, "Over dit werkboek", "heading")
    paper.row += 1
    _fields(
        paper,
        [
            ("Ronde", form.round_title, "round_title"),
            (layout.IDENTITY["round_slug"], form.round_slug, "round_slug"),
            (layout.IDENTITY["book_year"], str(form.book_year), "book_year"),
            (layout.IDENTITY["template"], form.template, "template"),
            (layout.IDENTITY["currency"], form.currency, "currency"),
            ("Organisatie", form.name, layout.NAME),
            (layout.IDENTITY["key_scheme"], form.key_scheme, "key_scheme"),
            (layout.key_name(form.key_scheme), form.key, "key"),
            ("Gemaakt op", format_datetime(paper.made_at), ""),
            *([("Uiterlijk aanleveren", form.deadline_text, "")] if form.deadline_text else []),
            *([("Vragen?", form.contact, "")] if form.contact else []),
        ],
    )
    paper.row += 1
    paper.write(paper.row, 0, "Zo vult u het werkboek in", "heading")
    for number, step in enumerate(_STEPS, start=1):
        paper.row += 1
        paper.write(paper.row, 0, f"Stap {number}", "label")
        paper.write(paper.row, 1, step, "label")
        sheet.set_row(paper.row, 34 if len(step) > 95 else 18)
    paper.row += 2
    paper.write(paper.row, 0, "Legenda", "heading")
    for style, name, meaning in (
        ("input", "Geel", "Hier vult u zelf een cijfer of een tekst in."),
        ("known", "Groen", "Dit cijfer vulden wij al in; de bron staat erachter. Klopt het niet, verbeter het dan."),
        ("fixed", "Grijs", "Dit is bekend of wordt berekend. U kunt het niet wijzigen."),
        ("total", "Blauw", "Een totaal dat meteen meerekent met wat u invult."),
        ("attention", "Oranje, ‘Let op’", "Hier klopt iets nog niet. De tekst zegt wat."),
    ):
        paper.row += 1
        paper.write(paper.row, 0, name, style, locked=True)
        paper.write(paper.row, 1, meaning, "label")
    paper.row += 2
    paper.write(paper.row, 0, "Tabbladen", "heading")
    contents = [
        (layout.REMARKS, "Ruimte voor wat u ons verder wilt laten weten."),
        (layout.ORGANISATION, "Gegevens van uw organisatie."),
        (layout.LOCATIONS, "Uw locaties en hun zorgkantoorregio."),
        *((tab.name, tab.introduction) for tab in layout.FIGURE_TABS),
        (layout.STATEMENT, "Wat het bestuur verklaart. Ondertekenen doet u in het portaal."),
    ]
    for name, meaning in contents:
        paper.row += 1
        link = paper.style("label", font_color="#0B5773", underline=1)
        sheet.write_url(paper.row, 0, f"internal:'{name}'!A1", link, name)
        asked = len(figures.on(name))
        count = f" ({asked} cijfer{'s' if asked != 1 else ''})" if asked else ""
        paper.write(paper.row, 1, meaning + count, "label")
        sheet.set_row(paper.row, 34 if len(meaning + count) > 95 else 18)
    paper.printed(last_row=paper.row, last_column=1, on_one_page=True)
    paper.protected()


def write_remarks(paper: Paper, remarks: str) -> None:
    """One large cell."""
    paper.sheet.set_column(0, 0, 26)
    paper.sheet.set_column(1, 1, 110)
    paper.sheet.set_column(2, 2, 18)
    paper.head(
        "Opmerkingen", "Wat wilt u ons verder laten weten? Hoort het bij een cijfer? Zet het dan daarachter.", columns=2
    )
    paper.row += 1
    paper.sheet.set_row(paper.row, 300)
    _fields(paper, [("Uw opmerkingen", remarks, layout.REMARKS_FIELD)], open_to="input_text")
    paper.printed(last_row=paper.row, last_column=1)
    paper.protected()


def write_organisation(paper: Paper, organisation: Organisation) -> None:
    """Name and key are fixed; the rest can be corrected."""
    form = paper.form
    paper.sheet.set_column(0, 0, 26)
    paper.sheet.set_column(1, 1, 60)
    paper.sheet.set_column(2, 2, 18)
    paper.head(
        "Organisatie",
        "Kloppen naam of nummer niet meer? Schrijf dat bij ‘Opmerkingen’; dit werkboek blijft van deze organisatie.",
        columns=2,
    )
    paper.row += 1
    _fields(paper, [("Naam", form.name, ""), (layout.key_name(form.key_scheme), form.key, "")])
    first = paper.row
    values = [(label, getattr(organisation, field), field) for field, label in layout.ORGANISATION_FIELDS.items()]
    _fields(paper, values, open_to="input_text")
    paper.sheet.data_validation(
        first,
        1,
        first,
        1,
        {
            "validate": "list",
            "source": list(layout.LEGAL_FORMS),
            "error_type": "information",
            "error_title": "Andere rechtsvorm",
            "error_message": "Deze rechtsvorm staat niet in de lijst. U kunt hem toch invullen.",
        },
    )
    paper.sheet.data_validation(
        first + 1,
        1,
        first + 1,
        1,
        {
            "validate": "length",
            "criteria": "==",
            "value": 8,
            "error_type": "warning",
            "error_title": "AGB-code",
            "error_message": "Een AGB-code heeft acht cijfers, met de nullen vooraan.",
        },
    )
    paper.printed(last_row=paper.row, last_column=1)
    paper.protected()


def write_locations(paper: Paper, locations: Sequence[ReadLocation]) -> None:
    """The table of locations with spare rows, and beside it the list of regions to choose from."""
    sheet = paper.sheet
    paper.head(
        "Locaties",
        "Controleer uw locaties. Vul nieuwe locaties aan onder de laatste; maak de rij van een gesloten locatie leeg.",
        columns=len(layout.LOCATION_FIELDS),
    )
    header = paper.row + 1
    for column, (title, width) in enumerate(
        zip(layout.LOCATION_FIELDS.values(), (20, 36, 36, 12, 26, 34), strict=True)
    ):
        sheet.set_column(column, column, width)
        paper.write(header, column, title, "header")
    sheet.freeze_panes(header + 1, 0)
    regions = [f"{row['code']} {row['name']}" for row in region_rows() if not row["same_as"]]
    named = {region[:4]: region for region in regions}
    sheet.set_column(_LIST_COLUMN, _LIST_COLUMN, 34)
    paper.write(header, _LIST_COLUMN, "Zorgkantoorregio's (keuzelijst)", "header")
    for at, region in enumerate(regions, start=header + 1):
        paper.write(at, _LIST_COLUMN, region, "fixed")
    count = max(len(locations) + SPARE_LOCATIONS, FEWEST_LOCATIONS)
    for at in range(count):
        row = header + 1 + at
        location = locations[at] if at < len(locations) else ReadLocation()
        for column, field in enumerate(layout.LOCATION_FIELDS):
            text = getattr(location, field)
            paper.write(row, column, named.get(text, text) if field == "region" else text, "input_text")
    last = header + count
    sheet.data_validation(
        header + 1,
        5,
        last,
        5,
        {
            "validate": "list",
            "source": f"=$H${header + 2}:$H${header + 1 + len(regions)}",
            "error_title": "Zorgkantoorregio",
            "error_message": "Kies een regio uit de lijst.",
        },
    )
    sheet.data_validation(
        header + 1,
        0,
        last,
        0,
        {
            "validate": "length",
            "criteria": "==",
            "value": 12,
            "error_type": "warning",
            "error_title": "Vestigingsnummer",
            "error_message": "Een vestigingsnummer heeft twaalf cijfers, met de nullen vooraan.",
        },
    )
    sheet.ignore_errors({"number_stored_as_text": f"A{header + 2}:F{last + 1}"})
    paper.printed(last_row=last, last_column=5, header_row=header)
    paper.protected()


def write_statement(paper: Paper) -> None:
    """What the board declares; signing happens in the portal."""
    # As wide as a portrait page: whoever prints it reads it at its own size.
    paper.sheet.set_column(0, 0, 84)
    paper.head("Verklaring", "", columns=1)
    paper.row += 1
    for text in (
        "Na het aanleveren vraagt het portaal een bestuurder van uw organisatie om een verklaring. Dat is iemand anders "
        "dan wie het werkboek invulde. U hoeft op dit tabblad niets in te vullen.",
        "De bestuurder verklaart dat de gegevens volledig en juist zijn, dat zij aansluiten op de administratie van de "
        "organisatie, en dat de organisatie ze met stukken kan onderbouwen.",
        "Pas na de verklaring is de aanlevering ingediend. U krijgt dan een ontvangstbevestiging.",
    ):
        paper.write(paper.row, 0, text, "text")
        paper.sheet.set_row(paper.row, 52)
        paper.row += 1
    paper.printed(last_row=paper.row, last_column=0, is_portrait=True)
    paper.protected()
