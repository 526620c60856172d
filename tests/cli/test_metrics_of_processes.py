"""Two processes measure what one measures, on numbers of rows that they cannot share evenly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import SPECS
from tests.cli.placing import SPEC, placed
from tests.cli.warm import Warm

pytestmark = [pytest.mark.slow, pytest.mark.long]

MIXTURE = """\
{
  type: mixture,
  sources: [
    {source: {type: json, files: {train: train.jsonl, validation: validation.jsonl}}, weight: 3},
    {source: {type: json, files: {train: validation.jsonl, validation: train.jsonl}}},
  ],
}"""
HELD_OUT = ("data.splits.validation=validation[:7]", "data.splits.test=test[:5]")
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "generation": ("cnn_t5", HELD_OUT),
    "perplexity of packed text": ("wikitext_gpt2", HELD_OUT),
    "stream": (
        "agnews_bert",
        (
            "data.source.streaming=true",
            "data.splits={train: train, validation: 'test[:11]', test: 'test[11:18]'}",
        ),
    ),
    "mixture": ("mixture", ()),
    "named sets": (
        "named",
        (
            'data.evaluation.short={slice: "validation[:5]"}',
            "data.evaluation.sliced={slice: validation, by: [label]}",
        ),
    ),
}
UNCHANGED = (
    "training.learning_rate=1e-12",  # so that only what is measured could differ
    "training.max_steps=2",
    "performance.precision=fp32",  # bf16 rounds otherwise in batches of other rows
    "training.per_device_eval_batch_size=3",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metrics_of_processes")
    specs.write_data(folder)
    own = SPEC + "metrics: [accuracy, f1, precision, recall]\n"
    (folder / "named.yaml").write_text(own, encoding="utf-8")
    source = "{type: json, files: {train: train.jsonl, validation: validation.jsonl}}"
    assert source in own
    (folder / "mixture.yaml").write_text(own.replace(source, MIXTURE), encoding="utf-8")
    return folder


def measured(run_dirs: Path) -> dict[str, Any]:
    """The metrics of a run, without those of time."""
    [path] = run_dirs.glob("*/*/metrics.json")
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics.pop("train", None)
    return {
        f"{name}/{key}": value
        for name, values in metrics.items()
        for key, value in values.items()
        if not key.endswith(("runtime", "per_second", "time"))
    }


@pytest.mark.parametrize("case", CASES)
def test_metrics_do_not_depend_on_the_processes(
    case: str, warm: Warm, folder: Path, online: dict[str, str], tmp_path: Path
) -> None:
    name, changes = CASES[case]
    own = folder / f"{name}.yaml"
    profile = () if own.exists() else ("--profile", "smoke")
    options = [word for change in (*changes, *UNCHANGED) for word in ("--set", change)]
    command = ("run", own if own.exists() else SPECS / own.name, *profile, *options, "--output-dir")
    env = online | {"GLOO_SOCKET_IFNAME": "lo", "FTSPEC_CACHE": str(tmp_path / "cache")}
    alone = warm.ftspec(*command, tmp_path / "one", env=env)
    assert alone.code == 0, alone.said
    first, second = placed(warm, *command, tmp_path / "two", env=env)
    assert first.code == second.code == 0, first.said + second.said
    by_one, by_two = measured(tmp_path / "one"), measured(tmp_path / "two")
    assert by_two == pytest.approx(by_one, rel=1e-6, nan_ok=True)
