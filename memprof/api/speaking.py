"""Errors as somebody who calls functions reads them: arguments instead of the command line's options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from memprof.errors import MemprofError
from memprof.report.record import Report

Given = ParamSpec("Given")
Returned = TypeVar("Returned")

_WORDS = re.compile(
    r"`memprof (?P<command>roofline|measure|explain|compare|ablate)\b[^`]*`|\(memprof (?P<bare>measure)\)"
    r"|`[^`]*`|--(?P<option>[a-z][a-z-]*)(?: (?P<value>[A-Z]{2,}\b|\w+=\S*[^\s;,.]|\d[\d.]*\d|\d))?"
)
"""A command that is a function too, in backticks; another command, left alone; an option, with what it is given."""
_FUNCTIONS = {"roofline": "analyze"}
_ARGUMENTS = {"from": "start", "to": "end", "sweep": "values", "compile": "compiled", "input": "inputs"}
"""Options whose arguments are called otherwise, since they are words of Python or of another thing there."""


def in_python(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let a function's errors name its arguments where they name options of a command, and functions for commands.

    So do the remedies of a report's warnings.
    """

    @wraps(function)
    def speaking(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        try:
            result = function(*args, **kwargs)
        except MemprofError as error:
            change = _changer(function)
            error.what, error.remedy = change(error.what), change(error.remedy)
            error.args = (f"{error.what}; {error.remedy}" if error.remedy else error.what,)
            raise
        if isinstance(result, Report) and result.warnings:
            change = _changer(function)
            said = (replace(item, remedy=change(item.remedy)) for item in result.warnings)
            return replace(result, warnings=tuple(said))
        return result

    return speaking


def _changer(function: Callable[..., object]) -> Callable[[str], str]:
    return partial(_WORDS.sub, partial(_translate, set(inspect.signature(function).parameters)))


def _translate(arguments: set[str], match: re.Match[str]) -> str:
    if match["bare"]:
        return f"(memprof.{match['bare']})"
    if match["command"]:
        return f"memprof.{_FUNCTIONS.get(match['command'], match['command'])}"
    name = _ARGUMENTS.get(match["option"] or "", (match["option"] or "").replace("-", "_"))
    if name not in arguments:
        return match[0]
    value = match["value"] or ""
    return f'{name}="{value}"' if "=" in value else f"{name}={value}"
