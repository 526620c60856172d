"""The best spans, compared with a search that tries them one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ftspec_question_answering.spans import find_best_spans


@pytest.mark.parametrize(("windows", "longest", "count"), [(1, 1, 1), (7, 4, 3), (300, 30, 5)])
def test_as_trying_every_span(windows: int, longest: int, count: int) -> None:
    generator = np.random.default_rng(windows)
    width = 12
    starts, ends = generator.normal(size=(2, windows, width)).astype(np.float32)
    is_context = generator.random((windows, width)) < 0.7
    found = find_best_spans(starts, ends, is_context, longest=longest, count=count)
    for window in range(windows):
        every = {
            (first, last): float(starts[window, first] + ends[window, last])
            for first in range(width)
            for last in range(first, min(width, first + longest))
            if is_context[window, first] and is_context[window, last]
        }
        best = sorted(every.values(), reverse=True)[:count]
        assert found.scores[window][: len(best)] == pytest.approx(best, abs=1e-5)
        assert all(score == -math.inf for score in found.scores[window][len(best) :])
        for score, *place in zip(
            found.scores[window], found.starts[window], found.ends[window], strict=True
        ):
            if score > -math.inf:
                assert every[place[0], place[1]] == pytest.approx(score, abs=1e-5)
        total = math.log(sum(map(math.exp, every.values()))) if every else -math.inf
        assert found.totals[window] == pytest.approx(total, abs=1e-4)


def test_more_spans_than_there_are() -> None:
    scores = np.zeros((1, 2), dtype=np.float32)
    found = find_best_spans(scores, scores, np.array([[True, True]]), longest=9, count=50)
    assert np.isfinite(found.scores).sum() == 3
