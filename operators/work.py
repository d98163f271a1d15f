"""What an operator costs: floating-point operations and bytes moved, one record per kernel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pattern(StrEnum):
    """How a kernel goes through its data, which decides what of each ceiling it reaches (memprof.roofline.timing)."""

    STREAM = "stream"
    """Contiguous operands, read and written once in the same order."""
    STRIDED = "strided"
    """Operands in different orders, but neighbours in one are neighbours in all, as in a split into windows."""
    TRANSPOSED = "transposed"
    """Neighbours in one operand lie apart in another, as in a copy between memory formats: of each sector that such an
    access touches it uses one element."""
    ROW = "row"
    """A block per row that waits for the row's statistics: layer norm, softmax."""
    MATMUL = "matmul"
    UNALIGNED = "matrix product of odd rows"
    """Rows of an operand do not begin at multiples of the 16 bytes that tensor-core kernels load at once."""
    CONVOLUTION = "convolution"
    POINTWISE = "1x1 convolution"
    """A convolution that is a matrix product of the tensors as they lie: nothing is converted."""
    WEIGHT_GRADIENT = "weight gradient"
    """Of a convolution: a product whose depth is all positions of all images."""
    POINTWISE_WEIGHT = "1x1 weight gradient"
    """Of a convolution of the pattern POINTWISE."""
    FEW_CHANNELS = "convolution of few channels"
    """Of an image, say: cuDNN pads 1 to 4 channels to the 8 that 16-bit tensor cores multiply; TF32 ones it leaves to
    CUDA cores."""
    GROUPED = "grouped convolution"
    GROUPED_WEIGHT = "grouped weight gradient"
    GROUPED_WEIGHT_PACKED = "grouped weight gradient, channels-last"
    ATTENTION = "attention"
    ATTENTION_BACKWARD = "attention backward"
    DEPTHWISE = "depthwise"
    """By PyTorch's own kernel; so are the two gradients below."""
    DEPTHWISE_DATA = "depthwise data gradient"
    DEPTHWISE_WEIGHT = "depthwise weight gradient"
    DEPTHWISE_CUDNN = "depthwise by cuDNN"
    """For channels-last tensors, and some half-precision ones; so are the two gradients below."""
    DEPTHWISE_CUDNN_DATA = "depthwise data gradient by cuDNN"
    DEPTHWISE_CUDNN_WEIGHT = "depthwise weight gradient by cuDNN"


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
    """`batch` matrix products of (m, k) by (k, n), in elements.

    `turned` tells that in one operand neighbours in memory are not neighbours in depth, so that tensor cores, which
    take depth first, need it transposed on its way.
    """

    batch: int
    m: int
    n: int
    k: float
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """A tensor that the library converts between channels-first and channels-last for its own use.

    `moved_bytes` are read plus written. A block of the converting kernel takes 32 channels by 32 positions, however few
    of them there are: `blocks`.
    """

    moved_bytes: float
    blocks: float


@dataclass(frozen=True, slots=True)
class Winograd:
    """What Winograd's algorithms go through, over all images: tiles of 4 x 4 outputs, patches of 16 x 8 or 8 x 16."""

    tiles_4x4: int
    patches: int


@dataclass(frozen=True, slots=True)
class Work:
    """The cost of one kernel (one pass over the data) of an operator call.

    `step` says which pass ("forward", "bias", "statistics", "data gradient", "weight gradient", "layout copy", ...).
    `matrix_flops` can run on tensor cores when dtype and precision policy allow; `vector_flops` run on CUDA cores.
    A multiply-add counts as two FLOPs; `macs` counts the multiply-adds of convolutions and matrix products once.
    `dtype` is that of the arithmetic's inputs. `blocks` is the number of independent thread blocks, None where not
    modelled. `launches` is the number of kernels launched. `assumed` says in words what the profile did not record and
    had to be assumed or inferred, "" where everything was recorded. `product` is the geometry of matrix work.
    `pattern` is how the kernel goes through its data. `conversions` are what the library does on tensor cores around
    the kernel, which no bound counts but the time does; `winograd` is there where it may use such an algorithm on CUDA
    cores. `padding` is what the kernel computes over what it is asked for. `instructions` is what its threads issue,
    where that is known to matter. `serial_steps` is how many loads each thread makes one after the other, where that is
    more than the few that hide behind other threads; `resident_blocks` of its blocks fit on an SM at a time. Of its
    bytes at DRAM `in_place_bytes` are written over what it reads, and `reread_bytes` are read by the kernel before it
    too: both decide what L2 may hold. A block that goes through its row twice reads `row_bytes` again, from DRAM where
    the rows of all resident blocks do not fit in L2.
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
    pattern: Pattern = Pattern.STREAM
    conversions: tuple[Conversion, ...] = ()
    winograd: Winograd | None = None
    padding: float = 1
    instructions: float = 0
    serial_steps: float = 0
    resident_blocks: int = 8
    in_place_bytes: float = 0
    reread_bytes: float = 0
    row_bytes: float = 0

    @property
    def flops(self) -> float:
        """Return all floating-point operations, whatever runs them."""
        return self.matrix_flops + self.vector_flops
