"""Numbers and units, in every way that Nsight Compute prints them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.counters.quantities import Unit, decimal_mark, exponent, is_absent, read_number


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("0", ".", "0"),
        ("1234567", ".", "1234567"),
        ("1,234,567", ".", "1234567"),
        ("1,234.50", ".", "1234.5"),
        ("1.234.567", ",", "1234567"),
        ("1.234,50", ",", "1234.5"),
        ("65,77", ",", "65.77"),
        ("1\u202f234\u202f567", ".", "1234567"),
        ("1 234,5", ",", "1234.5"),
        ("1'234'567.25", ".", "1234567.25"),
        ("12,34,567", ".", "1234567"),  # as India groups
        ("4.0e-05", ".", "0.00004"),
        ("1.5E+03", ".", "1500"),
        (" 12 ", ".", "12"),
        ("-5", ".", "-5"),
        (".5", ".", "0.5"),
    ],
)
def test_a_number_is_read_exactly(text, mark, value):
    assert read_number(text, mark) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "-inf",
        "(!) nan",
        "12a",
        "1,2",
        "1,2345",
        "1.2.3",
        ",",
        ".",
        "1,234,5",
        "0x10",
        "1e",
        "1e9999",
        "(256, 1, 1)",
        "١٢",
    ],
)
def test_what_is_no_finite_number_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(text) + "$"):
        read_number(text)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1,234.5", "."),
        ("1.234,5", ","),
        ("1,234,567", "."),
        ("1.234.567", ","),
        ("65.77", "."),
        ("65,77", ","),
        ("0.123", "."),
        ("0,123", ","),
        ("1234.567", "."),
        ("1.234e5", "."),
        ("512.000000", "."),
        ("1 234,5", ","),
        ("1,234", None),
        ("1.234", None),
        ("12", None),
        ("", None),
        ("n/a", None),
        ("(1, 1, 1)", None),
    ],
)
def test_a_number_tells_its_decimal_mark_or_does_not(text, mark):
    assert decimal_mark(text) == mark


def printed(digits: int, places: int, mark: str, between: str) -> str:
    """Print digits / 10^places with a mark between groups of three."""
    whole, part = divmod(digits, 10**places)
    fraction = f"{mark}{part:0{places}d}" if places else ""
    return f"{whole:,}".replace(",", between) + fraction


@given(
    st.integers(0, 10**18),
    st.integers(0, 6),
    st.sampled_from([(".", ","), (".", ""), (".", "\u00a0"), (".", "'"), (",", "."), (",", ""), (",", "\u202f")]),
)
def test_whatever_is_printed_is_read_back(digits, places, marks):
    text = printed(digits, places, *marks)
    assert read_number(text, marks[0]) == Decimal(digits).scaleb(-places)
    assert decimal_mark(text) in {None, marks[0]}


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text):
    for mark in ".,":
        try:
            assert read_number(text, mark).is_finite()
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("unit", "text", "power"),
    [
        (Unit.BYTES, "byte", 0),
        (Unit.BYTES, "", 0),
        (Unit.BYTES, "Kbyte", 3),
        (Unit.BYTES, "Mbyte", 6),
        (Unit.BYTES, "Gbyte", 9),
        (Unit.BYTES, "Tbyte", 12),
        (Unit.SECTORS, "sector", 0),
        (Unit.SECTORS, "Msector", 6),
        (Unit.SECONDS, "second", 0),
        (Unit.SECONDS, "msecond", -3),
        (Unit.SECONDS, "usecond", -6),
        (Unit.SECONDS, "nsecond", -9),
        (Unit.SECONDS, "s", 0),
        (Unit.SECONDS, "ms", -3),
        (Unit.SECONDS, "us", -6),
        (Unit.SECONDS, "ns", -9),
        (Unit.RATE, "byte/second", 0),
        (Unit.RATE, "Gbyte/second", 9),
        (Unit.RATE, "Gbyte/s", 9),
    ],
)
def test_units_are_powers_of_ten(unit, text, power):
    assert exponent(text, unit) == power


@pytest.mark.parametrize(
    ("unit", "text"),
    [(Unit.BYTES, "%"), (Unit.BYTES, "sector"), (Unit.SECTORS, "byte"), (Unit.SECONDS, "cycle"), (Unit.RATE, "byte")],
)
def test_another_unit_is_refused(unit, text):
    with pytest.raises(LookupError):
        exponent(text, unit)


def test_some_cells_say_that_there_is_no_number():
    assert all(map(is_absent, ["", " ", "n/a", "N/A", "(!) n/a"]))
    assert not any(map(is_absent, ["0", "nan", "(!) nan"]))
