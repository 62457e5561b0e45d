"""Labelled fields for the tests of formats: one worked example, and any that a result can hold."""

from hypothesis import strategies as st

from core.cells.located import WhyNot
from core.store import Call, Reason, Role, Species, Stage
from datasets.interchange.labelled import CellClass, LabelledField, LabelledObject, Said

RING = LabelledObject(
    *(1.25, 2.5, 30.25, 28.0),
    "infected",
    stage="ring",
    score=0.93,
    rank=1,
    said=(
        Said("Anna", "parasite", "first", stage="ring", species="falciparum", at="2026-05-04T08:30:00+00:00"),
        Said("Ben & Co", "not a parasite", "second", reason="artefact"),
    ),
    more={"drawn with": "a <pen>"},
)
CUT = LabelledObject(90.5, 40.0, 20.0, 20.0, "red_cell", score=0.004, rank=2, why_not="edge")
FIELDS = (
    LabelledField("day 1/field1.png", 100, 80, (RING, CUT), slide="7"),
    LabelledField("day 1/field2.png", 120, 90, (), slide="7", all_marked=False),
    LabelledField("é.jpg", 64, 64, (LabelledObject(0.0, 0.0, 10.0, 12.5, "white_cell"),)),
)

_OWN = {"stage", "score", "rank", "why_not", "", "text"}
_texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
_names = _texts.map(str.strip).filter(lambda name: name not in _OWN and not name.startswith("reader_1"))
_hundredths = st.integers(1, 6000).map(lambda number: number / 100)
_sides = st.integers(100, 9999).map(lambda number: number / 100)
_said = st.builds(
    Said,
    who=_texts.filter(bool),
    call=st.sampled_from(Call).map(str),
    role=st.sampled_from(["", *Role]).map(str),
    reason=st.sampled_from(["", *Reason]).map(str),
    stage=st.sampled_from(["", *Stage]).map(str),
    species=st.sampled_from(["", *Species]).map(str),
    at=st.sampled_from(["", "2026-05-04T08:30:00+00:00"]),
)
_objects = st.builds(
    LabelledObject,
    x=_hundredths,
    y=_hundredths,
    width=_sides,
    height=_sides,
    label=st.sampled_from(CellClass).map(str) | st.sampled_from(["ring form", "<WBC> & co", "γ"]),
    stage=st.sampled_from(["", *Stage]).map(str),
    score=st.none() | st.floats(0, 1),
    rank=st.none() | st.integers(1, 10**9),
    why_not=st.sampled_from(WhyNot).map(str),
    said=st.lists(_said, max_size=3).map(tuple),
    more=st.dictionaries(_names, _texts, max_size=3),
)
any_fields = st.lists(
    st.tuples(st.lists(_objects, max_size=4), st.booleans(), _texts), min_size=1, max_size=3
).map(
    lambda drawn: tuple(
        LabelledField(f"day {number}/field.png", 61, 97, tuple(objects), slide.strip(), all_marked)
        for number, (objects, all_marked, slide) in enumerate(drawn)
    )
)
"""Fields whose boxes begin on them, with two decimals as scoring writes them."""
