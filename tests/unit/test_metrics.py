"""Metrics without a download have the interface of downloaded ones."""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from ftspec.metrics import LocalMetric


def count(predictions: Any, references: Any) -> dict[str, Any]:
    return {"count": np.int64(len(predictions)), "same": predictions == references}


def test_it_is_a_module_of_evaluate() -> None:
    features = {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
    module = LocalMetric("count", features, count)
    assert isinstance(module, evaluate.EvaluationModule)
    assert module.compute(predictions=[1, 2], references=[1, 3]) == {"count": 2.0, "same": 0.0}
    module.add_batch(predictions=[1], references=[1])
    module.add(prediction=2, reference=2)
    assert module.compute() == {"count": 2.0, "same": 1.0}
    assert "computed locally" in module.description
