"""Fused attention: softmax(Q K^T * scale + bias) V without the scores ever leaving the SM.

Source: FlashAttention (Dao et al. 2022, arXiv 2205.14135) and FlashAttention-2 (Dao 2023, arXiv 2307.08691); PyTorch's
flash, memory-efficient and cuDNN backends all work this way. A thread block keeps a block of query rows and goes
through all keys and values, so DRAM sees Q, K, V and the output once and L2 sees K and V once per block of queries.
Whatever a profile's `aten::scaled_dot_product_attention` decomposes into, it is one call here.

FLOPs: 2 Sq Sk (D + Dv) per head for the two products, 4 Sq Sk D where all heads are alike, plus the softmax. Causal
attention skips what it masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from memprof.calls import OperatorCall
from memprof.operators import fvcore_counts
from memprof.operators.registry import formula
from memprof.operators.softmax import SOFTMAX_BACKWARD_FLOPS, SOFTMAX_FLOPS
from memprof.operators.traffic import make_work, stream
from memprof.operators.work import Pattern, Traffic, Work
from memprof.tensors.shapes import dense, element_bytes, elements, is_flag, stored_bytes
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

QUERY_BLOCK = 128
"""Query rows per thread block (kBlockM in flash-attention's csrc/flash_attn/src/flash_fwd_launch_template.h)."""
KEY_BLOCK = 64
"""Key rows per step of the loop (kBlockN there, for heads of up to 128 features; larger ones and dropout vary)."""
TILE_ROWS = 64
"""Query rows to which short sequences are padded (the least kBlockM)."""
HEAD_SIZES = (32, 64, 96, 128, 192, 256)
"""Features per head that kernels are built for (HEADDIM_SWITCH)."""
WARP_QUERIES = 32
"""Query rows per warp: kBlockM by 4 warps; each warp loads all keys and values from shared memory for its own rows."""
SCORE_PRODUCTS_BACKWARD = 3
"""Products of the size of Q K^T in the backward pass: the scores anew, dQ = dS K, dK = dS^T Q."""
VALUE_PRODUCTS_BACKWARD = 2
"""Products of the size of P V: dV = P^T dO, dP = dO V^T. Five products against two forward: 2.5 times the FLOPs
(FlashAttention-2, section 4.1)."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Positions of the arguments of one attention operator, from ATen/native/native_functions.yaml."""

    query: int = 0
    bias: int | None = None
    causal: int | None = None
    heads_first: bool = True


_FORWARD = {
    "aten::scaled_dot_product_attention": Schema(bias=3, causal=5),
    "aten::_scaled_dot_product_flash_attention": Schema(causal=4),
    "aten::_scaled_dot_product_flash_attention_for_cpu": Schema(causal=4, bias=5),
    "aten::_scaled_dot_product_efficient_attention": Schema(bias=3, causal=6),
    "aten::_scaled_dot_product_cudnn_attention": Schema(bias=3, causal=6),
    "aten::_scaled_dot_product_fused_attention_overrideable": Schema(bias=3, causal=5),
    "aten::_flash_attention_forward": Schema(causal=8, heads_first=False),
    "aten::_efficient_attention_forward": Schema(bias=3, heads_first=False),
}
_BACKWARD = {
    "aten::_scaled_dot_product_flash_attention_backward": Schema(1, causal=11),
    "aten::_scaled_dot_product_flash_attention_for_cpu_backward": Schema(1, causal=7, bias=8),
    "aten::_scaled_dot_product_efficient_attention_backward": Schema(1, bias=4, causal=11),
    "aten::_scaled_dot_product_cudnn_attention_backward": Schema(1, bias=8, causal=14),
    "aten::_flash_attention_backward": Schema(1, causal=11, heads_first=False),
    "aten::_efficient_attention_backward": Schema(1, bias=4, heads_first=False),
}


@dataclass(frozen=True, slots=True)
class Attention:
    """The geometry of one attention call: heads over the whole batch, rows of queries and keys, features per head.

    `kept` is the number of scores per head that are computed; a causal mask keeps about half of them.
    """

    query: TensorSpec
    key: TensorSpec
    value: TensorSpec
    bias: TensorSpec | None
    heads: int
    queries: int
    keys: int
    features: int
    value_features: int
    kept: int

    @property
    def share(self) -> float:
        """Return the share of scores that are computed."""
        return self.kept / max(1, self.queries * self.keys)

    @property
    def scores(self) -> int:
        """Return how many scores are computed, over all heads."""
        return self.heads * self.kept

    @property
    def score_macs(self) -> int:
        """Return the multiply-adds of Q K^T."""
        shapes = (self.heads, self.queries, self.features), (self.heads, self.features, self.keys)
        return fvcore_counts.bmm_macs(*shapes) * self.kept // max(1, self.queries * self.keys)

    @property
    def value_macs(self) -> int:
        """Return the multiply-adds of P V."""
        shapes = (self.heads, self.queries, self.keys), (self.heads, self.keys, self.value_features)
        return fvcore_counts.bmm_macs(*shapes) * self.kept // max(1, self.queries * self.keys)

    @property
    def padding(self) -> float:
        """Return what the kernels compute over what they are asked for, in whole tiles.

        Queries come in tiles of 64 rows (two warp groups, or four warps, of 16 or 32), keys in tiles of 64, features
        up to the next size that a kernel is built for. Source: csrc/flash_attn/src/flash_fwd_launch_template.h and
        static_switch.h of flash-attention, HEADDIM_SWITCH.
        """
        features = max(self.features, self.value_features)
        width = next((size for size in HEAD_SIZES if features <= size), features)
        rows, columns = ceil(self.queries / TILE_ROWS), ceil(self.keys / KEY_BLOCK)
        whole = rows * TILE_ROWS * columns * KEY_BLOCK * 2 * width
        return max(1.0, whole / max(1, self.queries * self.keys * (self.features + self.value_features)))

    @property
    def output(self) -> TensorSpec:
        """Return the output, as dense as the queries."""
        return dense((self.heads, self.queries, self.value_features), self.query.dtype)


def _read(call: OperatorCall, schema: Schema) -> Attention:
    query, key, value = (call.tensor(schema.query + place) for place in range(3))
    if len(query.shape) < 3 or (len(query.shape) != 4 and not schema.heads_first):
        raise LookupError(f"{call.name}: sequences of different lengths are packed together, their lengths unrecorded")
    tokens = -2 if schema.heads_first else -3
    queries, keys = query.shape[tokens], key.shape[tokens]
    causal = schema.causal is not None and is_flag(call.argument(schema.causal))
    bias = None if schema.bias is None else call.optional_tensor(schema.bias)
    return Attention(
        query,
        key,
        value,
        bias,
        prod(query.shape) // max(1, queries * query.shape[-1]),
        queries,
        keys,
        query.shape[-1],
        value.shape[-1],
        _causal_scores(queries, keys) if causal else queries * keys,
    )


def _causal_scores(queries: int, keys: int) -> int:
    """Return how many scores causal attention keeps: query i sees keys 0 to i."""
    seen = min(queries, keys)
    return seen * (seen + 1) // 2 + (queries - seen) * keys


@formula(*_FORWARD, kind=Kind.ATTENTION)
def cost_forward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost fused attention; the log-sum-exp per query row, which backward needs, is written too (fp32, small)."""
    attention = _read(call, _FORWARD[call.name])
    size = element_bytes(attention.query.dtype)
    operands = (attention.query, attention.key, attention.value)
    bias_bytes = stored_bytes(attention.bias) if attention.bias is not None else 0
    bias_loads = attention.scores * element_bytes(attention.bias.dtype) if attention.bias is not None else 0
    rows = attention.heads * attention.queries
    written = stored_bytes(attention.output) + rows * element_bytes("float32")
    staged = _staged(attention, ceil(attention.queries / QUERY_BLOCK)) + bias_loads
    shared = attention.score_macs * (1 / WARP_QUERIES + 1 / KEY_BLOCK) + attention.value_macs / WARP_QUERIES
    macs = attention.score_macs + attention.value_macs
    return (
        make_work(
            "forward",
            attention.query.dtype,
            dram=Traffic(sum(stored_bytes(tensor) for tensor in operands) + bias_bytes, written),
            l2=Traffic(staged, written),
            l1=Traffic(shared * size + bias_loads, staged + written),
            matrix_flops=fvcore_counts.flops_of_macs(macs),
            vector_flops=SOFTMAX_FLOPS * attention.scores,
            macs=macs,
            blocks=attention.heads * ceil(attention.queries / QUERY_BLOCK),
            pattern=Pattern.ATTENTION,
            padding=attention.padding,
        ),
    )


@formula(*_BACKWARD, kind=Kind.ATTENTION)
def cost_backward(call: OperatorCall) -> tuple[Work, ...]:
    """Cost the backward pass: the row sums of dO * O, then, per block of keys, five products over all queries.

    dQ is summed over blocks of keys in fp32 in L2 (atomic additions) and converted to the dtype of the queries at the
    end. Source: FlashAttention-2, algorithm 2; csrc/flash_attn/src/flash_bwd_launch_template.h.
    """
    schema = _BACKWARD[call.name]
    attention = _read(call, schema)
    grad = call.tensor(0)
    rows = dense((attention.heads, attention.queries), "float32")
    sums = stream("row sums", (grad, attention.output), (rows,), flops=2 * elements(attention.output))
    accumulator = dense(attention.query.shape, "float32")
    main = _backward_kernel(attention, grad, rows, accumulator)
    convert = stream("convert", (accumulator,), (dense(attention.query.shape, attention.query.dtype),))
    return (sums, main, convert)


def _backward_kernel(attention: Attention, grad: TensorSpec, rows: TensorSpec, accumulator: TensorSpec) -> Work:
    size = element_bytes(attention.query.dtype)
    operands = (attention.query, attention.key, attention.value, grad, rows, rows)
    bias_bytes = stored_bytes(attention.bias) if attention.bias is not None else 0
    results = (accumulator, attention.key, attention.value)
    key_blocks = ceil(attention.keys / QUERY_BLOCK)
    written = sum(stored_bytes(dense(tensor.shape, tensor.dtype)) for tensor in results)
    query_bytes = stored_bytes(attention.query) + stored_bytes(grad) + 2 * stored_bytes(rows)
    once = stored_bytes(attention.key) + stored_bytes(attention.value) + bias_bytes
    summed = key_blocks * attention.share * stored_bytes(accumulator)
    macs = SCORE_PRODUCTS_BACKWARD * attention.score_macs + VALUE_PRODUCTS_BACKWARD * attention.value_macs
    staged = key_blocks * attention.share * query_bytes + once + summed
    return make_work(
        "backward",
        attention.query.dtype,
        dram=Traffic(sum(stored_bytes(tensor) for tensor in operands) + bias_bytes, written),
        l2=Traffic(staged, written - stored_bytes(accumulator) + summed),
        l1=Traffic(macs * (1 / WARP_QUERIES + 1 / KEY_BLOCK) * size, staged + written),
        matrix_flops=fvcore_counts.flops_of_macs(macs),
        vector_flops=(SOFTMAX_FLOPS + SOFTMAX_BACKWARD_FLOPS) * attention.scores,
        macs=macs,
        blocks=attention.heads * key_blocks,
        pattern=Pattern.ATTENTION_BACKWARD,
        padding=attention.padding,
    )


def _staged(attention: Attention, query_blocks: int) -> float:
    """Return the bytes that leave L2 for the SMs: queries once, keys and values once per block of queries and head."""
    size = element_bytes(attention.query.dtype)
    per_head = attention.keys * (attention.features + attention.value_features) * size
    queries = attention.heads * attention.queries * attention.features * size
    return queries + attention.heads * query_blocks * per_head * attention.share
