"""`memprof devices` and `memprof devices show`, as people and programs see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from memprof import devices
from memprof.commands.devices import command
from memprof.errors import DeviceError


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
        assert devices.FIGURES[key].words in text
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
