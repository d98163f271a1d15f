"""What a check writes where it runs, and how files are called there, as the variables of CI systems tell it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_GITHUB, _GITLAB = "GITHUB_ACTIONS", "GITLAB_CI"
SUMMARY, OUTPUT = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"
_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def usual_formats(environ: Mapping[str, str], *, into_folder: bool) -> tuple[str, ...]:
    """Return the formats when nobody chooses: text, on GitHub annotations, and files where a folder is named for them.

    The files are those that any system shows, and on GitLab its code quality report, which merge requests show.
    """
    printed = ("text", "github") if environ.get(_GITHUB) == "true" else ("text",)
    if not into_folder:
        return printed
    files = ("md", "json", "junit")
    return (*printed, *files, "gitlab") if environ.get(_GITLAB) == "true" else (*printed, *files)


def summary_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that GitHub shows as the job's summary, to which Markdown is added; None where there is none."""
    return _file(environ, SUMMARY)


def output_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file from which GitHub takes a step's outputs, lines "name=value"; None where there is none."""
    return _file(environ, OUTPUT)


def shown_path(environ: Mapping[str, str], path: Path) -> str:
    """Return how people know a file: in CI relative to the checkout, where annotations look for it."""
    for name in _CHECKOUTS:
        if root := environ.get(name):
            with suppress(ValueError):
                return path.resolve().relative_to(Path(root).resolve()).as_posix()
    return path.as_posix()


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    path = environ.get(name)
    return Path(path) if path else None
