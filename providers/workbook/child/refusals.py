"""Why a file cannot be read, as the child tells it: one word, which the parent turns into a Dutch sentence."""

from __future__ import annotations


class Refused(Exception):
    """The file is not read on. ``reason`` is a key of ``providers.workbook.reader.REASONS``."""

    reason = "damaged"


class TooLarge(Refused):
    """The file holds more than the limits allow."""

    reason = "too_large"


class Entities(Refused):
    """A part of the workbook declares a document type: the way to entities that multiply or read other files."""

    reason = "entities"


class LinksOutside(Refused):
    """A formula starts another program (DDE)."""

    reason = "dde"


class OtherFiles(Refused):
    """The workbook takes something from another file or address."""

    reason = "other_files"


class Macros(Refused):
    """The workbook holds programs or other files."""

    reason = "macros"


class NoText(Refused):
    """The bytes are no text in an encoding we read."""

    reason = "no_text"


class QuotationMark(Refused):
    """A text file with a quotation mark that is never closed, or stands in the middle of a cell."""

    reason = "quotation_mark"


class NoColumns(Refused):
    """A text file in which no delimiter makes columns."""

    reason = "no_columns"
