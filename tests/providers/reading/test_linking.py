"""Providers are recognised in another year by what is unique on both sides, and by nothing else."""

from __future__ import annotations

from providers.workbook.content import Cell, ReadDelivery
from providers.workbook.linking import KnownProvider, link, normalised


def _delivery(key: str, *link_by: str) -> ReadDelivery:
    return ReadDelivery(key_scheme="somed", key=key, name=key, values=(), cell=Cell("x"), link_by=link_by)


def test_a_name_links_and_so_does_an_address() -> None:
    known = [KnownProvider("a", ("name:x", "street:1")), KnownProvider("b", ("name:y", "street:2"))]
    links = link(known, [_delivery("new1", "name:x", "street:9"), _delivery("new2", "name:z", "street:2")])
    assert links == {"new1": "a", "new2": "b"}


def test_a_name_decides_before_an_address() -> None:
    known = [KnownProvider("a", ("name:x", "street:1")), KnownProvider("b", ("name:y", "street:2"))]
    assert link(known, [_delivery("new", "name:x", "street:2")]) == {"new": "a"}


def test_what_two_providers_share_links_neither() -> None:
    known = [KnownProvider("a", ("street:1",)), KnownProvider("b", ("street:1",))]
    assert link(known, [_delivery("new", "street:1")]) == {}
    assert link([KnownProvider("a", ("street:1",))], [_delivery("n1", "street:1"), _delivery("n2", "street:1")]) == {}


def test_an_address_becomes_unique_when_the_name_has_linked_the_other() -> None:
    known = [KnownProvider("a", ("name:x", "street:1")), KnownProvider("b", ("name:y", "street:1"))]
    links = link(known, [_delivery("n1", "name:x", "street:1"), _delivery("n2", "name:z", "street:1")])
    assert links == {"n1": "a", "n2": "b"}


def test_the_same_key_is_the_same_provider() -> None:
    known = [KnownProvider("a", ("name:x",)), KnownProvider("b", ("name:y",))]
    assert link(known, [_delivery("a", "name:y")]) == {"a": "a"}


def test_a_known_provider_is_linked_once_whatever_the_order() -> None:
    known = [KnownProvider("a", ("name:x", "name:y"))]
    new = [_delivery("n1", "name:x"), _delivery("n2", "name:y")]
    assert link(known, new) == {}
    assert link(known, new[::-1]) == {}


def test_capitals_accents_and_signs_do_not_matter() -> None:
    assert normalised("EPSM  La Maison d'ORPHÉE") == normalised("Epsm la maison d’Orphee") == "epsm la maison d orphee"
    assert normalised("Alters- & Pflegeheim") == normalised("ALTERS- UND PFLEGEHEIM")
