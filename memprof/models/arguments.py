"""Arguments in the name of a user's callable (`net.py:build:width=32,depth=4`), read and written. Runs nothing."""

from __future__ import annotations

import ast
import keyword
from typing import Any

from memprof.errors import ModelError

_FORM = "write name=value, such as width=32,norm=batch,sizes=[1,2],scale=0.5"


def read(text: str) -> dict[str, Any]:
    """Return the arguments that `text` gives by name; ModelError where it is none.

    A value is a number, a quoted text, True, False, None, a list, tuple or dict of these, or a bare word: text.
    """
    try:
        call = ast.parse(f"call({text})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise ValueError
        given = {item.arg: _value(item.value) for item in call.keywords if item.arg}
        if len(given) != len(call.keywords):
            raise ValueError
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise ModelError(f"{text!r} gives no arguments", _FORM) from error
    return given


def write(arguments: dict[str, Any]) -> str:
    """Return the one way to write arguments: `width=32,sizes=[1,2]`."""
    return ",".join(f"{name}={_text(value)}" for name, value in arguments.items())


def _value(node: ast.expr) -> Any:
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value if value.isidentifier() and not keyword.iskeyword(value) else repr(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{_nested(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_nested, value))}]"
    if isinstance(value, tuple):
        return f"({','.join(map(_nested, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _nested(value: Any) -> str:
    return repr(value) if isinstance(value, str) else _text(value)
