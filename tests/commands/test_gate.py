"""memprof gate as people run it: what init, check and update write, every exit code, and nothing else touched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from memprof._version import COST_MODEL
from tests.command_line import MEMPROF, Outcome, environment, memprof

NET = """from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.act = nn.ReLU()

    def forward(self, images):
        return self.act(self.conv(images))

def build():
    blocks = nn.Sequential(Block(), Block(), Block())
    return nn.Sequential(nn.Conv2d(3, 8, 3), blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
"""
COPIES = NET.replace("return self.act(self.conv(images))", "return self.act(self.conv(images.contiguous()))")
WIDER = NET.replace("7, padding=3", "9, padding=4")
SMALL = ("--batch-size", "4", "--resolution", "32")
BASELINE = "memprof-baseline.json"
CI = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITLAB_CI", "GITHUB_WORKSPACE", "CI_PROJECT_DIR")
NOT_IN_CI = dict.fromkeys(CI, "")


def gate(*arguments: str, cwd: Path, **changes: str) -> Outcome:
    return memprof("gate", *arguments, cwd=cwd, **{**NOT_IN_CI, **changes})


def files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if "__pycache__" not in name}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a project that is gated: a model, the configuration and its baseline."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "net.py").write_text(NET)
    done = gate("init", "--model", "net.py:build", "--phase", "infer", *SMALL, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"1 workload gated; commit both files, and run `memprof gate check` in CI.\nWritten: memprof.toml, {BASELINE}\n"
    )
    return files(folder)


@pytest.fixture
def project(tmp_path: Path, begun: dict[str, bytes]) -> Path:
    for name, content in begun.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_what_is_begun_passes_and_nothing_is_written(project: Path):
    before = files(project)
    assert sorted(before) == [BASELINE, "memprof.toml", "net.py"]
    done = gate("check", cwd=project)
    assert (done.code, done.err) == (0, "")
    assert "passed" in done.out.lower()
    assert files(project) == before


@pytest.mark.parametrize("planted", [COPIES, WIDER], ids=["an extra copy", "a kernel of 9"])
def test_a_planted_change_fails_with_the_module_named(project: Path, planted: str):
    (project / "net.py").write_text(planted)
    before = files(project)
    done = gate("check", cwd=project)
    assert (done.code, done.err) == (1, "")
    assert "regressed" in done.out.lower()
    assert "memprof gate update" in done.out
    found = json.loads(gate("check", "--json", cwd=project).out)
    assert found["verdict"] == "regressed"
    changes = found["results"][0]["changes"]
    assert any(re.fullmatch(r"1\.(0|\*|0-2)(\.conv)?", change["module"]) for change in changes), changes
    assert files(project) == before


def test_an_accepted_change_passes(project: Path):
    (project / "net.py").write_text(COPIES)
    done = gate("update", cwd=project)
    assert (done.code, done.err) == (0, "")
    assert "changed: net.py:build, inference on a100-sxm4-40gb, batch 4, 32 px, tf32, channels-last" in done.out
    assert "  kernel launches: " in done.out
    assert done.out.endswith(f"Written: {BASELINE}\n")
    assert gate("check", cwd=project).code == 0
    (project / "net.py").write_text(NET)
    better = gate("check", cwd=project)
    assert better.code == 0
    assert "improved" in better.out.lower()
    strict = gate("check", "--strict", cwd=project)
    assert strict.code == 1
    assert "memprof gate update" in strict.out


def test_nothing_to_accept_leaves_the_baseline_alone(project: Path):
    path = project / BASELINE
    os.utime(path, (1, 1))
    done = gate("update", cwd=project)
    assert (done.code, done.out) == (0, f"Nothing changed: {BASELINE} stays as it is.\n")
    assert path.stat().st_mtime == 1


def test_a_budget_of_the_configuration_counts(project: Path):
    (project / "net.py").write_text(COPIES)
    with (project / "memprof.toml").open("a") as file:
        file.write('launches = "+6"\nparameters = 0\n')
        file.writelines(
            f'{name} = "+200 %"\n' for name in ("seconds", "dram_bytes", "l2_bytes", "l1_bytes", "peak_memory_bytes")
        )
    assert gate("check", cwd=project).code == 0


def edit(change: Callable[[dict], object]) -> Callable[[str], str]:
    def edited(text: str) -> str:
        data = json.loads(text)
        change(data)
        return json.dumps(data)

    return edited


def figure(name: str, value: object) -> Callable[[str], str]:
    return edit(lambda data: data["entries"][0]["figures"].__setitem__(name, value))


def workload(name: str, value: object) -> Callable[[str], str]:
    return edit(lambda data: data["entries"][0]["workload"].__setitem__(name, value))


UNREADABLE = {
    "empty": (lambda text: "", "is empty"),
    "truncated": (lambda text: text[: len(text) // 2], "is damaged"),
    "corrupt": (lambda text: text.replace(":", ";", 9), "is damaged"),
    "another schema": (lambda text: text.replace("gate-baseline/1", "gate-baseline/9"), "gate-baseline/9"),
    "metric missing": (edit(lambda data: data["entries"][0]["figures"].pop("seconds")), "seconds"),
    "no workload": (edit(lambda data: data.update(entries=[])), "holds no workload"),
    "NaN": (lambda text: re.sub(r'"seconds": [^,]+', '"seconds": NaN', text), "is damaged"),
    "text": (figure("seconds", "fast"), "is damaged"),
}
INCOMPARABLE = {
    "zero": (figure("seconds", 0), "is zero in the baseline"),
    "zero FLOPs": (figure("flops", 0), "is zero in the baseline"),
    "zero coverage": (figure("coverage", 0), "is zero in the baseline"),
    "negative": (figure("dram_bytes", -1), "in the baseline"),
    "collapsed seconds": (figure("seconds", 1e3), "collapsed"),
    "collapsed FLOPs": (figure("flops", 1e18), "collapsed"),
    "another batch": (workload("batch_size", 8), "batch size 8"),
    "another device": (workload("device", "t4"), "device t4"),
    "another precision": (workload("precision", "fp32"), "precision fp32"),
    "another phase": (workload("phase", "train"), "phase train"),
    "another model": (workload("model", "net.py:other"), "not in the baseline"),
    "device's figures": (edit(lambda data: data.update(devices={"a100-sxm4-40gb tf32": "x"})), "figures of the device"),
    "cost model": (edit(lambda data: data.update(cost_model=COST_MODEL - 1)), "this is no regression"),
    "a newer memprof": (edit(lambda data: data.update(cost_model=COST_MODEL + 1)), "newer memprof"),
}


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_a_baseline_that_cannot_be_read_is_never_green(project: Path, name: str):
    change, says = UNREADABLE[name]
    path = project / BASELINE
    path.write_text(change(path.read_text()))
    before = files(project)
    error = gate("check", "--lenient", cwd=project).error
    assert says in error
    assert BASELINE in error
    assert "memprof gate update" in error
    assert files(project) == before


@pytest.mark.parametrize("name", sorted(INCOMPARABLE))
def test_what_is_incomparable_is_never_green(project: Path, name: str):
    change, says = INCOMPARABLE[name]
    path = project / BASELINE
    path.write_text(change(path.read_text()))
    before = files(project)
    done = gate("check", "--lenient", "--json", cwd=project)
    assert done.code == 2
    found = json.loads(done.out)
    assert found["verdict"] == "cannot tell"
    assert any(says in reason for result in found["results"] for reason in result["reasons"]), found
    assert files(project) == before


def test_that_it_cannot_tell_is_shown(project: Path):
    path = project / BASELINE
    path.write_text(figure("seconds", 0)(path.read_text()))
    shown = gate("check", cwd=project)
    assert (shown.code, shown.err) == (2, "")
    assert "cannot tell" in shown.out.lower()
    assert "is zero in the baseline" in " ".join(shown.out.split())


def test_a_damaged_baseline_can_be_made_anew(project: Path, begun: dict[str, bytes]):
    (project / BASELINE).write_text("{")
    done = gate("update", cwd=project)
    assert done.code == 0
    assert "Made anew, since" in done.out
    assert files(project) == begun


def test_a_missing_baseline_or_configuration_is_never_green(project: Path, tmp_path_factory: pytest.TempPathFactory):
    (project / BASELINE).unlink()
    assert f"there is no baseline {BASELINE}" in gate("check", cwd=project).error
    bare = tmp_path_factory.mktemp("bare")
    for command in ("check", "update"):
        assert "memprof gate init" in gate(command, cwd=bare).error
    assert "cannot read none.toml" in gate("check", "--config", "none.toml", cwd=project).error
    assert files(bare) == {}


def test_a_workload_without_a_baseline_and_the_other_way_round(project: Path):
    text = (project / "memprof.toml").read_text()
    (project / "memprof.toml").write_text(text.replace('["infer"]', '["infer", "train"]'))
    done = gate("check", "--json", cwd=project)
    assert (done.code, json.loads(done.out)["verdict"]) == (2, "cannot tell")
    assert gate("update", cwd=project).code == 0
    assert gate("check", cwd=project).code == 0
    (project / "memprof.toml").write_text(text)
    done = gate("check", "--json", cwd=project)
    assert (done.code, json.loads(done.out)["verdict"]) == (2, "cannot tell")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('secnds = "+2 %"', "unknown key 'secnds'; did you mean seconds"),
        ('seconds = "-2 %"', "write seconds = +2 %"),
        ('coverage = "+1 %"', "write coverage = -1 %"),
        ('flops = "some"', "is no budget"),
        ('models = "twice"', "cannot read memprof.toml"),
    ],
)
def test_a_mistake_in_the_configuration_is_told(project: Path, line: str, says: str):
    with (project / "memprof.toml").open("a") as file:
        file.write(f"{line}\n")
    assert says in gate("check", cwd=project).error


def test_a_model_that_no_longer_runs_is_never_green(project: Path):
    (project / "net.py").write_text("def build():\n    raise RuntimeError('no thanks')\n")
    assert "no thanks" in gate("check", cwd=project).error
    (project / "net.py").unlink()
    assert "there is no file net.py" in gate("check", cwd=project).error


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)"])
def test_a_model_that_ends_the_process_is_never_green(project: Path, end: str):
    (project / "net.py").write_text(f"import os, sys\n\ndef build():\n    {end}\n")
    before = files(project)
    says = "SystemExit: 0" if "sys" in end else "ended the process that analysed it (exit code 0)"
    for command in ("check", "update"):
        assert says in gate(command, cwd=project).error
    assert files(project) == before


@pytest.mark.parametrize("arguments", [("--measure",), ("--format", "pdf"), ("--format", ""), ("--strictly",)])
def test_wrong_options_are_told(project: Path, arguments: tuple[str, ...]):
    assert gate("check", *arguments, cwd=project).error


def test_it_works_from_any_folder_with_everything_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory):
    inner = project / "src" / "deep"
    inner.mkdir(parents=True)
    assert gate("check", cwd=inner).code == 0
    away = tmp_path_factory.mktemp("away")
    moved = away / "base.json"
    (project / BASELINE).rename(moved)
    config = str(project / "memprof.toml")
    assert gate("check", "--config", config, "--baseline", str(moved), cwd=away).code == 0
    assert gate("check", "--config", config, "--baseline", "base.json", cwd=away).code == 0
    assert gate("check", "--config", config, cwd=away).code == 2
    (project / "net.py").write_text(COPIES)
    assert gate("check", "--config", config, "--baseline", "base.json", cwd=away).code == 1


def test_it_begins_in_the_file_of_settings_that_is_there(tmp_path: Path):
    package = tmp_path / "my_pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text(NET)
    kept = "# kept\n[metadata]\nname = x  \n"
    (tmp_path / "setup.cfg").write_text(kept)
    wanted = ("--model", "my_pkg.nets:build", "--phase", "infer", "--device", "a100", "--device", "t4", *SMALL)
    done = gate("init", *wanted, "--baseline", "perf/base.json", cwd=tmp_path)
    assert done.code == 0
    assert done.out.endswith("Written: setup.cfg, perf/base.json\n")
    text = (tmp_path / "setup.cfg").read_text()
    assert text.startswith(kept.rstrip())
    assert "[memprof]\n" in text
    assert len(json.loads((tmp_path / "perf" / "base.json").read_text())["entries"]) == 2
    assert gate("check", cwd=package).code == 0
    before = files(tmp_path)
    assert "already" in gate("init", "--model", "my_pkg.nets:build", cwd=tmp_path).error
    assert (
        "wrong"
        not in gate(
            "init",
            "--model",
            "my_pkg.nets:build",
            "--config",
            "other.toml",
            "--baseline",
            "perf/base.json",
            cwd=tmp_path,
        ).error
    )
    assert files(tmp_path) == before
    again = gate("init", "--model", "my_pkg.nets:build", "--phase", "infer", *SMALL, "--force", cwd=tmp_path)
    assert again.code == 0
    assert (tmp_path / "setup.cfg").read_text().count("[memprof]") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "resnet51x"),
        ("--model", "net.py:nothing"),
        ("--model", "net.py:build", "--device", "a999x"),
        ("--model", "net.py:build", "--batch-size", "0"),
        ("--model", "net.py:build", "--config", "setup.py"),
        (),
    ],
)
def test_where_nothing_can_be_begun_nothing_is_written(tmp_path: Path, arguments: tuple[str, ...]):
    (tmp_path / "net.py").write_text(NET)
    assert gate("init", *arguments, cwd=tmp_path).error
    assert sorted(files(tmp_path)) == ["net.py"]


def test_formats_are_files_where_they_are_asked_for(project: Path):
    (project / "net.py").write_text(COPIES)
    before = set(files(project))
    done = gate("check", "--format", "text,md,json,junit,gitlab", "--output", "out", cwd=project)
    assert done.code == 1
    new = set(files(project)) - before
    assert len(new) == 4
    assert all(name.startswith("out/") for name in new)
    assert all(name in done.out for name in new)
    only = gate("check", "--format", "github", cwd=project)
    assert only.code == 1
    assert "::error" in only.out
    assert set(files(project)) == before | new


def test_on_github_a_summary_annotations_and_the_verdict_are_written(project: Path):
    (project / "net.py").write_text(COPIES)
    summary, output = project / "summary.md", project / "output.txt"
    summary.write_text("# before\n")
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    done = gate("check", cwd=project, GITHUB_WORKSPACE=str(project.parent), **variables)
    assert done.code == 1
    assert f"file={project.name}/" in done.out
    assert summary.read_text().startswith("# before\n")
    assert "net.py:build" in summary.read_text()
    assert output.read_text() == "verdict=regressed\n"


def test_a_reader_that_leaves_does_not_cost_the_verdict(project: Path):
    (project / "net.py").write_text(COPIES)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*MEMPROF, "gate", "check"],
            cwd=project,
            env=environment(**NOT_IN_CI),
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("variable", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_file_of_github_that_cannot_be_written_is_named(project: Path, variable: str):
    done = gate("check", cwd=project, **{variable: str(project / "none" / "file")})
    assert done.code == 2
    assert done.out.startswith("PASSED")
    assert done.err == (
        f"error: cannot write into {project}/none/file, which ${variable} names: No such file or directory; "
        f"let this step write there, or unset {variable}\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="folders are made read-only with permissions")
def test_a_read_only_checkout_can_be_checked(project: Path):
    before = files(project)
    project.chmod(0o555)
    try:
        for path in project.iterdir():
            path.chmod(0o444)
        assert gate("check", cwd=project, PYTHONDONTWRITEBYTECODE="1").code == 0
    finally:
        project.chmod(0o755)
    assert files(project) == before


def test_jobs_side_by_side_find_the_same(project: Path):
    command = [*MEMPROF, "gate", "check", "--json"]
    running = [
        subprocess.Popen(command, cwd=project, env=environment(**NOT_IN_CI), stdout=subprocess.PIPE) for _ in "ab"
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert outputs[0] == outputs[1]


def test_refusing_needs_no_torch(project: Path):
    """A missing baseline or another cost model is told at once."""
    path = project / BASELINE
    path.write_text(edit(lambda data: data.update(cost_model=COST_MODEL - 1))(path.read_text()))
    code = (
        "import sys\nfrom memprof.cli import main\n"
        "try:\n    main(['gate', 'check', '--json'])\nexcept SystemExit as done:\n    code = done.code\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'rich', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(0 if code == 2 and not heavy else f'{code} {heavy}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=environment(**NOT_IN_CI),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_says_what_each_command_does(tmp_path: Path):
    text = gate(cwd=tmp_path).out
    order = [text.index(f"\n  {name} ") for name in ("init", "check", "update")]
    assert order == sorted(order)
    assert "Exit code 0: passed, 1: regressed, 2: it" in " ".join(gate("check", "--help", cwd=tmp_path).out.split())
