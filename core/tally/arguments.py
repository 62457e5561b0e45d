"""Checks of single numbers; each raises ValueError with the argument's name and value."""

import math


def check_count(name: str, value: float) -> None:
    """Pass whole numbers from 0 on."""
    if not (math.isfinite(value) and value >= 0 and value == int(value)):
        raise ValueError(f"{name} must be a whole number, 0 or more; it is {value!r}")


def check_at_most(name: str, value: float, limit_name: str, limit: float) -> None:
    """Pass values up to and including the limit."""
    if not value <= limit:
        raise ValueError(f"{name} must be at most {limit_name} ({limit!r}); it is {value!r}")


def check_not_negative(name: str, value: float) -> None:
    """Pass finite numbers from 0 on."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number, 0 or more; it is {value!r}")


def check_positive(name: str, value: float) -> None:
    """Pass finite numbers above 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0; it is {value!r}")


def check_sensitivity(name: str, value: float) -> None:
    """Pass numbers in (0, 1]."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must lie in (0, 1]; it is {value!r}")


def check_share(name: str, value: float) -> None:
    """Pass numbers in [0, 1]."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1]; it is {value!r}")


def check_confidence(value: float) -> None:
    """Pass numbers in (0, 1)."""
    if not 0 < value < 1:
        raise ValueError(f"confidence must lie in (0, 1); it is {value!r}")
