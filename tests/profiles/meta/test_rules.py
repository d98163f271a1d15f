"""Every shape rule against the real operator on the CPU: shape, strides and dtype, in every layout."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd.profiler import profile

from memprof.profiles import simulated  # noqa: F401  (registers the rules)
from memprof.profiles.meta.attention import attention
from memprof.profiles.meta.mode import _RULES, MetaRules
from tests.profiles.layouts import facts, filled, on_meta, stored
from tests.profiles.meta.rule_samples import (
    EFFICIENT,
    EFFICIENT_BACKWARD,
    FLASH,
    FLASH_BACKWARD,
    FOREACH,
    NO_CPU_TWIN,
    SAMPLES,
    SEQUENCE_LOSS,
)

SLOW = ("convolution", "batch_norm", "max_pool2d", "layer_norm")

aten = torch.ops.aten


AMBIGUOUS = ("convolution", "batch_norm")
"""Their libraries choose between two memory formats, at will where a tensor has both (one channel, one pixel)."""


def is_one_of(operator, words) -> bool:
    return any(word in str(operator) for word in words)


def simulate(operator, arguments, options):
    with MetaRules():
        return operator(*on_meta(arguments), **on_meta(options))


def test_every_rule_is_held_against_something():
    assert set(_RULES) == set(SAMPLES) | NO_CPU_TWIN | SEQUENCE_LOSS


def test_the_ctc_loss_of_targets_of_full_length():
    scores, targets = torch.randn(12, 2, 5).log_softmax(2), torch.ones(2, 3, dtype=torch.int64)
    lengths = torch.tensor([12, 12]), torch.tensor([3, 3])
    forward, backward = aten._ctc_loss.Tensor, aten._ctc_loss_backward.Tensor
    losses, alpha = forward(scores, targets, *lengths, 0, False)
    assert facts(simulate(forward, (scores, targets, *lengths, 0, False), {})) == facts((losses, alpha))
    arguments = (torch.ones(2), scores, targets, *lengths, losses, alpha, 0, False)
    assert facts(simulate(backward, arguments, {})) == facts(backward(*arguments))


@pytest.mark.parametrize("operator", SAMPLES, ids=str)
def test_a_rule_answers_what_the_operator_does(operator):
    @settings(max_examples=50 if is_one_of(operator, SLOW) else 80)
    @given(st.data())
    def holds(data):
        arguments, options = SAMPLES[operator](data.draw)
        loosely = is_one_of(operator, AMBIGUOUS)
        answer = facts(simulate(operator, arguments, options), places_only=loosely)
        assert answer == facts(operator(*arguments, **options), places_only=loosely)

    holds()


HEADS = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 70), st.just(8))


def attention_inputs(data, dtype):
    batch, heads, tokens, features = data.draw(HEADS)
    return [stored(data.draw, [batch, heads, tokens, features], dtype) for _ in range(3)]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40)
@given(st.data())
def test_flash_attention_answers_what_torchs_own_meta_kernel_does(data):
    """Which imports sympy: too slow for use, good as an oracle. All but the debug mask, which nobody reads."""
    real_inputs = attention_inputs(data, torch.float16)
    inputs = on_meta(real_inputs)
    answer = _RULES[FLASH](*inputs, 0.0, False, False)
    real = torch._meta_registrations.meta__scaled_dot_product_flash_attention(*real_inputs)
    assert facts(answer[:8]) == facts(real[:8])
    gradients = _RULES[FLASH_BACKWARD](
        answer[0], *inputs, answer[0], answer[1], None, None, 1, 1, 0.0, False, *answer[6:8]
    )
    assert facts(gradients) == facts([torch.empty_like(tensor) for tensor in real_inputs])


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40)
@given(st.data(), st.booleans(), st.booleans())
def test_memory_efficient_attention_answers_what_torchs_own_meta_kernel_does(data, keep, with_bias):
    query, key, value = on_meta(attention_inputs(data, torch.float32))
    bias = torch.empty(*query.shape[:3], key.shape[2], device="meta") if with_bias else None
    meta = torch._meta_registrations
    answer = _RULES[EFFICIENT](query, key, value, bias, keep)
    assert facts(answer) == facts(meta.meta__scaled_dot_product_efficient_attention(query, key, value, bias, keep))
    output, logsumexp, seed, offset = answer
    rest = (output, query, key, value, bias, output, logsumexp, seed, offset, 0.0, [True, True, True, with_bias])
    real = meta.meta__scaled_dot_product_efficient_backward(*rest)
    assert facts(_RULES[EFFICIENT_BACKWARD](*rest)) == facts(real)


@pytest.mark.parametrize("operator", FOREACH, ids=str)
def test_foreach_operators_stay_one_call_and_allocate_nothing(operator):
    tensors = [filled([2, 3]).to("meta"), filled([4]).to("meta")]
    others = {"List": (tensors,), "Scalar": (0.9,)}[operator._overloadname]
    if operator is aten._foreach_addcmul_.Scalar:
        others = (tensors, tensors)
    with MetaRules():
        assert operator(tensors, *others) is None


PLAIN = ([1, 1], [0, 0], [1, 1], False, [0, 0], 1)


@pytest.mark.parametrize(
    ("operator", "arguments", "words"),
    [
        (aten.convolution.default, (torch.empty(1, 3, 8, 8), torch.empty(4, 5, 1, 1), None, *PLAIN), "5 channels"),
        (aten.convolution.default, (torch.empty(1, 3, 2, 2), torch.empty(4, 3, 3, 3), None, *PLAIN), "does not fit"),
        (aten.mm.default, (torch.empty(2, 3), torch.empty(4, 5)), "cannot be multiplied"),
        (aten.mm.default, (torch.empty(2, 3), torch.empty(3, 5, dtype=torch.float16)), "float16"),
        (aten.bmm.default, (torch.empty(2, 3, 4), torch.empty(3, 4, 5)), "cannot be multiplied"),
        (aten.add_.Tensor, (torch.empty(1, 3), torch.empty(2, 3)), "cannot hold"),
        (aten.add_.Tensor, (torch.empty(3, dtype=torch.int64), torch.empty(3)), "cannot be stored"),
        (aten.add.Tensor, (torch.empty(2, 3), torch.empty(2, 4)), "broadcast"),
    ],
)
def test_what_a_kernel_refuses_its_rule_refuses(operator, arguments, words):
    with pytest.raises((RuntimeError, ValueError)):
        operator(*arguments)
    with pytest.raises((RuntimeError, ValueError), match=words):
        simulate(operator, arguments, {})


def test_a_half_precision_softmax_may_widen_as_it_goes():
    narrow = torch.empty(2, 3, dtype=torch.float16, device="meta")
    with MetaRules():
        assert aten._softmax(narrow, 1, True).dtype == torch.float32
        wide = torch.empty(2, 3, device="meta")
        assert aten._softmax_backward_data(wide, wide, 1, torch.float16).dtype == torch.float16


def test_half_precision_norms_keep_float32_statistics():
    """On CUDA; CPU kernels keep them in the type of the weights."""
    narrow = torch.empty(2, 3, 4, 4, dtype=torch.float16, device="meta")
    with MetaRules():
        normalized = aten.native_batch_norm(narrow, None, None, None, None, True, 0.1, 1e-5)
        assert [tensor.dtype for tensor in normalized] == [torch.float16, torch.float32, torch.float32]
        normalized = aten.native_layer_norm(narrow, [4], None, None, 1e-5)
        assert [tensor.dtype for tensor in normalized] == [torch.float16, torch.float32, torch.float32]


def test_an_operator_without_a_rule_falls_through():
    with MetaRules():
        assert torch.empty(3, 4, device="meta").t().shape == (4, 3)


@pytest.mark.parametrize(("shape", "fused"), [((2, 3, 16, 8), True), ((2, 4, 3, 16, 8), False), ((2, 16, 8), False)])
def test_only_four_dimensional_attention_is_fused(shape: tuple[int, ...], fused: bool) -> None:
    """Source: check_tensor_shapes in ATen/native/transformers/sdp_utils_cpp.h."""
    operand = torch.empty(shape, dtype=torch.float16, device="meta")
    with profile(use_kineto=True, record_shapes=True) as profiler, MetaRules():
        assert attention(operand, operand, operand).shape == shape
    names = {event.name() for event in profiler.kineto_results.events()}
    assert any("flash" in name for name in names) is fused
    assert ("aten::bmm" in names) is not fused
