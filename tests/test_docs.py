"""The examples in the documentation run, and what they are said to print is what they print."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from memprof.cli import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.exists()]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w-]+\.(?:py|toml))\n")


@dataclass(frozen=True)
class Example:
    """A fenced block of a document: python code (with the output said to follow), a file, or one console command."""

    kind: str
    text: str
    printed: str = ""


def examples(document: str) -> list[Example]:
    """Return the examples of a document, in order.

    A ```python block is code, or a file where its first line is its name (`# my_net.py`); a ```text block holds what
    the block before it prints. In a ```console block, what follows `$ command` is what it prints, "..." left out.
    """
    found: list[Example] = []
    for language, text in FENCE.findall(document):
        if name := FILE_NAME.match(text):
            found.append(Example("file", text, name[1]))
        elif language == "python":
            found.append(Example("python", text))
        elif language == "text" and found and found[-1].kind == "python" and not found[-1].printed:
            found[-1] = Example("python", found[-1].text, text)
        elif language == "console":
            commands = re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]
            found += [Example("console", *command.partition("\n")[::2]) for command in commands]
    return found


def words(text: str) -> str:
    return f" {' '.join(text.split())} "


def missing_figures(printed: str, output: str) -> list[str]:
    """Return the lines of `printed` that hold a figure and are not in `output`, however that is wrapped."""
    whole = words(output)
    return [line for line in printed.splitlines() if re.search(r"\d", line) and words(line) not in whole]


@pytest.fixture(scope="module")
def seen() -> dict[str, str]:
    """What each command printed, so that it runs once however many documents show it."""
    return {}


def run_command(command: str, seen: dict[str, str]) -> str:
    if command not in seen:
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(output), pytest.raises(SystemExit) as ending:
            main(shlex.split(command, comments=True)[1:])
        assert ending.value.code == 0, command
        output.flush()
        seen[command] = output.buffer.getvalue().decode()
    return seen[command]


def run_code(code: str, names: dict[str, object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(code, "<example>", "exec"), names)
    return output.getvalue()


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name != "gate.md"], ids=lambda path: path.name)
def test_examples_run_and_print_what_the_document_says(path, seen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    names: dict[str, object] = {"__name__": "example"}
    wrong = []
    for example in examples(path.read_text(encoding="utf-8")):
        if example.kind == "file":
            Path(example.printed).write_text(example.text, encoding="utf-8")
        elif example.kind == "python":
            wrong += missing_figures(example.printed, run_code(example.text, names))
        elif example.text.startswith("memprof "):
            wrong += missing_figures(example.printed, run_command(example.text, seen))

    assert not wrong, f"{path.name} says what was not printed:\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_a_document_that_says_a_wrong_figure_is_noticed():
    command, code = examples(
        "```console\n$ memprof x\nTotal  1.5 GB\n...\nShare 7 %\n```\n\n```python\nprint(2)\n```\n\n```text\n3\n```\n"
    )

    assert (command.text, code.text, code.printed) == ("memprof x", "print(2)\n", "3\n")
    assert missing_figures(command.printed, "Total 1.5\nGB and Share 17 %") == ["Share 7 %"]


def test_every_place_that_contributors_are_sent_to_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = set(re.findall(r"`((?:memprof|operators|reports|tests|benchmarks|docs)/[\w./]*)`", text))
    assert len(places) > 15
    made_up = {"memprof/commands/NAME.py", "reports/DOCUMENT/write_NAME.py"}
    assert {place for place in places if not (ROOT / place).exists()} == made_up
