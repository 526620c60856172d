"""Run directories written by hand: pages need nothing but their files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ftspec.rundir import RunDirectory

HOSTILE = "<script>window.hit=1</script><img src=x onerror=window.hit=1>\x1b[31m\u202e$x^2$"
"""What a label, a name or a row may be."""

LOGGED: list[dict[str, Any]] = [
    {"step": 10, "loss": 2.0, "learning_rate": 1e-3, "grad_norm": 1.0},
    {"step": 10, "eval_loss": 1.5, "eval_f1": 0.5, "eval_runtime": 1.0},
    {"step": 20, "loss": 1.0, "learning_rate": 5e-4, "grad_norm": 2.0},
    {"step": 20, "eval_loss": 1.25, "eval_f1": 0.75},
    {"step": 20, "train_runtime": 3.0, "train_loss": 1.5},
    {"step": 20, "test_loss": 1.3, "test_f1": 0.7},
]
PERFORMANCE = {
    "steps": 20,
    "tokens": {"real": 40_200, "padded": 40_200, "waste_percent": 0.0},
    "speed": {
        "tokens_per_second": 573.01,
        "flop_per_second": 20_382_444_526.0,
        "share_of_matmul": 0.578,
        "precision": "fp32",
    },
    "memory": {"peak_bytes": 1_170_000_000, "peak_device_bytes": None},
    "seconds": {"prepare": 0.4, "train": 723.0, "other": 0.0},
    "advice": [{"key": "model.dtype", "text": "bf16 is <faster>"}],
}


def made_run(folder: Path, name: str = "words & more", **files: Any) -> RunDirectory:
    """A finished run. ``files`` replace the content of files by their stem; ``None`` leaves one
    out."""
    run_dir = RunDirectory(folder / "runs" / "20240101T000000Z-abc")
    run_dir.path.mkdir(parents=True)
    spec = {"name": name, "task": {"type": "text-classification"}, "training": {"max_steps": 20}}
    content: dict[str, Any] = {
        "plan": {"spec": {**spec, "model": {"checkpoint": "org/model"}}},
        "origins": {
            "name": ["spec.yaml:1:7"],
            "training.max_steps": ["--set:1:1", "spec.yaml:4:5"],
        },
        "lock": {
            "ftspec": "0.1",
            "packages": {"torch": "2.0"},
            "parameters": {"trained": 22_715_526, "total": 22_715_526},
            "splits": {"train": {"rows": 2400, "sha256": "00"}},
        },
        "data": {"train": {"rows": 2400, "tokens": {"median": 16, "longest": 40}, "labels": {}}},
        "metrics": {
            "train": {"loss": 1.5},
            "validation": {"loss": 1.25, "f1": 0.75},
            "test": {"loss": 1.3, "f1": 0.7},
        },
        "performance": PERFORMANCE,
        "status": {
            "status": "finished",
            "times": {
                "created": "2024-01-01T00:00:00+00:00",
                "finished": "2024-01-01T00:12:03+00:00",
            },
        },
        **files,
    }
    records = content.pop("logged", LOGGED)
    for record in records:
        run_dir.append_metrics(record)
    for stem, value in content.items():
        if isinstance(value, str):
            run_dir.write_text(f"{stem}.json", value)
        elif value is not None:
            run_dir.write_json(f"{stem}.json", value)
    run_dir.write_text("spec.yaml", f"ftspec: 1\nname: {json.dumps(name)}\n")
    run_dir.write_text("spec.resolved.yaml", f"ftspec: 1\nname: {json.dumps(name)}\n")
    return run_dir


def made_evaluation(
    run_dir: RunDirectory,
    name: str = "test",
    classes: Sequence[str] = ("cat", "dog"),
    rows: Sequence[Mapping[str, Any]] | None = None,
    **more: Any,
) -> Path:
    """An evaluation of a classifier of two classes with 100 rows: 8 dogs are taken for cats."""
    cat, dog = classes[:2]
    folder = run_dir.path / "evaluations" / name
    folder.mkdir(parents=True)
    content = {
        "split": "test",
        "rows": 100,
        "unknown_answers": 0,
        "metrics": {
            "f1": {"value": 0.7, "low": 0.65, "high": 0.76, "resamples": 1000},
            "loss": {"value": 1.3},
        },
        "by": {"language": {"en": {"rows": 60, "metrics": {"f1": 0.8}}}},
        "tables": {
            "classes": [
                {"class": cat, "precision": 1.0, "recall": 0.9, "rows": 50},
                {"class": dog, "precision": 0.84, "recall": 0.8, "rows": 50},
            ],
            "confusion": {"classes": [cat, dog], "counts": [[50, 0], [8, 42]]},
            "confused": [{"reference": dog, "prediction": cat, "rows": 8, "example": 2}],
            "calibration": {
                "expected_error": 0.04,
                "bins": [{"score": 0.55, "right": 0.5}, {"score": 0.95, "right": 0.9}],
            },
        },
        "curves": {
            "roc": {
                "x": "false positive rate",
                "y": "true positive rate",
                "series": [{"name": cat, "points": [[0, 0], [0.2, 0.9], [1, 1]], "area": 0.93}],
            }
        },
        "checkpoint": "model",
        "file": None,
        "seconds": 4.5,
        **more,
    }
    (folder / "metrics.json").write_text(json.dumps(content), encoding="utf-8")
    made = rows or [
        {"text": "a small one", "reference": cat, "prediction": cat, "score": 0.9, "loss": 0.1},
        {"text": "the loud one", "reference": dog, "prediction": cat, "score": 0.8, "loss": 1.6},
        {"text": "a wolf", "reference": dog, "prediction": cat, "score": 0.95, "loss": 3.0},
        {"text": "a hound", "reference": dog, "prediction": dog, "score": 0.7, "loss": 0.4},
    ]
    numbered = [{"row": number, **row} for number, row in enumerate(made, start=1)]
    parquet.write_table(pa.Table.from_pylist(numbered), folder / "rows.parquet")
    return folder
