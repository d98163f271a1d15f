"""Print how fast the token mixer's implementations are on this CPU, at the stages of InceptionNeXt-T, channels-first.

Each is called in turn, many times over, so that what else runs on the machine meets all of them; the ratio is the
median over the turns. The limit is a plain copy of the input. With one thread, CPU seconds of that thread are taken,
which a busy machine disturbs less; with more, the clock's.

python benchmarks/mixer_speed.py [--threads 1] [--batch-size 8] [--turns 101]
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn

from memprof.models import accelerate
from memprof.models.mixers import InceptionDepthwiseConv

STAGES = ((96, 56), (192, 28), (384, 14), (768, 7))
Call = Callable[[], object]


def take_turns(calls: dict[str, Call], turns: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Return the seconds of each call in each turn."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(turns + 3):
        for name, call in calls.items():
            start = clock()
            call()
            if turn >= 3:
                seconds[name].append(clock() - start)
    return seconds


def trained(mixer: nn.Module, x: Tensor, grad: Tensor) -> Call:
    """Return forward and backward of a mixer."""
    leaf, parameters = x.clone().requires_grad_(), list(mixer.parameters())
    return lambda: torch.autograd.grad(mixer(leaf), [leaf, *parameters], grad)


def row(phase: str, channels: int, side: int, seconds: dict[str, list[float]]) -> str:
    """Return the line of a stage: medians in milliseconds, and the median ratio of a turn."""
    ratio = median(a / b for a, b in zip(seconds["reference"], seconds["products"], strict=True))
    limit = median(a / b for a, b in zip(seconds["products"], seconds["copy"], strict=True))
    times = "".join(f"{1e3 * median(seconds[name]):11.3f}" for name in ("reference", "products", "copy"))
    return f"{phase:<6} {channels:>4} x {side}^2 {times} {ratio:9.2f}x {limit:11.2f}x"


def main() -> None:
    """Print a table for inference and one for training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--turns", type=int, default=101)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    clock = time.thread_time if given.threads == 1 else time.perf_counter
    print(f"threads {given.threads}, batch {given.batch_size}, {given.turns} turns, torch {torch.__version__}")
    print("phase  stage        reference   products       copy  reference/  products/copy\n" + 19 * " ", end="")
    print("      ms         ms         ms   products")
    for channels, side in STAGES:
        x = torch.randn(given.batch_size, channels, side, side)
        grad, reference = torch.randn_like(x), InceptionDepthwiseConv(channels)
        fast = accelerate(copy.deepcopy(reference), "products")

        def mixed(mixer: nn.Module, x: Tensor = x) -> Call:
            return lambda: mixer(x)

        with torch.no_grad():
            calls = {"reference": mixed(reference), "products": mixed(fast), "copy": x.clone}
            print(row("infer", channels, side, take_turns(calls, given.turns, clock)), flush=True)
        calls = {"reference": trained(reference, x, grad), "products": trained(fast, x, grad), "copy": x.clone}
        print(row("train", channels, side, take_turns(calls, given.turns // 3, clock)), flush=True)


if __name__ == "__main__":
    main()
