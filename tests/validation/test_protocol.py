"""What stack a published result was measured on, by its source and its own words."""

from __future__ import annotations

import pytest

from memprof.validation.protocol import stack_of


@pytest.mark.parametrize(
    ("source", "text", "phase", "expected"),
    [
        ("timm results", "torch 1.12, CUDA 11.3", "infer", "torch 1.12"),
        ("timm results", "torch 2.4.1, CUDA 12.4", "infer", "torch 2.4, fast norm"),
        ("timm results", "torch 2.4.1, CUDA 12.4", "train", "torch 2.4"),
        ("InceptionNeXt README", "torch 2.4.1", "infer", "torch 2.4"),
        ("NVIDIA DeepLearningExamples README", "torch 1.9, NGC 21.03", "train", "torch 1.9"),
        ("mine", "the usual container with torch 1.13.1+cu117 inside", "infer", "torch 1.13"),
        ("timm results", "CUDA 11.3", "infer", ""),
        ("", "", "infer", ""),
    ],
)
def test_the_stack_of_a_source(source: str, text: str, phase: str, expected: str):
    assert stack_of(source, text, phase).text == expected
