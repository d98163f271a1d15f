"""A user's own device: what a file may say, what follows from it, and what each mistake is told."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memprof import devices
from memprof.errors import DeviceError

DOCS = Path(__file__).parents[2] / "docs" / "devices.md"
LEAST: dict[str, Any] = {"dram_bytes_per_second": 500e9, "fp32_flops_per_second": 10e12}


def written(folder: Path, content: Any, name: str = "mine.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def with_figures(**figures: Any) -> dict[str, Any]:
    return {"name": "mine", "figures": {**LEAST, **figures}}


def test_the_least_a_file_must_say(tmp_path: Path) -> None:
    device = devices.get(written(tmp_path, with_figures()))
    assert (device.name, device.title) == ("mine", "mine")
    assert device.bandwidth("dram") == 500e9
    assert device.figures["dram_bytes_per_second"].source == "mine.json"
    assert devices.precisions(device) == ("fp32",)
    assert devices.ceilings(device, "fp32").peak_flops_per_second == {"fp32": 10e12}


def test_a_name_with_a_suffix_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, 'name = "mine"\n[figures]\ndram_bytes_per_second = 5e11\nfp32_flops_per_second = 1e13', "a.toml")
    monkeypatch.chdir(tmp_path)
    assert devices.get("a.toml").bandwidth("dram") == 5e11


def test_l1_follows_from_sms_rate_and_clock_unless_stated(tmp_path: Path) -> None:
    factors = {"sm_count": 10, "l1_bytes_per_clock_per_sm": 64, "boost_clock_hz": 2e9}
    assert devices.get(written(tmp_path, with_figures(**factors))).bandwidth("l1") == 10 * 64 * 2e9
    stated = with_figures(**factors, l1_bytes_per_second={"value": 1.1e12, "source": "measured"})
    assert devices.get(written(tmp_path, stated)).bandwidth("l1") == 1.1e12


def test_a_base_gives_what_the_file_does_not_say(tmp_path: Path) -> None:
    content = {"name": "slow a100", "base": "NVIDIA A100-SXM4-40GB", "figures": {"boost_clock_hz": 1e9}}
    device, a100 = devices.get(written(tmp_path, content)), devices.get("a100")
    assert device.bandwidth("l1") == 108 * 128 * 1e9
    assert device.figures["boost_clock_hz"].source == "mine.json"
    assert device.bandwidth("dram") == a100.bandwidth("dram")
    assert (device.title, device.compute_capability) == (a100.title, "8.0")
    assert device.notes == a100.notes


@pytest.mark.parametrize("device", devices.list_devices(), ids=lambda device: device.name)
def test_what_show_prints_as_json_is_a_device_file(device: devices.Device, tmp_path: Path) -> None:
    assert devices.get(written(tmp_path, device.as_dict())) == device


def test_a_printed_device_with_another_clock_has_another_l1(tmp_path: Path) -> None:
    content = devices.get("a100").as_dict()
    content["figures"]["boost_clock_hz"]["value"] = 1e9
    assert devices.get(written(tmp_path, content)).bandwidth("l1") == 108 * 128 * 1e9


def test_the_examples_of_the_documentation(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## Your own device")[2]
    examples = re.findall(r"```(toml|json)\n(.*?)```", text, re.DOTALL)
    assert [suffix for suffix, _ in examples] == ["toml", "json"]
    mine, edge = (devices.get(written(tmp_path, text, f"mine.{suffix}")) for suffix, text in examples)
    assert mine.bandwidth("l1") == 82 * 64 * 1.60e9
    assert mine.bandwidth("l2") == 2.2e12
    assert mine.peak("fp32") == pytest.approx(82 * 128 * 2 * 1.60e9, rel=0.001)
    assert mine.peak("tensor", "fp16") == 71.2e12
    assert devices.precisions(edge) == ("fp32", "amp-fp16", "fp16")
    assert edge.figures["fp16_tensor_flops_per_second"].source == "datasheet, dense"


MISTAKES = {
    "no name": ({"figures": LEAST}, "the device has no name; state name"),
    "blank name": ({"name": " ", "figures": LEAST}, "the device has no name"),
    "name of another kind": ({"name": 3, "figures": LEAST}, "name must be text, not a number"),
    "no figures": ({"name": "mine"}, "DRAM bandwidth is missing; .*state figures.dram_bytes_per_second"),
    "no peak": ({"name": "mine", "figures": {"dram_bytes_per_second": 1e12}}, "FP32 CUDA-core peak is missing"),
    "figures a list": ({"name": "mine", "figures": []}, "figures must be a table"),
    "unknown field": ({"name": "mine", "titel": "x"}, "unknown field 'titel'; did you mean title"),
    "figure outside": ({"name": "mine", "sm_count": 3}, "sm_count stands outside the figures; move it"),
    "unknown figure": (with_figures(dram_byte_per_second=1), "'dram_byte_per_second'; did you mean dram_bytes_per_sec"),
    "no figure at all": (with_figures(xyz=1), "unknown figure 'xyz'; docs/devices.md lists the figures"),
    "negative": (with_figures(sm_count=-3), "figures.sm_count is -3; it must be above zero"),
    "zero": (with_figures(l2_bytes_per_second=0), "l2_bytes_per_second is 0; it must be above zero"),
    "text": (with_figures(sm_count="108"), "figures.sm_count must be a number, not text"),
    "boolean": (with_figures(sm_count=True), "must be a number, not true or false"),
    "null": (with_figures(sm_count=None), "must be a number, not nothing"),
    "list": (with_figures(sm_count=[1]), "must be a number, not a list"),
    "infinite": (with_figures(sm_count=math.inf), "figures.sm_count is inf"),
    "not a number": (with_figures(sm_count=math.nan), "figures.sm_count is nan"),
    "too big for a float": (with_figures(sm_count=10**400), "figures.sm_count is inf"),
    "in GB/s": (with_figures(dram_bytes_per_second=1555), "is only 1.555 kB/s; .*base units, B/s: write 1555e9"),
    "no value": (with_figures(sm_count={"source": "x"}), "figures.sm_count has no value"),
    "another unit": (
        with_figures(dram_bytes_per_second={"value": 1, "unit": "GB/s"}),
        "figures.dram_bytes_per_second is in 'GB/s'; give it in 'B/s'",
    ),
    "field of a figure": (
        with_figures(sm_count={"value": 1, "sauce": "x"}),
        "unknown field 'sauce' in figures.sm_count; did you mean source",
    ),
    "source a number": (with_figures(sm_count={"value": 1, "source": 1}), "source of figures.sm_count must be text"),
    "notes a text": ({**with_figures(), "notes": "x"}, "notes must be a list of texts"),
    "unknown base": ({"name": "mine", "base": "a101"}, "base: unknown device 'a101'; did you mean .*a100-sxm4-40gb"),
    "a list": ([], "does not hold one device"),
    "broken": ('{"name": "mine",\n "figures": }', "is not valid JSON: .*line 2"),
    "stated twice": ('{"name": "a", "name": "b"}', "'name' is stated twice"),
    "empty": ("", "is not valid JSON"),
    "nested": ("[" * 100_000, "is nested too deeply"),
    "huge integer": ('{"name": "a", "figures": {"sm_count": 1' + "0" * 5000 + "}}", "is not valid JSON"),
}


@pytest.mark.parametrize(("content", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_clear_error(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        devices.get(written(tmp_path, content))
    assert "mine.json" in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"is not valid TOML: .*line 2"):
        devices.get(written(tmp_path, 'name = "mine"\nfigures = oops\n', "mine.toml"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="does not exist"):
        devices.get(str(tmp_path / "none.toml"))
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(DeviceError, match="is a directory"):
        devices.get(str(tmp_path / "folder.json"))
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(DeviceError, match="is not UTF-8 text"):
        devices.get(str(tmp_path / "latin.json"))
    with pytest.raises(DeviceError, match=r"is neither \.json nor \.toml"):
        devices.get(written(tmp_path, {}, "mine.yaml"))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
)
FIELDS = st.sampled_from(["name", "title", "aliases", "base", "figures", "notes", "compute_capability"])
KEYS = st.sampled_from(sorted(devices.FIGURES))
FILES = st.dictionaries(FIELDS, ANYTHING) | st.fixed_dictionaries(
    {"name": st.just("mine"), "figures": st.dictionaries(KEYS, ANYTHING | st.floats(min_value=1))}
)


def device_or_error(path: Path) -> devices.Device | DeviceError:
    try:
        return devices.get(path)
    except DeviceError as error:
        return error


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(FILES)
def test_any_file_is_a_device_or_one_clear_error(tmp_path: Path, content: dict[str, Any]) -> None:
    path = written(tmp_path, content)
    outcome = device_or_error(path)
    if isinstance(outcome, DeviceError):
        assert outcome.remedy
        assert str(path) in outcome.what
    else:
        assert all(math.isfinite(figure.value) and figure.value > 0 for figure in outcome.figures.values())
        assert devices.ceilings(outcome, "fp32").memory_bytes_per_second["dram"] > 0


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(KEYS, st.floats(min_value=1e6, max_value=1e18)))
def test_good_figures_come_back_as_stated(tmp_path: Path, figures: dict[str, float]) -> None:
    device = devices.get(written(tmp_path, with_figures(**figures)))
    assert {key: device.get(key) for key in figures} == figures
    assert list(device.figures) == [key for key in devices.FIGURES if key in device.figures]
