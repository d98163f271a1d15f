"""Which formats are written where nobody chooses."""

from __future__ import annotations

import pytest

from memprof.gate.environment import detected, summary_file
from memprof.reports.gate import FORMATS


@pytest.mark.parametrize(
    ("environ", "formats"),
    [
        ({}, ("text",)),
        ({"CI": "true"}, ("text",)),
        ({"GITHUB_ACTIONS": "true"}, ("text", "github")),
        ({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}, ("text", "github", "md")),
        ({"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": "summary.md"}, ("text",)),
        ({"GITLAB_CI": "true"}, ("text", "gitlab", "junit")),
        ({"GITLAB_CI": "", "GITHUB_ACTIONS": ""}, ("text",)),
    ],
)
def test_formats_suit_the_ci_system(environ: dict[str, str], formats: tuple[str, ...]):
    assert detected(environ) == formats
    assert set(formats) <= {"text", *FORMATS.names}


def test_there_is_a_summary_only_on_github():
    assert summary_file({"GITHUB_STEP_SUMMARY": "summary.md"}) == ""
    assert summary_file({"GITHUB_ACTIONS": "true"}) == ""
    assert summary_file({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}) == "summary.md"
