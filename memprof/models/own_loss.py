"""Networks that bring the loss they are trained with."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class OwnLoss(nn.Module):
    """A network of the zoo that is trained with a loss of its own, which `loss_words` names in a report."""

    loss_words = ""

    def target_shape(self, outputs: Any) -> tuple[int, ...]:
        """Return the shape of the class indices that its outputs are held against."""
        raise NotImplementedError

    def loss(self, outputs: Any, targets: Tensor) -> Tensor:
        """Return the loss, one number."""
        raise NotImplementedError
