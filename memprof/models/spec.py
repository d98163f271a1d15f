"""What the text after --model means: a model of the zoo with options, a head on one, or code that somebody else wrote.

Imports no torch, and reads text only: nothing is looked up, imported or run here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memprof.errors import ModelError
from memprof.models import registry
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


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model; its text form (`str`) is the canonical one and parses to the same record.

    `name` is the zoo's, the head's or the library's name, the module's dotted name or the file's path; `target` is the
    callable in that module or file, or the text of the backbone under that head; `options` are the zoo model's, in the
    order in which the family declares them.
    """

    source: Source
    name: str
    target: str = ""
    options: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        if self.source in LIBRARIES:
            return f"{self.source}:{self.name}"
        tail = self.target or ",".join(f"{name}={write(value)}" for name, value in self.options)
        return f"{self.name}:{tail}" if tail else self.name


def parse(text: str) -> ModelSpec:
    """Return what `text` names; ModelError where it is no model of the zoo, or an option is unknown or not valid.

    Accepted: NAME, NAME:option=value,option=value, HEAD:NAME, HEAD:timm:NAME, timm:NAME, torchvision:NAME,
    package.module:callable and path/to/file.py:callable. A name of the zoo comes before a module of the same name.
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
    if "/" in text or head.endswith(".py") or text.endswith(".py"):
        return _file(text)
    if all(part.isidentifier() for part in head.split(".")) and tail.isidentifier():
        return ModelSpec(Source.MODULE, head, tail)
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
    path, _, target = (part.strip() for part in text.rpartition(":"))
    if not path or not target.isidentifier():
        raise ModelError(
            f"{text!r} names no callable in the file",
            "write path/to/file.py:callable, where callable() returns the model",
        )
    return ModelSpec(Source.FILE, path, target)
