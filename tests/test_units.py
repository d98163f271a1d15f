import pytest

from memprof import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 s"), (1.5, "1.50 s"), (0.01234, "12.3 ms"), (0.9999e-3, "1.00 ms"), (4.5e-6, "4.50 µs"), (3e-9, "3.00 ns")],
)
def test_durations_carry_their_unit(value: float, text: str) -> None:
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (31.04e9, "31.0 GB"), (999.96e6, "1.00 GB"), (2.3e15, "2.30 PB")],
)
def test_bytes_use_decimal_prefixes(value: float, text: str) -> None:
    assert units.byte_count(value) == text


def test_rates_keep_the_digits_of_datasheets_and_no_zeros_after_them() -> None:
    assert units.bytes_per_second(1.555e12) == "1.555 TB/s"
    assert units.bytes_per_second(5.42e12) == "5.42 TB/s"
    assert units.flops_per_second(156e12) == "156 TFLOP/s"
    assert units.flops_per_second(19.5e12) == "19.5 TFLOP/s"
    assert units.flops_per_second(100e12) == "100 TFLOP/s"


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (128, "128"), (9999, "9,999"), (28_060_000, "28.06 M"), (4.195e9, "4.195 G")]
)
def test_counts(value: float, text: str) -> None:
    assert units.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.004, "0.4 %"),
        (0.0099, "1 %"),
        (0.41, "41 %"),
        (0.996, ">99 %"),
        (1, "100 %"),
    ],
)
def test_shares_never_round_to_nothing_or_everything(value: float, text: str) -> None:
    assert units.share(value) == text


def test_coverage_is_whole_only_if_nothing_is_missing() -> None:
    assert units.coverage(1.0) == "100 %"
    assert units.coverage(0.99999) == "99.9 %"
    assert units.coverage(0.9796) == "97.9 %"


@pytest.mark.parametrize(("value", "text"), [(0.93, "0.93x"), (1.183, "1.18x"), (3.91, "3.9x"), (12.13, "12.1x")])
def test_ratios(value: float, text: str) -> None:
    assert units.ratio(value) == text


def test_an_intensity_without_bytes_is_a_dash() -> None:
    assert units.intensity(None) == "–"
    assert units.intensity(0.2475) == "0.25"
    assert units.intensity(100.3) == "100"


def test_throughput_and_shapes() -> None:
    assert units.images_per_second(4900.4) == "4,900 images/s"
    assert units.images_per_second(3.456) == "3.46 images/s"
    assert units.shapes(((128, 96, 56, 56), ())) == "128x96x56x56, scalar"
    assert units.few_bytes(8.0) == "8 bytes"
    assert units.few_bytes(396.0) == "396 bytes"


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_no_number_is_a_dash(value: float) -> None:
    assert units.number(value) == "–"


def test_throughput_of_what_is_no_image() -> None:
    assert units.throughput(4900.4, "samples") == "4,900 samples/s"
    assert units.throughput(3.456) == "3.46 images/s"


def test_intervals_have_as_many_digits_as_tell_their_ends_apart() -> None:
    assert units.throughput_span(2984.3, 3074.2) == "2,984 to 3,074"
    assert units.throughput_span(13.03, 13.04) == "13.03 to 13.04"
    assert units.span(41.6e-3, 42.9e-3) == "41.6 to 42.9 ms"
    assert units.span(0.9e-3, 1.2e-3) == "0.900 to 1.20 ms"
    assert units.span(10.001e-6, 10.0012e-6) == "10.0 to 10.0 µs"  # they are the same for a reader


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.4, "40 %"), (0.994, "99 %"), (1.0, "100 %"), (1.32, "132 %"), (25.0, "2,500 %")]
)
def test_what_of_a_roof_is_reached_is_never_capped(value: float | None, text: str) -> None:
    assert units.percent(value) == text


def test_differences_of_time_may_be_negative() -> None:
    assert units.milliseconds(-0.12e-3) == "-0.120"
    assert units.milliseconds(5e-8) == "<0.0001"
    assert units.milliseconds(-5e-8) == "-0.0000"


def test_what_sensors_say_has_its_unit() -> None:
    assert (units.hertz(1.41e9), units.hertz(877e6)) == ("1.41 GHz", "877 MHz")
    assert units.watts(361.2) == "361 W"
    assert units.celsius(70.6) == "71 °C"
    assert (units.joules(0.134), units.joules(2.5), units.joules(0)) == ("134 mJ", "2.50 J", "0 J")
