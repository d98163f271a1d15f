"""The constants of the time model: each with unit, words and source, one value for every device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof import devices
from memprof.devices import achievable as module
from memprof.devices.achievable import Statement, achievable, constants
from memprof.devices.record import Device, Figure

ALL = devices.list_devices()
UNITS = {"", "clocks", "s", "instructions", "elements", "J"}
BARE = Device("bare", "Bare", (), None, None, None, {})


@pytest.mark.parametrize("key", constants())
def test_every_constant_says_what_it_is_and_where_each_value_comes_from(key: str) -> None:
    constant = constants()[key]
    assert constant.words.strip()
    assert constant.unit in UNITS
    assert constant.statements
    assert all(statement.source.strip() and statement.value >= 0 for statement in constant.statements)


@pytest.mark.parametrize("key", constants())
def test_names_and_units_agree(key: str) -> None:
    constant = constants()[key]
    assert ("fraction" in key) is (constant.unit == "")
    assert ("instructions" in key) is (constant.unit == "instructions")
    assert ("seconds" in key) is (constant.unit == "s")
    assert ("joules" in key) is (constant.unit == "J")
    if constant.unit == "":
        assert all(0 < statement.value < 1.5 for statement in constant.statements)


def chosen(key: str, device: Device) -> Statement:
    """Return the first statement that fits, found without `achievable`."""
    return next(statement for statement in constants()[key].statements if statement.fits(device))


@pytest.mark.parametrize("key", constants())
def test_every_statement_is_some_devices(key: str) -> None:
    used = {chosen(key, device) for device in ALL}
    assert used == set(constants()[key].statements)


@pytest.mark.parametrize("device", ALL, ids=lambda device: device.name)
def test_every_constant_is_found_for_every_device(device: Device) -> None:
    figures = achievable(device)
    assert set(constants()) - {"launch_cycles"} <= set(figures)
    for key in set(constants()) - {"launch_cycles"}:
        assert (figures[key].value, figures[key].source) == (chosen(key, device).value, chosen(key, device).source)
    for key in module.OWN_FIGURES:
        assert figures.get(key) == device.figures.get(key)


@pytest.mark.parametrize("device", [*ALL, BARE], ids=lambda device: device.name)
def test_every_constant_that_the_time_model_gets_has_a_name_or_is_a_figure_of_the_device(device: Device) -> None:
    named = module.choose(device)
    assert {key: constant.figure for key, constant in named.items()} | {
        key: figure for key, figure in device.figures.items() if key in module.OWN_FIGURES
    } == {key: figure for key, figure in achievable(device).items() if key != "compute_capability"}
    for key, constant in named.items():
        assert constant.words
        if key in constants():
            assert (constant.unit, constant.words) == (constants()[key].unit, constants()[key].words)


@pytest.mark.parametrize(
    ("capability", "number"), [("8.6", 8.6), ("12.0", 12.0), ("gfx942", None), ("", None), (None, None)]
)
def test_nvidias_compute_capability_is_a_number(capability: str | None, number: float | None) -> None:
    figure = achievable(replace(BARE, compute_capability=capability)).get("compute_capability")
    assert (None if figure is None else figure.value) == number


def test_a_device_that_nobody_knows_has_every_constant_and_nothing_of_its_own() -> None:
    assert set(achievable(BARE)) == {*constants(), "launch_seconds"} - {"launch_cycles"}


def test_a_kernel_of_no_work_takes_clocks() -> None:
    figures = {"boost_clock_hz": Figure(2e9, "a datasheet")}
    assert achievable(replace(BARE, figures=figures))["launch_seconds"].value == 2900 / 2e9
    assert achievable(replace(BARE, figures=figures, compute_capability="gfx942"))["launch_seconds"].value == 5700 / 2e9
    assert achievable(BARE)["launch_seconds"].value == 2900 / 1.5e9


def test_issue_slots_follow_from_sms_and_clock() -> None:
    figures = {"sm_count": Figure(10, "a datasheet"), "boost_clock_hz": Figure(2e9, "a datasheet")}
    computed = achievable(replace(BARE, figures=figures))
    assert computed["issue_slots_per_second"].value == 10 * 128 * 2e9
    assert computed["issue_slots_per_second"].source.startswith("computed")
    assert computed["sm_count"] == figures["sm_count"]
    amd = achievable(replace(BARE, figures=figures, compute_capability="gfx942"))
    assert amd["issue_slots_per_second"].value == 10 * 64 * 2e9
    assert "issue_slots_per_second" not in achievable(replace(BARE, figures={"sm_count": figures["sm_count"]}))


@pytest.mark.parametrize(
    ("name", "half_rate"),
    [
        ("rtx3090", True),
        ("rtx4090", True),
        ("2080ti", True),
        ("a100", False),
        ("h100", False),
        ("t4", False),
        ("v100", False),
    ],
)
def test_geforce_runs_fp32_accumulation_at_half_rate(name: str, half_rate: bool) -> None:
    assert Statement(1.0, "", half_rate=half_rate).fits(devices.get(name))
    assert not Statement(1.0, "", half_rate=not half_rate).fits(devices.get(name))


@pytest.mark.parametrize(
    ("name", "memory"), [("a100", "HBM"), ("h100", "HBM"), ("v100", "HBM"), ("rtx3090", "GDDR"), ("t4", "GDDR")]
)
def test_the_kind_of_memory_is_the_beginning_of_its_type(name: str, memory: str) -> None:
    device = devices.get(name)
    assert Statement(1.0, "", memory=memory).fits(device)
    assert not Statement(1.0, "", memory={"HBM": "GDDR", "GDDR": "HBM"}[memory]).fits(device)
    assert Statement(1.0, "").fits(device)


def test_both_conditions_of_a_statement_must_hold() -> None:
    both = Statement(1.0, "", memory="GDDR", half_rate=True)
    assert both.fits(devices.get("rtx3090"))
    assert not both.fits(devices.get("t4"))  # GDDR at full rate
    assert not both.fits(BARE)


def test_constants_that_depend_on_the_device_do() -> None:
    a100, t4, geforce = (achievable(devices.get(name)) for name in ("a100", "t4", "rtx3090"))
    assert len({figures["stream_dram_fraction"].value for figures in (a100, t4, geforce)}) == 3
    assert a100["tile_prologue_depth"] == t4["tile_prologue_depth"] != geforce["tile_prologue_depth"]


def test_a_statement_may_name_several_beginnings() -> None:
    several = Statement(1.0, "", capability="8.9 9.")
    assert [several.fits(devices.get(name)) for name in ("rtx4090", "h100", "a100")] == [True, True, False]
