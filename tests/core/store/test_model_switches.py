"""Which model scores slides: the last switch holds, each is on record, and only a supervisor may."""

import pytest

from core.store import StaffRole, Store
from core.store.people import NotAllowedError


def test_before_anybody_switches_there_is_no_switch(store: Store) -> None:
    assert store.models.last() is None


def test_the_last_switch_holds_and_all_stay_in_order(store: Store) -> None:
    store.models.switch("first", "first 1", by="Zoe")
    store.models.switch("second", "second 2", by=" Zoe  Ann ")
    assert [(one.name, one.identity, one.by) for one in store.models.all()] == [
        ("first", "first 1", "Zoe"),
        ("second", "second 2", "Zoe Ann"),
    ]
    assert store.models.last() == store.models.all()[-1]


def test_a_switch_is_in_the_audit_trail(store: Store) -> None:
    store.models.switch("first", "first 1", by="Zoe")
    entry = store.audit()[-1]
    assert (entry.who, entry.what) == ("Zoe", "model switched")
    assert entry.detail == {"model": "first", "identity": "first 1"}


@pytest.mark.parametrize("role", [role for role in StaffRole if role != StaffRole.SUPERVISOR])
def test_where_people_sign_in_only_a_supervisor_switches(store: Store, role: StaffRole) -> None:
    store.people.name_supervisor("zoe@lab", by="command line")
    store.people.grant("eve@lab", role, by="zoe@lab")
    asking = store.asking_roles()
    with pytest.raises(NotAllowedError, match="switch the model"):
        asking.models.switch("first", "first 1", by="eve@lab")
    assert store.models.last() is None
    asking.models.switch("first", "first 1", by="zoe@lab")
    assert store.models.last() is not None
