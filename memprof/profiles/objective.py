"""What training minimises: a user's function of the output, or a standard loss of what the output holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from memprof.errors import ModelError
from memprof.models.foreign import foreign_code
from memprof.models.own_loss import OwnLoss
from memprof.profiles.task import Loss

_CLASS_SCORES = ("out", "logits", "pred")
"""How outputs that score classes are called: torchvision's segmentation, Hugging Face's heads, and others."""
_REMEDY = "give a function of the output that returns one number: loss=..., or example_loss beside the model"


class Objective:
    """The loss of a step, from what the model returns.

    `loss` is the user's; without it: the loss of a network of the zoo that brings one, `own`, what the model returns as
    a loss, cross-entropy for scores of classes, the mean squared error for anything else. `words` says what was
    minimised, "" for the usual case, scores (batch, classes) that are the whole output.
    """

    def __init__(self, name: str, loss: Loss | None = None, own: OwnLoss | None = None) -> None:
        self._name = name
        self._loss = loss
        self._own = own
        self._targets: Tensor | None = None
        self.words = ""

    def __call__(self, outputs: Any, targets: Tensor | None = None) -> Tensor:
        """Return the loss, one number with a gradient; ModelError where there is none to be had.

        `targets` are class indices (batch,); others are made when the output is first seen.
        """
        self._targets = targets if self._targets is None else self._targets
        if self._loss is not None:
            with foreign_code(f"the loss of {self._name} failed"):
                loss = self._loss(outputs)
            self.words = f"the loss is {getattr(self._loss, '__name__', 'the one given')}"
            return self._single(loss)
        candidates = _candidates(outputs, self._name)
        if self._own is not None:
            self.words = self._own.loss_words
            targets = self._classes(self._own.target_shape(outputs), next(iter(candidates.values())))
            return self._own.loss(outputs, targets)
        if _are_alike(candidates):  # what refines an answer step by step is trained on every step, detectors on losses
            losses, kinds = zip(*(self._standard(*item) for item in candidates.items()), strict=True)
            self.words = f"the loss is the sum over {len(candidates)} outputs: {kinds[0]}"
            return torch.stack(losses).sum()
        place, *left = sorted(candidates, key=_rank)
        loss, kind = self._standard(place, candidates[place])
        if kind != "cross-entropy" or place:
            self.words = f"the loss is the {kind} of the output" + (f" {place!r}" if place else "")
            self.words += f"; {', '.join(left)} left out" if left and kind != "value" else ""
        return loss

    def _single(self, loss: Any) -> Tensor:
        if isinstance(loss, Tensor) and loss.numel() == 1 and loss.requires_grad:
            return loss
        what = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"type {type(loss).__name__}"
        wanted = "a gradient" if isinstance(loss, Tensor) and loss.numel() == 1 else "one number"
        raise ModelError(f"the loss of {self._name} returns a value of {what}, not {wanted}", _REMEDY)

    def _standard(self, place: str, output: Tensor) -> tuple[Tensor, str]:
        if output.dim() == 0:
            return output, "value"
        named = place.rpartition(".")[2].startswith(_CLASS_SCORES)
        if output.dim() == 2 and output.shape[1] > 1:
            targets = self._classes(output.shape[:1], output)
        elif named and output.dim() == 3:  # a score of every word for every position
            output = output.flatten(0, 1)
            targets = self._classes(output.shape[:1], output)
        elif named and output.dim() > 3:  # a score of every class for every pixel
            targets = self._classes((output.shape[0], *output.shape[2:]), output)
        else:
            if self._targets is None or self._targets.shape != output.shape:
                self._targets = _values(output.shape, output.dtype, output.device)
            return functional.mse_loss(output, self._targets), "mean squared error"
        return functional.cross_entropy(output, targets), "cross-entropy"

    def _classes(self, shape: tuple[int, ...], output: Tensor) -> Tensor:
        if self._targets is None or self._targets.shape != torch.Size(shape):
            self._targets = _values(shape, torch.int64, output.device)
        return self._targets


def _values(shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return zeros to compare with: without a fill, which belongs to no step, where there are no values."""
    make = torch.empty if device.type == "meta" else torch.zeros
    return make(tuple(shape), dtype=dtype, device=device)


def _candidates(outputs: Any, name: str) -> dict[str, Tensor]:
    """Return the tensors of an output that could be trained on, by their place; ModelError where there is none."""
    candidates = dict(_tensors("", outputs))
    if not candidates:
        what = f"shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else f"type {type(outputs).__name__}"
        raise ModelError(
            f"{name} returns an output of {what}, in which nothing floating has a gradient to train by",
            "analyse inference instead, or " + _REMEDY,
        )
    return candidates


def _are_alike(candidates: dict[str, Tensor]) -> bool:
    """Tell whether all are losses, or all have one shape and no name."""
    if len(candidates) == 1:
        return False
    are_losses = all(tensor.dim() == 0 for tensor in candidates.values())
    unnamed = all(place.isdecimal() for place in candidates)
    return are_losses or (unnamed and len({tensor.shape for tensor in candidates.values()}) == 1)


def _rank(place: str) -> int:
    last = place.rpartition(".")[2]
    order = ("loss", *_CLASS_SCORES)
    return next((number for number, word in enumerate(order) if last.startswith(word)), len(order))


def _tensors(place: str, value: Any) -> Any:
    """Return the floating tensors with a gradient in an output, by their place in it."""
    if isinstance(value, Tensor):
        if value.requires_grad and value.is_floating_point():
            yield place, value
        return
    if hasattr(value, "_fields"):
        items = list(zip(value._fields, value, strict=True))
    elif isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, (tuple, list)):
        items = list(enumerate(value))
    else:
        items = list(vars(value).items()) if hasattr(value, "__dict__") and not callable(value) else []
    for key, item in items:
        yield from _tensors(f"{place}.{key}".removeprefix("."), item)
