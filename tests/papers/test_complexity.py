from __future__ import annotations

from memprof.papers.complexity import count_all


def test_counted_convolutions_are_what_the_papers_formulas_say():
    found = {item.convolution: item for item in count_all((5,))}

    pixels = 56 * 56
    assert found["conventional"].counted_parameters == 25 * 96 * 96
    assert found["conventional"].counted_flops == 2 * 25 * 96 * 96 * pixels
    assert found["depthwise"].counted_flops == 2 * 25 * 96 * pixels
    assert found["Inception"].counted_parameters == 12 * (9 + 5 + 5)  # an eighth of the channels for each branch
    assert found["Inception"].counted_flops == 2 * 12 * (9 + 5 + 5) * pixels
    for item in found.values():
        assert (item.formula_parameters, item.formula_flops) == (item.counted_parameters, item.counted_flops)
