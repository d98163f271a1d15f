"""What an operator costs: floating-point operations and bytes moved, one record per kernel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that cross one level of the memory hierarchy, read and written by the streaming multiprocessors."""

    read_bytes: float = 0
    written_bytes: float = 0

    @property
    def total_bytes(self) -> float:
        """Return bytes read plus bytes written."""
        return self.read_bytes + self.written_bytes


@dataclass(frozen=True, slots=True)
class Product:
    """`batch` matrix products of (m, k) by (k, n), in elements."""

    batch: int
    m: int
    n: int
    k: float


@dataclass(frozen=True, slots=True)
class Work:
    """The cost of one kernel (one pass over the data) of an operator call.

    `step` says which pass ("forward", "bias", "statistics", "data gradient", "weight gradient", "layout copy", ...).
    `matrix_flops` can run on tensor cores when dtype and precision policy allow; `vector_flops` run on CUDA cores.
    A multiply-add counts as two FLOPs; `macs` counts the multiply-adds of convolutions and matrix products once.
    `dtype` is that of the arithmetic's inputs. `blocks` is the number of independent thread blocks, None where not
    modelled. `launches` is the number of kernels launched. `assumed` says in words what the profile did not record and
    had to be assumed or inferred, "" where everything was recorded. `product` is the geometry of matrix work.
    """

    step: str
    dtype: str
    matrix_flops: float = 0
    vector_flops: float = 0
    macs: float = 0
    dram: Traffic = Traffic()
    l2: Traffic = Traffic()
    l1: Traffic = Traffic()
    launches: int = 1
    blocks: float | None = None
    assumed: str = ""
    product: Product | None = None

    @property
    def flops(self) -> float:
        """Return all floating-point operations, whatever runs them."""
        return self.matrix_flops + self.vector_flops
