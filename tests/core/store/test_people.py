"""Roles: granted and withdrawn on record, and asked for at every write once people sign in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.store import Right, Role, ScoringStep, StaffRole, Store, StoreError
from core.store.people import RIGHTS, NotAllowedError
from tests.scored_slides import PARASITE, scored_slide

TECHNICIAN, REVIEWER, SUPERVISOR, RESEARCHER = StaffRole


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that asks for roles, with a supervisor, Zoe, and one slide of four candidates."""
    opened = Store.in_folder(tmp_path)
    scored_slide(opened, tmp_path / "slide")
    opened.people.name_supervisor("zoe@lab", by="command line")
    yield opened.asking_roles()
    opened.close()


def granted(store: Store, *roles: StaffRole) -> str:
    for role in roles:
        store.people.grant("eve@lab", role, by="zoe@lab")
    return "eve@lab"


def test_where_nobody_signs_in_everybody_may_do_everything(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    assert all(store.people.may("anybody", right) for right in Right)
    store.close()


def test_where_people_sign_in_nobody_may_do_anything_without_a_role(store: Store) -> None:
    assert not any(store.people.may("eve@lab", right) for right in Right)


@pytest.mark.parametrize("role", list(StaffRole))
def test_a_role_allows_what_it_says_and_nothing_else(store: Store, role: StaffRole) -> None:
    who = granted(store, role)
    assert {right for right in Right if store.people.may(who, right)} == RIGHTS[role]
    assert {right for right in Right if store.people.may("EVE@lab", right)} == RIGHTS[role]


def test_who_may_what_at_a_glance() -> None:
    assert RIGHTS[RESEARCHER] == {Right.LOOK, Right.EXPORT, Right.SEE_MODELS}
    assert RIGHTS[TECHNICIAN] == {Right.LOOK, Right.SEE_PATIENTS, Right.EXPORT, Right.BRING_IN, Right.READ}
    assert RIGHTS[REVIEWER] - RIGHTS[TECHNICIAN] == {Right.ADJUDICATE, Right.SIGN, Right.SEE_MODELS}
    assert RIGHTS[SUPERVISOR] == set(Right)


def test_several_roles_add_up_and_one_withdrawn_ends_at_once(store: Store) -> None:
    who = granted(store, RESEARCHER, TECHNICIAN)
    assert store.people.may(who, Right.READ)
    store.people.withdraw(who, TECHNICIAN, by="zoe@lab")
    assert not store.people.may(who, Right.READ)
    assert store.people.may(who, Right.EXPORT)
    assert [(one.person, one.role, one.by) for one in store.people.holders()] == [
        ("zoe@lab", SUPERVISOR, "command line"),
        ("eve@lab", RESEARCHER, "zoe@lab"),
    ]


WRITES: dict[str, tuple[StaffRole, Callable[[Store, str], object]]] = {
    "read": (TECHNICIAN, lambda store, who: store.read(1, 1, PARASITE, reader=who, role=Role.FIRST)),
    "mark": (
        TECHNICIAN,
        lambda store, who: store.mark(
            1, "field1.png", (5.0, 5.0, 30.25, 30.25), PARASITE, reader=who, role=Role.SECOND
        ),
    ),
    "undo": (TECHNICIAN, lambda store, who: store.undo(1, reader=who)),
    "flag": (TECHNICIAN, lambda store, who: store.flag_field(1, "field1.png", by=who)),
    "sample": (TECHNICIAN, lambda store, who: store.draw_sample(1, 1, by=who)),
    "case": (TECHNICIAN, lambda store, who: store.add_case("patient", by=who)),
    "slide": (TECHNICIAN, lambda store, who: store.add_slide(1, "new", Path("new"), by=who)),
    "scoring": (TECHNICIAN, lambda store, who: store.note_scoring(1, ScoringStep.QUEUED, by=who)),
    "adjudicate": (
        REVIEWER,
        lambda store, who: store.read(1, 1, PARASITE, reader=who, role=Role.ADJUDICATOR),
    ),
    "amend": (REVIEWER, lambda store, who: store.signatures.begin_amendment(1, "why", by=who)),
    "export": (RESEARCHER, lambda store, who: store.signatures.note_export(1, "PDF", 1, by=who)),
    "erase": (SUPERVISOR, lambda store, who: store.erase_patient(1, by=who)),
    "grant": (SUPERVISOR, lambda store, who: store.people.grant("ida@lab", REVIEWER, by=who)),
    "withdraw": (SUPERVISOR, lambda store, who: store.people.withdraw("ida@lab", REVIEWER, by=who)),
}


NOTHING_TO_WRITE = {"undo", "withdraw"}
"""There is no reading to take back, and no role to withdraw."""


@pytest.mark.parametrize("write", WRITES)
def test_a_write_without_the_role_is_refused_by_the_store_and_leaves_nothing(
    store: Store, write: str
) -> None:
    needed, attempt = WRITES[write]
    lacking = {TECHNICIAN: RESEARCHER, REVIEWER: TECHNICIAN, SUPERVISOR: REVIEWER}.get(needed)
    who = granted(store, *([] if lacking is None else [lacking]))
    before = store.audit()
    with pytest.raises(NotAllowedError, match="eve@lab has no role that allows"):
        attempt(store, who)
    assert store.audit() == before
    granted(store, needed)
    if write == "amend":
        with pytest.raises(StoreError, match="only a signed slide can be amended"):
            attempt(store, who)
    else:
        attempt(store, who)
        assert any(entry.who == who for entry in store.audit()) or write in NOTHING_TO_WRITE


def test_each_change_is_on_record_and_one_that_changes_nothing_is_none(store: Store) -> None:
    who = granted(store, REVIEWER)
    granted(store, REVIEWER)
    store.people.withdraw(who, REVIEWER, by="zoe@lab")
    store.people.withdraw(who, REVIEWER, by="zoe@lab")
    trail = [(one.who, one.what, one.detail) for one in store.audit() if one.what.startswith("role")]
    detail = {"person": "eve@lab", "role": "reviewer"}
    assert trail[1:] == [("zoe@lab", "role granted", detail), ("zoe@lab", "role withdrawn", detail)]


def test_the_last_supervisor_stays_until_there_is_another(store: Store) -> None:
    with pytest.raises(StoreError, match="the only supervisor"):
        store.people.withdraw("zoe@lab", SUPERVISOR, by="zoe@lab")
    granted(store, SUPERVISOR)
    store.people.withdraw("Zoe@lab", SUPERVISOR, by="zoe@lab")
    assert [one.person for one in store.people.holders()] == ["eve@lab"]


def test_nobody_is_granted_a_role(store: Store) -> None:
    with pytest.raises(StoreError, match="no name was given"):
        store.people.grant("  ", REVIEWER, by="zoe@lab")
