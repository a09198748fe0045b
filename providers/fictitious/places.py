"""Where fictitious providers stand: real care office regions and towns, so that maps and regions look familiar.

Towns belong to their region as in the municipality list of 2019. The urbanity classes are rough (1 very urban, 5
rural). Postcodes of locations get letters that do not exist in the Netherlands (SA, SD and SS are not issued), so that
none of them is anybody's address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

POSTCODE_LETTERS: Final = ("SA", "SD", "SS")


@dataclass(frozen=True)
class Town:
    """A town: its name, the digits of one of its postcodes, its urbanity class."""

    name: str
    postcode: int
    urbanity: int


@dataclass(frozen=True)
class RegionOfTowns:
    """A region: inhabitants in thousands (2019), its towns, the regions next to it."""

    code: str
    inhabitants: int
    towns: tuple[Town, ...]
    neighbours: tuple[str, ...]


# Per region: code, inhabitants, neighbours; then its towns.
_REGIONS = """
5501 584 5502 5503
    Groningen 9712 1, Hoogezand 9601 3, Winschoten 9671 4, Stadskanaal 9501 4, Delfzijl 9934 4, Veendam 9641 4
5502 646 5501 5503 5504
    Leeuwarden 8911 2, Drachten 9203 3, Sneek 8601 3, Heerenveen 8441 3, Dokkum 9101 5, Franeker 8801 4
5503 489 5501 5502 5504
    Assen 9401 3, Emmen 7811 4, Hoogeveen 7901 4, Meppel 7941 3, Roden 9301 5, Coevorden 7741 5
5504 542 5503 5505 5510
    Zwolle 8011 2, Kampen 8261 4, Hardenberg 7772 5, Harderwijk 3841 3, Ermelo 3851 4, Steenwijk 8331 4
5505 626 5504 5507 5532
    Enschede 7511 2, Hengelo 7551 2, Almelo 7607 2, Oldenzaal 7571 3, Rijssen 7461 4, Haaksbergen 7481 5
5506 310 5504 5507 5532
    Apeldoorn 7311 3, Zutphen 7201 3, Lochem 7241 5, Epe 8161 5
5507 928 5505 5506 5508 5509
    Arnhem 6811 2, Ede 6711 3, Doetinchem 7001 3, Wageningen 6701 3, Zevenaar 6901 4, Winterswijk 7101 4,
    Barneveld 3771 4
5508 517 5507 5528 5520
    Nijmegen 6511 1, Wijchen 6601 3, Tiel 4001 3, Culemborg 4101 3, Druten 6651 4
5509 1309 5507 5511 5520
    Utrecht 3511 1, Amersfoort 3811 2, Zeist 3701 2, Nieuwegein 3431 2, Veenendaal 3901 2, Woerden 3441 3,
    Baarn 3741 3
5510 205 5504 5511
    Lelystad 8232 3, Dronten 8251 4, Emmeloord 8302 4
5511 452 5509 5510 5515
    Hilversum 1211 1, Almere 1315 2, Huizen 1271 2, Bussum 1404 2, Weesp 1382 3
5512 613 5513 5514
    Alkmaar 1811 2, Hoorn 1621 2, Den Helder 1781 3, Heerhugowaard 1703 3, Schagen 1741 4
5513 422 5512 5514 5516
    Haarlem 2011 1, Beverwijk 1941 2, Heemskerk 1961 3, IJmuiden 1971 2, Zandvoort 2042 3
5514 328 5512 5513 5515
    Zaandam 1506 2, Purmerend 1441 2, Volendam 1131 3, Wormer 1531 4
5515 849 5511 5514 5516
    Amsterdam 1055 1, Amsterdam 1091 1, Amsterdam 1025 1, Diemen 1111 1
5516 304 5513 5515 5517
    Amstelveen 1181 1, Hoofddorp 2132 2, Aalsmeer 1431 3, Uithoorn 1421 3
5517 550 5516 5518 5520
    Leiden 2312 1, Alphen aan den Rijn 2405 2, Katwijk 2225 2, Lisse 2161 4, Noordwijk 2201 4
5518 787 5517 5519
    Den Haag 2511 1, Den Haag 2545 1, Zoetermeer 2711 2, Rijswijk 2282 1, Wassenaar 2242 3
5519 514 5518 5521
    Delft 2611 1, Naaldwijk 2671 3, Schiedam 3111 1, Vlaardingen 3131 2, Pijnacker 2641 3
5520 225 5509 5517 5521 5524
    Gouda 2801 2, Waddinxveen 2741 3, Bodegraven 2411 4, Schoonhoven 2871 4
5521 720 5519 5520 5523
    Rotterdam 3011 1, Rotterdam 3081 1, Rotterdam 3067 1, Capelle aan den IJssel 2901 1, Krimpen aan den
    IJssel 2922 2
5523 405 5521 5524 5525
    Spijkenisse 3201 2, Barendrecht 2991 2, Hellevoetsluis 3221 3, Oud-Beijerland 3261 4, Middelharnis 3241 5
5524 400 5520 5523 5526
    Dordrecht 3311 2, Gorinchem 4201 3, Zwijndrecht 3331 2, Papendrecht 3351 2, Sliedrecht 3361 3
5525 381 5523 5526
    Middelburg 4331 3, Goes 4461 3, Vlissingen 4381 3, Terneuzen 4531 4, Zierikzee 4301 5
5526 695 5524 5525 5527
    Breda 4811 2, Roosendaal 4701 3, Bergen op Zoom 4611 3, Oosterhout 4901 3, Etten-Leur 4871 3, Zundert 4881
    5
5527 440 5526 5528 5529
    Tilburg 5011 2, Waalwijk 5141 3, Goirle 5051 3, Oisterwijk 5061 4
5528 654 5508 5527 5529
    's-Hertogenbosch 5211 2, Oss 5341 3, Uden 5401 3, Boxmeer 5831 4, Veghel 5461 4, Cuijk 5431 4
5529 752 5527 5528 5530
    Eindhoven 5611 1, Helmond 5701 2, Veldhoven 5501 3, Valkenswaard 5554 4, Deurne 5751 4, Someren 5711 5
5530 491 5529 5531
    Venlo 5911 3, Roermond 6041 3, Weert 6001 3, Venray 5801 4, Echt 6101 5
5531 602 5530
    Maastricht 6211 2, Heerlen 6411 2, Sittard 6131 3, Kerkrade 6461 2, Valkenburg 6301 5
5532 177 5505 5506
    Deventer 7411 2, Raalte 8102 4, Olst 8121 5
"""


def _town(text: str) -> Town:
    name, postcode, urbanity = " ".join(text.split()).rsplit(" ", 2)
    return Town(name, int(postcode), int(urbanity))


def _region(block: str) -> RegionOfTowns:
    head, towns = block.split("\n", 1)
    code, inhabitants, *neighbours = head.split()
    return RegionOfTowns(code, int(inhabitants), tuple(_town(town) for town in towns.split(",")), tuple(neighbours))


REGIONS: Final = tuple(_region(block) for block in re.split(r"\n(?=\d)", _REGIONS.strip()))
