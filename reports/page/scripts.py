"""Joins the page's scripts into one, in the order in which they need one another, without any other program.

A module of `script/` is a plain ES module that imports by name from its neighbours or from "./libraries.js", and
exports functions and constants. Here each becomes a function of its own that returns its exports, so that names of
different modules never meet.
"""

from __future__ import annotations

import re
from functools import cache

from memprof.reports.page import files

REPORT, DOCUMENT = "main", "document"
"""The modules that a report's page and any other document's page begin with."""
LIBRARIES = "libraries"
_IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


@cache
def joined(entry: str) -> str:
    """Return the modules that `entry` needs as the text of one script, with the libraries where one needs them."""
    own = {name: source(name) for name in order(entry)}
    modules = "".join(_wrapped(name, text) for name, text in own.items())
    needs = any(LIBRARIES in imports(name) for name in own)
    before, known = (library(), f" {LIBRARIES} ") if needs else ("", "")
    return f'{before}(() => {{\n"use strict";\nconst modules = {{{known}}};\n{modules}}})();\n'


def library() -> str:
    """Return the bundle of the libraries, licences included."""
    return files.text(f"vendor/{LIBRARIES}.js")


def source(name: str) -> str:
    """Return the text of a module of `script/`."""
    return files.text(f"script/{name}.js")


def order(entry: str) -> tuple[str, ...]:
    """Return the modules that a page needs which begins with `entry`, each after those that it imports."""
    found: list[str] = []

    def visit(name: str) -> None:
        for _, imported in _IMPORT.findall(source(name)):
            if imported != LIBRARIES and imported not in found:
                visit(imported)
        found.append(name)

    visit(entry)
    return tuple(found)


def imports(name: str) -> dict[str, tuple[str, ...]]:
    """Return the names that a module imports, by the module that they come from."""
    return {where: tuple(names.split(", ")) for names, where in _IMPORT.findall(source(name))}


def exports(name: str) -> tuple[str, ...]:
    """Return the names that a module exports."""
    return tuple(_EXPORT.findall(source(name)))


def _wrapped(name: str, text: str) -> str:
    body = _IMPORT.sub(r"const { \1 } = modules.\2;", text)
    body = _EXPORT.sub("", body)
    return f"modules.{name} = (() => {{\n{body}return {{ {', '.join(exports(name))} }};\n}})();\n"
