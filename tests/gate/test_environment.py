"""What is written where nobody chooses, in which CI system, and how files are called there."""

from __future__ import annotations

from pathlib import Path

import pytest

from memprof.gate.environment import output_file, shown_path, summary_file, usual_formats
from memprof.reports.gate import WRITERS

GITHUB, GITLAB = {"GITHUB_ACTIONS": "true"}, {"GITLAB_CI": "true"}


@pytest.mark.parametrize(
    ("environ", "formats"),
    [
        ({}, ("text",)),
        ({"CI": "true"}, ("text",)),
        (GITHUB, ("text", "github")),
        ({**GITHUB, "GITHUB_STEP_SUMMARY": "summary.md"}, ("text", "github")),
        ({"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": "summary.md"}, ("text",)),
        (GITLAB, ("text",)),
        ({"GITLAB_CI": "", "GITHUB_ACTIONS": ""}, ("text",)),
    ],
)
def test_formats_suit_the_ci_system(environ: dict[str, str], formats: tuple[str, ...]):
    assert usual_formats(environ, into_folder=False) == formats
    assert set(formats) <= {"text", *WRITERS.names}


@pytest.mark.parametrize(
    ("environ", "formats"),
    [
        ({}, ("text", "md", "json", "junit")),
        (GITHUB, ("text", "github", "md", "json", "junit")),
        (GITLAB, ("text", "md", "json", "junit", "gitlab")),
    ],
)
def test_a_folder_gets_the_files_that_the_ci_system_shows(environ: dict[str, str], formats: tuple[str, ...]):
    assert usual_formats(environ, into_folder=True) == formats
    assert set(formats) <= {"text", *WRITERS.names}


@pytest.mark.parametrize(("file_of", "name"), [(summary_file, "GITHUB_STEP_SUMMARY"), (output_file, "GITHUB_OUTPUT")])
def test_the_summary_and_the_outputs_go_where_a_variable_says(file_of, name: str):
    assert file_of({}) is None
    assert file_of({**GITHUB, name: ""}) is None
    assert file_of({**GITHUB, name: "file"}) == Path("file")
    assert file_of({name: "file"}) == Path("file")


def test_files_are_called_as_seen_from_the_checkout(tmp_path: Path):
    path = tmp_path / "ci" / "memprof.toml"
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        assert shown_path({name: str(tmp_path)}, path) == "ci/memprof.toml"
    assert shown_path({"GITHUB_WORKSPACE": str(tmp_path / "other")}, path) == path.as_posix()
    assert shown_path({"GITHUB_WORKSPACE": ""}, path) == path.as_posix()
    assert shown_path({}, Path("memprof.toml")) == "memprof.toml"
