"""Where a check runs, as the variables of CI systems tell it, and which formats people look at there."""

from __future__ import annotations

from collections.abc import Mapping

TEXT = "text"
_GITHUB, _GITLAB = "GITHUB_ACTIONS", "GITLAB_CI"
_SUMMARY = "GITHUB_STEP_SUMMARY"


def detected(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the formats to write when nobody chooses: always text, which a log shows, and what the CI system shows.

    On GitHub annotations, and Markdown where there is a summary to add it to; on GitLab its code quality report and
    JUnit XML, as its merge requests show both.
    """
    if _is_true(environ, _GITHUB):
        return (TEXT, "github", *(["md"] if summary_file(environ) else []))
    if _is_true(environ, _GITLAB):
        return (TEXT, "gitlab", "junit")
    return (TEXT,)


def summary_file(environ: Mapping[str, str]) -> str:
    """Return the file that GitHub shows as the job's summary, to which Markdown is added; "" where there is none."""
    return environ.get(_SUMMARY, "") if _is_true(environ, _GITHUB) else ""


def _is_true(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() in ("true", "1")
