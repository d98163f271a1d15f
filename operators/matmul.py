"""Matrix products: what cuBLAS and cuBLASLt run, as tiles on tensor cores.

Operands that are transposed views are read as they are (BLAS takes either order). An operand with strides that BLAS
cannot take would be copied first; that copy is not counted.
"""

from __future__ import annotations

from math import prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.pointwise_flops import GELU_FLOPS, RELU_FLOPS
from memprof.operators.registry import formula
from memprof.operators.tiles import product_work
from memprof.operators.traffic import stream
from memprof.operators.work import Pattern, Product, Traffic, Work
from memprof.tensors.shapes import Shape, dense, element_bytes, is_flag, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

COPY_BYTES = 4
"""Least size, and alignment, of an asynchronous copy to shared memory."""


@formula("aten::mm", kind=Kind.MATMUL)
def cost_mm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost mm(a, b): (n, k) times (k, m)."""
    return (_product(call.tensor(0), call.tensor(1)),)


@formula("aten::bmm", kind=Kind.MATMUL)
def cost_bmm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost bmm(a, b): b products of (n, k) times (k, m)."""
    return (_product(call.tensor(0), call.tensor(1)),)


@formula("aten::_int_mm", "aten::_scaled_mm", kind=Kind.MATMUL)
def cost_quantized_mm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost a product of 8-bit operands into a wider result: int32 for integers, else bfloat16 unless told otherwise."""
    first = call.tensor(0)
    return (_product(first, call.tensor(1), output_dtype="int32" if first.dtype == "int8" else "bfloat16"),)


@formula("aten::mv", kind=Kind.MATMUL)
def cost_mv(call: OperatorCall) -> tuple[Work, ...]:
    """Cost mv(matrix, vector)."""
    return (_product(call.tensor(0), _column(call.tensor(1))),)


@formula("aten::dot", "aten::vdot", kind=Kind.MATMUL)
def cost_dot(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the inner product of two vectors."""
    first = call.tensor(0)
    row = TensorSpec((1, *first.shape), None if first.strides is None else (0, *first.strides), first.dtype)
    return (_product(row, _column(call.tensor(1))),)


@formula("aten::addmm", "aten::addmm_", "aten::addmv", "aten::addmv_", kind=Kind.MATMUL)
def cost_addmm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost addmm(self, a, b, beta, alpha): a bias vector joins in the epilogue, a matrix is copied to the output first.

    Source: addmm_out_cuda_impl in ATen/native/cuda/Blas.cpp: cuBLASLt adds a 1-dimensional bias itself; anything else
    is copied into the result, which the product then reads and adds to. A matrix times a vector has no such epilogue.
    """
    added, first, second = call.tensor(0), call.tensor(1), call.tensor(2)
    if len(second.shape) == 1:
        return _accumulating(call, added, first, _column(second))
    if len(added.shape) <= 1 and not call.name.endswith("_"):
        return (_product(first, second, added=added),)
    return _accumulating(call, added, first, second)


@formula("aten::baddbmm", "aten::baddbmm_", kind=Kind.MATMUL)
def cost_baddbmm(call: OperatorCall) -> tuple[Work, ...]:
    """Cost baddbmm(self, a, b, beta, alpha): self is copied to the output, which the products read and add to.

    Source: bmm_out_cuda_impl in ATen/native/cuda/Blas.cpp; with beta = 0 self is not read.
    """
    return _accumulating(call, call.tensor(0), call.tensor(1), call.tensor(2))


@formula("aten::_addmm_activation", kind=Kind.MATMUL)
def cost_addmm_activation(call: OperatorCall) -> tuple[Work, ...]:
    """Cost addmm with ReLU or GELU in the epilogue (CUBLASLT_EPILOGUE_RELU_BIAS, CUBLASLT_EPILOGUE_GELU_BIAS)."""
    per_output = GELU_FLOPS["tanh"] if is_flag(call.argument(5)) else RELU_FLOPS
    return (_product(call.tensor(1), call.tensor(2), added=call.tensor(0), per_output=per_output),)


def multiply(first: TensorSpec, second: TensorSpec) -> Work:
    """Build the Work of a product of two matrices, or of two batches of them, for operators that contain one."""
    return _product(first, second)


def _column(vector: TensorSpec) -> TensorSpec:
    strides = None if vector.strides is None else (*vector.strides, 1)
    return TensorSpec((*vector.shape, 1), strides, vector.dtype)


def _macs(first: Shape, second: Shape) -> int:
    return fvcore_counts.bmm_macs(first, second) if len(first) == 3 else fvcore_counts.matmul_macs(first, second)


def _accumulating(call: OperatorCall, added: TensorSpec, first: TensorSpec, second: TensorSpec) -> tuple[Work, ...]:
    if call.argument(3, 1) == 0:
        return (_product(first, second),)
    output = dense((*first.shape[:-1], second.shape[-1]), first.dtype)
    product = _product(first, second, added=output)
    if call.name.endswith("_"):
        return (product,)
    return (stream("copy", (added,), (output,), threads=prod(output.shape)), product)


def _product(
    first: TensorSpec,
    second: TensorSpec,
    *,
    added: TensorSpec | None = None,
    per_output: int = 0,
    output_dtype: str | None = None,
) -> Work:
    """Build the Work of (..., n, k) times (..., k, m), plus `added` and `per_output` FLOPs in the epilogue."""
    batch = prod(first.shape[:-2])
    product = Product(batch, first.shape[-2], second.shape[-1], first.shape[-1])
    output = dense((*first.shape[:-1], second.shape[-1]), output_dtype or first.dtype)
    added_bytes = stored_bytes(added) if added is not None else 0
    per_output += 0 if added is None else 1
    return product_work(
        "forward",
        first.dtype,
        product,
        macs=_macs(first.shape, second.shape),
        dram=Traffic(stored_bytes(first) + stored_bytes(second) + added_bytes, stored_bytes(output)),
        vector_flops=per_output * prod(output.shape),
        extra_read_bytes=added_bytes,
        pattern=Pattern.MATMUL if all(map(_is_aligned, (first, second, output))) else Pattern.UNALIGNED,
    )


def _strides(matrix: TensorSpec) -> tuple[int, int]:
    """Return the elements from a row to the next and from a column to the next."""
    if matrix.strides is None:
        return matrix.shape[-1], 1
    return matrix.strides[-2], matrix.strides[-1]


def _is_aligned(matrix: TensorSpec) -> bool:
    """Return whether the rows of a matrix, or its columns if they lie together, begin at multiples of 4 bytes.

    Asynchronous copies to shared memory take 4 bytes or more (PTX ISA, cp.async): rows of an odd number of 16-bit
    elements are loaded one by one, by kernels called "align1".
    """
    rows, columns = matrix.shape[-2:]
    leading = columns if rows == 1 else max(_strides(matrix))
    return min(rows, columns) == 1 or leading * element_bytes(matrix.dtype) % COPY_BYTES == 0
