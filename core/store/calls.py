"""What readers can say of a cell, and as what they read."""

from enum import StrEnum


class Role(StrEnum):
    """As what somebody reads a slide; nobody reads one slide as two of them."""

    FIRST = "first"
    SECOND = "second"
    ADJUDICATOR = "adjudicator"


class Call(StrEnum):
    """What a reader says of a cell."""

    PARASITE = "parasite"
    NOT_PARASITE = "not a parasite"
    UNSURE = "unsure"


class Reason(StrEnum):
    """What a cell shows that is not a parasite."""

    ARTEFACT = "artefact"
    PLATELET = "platelet"
    WHITE_CELL = "white cell"
    STAIN = "stain"


class Stage(StrEnum):
    """Stage of a parasite; gametocytes are reported but not counted in the density."""

    RING = "ring"
    TROPHOZOITE = "trophozoite"
    SCHIZONT = "schizont"
    GAMETOCYTE = "gametocyte"


class Species(StrEnum):
    """Species of Plasmodium."""

    FALCIPARUM = "falciparum"
    VIVAX = "vivax"
    MALARIAE = "malariae"
    OVALE = "ovale"
    KNOWLESI = "knowlesi"
