"""docs/gate.md: its story is run, command by command, and prints what it says; its table is that of the gate.

MEMPROF_REFRESH_GOLDEN=1 writes the outputs into the document instead.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from memprof.gate.budgets import DEFAULTS
from memprof.gate.config import config_of
from memprof.gate.metrics import BUDGETED
from tests.command_line import MEMPROF, environment

DOCUMENT = Path(__file__).parents[2] / "docs" / "gate.md"
STORY = "## From an empty repository"
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "somebody"), ("EMAIL", "somebody@example.org"))
}
REFRESH = os.environ.get("MEMPROF_REFRESH_GOLDEN") == "1"


def shell(command: str, folder: Path) -> str:
    """Run a command as a reader would, and return what it prints, and its exit code where that is not 0."""
    path = f"{Path(MEMPROF[0]).parent}{os.pathsep}{os.environ['PATH']}"
    settings = environment(**IDENTITY, PATH=path, COLUMNS="100", GIT_CEILING_DIRECTORIES=str(folder.parent))
    settings = {name: value for name, value in settings.items() if not name.startswith(("GITHUB_", "GITLAB_", "CI"))}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=settings, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr + (f"exit code {done.returncode}\n" if done.returncode else "")


def written(body: str) -> tuple[str, str]:
    """Return the command of a console block and what the document says it prints."""
    command, _, output = body.removeprefix("$ ").partition("\n")
    return command, output


def test_the_story_runs_and_prints_what_the_document_says(tmp_path: Path):
    text = DOCUMENT.read_text(encoding="utf-8")
    start = text.index(STORY)
    end = text.index("\n## ", start + 1)
    fresh = []
    for kind, body in BLOCK.findall(text[start:end]):
        if kind == "sh":
            assert shell(body, tmp_path) == ""
            continue
        command, expected = written(body)
        printed = "".join(f"{line.rstrip()}\n" for line in shell(command, tmp_path).splitlines())
        fresh.append(printed)
        if not REFRESH:
            assert printed == expected, command
    assert len(fresh) == 5
    assert ["exit code 1\n" in printed for printed in fresh] == [False, False, True, False, False]
    assert "1.0: 1 new aten::clone" in fresh[2]
    if REFRESH:
        outputs = iter(fresh)

        def renewed(block: re.Match[str]) -> str:
            if block[1] == "sh":
                return block[0]
            return f"```console\n$ {written(block[2])[0]}\n{next(outputs)}```"

        DOCUMENT.write_text(text[:start] + BLOCK.sub(renewed, text[start:end]) + text[end:], encoding="utf-8")


def test_the_table_of_budgets_is_the_gate_s():
    direction = {"less": "grows", "more": "falls", "neither": "changes"}
    rows = [
        f"| `{name}` | {metric.title} | {direction[metric.better]} | "
        f"{DEFAULTS[name].text if name in DEFAULTS else f'as `{metric.follows}`'} |"
        for name, metric in BUDGETED.items()
    ]
    text = DOCUMENT.read_text(encoding="utf-8")
    if REFRESH:
        text = re.sub(r"(?<=\|---\|---\|---\|---\|\n)(?:BUDGETS|(?:\|.*\n)*\|.*)(?=\n)", "\n".join(rows), text)
        DOCUMENT.write_text(text, encoding="utf-8")
    assert "\n".join(rows) in text


def test_the_configuration_it_shows_is_one():
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert tomllib.loads(example)["devices"] == ["a100", "h100"]
    assert config_of(Path("memprof.toml"), example).budgets["launches"].amount == 10


@pytest.mark.parametrize("name", ["action.yml", ".pre-commit-hooks.yaml"])
def test_what_ci_takes_calls_the_command_that_there_is(name: str):
    text = (DOCUMENT.parents[1] / name).read_text(encoding="utf-8")
    assert "memprof gate check" in text
    options = set(re.findall(r"--(?:baseline|config|strict|lenient|measure|against)\b", text))
    said = subprocess.run([*MEMPROF, "gate", "check", "--help"], capture_output=True, text=True, check=True).stdout
    assert options <= set(re.findall(r"--[a-z]+", said))
