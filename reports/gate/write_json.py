"""A gate's result for other programs."""

from __future__ import annotations

import msgspec

from memprof.report.json_text import indented_json
from memprof.reports.gate.check import Check
from memprof.reports.writer import RenderOptions

EXTENSION = "json"


def render(check: Check, options: RenderOptions) -> bytes:
    """Return indented JSON; a half of a surrogate pair, which a file's name may hold, becomes a question mark."""
    return indented_json(_replace_surrogates(msgspec.to_builtins(check.result)))


def _replace_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return [_replace_surrogates(item) for item in value] if isinstance(value, (list, tuple)) else value
