"""A model by its name: what it is called, what it is made for, how it is built, and what its own code says about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from memprof.errors import ModelError
from memprof.models import code, external, registry
from memprof.models.foreign import advise_device, foreign_code
from memprof.models.spec import CODE, ModelSpec, Source, parse

if TYPE_CHECKING:
    from torch import nn

DEFAULT_RESOLUTION = 224
"""Pixels a side of an image where a model says nothing else: the crop ImageNet models are trained and compared at."""
SEGMENTED_RESOLUTION = 512
"""Pixels a side of the crop that networks are trained on for ADE20K."""
INPUTS, LOSS = "example_inputs", "example_loss"
"""The functions that code may define beside its models."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What a user's code says about its models: `inputs` as its `example_inputs()` returned them, and a loss."""

    inputs: Any = None
    loss: Callable[[Any], Any] | None = None


class NamedModel:
    """What a name or spec stands for; code of a user's own is run once, when it is first needed.

    ModelError where the model or an option is unknown, or the library, module or file it needs is not there.
    """

    def __init__(self, text: str) -> None:
        try:
            self.spec = parse(text)
        except ModelError:
            code.refuse_alone(text)
            raise
        external.require(parse(self.spec.target) if self.spec.source is Source.HEAD else self.spec)
        self._module: ModuleType | None = None
        self._examples: Examples | None = None

    @property
    def name(self) -> str:
        """Return the one way to write the name."""
        return str(self.spec)

    @property
    def resolution(self) -> int:
        """Return the pixels a side of the images that the model was made for."""
        if self.spec.source is Source.ZOO:
            return registry.ENTRIES[self.spec.name].resolution
        if self.spec.source is Source.HEAD:
            return SEGMENTED_RESOLUTION
        return external.resolution(self.spec) or DEFAULT_RESOLUTION

    @property
    def is_code(self) -> bool:
        """Tell whether naming it runs a module or a file."""
        return self.spec.source in CODE

    def build(self, image_size: tuple[int, int] | None = None) -> nn.Module:
        """Build the network on the default device; a library's for images of this height and width, where it asks."""
        spec = self.spec
        if spec.source is Source.HEAD:
            return _segmentation(spec)
        if spec.source is Source.ZOO:
            return registry.ENTRIES[spec.name].build(dict(spec.options))
        return external.build(spec, self._load() if self.is_code else None, image_size)

    def examples(self) -> Examples:
        """Return what the code says beside its models; ModelError where it fails."""
        if self._examples is None:
            self._examples = self._read_examples() if self.is_code else Examples()
        return self._examples

    def _read_examples(self) -> Examples:
        module = vars(self._load())
        loss, make = module.get(LOSS), module.get(INPUTS)
        for name, value in ((LOSS, loss), (INPUTS, make)):
            if value is not None and not callable(value):
                raise ModelError(
                    f"{name} in {self.spec.name} is a {type(value).__name__}", f"make it a function: {name}()"
                )
        return Examples(self._run(make) if make is not None else None, loss)

    def _load(self) -> ModuleType:
        if self._module is None:
            self._module = code.load(self.spec)
        return self._module

    def _run(self, make: Callable[[], Any]) -> Any:
        """Return make()'s inputs, of which only shapes and dtypes count: none is filled where that can be spared."""
        import torch

        remedy = "return the model's arguments: a tensor, a tuple of positional or a dict of named ones"
        fence = foreign_code(f"{INPUTS}() of {self.spec.name} failed", lambda error: advise_device(error) or remedy)
        with fence, code.imports_of(self.spec):
            try:
                with torch.device("meta"):
                    made = make()
            except (RuntimeError, TypeError) as error:
                if "meta" not in str(error).lower():
                    raise
                made = make()
        if made is None:
            raise ModelError(f"{INPUTS}() of {self.spec.name} returns nothing", remedy)
        return made


def _segmentation(spec: ModelSpec) -> nn.Module:
    from memprof.models import backbones, segmentation

    head = getattr(segmentation, spec.name)
    return head(backbones.create(parse(spec.target)))  # type: ignore[no-any-return]
