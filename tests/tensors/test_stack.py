"""A stack's text becomes rules, and mistakes in it are told."""

from __future__ import annotations

import pytest

from memprof.errors import WorkloadError
from memprof.tensors.stack import Stack, measured_stack, parse_stack


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Stack()),
        ("today's PyTorch", Stack()),
        ("torch 1.13", Stack((1, 13))),
        ("PyTorch 1.13.1+cu117, CUDA 11.7, cuDNN 8.5.0", Stack((1, 13))),
        ("torch=2.4.0", Stack((2, 4))),
        ("NGC 21.03, torch 1.9", Stack((1, 9))),
        ("torch 2.4,  Attention in  steps", Stack((2, 4), "attention in steps")),
        ("fast norm", Stack(fast_norm=True)),
    ],
)
def test_stacks_are_read(text: str, expected: Stack):
    assert parse_stack(text) == expected
    assert parse_stack(expected.text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tensorflow 2.4", "names 'tensorflow 2.4', which memprof does not know"),
        ("torch", "names 'torch'"),
        ("torch 1", "names 'torch 1'"),
        ("torch 1.13, ", "names ''"),
        ("torch 1.13, torch 2.0", "two versions"),
        ("torch 0.4", "older than PyTorch 1.0"),
        ("torch 1.13\x1b[2J", "does not know"),
        ("torch 9999.1", "does not know"),
    ],
)
def test_what_is_no_stack_is_told(text: str, says: str):
    with pytest.raises(WorkloadError, match=says) as error:
        parse_stack(text)
    assert error.value.remedy


def test_each_rule_holds_from_its_version_on():
    rules = [
        (stack.fuses_attention, stack.widens_attention_steps, stack.has_small_persistent_rnn)
        for stack in map(parse_stack, ("torch 1.11", "torch 1.12", "torch 2.0", "torch 2.5", ""))
    ]
    assert rules == [
        (False, False, False),
        (False, False, True),
        (True, False, True),
        (True, True, True),
        (True, True, True),
    ]
    assert not parse_stack("torch 2.5, attention in steps").fuses_attention
    assert parse_stack("torch 1.13, fused attention").fuses_attention


def test_a_table_may_name_its_stack_in_its_own_words():
    assert measured_stack("torch 2.1 nightly, TensorRT 9") == Stack((2, 1))
    assert measured_stack("TensorRT 9") == Stack()
