"""An invented national round: nursing-home organisations that do not exist, with figures that behave like real ones.

For trying, showing and testing. It enters the portal as files, through the same reader and checks as any other.
"""

from providers.fictitious.form import form_figures
from providers.fictitious.generator import FEWEST_PROVIDERS, MOST_PROVIDERS, generate
from providers.fictitious.population import FictitiousLocation, FictitiousProvider, Population, YearFigures
from providers.fictitious.writing import write

__all__ = [
    "FEWEST_PROVIDERS",
    "MOST_PROVIDERS",
    "FictitiousLocation",
    "FictitiousProvider",
    "Population",
    "YearFigures",
    "form_figures",
    "generate",
    "write",
]
