"""--host, --cuda-graphs, `memprof devices --hosts` and `memprof calibrate --host`, as people run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memprof.devices import hosts
from tests.command_line import memprof

STEP = ("roofline", "--model", "resnet18", "--batch-size", "1", "--resolution", "64")
MINE = {
    "name": "mine",
    "title": "The box below my desk",
    "base": "server-2020",
    "figures": {"seconds_per_launch": 1e-3},
}


def report(folder: Path, *options: str) -> dict:
    result = memprof(*STEP, "--json", *options, cwd=folder)
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def test_the_report_says_which_host_was_assumed_and_a_step_is_no_shorter_than_it_needs(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(MINE), encoding="utf-8")
    seconds = []
    for options in ((), ("--host", "server-2020"), ("--host", "mine.json")):
        found = report(tmp_path, *options)
        totals = found["totals"]
        assert found["device"]["host"]["name"] == (Path(options[-1]).stem if options else hosts.DEFAULT_HOST)
        assert totals["seconds"] >= totals["host_seconds"]
        launch = found["device"]["host"]["seconds_per_launch"]
        assert totals["host_seconds"] >= totals["launches"] * launch * (1 - 1e-9)
        seconds.append(totals["seconds"])
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 50 * 1e-3  # ResNet-18 launches at least 50 kernels


def test_a_cuda_graph_waits_for_no_host(tmp_path: Path) -> None:
    found = report(tmp_path, "--cuda-graphs")
    assert found["totals"]["host_seconds"] == 0
    assert all(row["bound"] != "host" for row in found["operators"])
    assert found["device"]["host"]["title"] == "CUDA graphs: the host launches nothing"
    text = memprof(*STEP, cwd=tmp_path).out
    assert "server-2022  assumed: Server CPU of 2022 with PyTorch 2" in text


@pytest.mark.parametrize("command", ["compare", "explain", "ablate"])
def test_other_commands_take_a_host_too(tmp_path: Path, command: str) -> None:
    result = memprof(command, "--model", "convnext_atto", "--host", "no.toml", "--json", cwd=tmp_path)
    assert "host file no.toml does not exist" in result.error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "server-2021"), "unknown host 'server-2021'; did you mean"),
        (("--host", "no.toml"), "host file no.toml does not exist"),
        (("--host", "this-machine"), "run `memprof calibrate --host`"),
        (("--host", "server-2020", "--cuda-graphs"), "leave --host out"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    result = memprof(*STEP, *options, cwd=tmp_path, XDG_DATA_HOME=str(tmp_path / "data"))
    assert words in result.error


def test_hosts_are_listed_with_their_sources(tmp_path: Path) -> None:
    listed = json.loads(memprof("devices", "--hosts", "--json", cwd=tmp_path).out)
    assert [host["name"] for host in listed] == [host.name for host in hosts.list_hosts()]
    text = memprof("devices", "--hosts", cwd=tmp_path).out
    assert "The default is server-2022." in text
    assert "NVIDIA DeepLearningExamples" in " ".join(text.split())


def test_this_machine_is_measured_and_used(tmp_path: Path) -> None:
    data = {"XDG_DATA_HOME": str(tmp_path)}
    result = memprof("calibrate", "--host", "--seconds", "0.5", cwd=tmp_path, **data)
    assert (result.code, result.err) == (0, "")
    assert "memprof roofline --host this-machine" in result.out
    saved = tmp_path / "memprof" / "this-machine.json"
    host = hosts.get(saved)
    for key, figure in host.figures.items():
        assert 1e-8 < figure.value < 1e-3
        assert "median of " in figure.source or (key == "seconds_per_launch" and "not measured" in figure.source)
    used = memprof(*STEP, "--json", "--host", "this-machine", cwd=tmp_path, **data)
    assert json.loads(used.out)["device"]["host"]["name"] == "this-machine"


def test_a_host_that_cannot_be_measured_leaves_no_file(tmp_path: Path) -> None:
    result = memprof(
        "calibrate", "--host", "--device", "cuda", "--output", "gpu.json", cwd=tmp_path, CUDA_VISIBLE_DEVICES=""
    )
    assert "torch finds no CUDA GPU here" in result.error
    assert list(tmp_path.iterdir()) == []


def test_rows_of_measurements_may_name_a_host(tmp_path: Path) -> None:
    columns = "device,dtype,layout,batch,resolution,phase,model,images_per_second,host"
    rows = [f"a100,tf32,nhwc,1,32,infer,resnet18,100,{host}" for host in ("server-2020", "", "server-2021")]
    (tmp_path / "rows.csv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    found = json.loads(memprof("validate", "rows.csv", "--jobs", "1", "--json", cwd=tmp_path).out)
    slow, usual, unknown = found["rows"]
    assert slow["predicted_images_per_second"] < usual["predicted_images_per_second"]
    assert unknown["skipped_because"] == "unknown host 'server-2021'"
    assert "Hosts assumed: server-2020 (1 rows), server-2022 (1 rows)." in json.dumps(found)
