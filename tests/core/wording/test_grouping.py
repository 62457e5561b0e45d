"""Numbers as a person reads them."""

import pytest

from core.wording import grouped, grouped_up, percent, significant, with_decimal_mark


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (7, "7"), (7.25, "7.2"), (999, "999"), (61_200, "61 200"), (1e6, "1 000 000")],
)
def test_thousands_stand_apart_and_small_fractions_keep_a_decimal(number: float, text: str) -> None:
    assert grouped(number) == text


@pytest.mark.parametrize(("limit", "text"), [(70.2, "71"), (75.000_000_000_1, "75"), (1234.5, "1 235")])
def test_a_limit_is_rounded_up_but_not_for_an_error_of_arithmetic(limit: float, text: str) -> None:
    assert grouped_up(limit) == text


@pytest.mark.parametrize(
    ("number", "text"), [(933.33, "933"), (2.1666, "2.17"), (0.0061, "0.0061"), (61_234, "61200"), (3.0, "3")]
)
def test_three_digits_count_and_none_is_an_exponent(number: float, text: str) -> None:
    assert significant(number) == text


def test_a_small_share_is_in_percent_without_an_exponent() -> None:
    assert percent(0.00006) == "0.006 %"
    assert percent(0.955) == "95.5 %"


@pytest.mark.parametrize(("language", "text"), [("en", "0.05"), ("fr", "0,05")])
def test_the_decimal_mark_is_the_languages(language: str, text: str) -> None:
    assert with_decimal_mark("0.05", language) == text
