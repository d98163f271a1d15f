"""What the text after --model means: a model of the zoo with options, a head on one, or code that somebody else wrote.

Imports no torch, and reads text only: nothing is looked up, imported or run here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from memprof.errors import ModelError
from memprof.models import arguments, registry
from memprof.models.options import Value, write


class Source(StrEnum):
    """Where a model comes from."""

    ZOO = "zoo"
    HEAD = "head"
    TIMM = "timm"
    TORCHVISION = "torchvision"
    MODULE = "module"
    FILE = "file"


LIBRARIES = (Source.TIMM, Source.TORCHVISION)
BACKBONES = (Source.ZOO, Source.TIMM)
"""Where a network comes from that a head for segmentation can stand on."""
CODE = (Source.MODULE, Source.FILE)
"""Where a user's own code is."""
_FILE = re.compile(r"(.+?\.py)(?::([^:]*)(?::(.*))?)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model; its text form (`str`) is the canonical one and parses to the same record.

    `name` is the zoo's, the head's or the library's name, the module's dotted name or the file's path; `target` is the
    callable in that module or file, or the text of the backbone under that head; `options` are the zoo model's, in the
    order in which the family declares them, `arguments` the text of those that the callable is called with.
    """

    source: Source
    name: str
    target: str = ""
    options: tuple[tuple[str, Value], ...] = ()
    arguments: str = ""

    def __str__(self) -> str:
        if self.source in LIBRARIES:
            return f"{self.source}:{self.name}"
        tail = self.target or ",".join(f"{name}={write(value)}" for name, value in self.options)
        tail += f":{self.arguments}" if self.arguments else ""
        return f"{self.name}:{tail}" if tail else self.name


def parse(text: str) -> ModelSpec:
    """Return what `text` names; ModelError where it is no model of the zoo, or an option is unknown or not valid.

    Accepted: NAME, NAME:option=value,option=value, HEAD:NAME, HEAD:timm:NAME, timm:NAME, torchvision:NAME,
    package.module:callable and path/to/file.py:callable, both also with arguments: net.py:build:width=32,depth=4. A
    name of the zoo comes before a module of the same name.
    """
    text = text.strip()
    head, colon, tail = (part.strip() for part in text.partition(":"))
    if not head:
        raise ModelError(f"{text!r} names no model", "name one, such as inceptionnext_t")
    if head in LIBRARIES and colon:
        if not tail:
            raise ModelError(f"{text!r} names no model", f"write, for example, {head}:resnet50")
        return ModelSpec(Source(head), tail)
    if head in registry.HEADS:
        return _head(head, tail)
    if registry.is_known(head):
        return _zoo(head, tail, has_options=bool(colon))
    target, _, given = (part.strip() for part in tail.partition(":"))
    is_dotted = all(part.isidentifier() for part in head.split("."))
    if head.endswith(".py") or text.endswith(".py") or ("/" in text and not (is_dotted and target.isidentifier())):
        return _file(text)
    if is_dotted and target.isidentifier():
        return _code(Source.MODULE, head, target, given)
    return _zoo(head, tail, has_options=bool(colon))


def _head(name: str, text: str) -> ModelSpec:
    if not text:
        raise ModelError(f"{name} names no backbone", f"write, for example, {name}:resnet50")
    backbone = parse(text)
    if backbone.source not in BACKBONES:
        raise ModelError(f"{name} cannot stand on {text!r}", "name a network of the zoo or of timm")
    return ModelSpec(Source.HEAD, name, str(backbone))


def _zoo(name: str, text: str, *, has_options: bool) -> ModelSpec:
    entry = registry.find(name)
    given: dict[str, Value] = {}
    for item in text.split(",") if has_options else ():
        key, equals, value = item.partition("=")
        key = key.strip().lower().replace("-", "_")
        if not key:
            raise ModelError(f"{name}:{text} has an option without a name", f"write {entry.name}:option=value")
        option = entry.option(key)
        if not equals:
            raise ModelError(f"option {key!r} has no value", f"for example {entry.name}:{key}={option.example}")
        if key in given:
            raise ModelError(f"option {key!r} is given twice", "give it once")
        given[key] = option.parse(entry.name, value)
    if clash := entry.family.clash(given):
        raise ModelError(f"{entry.name}:{text}: {clash}", "leave one of these options out")
    declared = tuple((option.name, given[option.name]) for option in entry.family.options if option.name in given)
    return ModelSpec(Source.ZOO, entry.name, options=declared)


def _file(text: str) -> ModelSpec:
    parts = _FILE.fullmatch(text)
    path, target, given = parts.groups(default="") if parts else (*text.rpartition(":")[::2], "")
    path, target = path.strip(), target.strip()
    if not path or not target.isidentifier():
        raise ModelError(
            f"{text!r} names no callable in the file",
            "write path/to/file.py:callable, where callable() returns the model",
        )
    return _code(Source.FILE, path, target, given.strip())


def _code(source: Source, name: str, target: str, given: str) -> ModelSpec:
    return ModelSpec(source, name, target, arguments=arguments.write(arguments.read(given)) if given else "")
