"""Values that no library can take: lint says so, in the place of a crash after the training."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

REGISTRY = build_registry(with_entry_points=False)
LONG = "x" * 300
SPEC = """\
ftspec: 1
name: {name}
data:
  source: {source}
  splits: {{train: train, validation: {{from: train, fraction: {fraction}}}}}
preprocess:
  template: {{text: "{{text}}", label: "{{label}}"}}
tokenizer: {{max_length: {max_length}}}
model: {{checkpoint: {checkpoint}}}
task: text-classification
training: {{{training}}}
output: {{dir: {dir}}}
"""


def errors(folder: Path, **keys: str) -> list[Diagnostic]:
    sound = {
        "name": "small",
        "source": "{type: json, files: rows.jsonl}",
        "fraction": "0.5",
        "max_length": "32",
        "checkpoint": "./model",
        "training": "max_steps: 2",
        "dir": "runs",
    }
    (folder / "rows.jsonl").write_text('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n')
    (folder / "model").mkdir(exist_ok=True)
    text = SPEC.format(**{**sound, **keys})
    found = lint(SourceText("spec.yaml", text, folder / "spec.yaml"), REGISTRY)
    return [one for one in found if one.severity is Severity.ERROR]


def test_sound(tmp_path: Path) -> None:
    assert errors(tmp_path) == []
    assert errors(tmp_path, name="x" * 200, dir="x" * 255, training="learning_rate: 1e30") == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("name", LONG, "at most 200 characters"),
        ("dir", LONG, "a file name may have 255"),
        ("dir", "é" * 128, "a name of 256 bytes"),
        ("dir", "a/" * 2000, "more than 3,000 bytes"),
        ("checkpoint", f"./{LONG}", "a file name may have 255"),
        ("checkpoint", "./" + "a/" * 2000, "more than 3,000 bytes"),
        ("checkpoint", '"./a\\0b"', "a character that no path can have"),
        ("source", f"{{type: json, files: {LONG}}}", "a file name may have 255"),
        ("source", f"{{type: disk, path: {LONG}}}", "a file name may have 255"),
        ("source", '{type: json, files: "a\\0b"}', "a character that no path can have"),
    ],
)
def test_names_and_paths(key: str, value: str, says: str, tmp_path: Path) -> None:
    [error] = errors(tmp_path, **{key: value})
    slug = "bad-value" if key in ("name", "dir") else "missing-file"
    assert (error.slug, error.span is not None) == (slug, True)
    assert says in error.headline
    assert len(error.headline) < 400


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1e400", "1" + "0" * 390, str(2**63)])
@pytest.mark.parametrize(
    "key",
    [
        "learning_rate",
        "weight_decay",
        "max_grad_norm",
        "num_train_epochs",
        "warmup_steps",
        "save_steps",
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "dataloader_num_workers",
        "max_steps",
        "seed_of_data",
        "max_length",
        "fraction",
    ],
)
def test_numbers(key: str, value: str, tmp_path: Path) -> None:
    if key in ("max_length", "fraction"):
        found = errors(tmp_path, **{key: value})
    else:
        key = {"seed_of_data": "data_seed"}.get(key, key)
        found = errors(tmp_path, training=f"{key}: {value}")
    assert {one.slug for one in found} <= {"bad-value", "wrong-type", "step-count", "max-length"}
    assert found
    assert all(one.span is not None and key in one.headline for one in found)


@pytest.mark.parametrize(
    "training",
    [
        "dataloader_num_workers: 100000",
        "dataloader_num_workers: 1, dataloader_prefetch_factor: 1000000",
        "per_device_train_batch_size: 9000000000000000000",
        "per_device_eval_batch_size: 9000000000000000000",
        "label_smoothing_factor: 1e300",
        "num_train_epochs: 1e300",
        "save_steps: 1e300",
        "warmup_steps: 1e300",
    ],
)
def test_numbers_that_are_too_large_for_their_key(training: str, tmp_path: Path) -> None:
    [error] = errors(tmp_path, training=training)
    assert error.slug == "bad-value"
    assert "should be less than or equal to" in error.headline


def test_default_name_of_a_long_file(tmp_path: Path) -> None:
    name = "y" * 240 + ".yaml"
    text = SPEC.replace("name: {name}\n", "")
    assert "name" not in text.split("data:")[0]
    from ftspec.linting import examine

    (tmp_path / "model").mkdir()
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "label": "x"}\n')
    written = text.format(
        source="{type: json, files: rows.jsonl}",
        fraction="0.5",
        max_length="32",
        checkpoint="./model",
        training="max_steps: 2",
        dir="runs",
    )
    verdict = examine(SourceText(name, written, tmp_path / name), REGISTRY)
    assert verdict.plan is not None
    assert verdict.plan.name == "y" * 200


@pytest.mark.parametrize("what", ["a pipe", "a device", "a symbolic link to itself"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", "{{type: json, files: {0}}}"),
        ("source", "{{type: text, files: {0}}}"),
        ("source", "{{type: disk, path: {0}}}"),
        ("checkpoint", "{0}"),
    ],
)
def test_path_that_may_never_end(what: str, key: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "odd"
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a device":
        path = Path("/dev/zero")
    else:
        path.symlink_to("odd")
    found = [one for one in errors(tmp_path, **{key: value.format(path)}) if what in one.headline]
    assert [one.slug for one in found] == ["missing-file"]
