"""The page of the models: cards as a person reads them, and switching on record."""

import pytest

from app.pages.links import escaped
from app.workplace import Workplace
from models.cards import load_card, write_card
from tests.app.jobs.test_models_here import other_model
from tests.app.page_under_test import page, said
from tests.models.made_cards import SECOND_LOOK, write_models

NOTICE = "research use only, not for diagnosis"


@pytest.fixture
def made(workplace: Workplace) -> None:
    """A model of which everything is known, beside the released one; its tables are the page's last three."""
    folder = write_models(workplace.models / "made")
    shares = {"1_in_2000": 0.4, "1_in_1000": 0.805, "1_in_100": 0.95}
    card = SECOND_LOOK.model_copy(
        update={"figures": {"by_rank": {"md2019": shares}}, "limits": ("never on patients",)}
    )
    write_card(card, folder / "second_look.json")


def test_a_card_says_what_it_was_trained_on_what_it_is_worth_and_for_which_slides(made: None) -> None:
    test = page("model_cards", "models_page")
    shown = said(test)
    for text in (
        NOTICE,
        r"Slides are scored with **released** (smearscope\-detector\-1",
        "detector 1 \\+ classifier 1 \\+ second look 1",
        "made: 12 items",
        r"iml\_malaria, left out",
        "Located 370 of 380 infected cells",
        "never on patients",
        "thin smears only",
    ):
        assert text in shown, text
    assert shown.count("made: 12 items") == 1  # all three networks were trained on it
    worth, unseen, validity = [table.value for table in test.table][-3:]
    assert worth.loc["1 cell in 2 000"].tolist() == ["40 % (40 of 100)"]
    assert worth.loc["1 cell in 1 000"].tolist() == ["80 % (80 of 100)"]
    assert worth.loc["1 cell in 100"].tolist() == ["95 % (95 of 100)"]
    assert unseen.loc["md2019"].tolist() == ["40 %", "80.5 %", "95 %"]
    assert validity.loc["stain's optical density, red"].tolist() == ["0 to 0.2"]


def test_in_french_figures_and_measures_are_french(made: None) -> None:
    test = page("model_cards", "models_page", language="fr")
    assert "à des fins de recherche uniquement" in said(test)
    worth, unseen, validity = [table.value for table in test.table][-3:]
    assert worth.loc["1 hématie sur 1 000"].tolist() == ["80 % (80 sur 100)"]
    assert unseen.loc["md2019"].tolist()[1] == "80,5 %"
    assert validity.loc["densité optique de la coloration, rouge"].tolist() == ["0 à 0,2"]


def test_of_the_released_model_its_own_limits_and_the_fields_it_was_measured_on_are_said(
    workplace: Workplace,
) -> None:
    shown, card = said(page("model_cards", "models_page")), load_card("released")
    for limit in (*card.detector.limits, *card.classifier.limits, *card.second_look.limits):
        assert escaped(limit) in shown
    assert escaped(card.second_look.curve_measured_on) in shown


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
