"""Files of library kernels: matrix products as cuBLAS runs them, convolutions as cuDNN does.

Matrix products: device, dtype, m, n, k, milliseconds, and perhaps source and stack, as ai-dynamo/aiconfigurator has
them: y = x W^T of x (m, k) and W (n, k), kernel time without the host's.

Convolutions: device, dtype, n, c, h, w (the input), k (output channels), r, s (the kernel), pad_h, pad_w, stride_h,
stride_w, pass_, milliseconds, and perhaps algorithm, as DeepBench has them (https://github.com/baidu-research/DeepBench,
code/nvidia/conv_bench.cu): NCHW, the mean of many calls one right after the other. Of two files' dtypes, "fp16-tensor"
is float16 on tensor cores.
"""

from __future__ import annotations

from memprof.calls import OperatorCall
from memprof.tensors.spec import TensorSpec
from memprof.validation.kernel_records import KernelMeasurement, dense_tensor, known_device, seconds_of, size
from memprof.validation.tables import Row, RowError, Table

PRODUCT_COLUMNS = ("device", "dtype", "m", "n", "k", "milliseconds")
CONVOLUTION_COLUMNS = (
    *("device", "dtype", "n", "c", "h", "w", "k", "r", "s"),
    *("pad_h", "pad_w", "stride_h", "stride_w", "pass_", "milliseconds"),
)
PRODUCT, CONVOLUTION = "linear", "conv"

_PRODUCT_PRECISIONS = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "tf32": "tf32"}
_CONVOLUTION_PRECISIONS = {"fp32": "fp32", "fp16-tensor": "fp16", "tf32": "tf32"}
_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32", "tf32": "float32"}
_PASSES = {"forward": "forward", "grad_input": "data gradient", "grad_weight": "weight gradient"}
_ALGORITHMS = {"LICIT_PRECOMP_GEMM": "IMPLICIT_PRECOMP_GEMM"}
"""Names that DeepBench's tables hold cut off."""


def read_product(table: Table, row: Row) -> KernelMeasurement:
    """Return the matrix product of a row; RowError or MemprofError where it holds none."""
    dtype = table.cell(row, "dtype").lower()
    precision = _precision(dtype, _PRODUCT_PRECISIONS)
    m, n, k = (size(table, row, column) for column in "mnk")
    weight = TensorSpec((k, n), (1, k), _DTYPES[precision])
    call = OperatorCall("aten::mm", (dense_tensor(m, k, dtype=_DTYPES[precision]), weight))
    device = known_device(table.cell(row, "device"), precision)
    seconds = seconds_of(table, row, "milliseconds")
    return KernelMeasurement(PRODUCT, device, call, 1, seconds, precision=precision, dtype=precision)


def read_convolution(table: Table, row: Row) -> KernelMeasurement:
    """Return the pass of a convolution in a row; RowError or MemprofError where it holds none."""
    dtype, algorithm = table.cell(row, "dtype").lower(), table.cell(row, "algorithm").upper()
    precision = _precision(dtype, _CONVOLUTION_PRECISIONS)
    name = table.cell(row, "pass_").lower()
    if name not in _PASSES:
        raise RowError(f"pass_ {name!r} is none of {', '.join(_PASSES)}")
    return KernelMeasurement(
        CONVOLUTION,
        known_device(table.cell(row, "device"), precision),
        _convolution(table, row, name, _DTYPES[precision]),
        1,
        seconds_of(table, row, "milliseconds"),
        precision=precision,
        pass_name=_PASSES[name],
        dtype=precision,
        algorithm=_ALGORITHMS.get(algorithm, algorithm).lower().replace("_", " "),
    )


def _precision(dtype: str, known: dict[str, str]) -> str:
    if dtype not in known:
        raise RowError(f"dtype {dtype!r} is none of {', '.join(known)}")
    return known[dtype]


def _convolution(table: Table, row: Row, name: str, dtype: str) -> OperatorCall:
    image = [size(table, row, column) for column in "nchw"]
    outputs, *kernel = (size(table, row, column) for column in "krs")
    padding = tuple(size(table, row, column, least=0) for column in ("pad_h", "pad_w"))
    stride = tuple(size(table, row, column) for column in ("stride_h", "stride_w"))
    spans = [length + 2 * pad - taps for length, pad, taps in zip(image[2:], padding, kernel, strict=True)]
    if min(spans) < 0:
        raise RowError(f"a kernel of {kernel[0]} x {kernel[1]} does not fit an image of {image[2]} x {image[3]}")
    source, weight = dense_tensor(*image, dtype=dtype), dense_tensor(outputs, image[1], *kernel, dtype=dtype)
    geometry = (stride, padding, (1, 1), False, (0, 0), 1)
    if name == "forward":
        return OperatorCall("aten::convolution", (source, weight, None, *geometry))
    places = [span // step + 1 for span, step in zip(spans, stride, strict=True)]
    gradient = dense_tensor(image[0], outputs, *places, dtype=dtype)
    mask = (name == "grad_input", name == "grad_weight", False)
    return OperatorCall("aten::convolution_backward", (gradient, source, weight, None, *geometry, mask))
