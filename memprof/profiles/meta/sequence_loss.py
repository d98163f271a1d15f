"""The loss of sequences without alignment (CTC), which PyTorch has no shape rule for.

Source: ATen/native/cuda/LossCTC.cu.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memprof.profiles.meta.mode import allocate, rule
from memprof.tensors import strides as layout

aten = torch.ops.aten


@rule(aten._ctc_loss.Tensor)
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, *options: object
) -> tuple[Tensor, Tensor]:
    """Return a loss for each sequence, and the forward variables; targets in one row are taken to be equally long."""
    steps, batch = log_probs.shape[:2]
    longest = targets.shape[1] if targets.dim() == 2 else -(-targets.numel() // batch)
    shapes = ((batch,), (batch, steps, 2 * longest + 1))
    loss, alpha = (allocate(shape, layout.contiguous_strides(shape), log_probs.dtype) for shape in shapes)
    return loss, alpha


@rule(aten._ctc_loss_backward.Tensor)
def ctc_loss_backward(grad: Tensor, log_probs: Tensor, *options: object, **named: object) -> Tensor:
    """Return the gradient of the log-probabilities."""
    return allocate(log_probs.shape, layout.contiguous_strides(log_probs.shape), log_probs.dtype)
