"""The form of one provider in one round: the workbook it downloads, fills in and sends back, also as CSV and JSON."""

from providers.workbook.form.contents import Form, Line, Organisation, ReadForm
from providers.workbook.form.read import FORM_LIMITS, ClientDataError, read, read_json
from providers.workbook.form.write import write, write_csv

__all__ = [
    "FORM_LIMITS",
    "ClientDataError",
    "Form",
    "Line",
    "Organisation",
    "ReadForm",
    "read",
    "read_json",
    "write",
    "write_csv",
]
