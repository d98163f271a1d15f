"""CTC by hand: 5 labels have 11 states, in each of 50 steps and 2 sequences."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import memprof
from tests.operators.building import cost, tensor

SCORES, TARGETS, LENGTHS = tensor(50, 2, 32), tensor(2, 5, dtype="int64"), tensor(2, dtype="int64")
STATES = 2 * 50 * 11


def test_every_state_waits_for_the_step_before():
    (work,) = cost("aten::_ctc_loss", SCORES, TARGETS, LENGTHS, LENGTHS, 0, False)

    assert work.dram.written_bytes == 4 * STATES
    assert work.vector_flops == 12 * STATES
    assert work.serial_steps == 50
    assert work.l1.read_bytes == 4 * 4 * STATES + 8 * 2 * 5


def test_the_gradient_is_of_all_classes():
    back, shares = cost("aten::_ctc_loss_backward", tensor(2), SCORES, TARGETS, LENGTHS, LENGTHS)

    assert back.vector_flops == 12 * STATES
    assert shares.dram.written_bytes == 4 * 50 * 2 * 32


def test_a_speech_model_trains_by_it():
    class Speech(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(8, 32)

        def forward(self, sound: Tensor, labels: Tensor, heard: Tensor, said: Tensor) -> Tensor:
            scores = self.head(sound).log_softmax(-1)
            return nn.functional.ctc_loss(scores, labels, heard, said)

    spec = memprof.spec
    lengths = spec("2", "int64")
    report = memprof.analyze(
        Speech(), (spec("50x2x8"), spec("2x5", "int64"), lengths, lengths), phase="train", loss=torch.sum
    )

    assert report.coverage.bytes == 1
    assert {"aten::_ctc_loss", "aten::_ctc_loss_backward"} <= {row.name for row in report.operators}
