"""Real runs on the CPU, to hold simulated ones against."""

from __future__ import annotations

import torch
from torch.autograd.profiler import profile

from memprof.models import create_model
from memprof.profiles.kineto import read_events
from memprof.profiles.records import Profile
from memprof.profiles.step import Batch, Step


def run_for_real(spec: str, *, batch_size: int, resolution: int, training: bool, channels_last: bool) -> Profile:
    """Profile one step of a model of the zoo on the CPU, in float32."""
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    model = create_model(spec).to(memory_format=memory_format)
    images = torch.rand(batch_size, 3, resolution, resolution).to(memory_format=memory_format)
    batch = Batch((images,), torch.zeros(batch_size, dtype=torch.int64))
    step = Step(model, spec, training, "")
    with profile(use_kineto=True, record_shapes=True) as profiler:
        step.run(batch)
    return Profile(read_events(profiler.kineto_results))
