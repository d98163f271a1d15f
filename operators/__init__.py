"""What an operator costs: FLOPs and bytes at each memory level, one family of operators per file.

Importing this package fills the registry; it imports neither torch nor fvcore.
"""

from memprof.operators import (
    attention,
    convolution,
    distances,
    elementwise,
    grouped_products,
    inception_mixer,
    indexing,
    layout,
    loss,
    matmul,
    normalization,
    optimizer,
    pooling,
    recurrent,
    reduction,
    resampling,
    row_normalization,
    sampling,
    sequence_loss,
    softmax,
    views,
)

__all__ = [
    "attention",
    "convolution",
    "distances",
    "elementwise",
    "grouped_products",
    "inception_mixer",
    "indexing",
    "layout",
    "loss",
    "matmul",
    "normalization",
    "optimizer",
    "pooling",
    "recurrent",
    "reduction",
    "resampling",
    "row_normalization",
    "sampling",
    "sequence_loss",
    "softmax",
    "views",
]
