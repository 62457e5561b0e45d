"""The question how two models compare: who may ask it, and that it is not replaced while somebody waits."""

from dataclasses import replace

import pytest

from app.jobs.comparison import ask, asked, comparison_files, comparison_of, take_back
from app.workplace import Workplace
from core.store.people import NotAllowedError
from tests.app.jobs.two_models import MODELS, drawn_models, signed

__all__ = ["drawn_models", "signed"]


def test_a_question_that_somebody_waits_for_is_not_replaced(signed: Workplace) -> None:
    ask(signed, *MODELS, by="Zoe")
    ask(signed, *reversed(MODELS), by="Eve")
    question = asked(signed)
    assert question is not None
    assert (question.first, question.by) == ("released", "Zoe")


def test_a_question_and_an_answer_that_are_damaged_are_as_if_there_were_none(signed: Workplace) -> None:
    files = comparison_files(signed)
    for file in (files.asked, files.of_pair(*MODELS)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b'{"first": ')
    assert asked(signed) is None
    assert comparison_of(signed, *MODELS) is None
    ask(signed, *MODELS, by="Zoe")
    assert asked(signed) is not None


def test_who_may_not_see_models_neither_asks_nor_takes_a_question_back(signed: Workplace) -> None:
    signed.store.people.name_supervisor("zoe@lab.example", by="command line")
    asking = replace(signed, store=signed.store.asking_roles())
    with pytest.raises(NotAllowedError):
        ask(asking, *MODELS, by="eve@lab.example")
    assert asked(signed) is None
    ask(asking, *MODELS, by="zoe@lab.example")
    with pytest.raises(NotAllowedError):
        take_back(asking, by="eve@lab.example")
    assert asked(signed) is not None
