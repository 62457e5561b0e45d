"""What records refuse, and what follows from them: opinions, locked slides, names of people."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.store import Call, Opinion, Reason, Role, SlideRecord, Species, Stage, StoreError
from core.store.records import Amendment, Case, ScoringStep, Signature, StoredSlide, person, same_person

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def record(signatures: int, amendments: int) -> SlideRecord:
    slide = StoredSlide(1, 1, "slide 7", Path("images"), None, NOON, ScoringStep.SCORED, "")
    signed = tuple(Signature(n, 1, n, "Anna", NOON, "0" * 64, "{}") for n in range(1, signatures + 1))
    amended = tuple(Amendment(1, n + 1, "Anna", "looked again", NOON) for n in range(1, amendments + 1))
    return SlideRecord(Case(1, "P", "salt", NOON), slide, None, (), (), (), signed, amended, (), (), 1)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"call": Call.PARASITE, "reason": Reason.PLATELET}, "platelet"),
        ({"call": Call.UNSURE, "reason": Reason.STAIN}, "stain"),
        ({"call": Call.NOT_PARASITE, "stage": Stage.RING}, "only a parasite"),
        ({"call": Call.UNSURE, "species": Species.VIVAX}, "only a parasite"),
    ],
)
def test_what_does_not_go_with_a_call_is_refused(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(StoreError, match=named):
        Opinion(**wrong)  # type: ignore[arg-type]  # as parametrised


@pytest.mark.parametrize(
    ("signatures", "amendments", "locked"), [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True)]
)
def test_each_signature_locks_a_slide_and_each_amendment_opens_it(
    signatures: int, amendments: int, locked: bool
) -> None:
    assert record(signatures, amendments).locked is locked


def test_a_name_is_kept_with_single_spaces_and_nobody_is_refused() -> None:
    assert person("  Anna \n van  Roy ") == "Anna van Roy"
    with pytest.raises(StoreError, match="say who you are"):
        person(" \t\n")


def test_a_person_is_the_same_whatever_the_capitals() -> None:
    assert same_person("anna weiß", "ANNA WEISS")
    assert not same_person("Anna", "Anna Roy")


def test_a_role_and_a_call_are_written_as_the_words_that_readers_know() -> None:
    assert [*map(str, Role)] == ["first", "second", "adjudicator"]
    assert [*map(str, Call)] == ["parasite", "not a parasite", "unsure"]
