from __future__ import annotations

from itertools import combinations

from matplotlib.figure import Figure

from memprof.reports.roofline.labelling import label


def test_names_meet_neither_one_another_nor_a_point_and_those_without_room_are_left_out():
    figure = Figure(figsize=(6, 4), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10), ylim=(0, 10))
    crowd = [(5 + 0.05 * place, 5.0, f"network {place}") for place in range(60)]

    written = label(axes, [(1.0, 9.0, "alone"), *crowd])
    boxes = [text.get_window_extent() for text in axes.texts]

    assert axes.texts[0].get_text() == "alone"
    assert 3 < written == len(boxes) < 61
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    points = [axes.transData.transform((x, y)) for x, y, _ in crowd]
    assert not any(box.contains(*point) for box in boxes for point in points)
