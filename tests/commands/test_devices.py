"""`memprof devices` and `memprof devices show`, as people and programs see them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from memprof import devices
from memprof.commands.devices import command
from memprof.devices.achievable import constants
from memprof.errors import DeviceError
from tests.command_line import memprof


def run(*arguments: str, columns: int = 80) -> str:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_fits_the_terminal_and_names_every_device(columns: int) -> None:
    lines = run(columns=columns).splitlines()
    assert max(map(len, lines)) <= columns
    for device in devices.list_devices():
        assert any(line.startswith(f"{device.name} ") for line in lines), device.name
    row = next(line for line in lines if line.startswith("a100-sxm4-40gb"))
    assert row.split() == ["a100-sxm4-40gb", "Ampere", "GA100", "1,555", "156", "312", "19.5", "39.42"]
    row = next(line for line in lines if line.startswith("v100-sxm2-16gb"))
    assert row.split()[4] == "-"


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", [device.name for device in devices.list_devices()])
def test_show_fits_the_terminal_and_has_every_figure_with_its_source(name: str, columns: int) -> None:
    device = devices.get(name)
    text = run("show", name, columns=columns)
    assert max(map(len, text.splitlines())) <= columns
    words = " ".join(text.split())
    for key, figure in device.figures.items():
        assert device.words(key) in text
        assert devices.format_figure(key, figure.value) in text
        for source in figure.sources:
            assert source in words or source.replace("/", "") in words.replace("/ ", "").replace("/", "")
    for note in device.notes:
        assert note in words


def test_show_prints_units_and_numbers_sources() -> None:
    text = run("show", "a100")
    assert "L1 bandwidth, all SMs, 32-bit loads" in text
    assert "19.492 TB/s" in text
    assert "40 MiB" in text
    assert '1 NVIDIA, "NVIDIA Ampere Architecture In-Depth", tables 3 and 4' in text


def test_json_is_json_and_nothing_else() -> None:
    listed = json.loads(run("--json"))
    assert [device["name"] for device in listed] == [device.name for device in devices.list_devices()]
    shown = json.loads(run("show", "a100", "--json"))
    assert shown == listed[0] == json.loads(run("--json", "show", "a100"))
    assert shown["figures"]["dram_bytes_per_second"]["value"] == 1555.2e9
    assert shown["figures"]["dram_bytes_per_second"]["unit"] == "B/s"
    assert "Ampere" in shown["figures"]["dram_bytes_per_second"]["source"]


def test_show_takes_a_file_and_prints_its_text_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    figures = {"dram_bytes_per_second": 1e12, "fp32_flops_per_second": {"value": 1e13, "source": "[red]x[/red]"}}
    path.write_text(json.dumps({"name": "[bold]mine", "figures": figures, "notes": ["[/]:smile:"]}), encoding="utf-8")
    text = run("show", str(path))
    assert "[bold]mine" in text
    assert "[red]x[/red]" in text
    assert "[/]:smile:" in text


def test_an_unknown_device_is_an_error_for_main_to_print() -> None:
    result = CliRunner().invoke(command, ["show", "a10000"])
    assert isinstance(result.exception, DeviceError)
    assert result.output == ""


HEADING = "What kernels reach of these figures: the constants by which times are predicted"


@pytest.mark.parametrize("columns", [80, 120])
def test_constants_are_shown_with_value_unit_words_and_source(columns: int, tmp_path: Path) -> None:
    shown = memprof("devices", "show", "rtx3090", "--constants", cwd=tmp_path, COLUMNS=str(columns))
    assert (shown.code, shown.err) == (0, "")
    assert max(map(len, shown.out.splitlines())) <= columns
    figures, _, rest = shown.out.partition(f"\n{HEADING}\n")
    table, _, sources = rest.partition("\nSources\n")
    assert figures in memprof("devices", "show", "rtx3090", cwd=tmp_path, COLUMNS=str(columns)).out
    cells = " ".join(table.split())
    for line in (
        "0.950 fraction of DRAM bandwidth that streaming kernels",
        "ns of a load that waits for the one before it",
        "160 instructions before the first tap of an output of",
        "1.779e+13 instructions/s that all SMs issue, counted for each",
    ):
        assert line in cells
    assert len(re.findall(r"^ *[\d.,e+]+  [a-z]", table, re.MULTILINE)) == len(constants()) + 1  # clocks are seconds
    numbers = {int(number) for number in re.findall(r"  (\d+) *$", table, re.MULTILINE)}
    for number in numbers:
        assert re.search(rf"^ *{number} \S", sources, re.MULTILINE)
    words = " ".join(sources.split())
    assert "0.956 on an RTX 3090 and 0.934 on an RTX 5090 (github.com/Don-Chad/ninfer-3090 PR 17)" in words
    assert "computed: SMs x 128 x boost clock" in words


def test_without_being_asked_for_constants_are_only_pointed_to(tmp_path: Path) -> None:
    shown = memprof("devices", "show", "a100", cwd=tmp_path)
    assert HEADING not in shown.out
    assert "--constants adds what kernels reach of these figures" in shown.out
    assert "--constants adds" not in memprof("devices", "show", "a100", "--constants", cwd=tmp_path).out


def test_constants_in_json_stand_beside_a_device_file(tmp_path: Path) -> None:
    plain = memprof("devices", "show", "a100", "--json", cwd=tmp_path)
    with_constants = memprof("devices", "--json", "show", "a100", "--constants", cwd=tmp_path)
    assert (with_constants.code, with_constants.err) == (0, "")
    content = json.loads(with_constants.out)
    found = content.pop("constants")
    assert content == json.loads(plain.out)
    assert set(found) == {*constants(), "issue_slots_per_second", "launch_seconds"} - {"launch_cycles"}
    assert found["stream_dram_fraction"] == {
        "value": 0.897,
        "unit": "",
        "words": "of DRAM bandwidth that streaming kernels reach",
        "source": constants()["stream_dram_fraction"].statements[-1].source,
    }
    assert found["issue_slots_per_second"]["value"] == pytest.approx(108 * 128 * 1.41e9)
    (tmp_path / "mine.json").write_text(plain.out, encoding="utf-8")
    assert memprof("devices", "show", "mine.json", cwd=tmp_path).code == 0


def test_constants_of_a_file_are_those_of_its_kind_of_device(tmp_path: Path) -> None:
    text = 'name = "mine"\nbase = "rtx3090"\n[figures]\nboost_clock_hz = 1e9\n'
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    found = json.loads(memprof("devices", "show", "mine.toml", "--constants", "--json", cwd=tmp_path).out)["constants"]
    assert found["stream_dram_fraction"]["value"] == 0.95
    assert found["issue_slots_per_second"]["value"] == 82 * 128 * 1e9


def test_constants_need_no_unicode_terminal(tmp_path: Path) -> None:
    shown = memprof("devices", "show", "a100", "--constants", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (shown.code, shown.err) == (0, "")
