"""What the tables of arms on the page say of given numbers."""

import math
import re

from core.study.comparison import RunKey
from core.study.page_tables import arm_tables, header_row
from core.study.table import COLUMNS, SHOWN, arm_rows
from core.study.targets import TARGETS, arm_outcomes


def figures(**given: float) -> dict[str, float]:
    return {column.key: 0.5 for column in COLUMNS} | given


def tables(*runs: list[dict[str, float]]) -> str:
    """The tables of the arm compared with and, where there is one, another."""
    arms = {
        arm: {RunKey(seed, 0): values for seed, values in enumerate(given)}
        for arm, given in zip(("ce", "other"), runs, strict=False)
    }
    rows, targets = arm_rows(list(arms), "ce", arms), arm_outcomes(list(arms), "ce", {}, arms)
    return arm_tables("Test images", rows, targets, "ce")


def cells(text: str, caption: str, arm: str) -> list[str]:
    """Texts of the cells of an arm's row in the table with a caption."""
    table = text[text.index(caption) :]
    row = re.search(f'<th scope="row">{arm}[ <].*?</tr>', table)
    assert row
    found = re.findall(r"<td>(.*?)</td>", row.group())
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in found]


def test_shares_are_in_per_cent_and_cross_entropy_is_not() -> None:
    text = tables([figures(accuracy=0.9, cross_entropy=0.25)], [figures()])
    assert cells(text, "Mean ±", "ce")[:2] == ["90.0", "0.250"]


def test_several_runs_have_a_deviation_and_a_difference_an_interval() -> None:
    # Differences of .1, .2 and .3: their mean is .2 and half the interval .1 4.302653 / 3 ** .5.
    other = [figures(accuracy=value) for value in (0.6, 0.7, 0.8)]
    text = tables([figures()] * 3, other)
    assert cells(text, "Mean ±", "other")[0] == "70.0 ± 10.0"
    assert cells(text, "Difference to ce", "other")[0] == "+20.0 −4.8 to +44.8"
    assert cells(text, "Difference to ce", "other")[1] == "0.000 0.000 to 0.000"


def test_an_interval_without_0_is_bold() -> None:
    other = [figures(accuracy=value) for value in (0.60, 0.61, 0.62)]
    assert tables([figures()] * 3, other).count('class="number clear"') == 1


def test_what_is_undefined_is_a_dash() -> None:
    missing = figures(epg_other_method=math.nan)
    text = tables([figures()], [missing])
    number = [column.key for column in SHOWN].index("epg_other_method")
    assert cells(text, "Mean ±", "other")[number] == "–"
    assert cells(text, "Difference to ce", "other")[number] == "–"
    assert ">nan" not in text


def test_arms_on_the_front_are_marked_in_the_table_and_in_the_chart() -> None:
    # The other arm is better in one figure of the front and worse in none.
    text = tables([figures()], [figures(epg=0.6)])
    assert text.count('class="front-mark"') == 1
    assert '<th scope="row">other <span class="front-mark" title="on the front">◆</span></th>' in text
    assert text.count('class="dot marked"') == 1
    assert text.count('class="dot"') == 1


def test_each_target_says_in_words_whether_it_is_reached_with_its_number_and_interval() -> None:
    other = [figures(epg=value, accuracy=value, region_area=1.0) for value in (0.6, 0.7, 0.8)]
    found = cells(tables([figures()] * 3, other), "Targets, against ce", "other")
    by_target = dict(zip([target.key for target in TARGETS], found, strict=True))
    assert by_target["epg_gain"] == "reached +20.0 −4.8 to +44.8"
    assert by_target["pointing_game_gain"] == "not reached 0.0 0.0 to 0.0"
    assert by_target["epg_beyond_shuffled"] == "not known no arm with shuffled regions and otherwise the same"
    assert by_target["accuracy_kept"] == "not reached +20.0 −4.8 to +44.8"
    assert by_target["share_above_half_of_area"] == "reached 50.0 % 50.0 to 50.0"


def test_an_arm_alone_is_compared_with_nothing() -> None:
    text = tables([figures()])
    assert "<h2>Test images</h2>" in text
    assert cells(text, "Mean ±", "ce")[0] == "50.0"
    assert "Difference" not in text
    assert "Targets" not in text


def test_a_name_cannot_break_a_row_and_its_cells_are_html() -> None:
    assert header_row("<b>&", ["<i>1</i>", "2"]) == (
        '<tr><th scope="row">&lt;b&gt;&amp;</th><td><i>1</i></td><td>2</td></tr>'
    )
