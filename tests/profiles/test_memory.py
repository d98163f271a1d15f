"""Peak memory, counted by hand: tensors from their birth to their last use."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from memprof.profiles.memory import MOST_MOMENTS, MemoryMeter, MemoryTimeline, MemoryUse, Moment
from memprof.profiles.simulated import simulate
from memprof.tensors.precision import get_precision

BATCH = 2
IMAGES, TARGETS = 4 * BATCH * 3 * 4 * 4, 8 * BATCH


def use_of(build, *, training, channels_last=False, precision="fp32", batch_size=BATCH):
    return simulate(
        build,
        batch_size=batch_size,
        resolution=4,
        training=training,
        precision=get_precision(precision),
        channels_last=channels_last,
    ).memory


def empty(*shape):
    return torch.empty(shape, device="meta")


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 10, bias=False))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 64, bias=False), nn.ReLU(), nn.Linear(64, 10, bias=False))


def test_inference_holds_what_a_layer_reads_and_writes():
    """The most is alive in the ReLU: the images, the targets, 64 hidden features before and after."""
    weights, hidden = 4 * (48 * 64 + 64 * 10), 4 * BATCH * 64
    activations = IMAGES + TARGETS + 2 * hidden
    assert use_of(mlp, training=False) == MemoryUse(weights + activations, weights, 0, 0, activations)


def test_training_holds_gradients_momentum_and_what_backward_needs():
    """The most is alive when the gradient of the weight is: the caller holds the logits and the loss, autograd the
    gradients of both."""
    weights, logits, loss = 4 * 48 * 10, 4 * BATCH * 10, 4
    activations = IMAGES + TARGETS + 2 * (logits + loss)
    assert use_of(linear, training=True) == MemoryUse(3 * weights + activations, weights, weights, weights, activations)


def deep(relus):
    return lambda: nn.Sequential(nn.Flatten(), nn.Linear(48, 48, bias=False), *(nn.ReLU() for _ in range(relus)))


def test_layers_in_inference_reuse_memory_and_in_training_each_keeps_its_output():
    """On 1000 images, so that activations and not the weights' gradients make the peak."""
    features = 4 * 1000 * 48
    assert use_of(deep(7), training=False) == use_of(deep(3), training=False)
    seven, three = (use_of(deep(count), training=True, batch_size=1000) for count in (7, 3))
    assert seven.activations_bytes - three.activations_bytes == 4 * features


def convolutional():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "amp-fp16", "bf16"])
def test_the_parts_sum_to_the_peak(training, precision):
    for build in (linear, mlp, convolutional):
        use = use_of(build, training=training, precision=precision)
        parts = use.parameters_bytes, use.gradients_bytes, use.optimizer_bytes, use.activations_bytes
        assert min(parts) >= 0
        assert sum(parts) == use.peak_bytes


@pytest.mark.parametrize("training", [False, True])
def test_the_layout_does_not_matter(training):
    last, first = (use_of(convolutional, training=training, channels_last=layout) for layout in (True, False))
    assert last == first


def test_buffers_count_as_parameters():
    """Weight and bias of the convolution, of the norm and of the classifier; running mean, variance and a counter."""
    weights = 4 * ((8 * 3 * 9 + 8) + 2 * 8 + (8 * 10 + 10))
    assert use_of(convolutional, training=False).parameters_bytes == weights + 4 * 2 * 8 + 8


def test_a_larger_batch_grows_activations_alone():
    one, many = (use_of(mlp, training=False, batch_size=size) for size in (1, 100))
    assert many.activations_bytes == 100 * one.activations_bytes
    assert many.parameters_bytes == one.parameters_bytes


def test_half_the_bits_are_half_the_bytes_and_autocast_adds_its_casts():
    single, half, mixed = (use_of(mlp, training=True, precision=name) for name in ("fp32", "fp16", "amp-fp16"))
    for part in ("parameters_bytes", "gradients_bytes", "optimizer_bytes"):
        assert getattr(single, part) == getattr(mixed, part) == 2 * getattr(half, part)
    assert mixed.activations_bytes > half.activations_bytes


def peak(meter):
    return meter.use(set(), set(), set()).peak_bytes


def test_freed_tensors_leave():
    meter = MemoryMeter()
    first = empty(100)
    meter.note(first)
    del first
    second = empty(60)
    meter.note(second)
    assert peak(meter) == 400
    third = empty(50)
    meter.note(third)
    assert peak(meter) == 4 * (60 + 50)


def test_views_and_second_sights_are_the_same_memory():
    meter = MemoryMeter()
    whole = empty(10, 10)
    view = whole.t()[:5]
    meter.note(view)
    meter.note([whole, (view, whole.reshape(-1)), None, 7])
    assert peak(meter) == 400
    del whole
    meter.note(empty(1))
    assert peak(meter) == 404  # the view still holds all of it


def test_a_tensor_belongs_to_whom_it_is_given():
    meter = MemoryMeter()
    weight, gradient, momentum, other = empty(1), empty(2), empty(3), empty(4)
    meter.note((weight, gradient, momentum, other))
    unseen = empty(5)
    use = meter.use(meter.serials([weight, None]), meter.serials([gradient, unseen]), meter.serials(iter([momentum])))
    assert use == MemoryUse(4 * 10, 4 * 1, 4 * 2, 4 * 3, 4 * 4)


def test_what_is_made_after_the_peak_does_not_count():
    meter = MemoryMeter()
    large = empty(100)
    meter.note(large)
    del large
    small = empty(1)
    meter.note(small)
    assert meter.use(meter.serials([small]), set(), set()) == MemoryUse(400, 0, 0, 0, 400)


def test_a_meter_that_saw_nothing():
    assert MemoryMeter().use(set(), set(), set()) == MemoryUse(0, 0, 0, 0, 0)


def test_the_course_tells_the_most_that_was_alive_while_each_operator_ran() -> None:
    """A parameter of 100; b makes 10 and a gradient of 20; c finds both alive and frees the 10."""
    marks = ((1, "a", "forward"), (3, "b", "backward"), (4, "c", "backward"))
    timeline = MemoryTimeline((100, 10, 20), (0, 1, 2, ~1), frozenset({0}), frozenset({2}), frozenset(), marks)
    assert timeline.course() == (
        Moment("a", "forward", 100, 0),
        Moment("b", "backward", 130, 20),
        Moment("c", "backward", 130, 20),
    )
    assert timeline.use().course == timeline.course()


def test_a_long_course_keeps_its_peak() -> None:
    sizes = tuple(range(1, 1001))
    events = tuple(event for place in range(1000) for event in (place, ~place))
    marks = tuple((2 * place + 2, f"op{place}", "forward") for place in range(1000))
    course = MemoryTimeline(sizes, events, frozenset(), frozenset(), frozenset(), marks).course()
    assert len(course) == MOST_MOMENTS
    assert max(moment.allocated_bytes for moment in course) == 1000
    assert course[-1].operator == "op999"
