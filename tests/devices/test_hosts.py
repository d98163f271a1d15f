"""Hosts by name and by file: what ships, what a user states, and every mistake in it."""

from __future__ import annotations

import json

import pytest

from memprof.devices import hosts
from memprof.errors import DeviceError

WHOLE = {"name": "mine", "figures": dict.fromkeys(hosts.FIGURES, 5e-6)}


def write(folder, text, name="mine.json"):
    path = folder / name
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


def test_every_host_has_every_figure_with_a_source():
    assert [host.name for host in hosts.list_hosts()] == ["server-2020", "server-2022", "desktop-2024", "cuda-graphs"]
    for host in hosts.list_hosts():
        assert list(host.figures) == list(hosts.FIGURES)
        assert all(figure.source and figure.value < 1e-4 for figure in host.figures.values())
        assert all((figure.value > 0) == (host.name != hosts.CUDA_GRAPHS) for figure in host.figures.values())
    assert hosts.get(hosts.DEFAULT_HOST).name == hosts.DEFAULT_HOST


def test_every_figure_of_a_newer_host_is_smaller():
    old, new, desktop, _ = hosts.list_hosts()
    for key in hosts.FIGURES:
        assert old.figures[key].value > new.figures[key].value > desktop.figures[key].value


def test_what_the_published_rows_determine():
    """EfficientNet-B0 in NVIDIA's table: 32 us an operator with 1.13 launches and 0.9 modules; 16 us a cast."""
    costs = hosts.costs(hosts.get("SERVER-2020"))
    whole = costs.seconds_per_operator + 1.13 * costs.seconds_per_launch + 0.9 * costs.seconds_per_module
    assert whole == pytest.approx(32e-6, rel=0.03)
    assert costs.seconds_per_cast + costs.seconds_per_launch == pytest.approx(16e-6)


def test_a_file_states_a_host_or_changes_one(tmp_path):
    host = hosts.get(write(tmp_path, WHOLE))
    assert (host.name, host.title, host.figures["seconds_per_view"].source) == ("mine", "mine", "mine.json")
    text = 'name = "mine"\nbase = "server-2020"\n[figures]\nseconds_per_launch = {value = 2e-6, source = "seen"}\n'
    changed = hosts.costs(hosts.get(str(write(tmp_path, text, "mine.toml"))))
    assert (changed.seconds_per_launch, changed.seconds_per_cast) == (2e-6, 10e-6)


def test_a_host_is_read_back_as_it_was_written(tmp_path):
    host = hosts.get("desktop-2024")
    assert hosts.get(write(tmp_path, host.as_dict())) == host


FIGURES = WHOLE["figures"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({**WHOLE, "figures": {"seconds_per_view": 1e-6}}, "the time of an operator called from Python is missing"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_call": 1e-6}}, "did you mean"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": 12}}, "write 12e-6 for 12 microseconds"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": 0}}, "must be above zero"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": "fast"}}, "must be a number, not text"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": {"source": "x"}}}, "has no value"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": {"value": 1e-6, "unit": "us"}}}, "is in 'us'"),
        ({**WHOLE, "figures": {**FIGURES, "seconds_per_view": {"value": 1e-6, "unti": "s"}}}, "did you mean unit"),
        ({**WHOLE, "figures": []}, "must be a table"),
        ({**WHOLE, "seconds_per_view": 1e-6}, "stands outside the figures"),
        ({**WHOLE, "titel": "x"}, "did you mean title"),
        ({**WHOLE, "notes": "x"}, "notes must be a list"),
        ({**WHOLE, "base": "server-2021"}, "unknown host 'server-2021'"),
        ({"figures": FIGURES}, "has no name"),
        ("{", "is not valid JSON"),
        ("[]", "does not hold one host"),
    ],
)
def test_a_mistake_in_a_file_is_told(tmp_path, text, words):
    with pytest.raises(DeviceError, match=r"host file .*mine\.json") as caught:
        hosts.get(write(tmp_path, text))
    assert words in str(caught.value)


def test_unknown_names_are_told_the_nearest():
    with pytest.raises(DeviceError, match=r"unknown host 'server-2021'; did you mean .*server-2020"):
        hosts.get("server-2021")


def test_this_machine_must_have_been_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(DeviceError, match="not been measured as a host yet; run `memprof calibrate --host`"):
        hosts.get("this-machine")
    hosts.this_machine_path().parent.mkdir()
    hosts.this_machine_path().write_text("{}", encoding="utf-8")
    with pytest.raises(DeviceError, match="the host has no name; run `memprof calibrate --host` again"):
        hosts.get("this-machine")
