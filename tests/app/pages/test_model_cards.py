"""The page of the models: cards as a person reads them, and switching on record."""

import pytest

from app.workplace import Workplace
from tests.app.jobs.test_models_here import other_model
from tests.app.page_under_test import page, said

NOTICE = "research use only, not for diagnosis"


def test_a_card_says_what_it_was_trained_on_what_it_is_worth_and_for_which_slides(
    workplace: Workplace,
) -> None:
    test = page("model_cards", "models_page")
    shown = said(test)
    for text in (
        NOTICE,
        r"Slides are scored with **released** (smearscope\-detector\-1",
        r"nih\_cells: 22 013 items",
        r"iml\_malaria, left out of training\: its evaluable cells, ranked",
        "Located 372 of 379 infected cells",
        r"never on patients\.",
    ):
        assert text in shown, text
    tables = [table.value for table in test.table]
    assert tables[0].loc["1 cell in 1 000"].tolist() == ["10.8 % (41 of 379)"]
    assert tables[0].loc["1 cell in 100"].tolist() == ["65.2 % (247 of 379)"]
    assert tables[1].loc["westlake_cells"].tolist() == ["83.7 %", "95.8 %"]
    assert tables[2].loc["stain's optical density, red"].tolist() == ["-0.02 to 0.221"]


def test_in_french_figures_and_measures_are_french(workplace: Workplace) -> None:
    test = page("model_cards", "models_page", language="fr")
    assert "à des fins de recherche uniquement" in said(test)
    assert test.table[0].value.loc["1 hématie sur 1 000"].tolist() == ["10,8 % (41 sur 379)"]
    assert test.table[2].value.loc["densité optique de la coloration, rouge"].tolist() == ["-0,02 à 0,221"]


def test_another_model_is_made_the_active_one_on_record(workplace: Workplace) -> None:
    other_model(workplace)
    test = page("model_cards", "models_page", person="Zoe")
    (button,) = [one for one in test.button if one.label == "Score with other from now on"]
    button.click().run()
    switch = workplace.store.models.last()
    assert switch is not None
    assert (switch.name, switch.by) == ("other", "Zoe")
    assert "Slides are scored with **other**" in said(test)
    assert [one.label for one in test.button if one.label.startswith("Score with")] == [
        "Score with released from now on"
    ]
    assert test.dataframe[0].value["model"].tolist() == ["other"]


def test_who_may_not_switch_is_told_who_may(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    other_model(workplace)
    monkeypatch.setattr("app.pages.model_cards.may", lambda _: False)
    test = page("model_cards", "models_page")
    assert "A supervisor can make it the active model" in said(test)
    assert not [one for one in test.button if one.label.startswith("Score with")]


def test_folders_without_a_model_are_shown_with_what_is_wrong(workplace: Workplace) -> None:
    (workplace.models / "half a model").mkdir(parents=True)
    assert "missing" in said(page("model_cards", "models_page"))
