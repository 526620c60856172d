"""The findings of lint about adapters, without torch."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from ftspec.api import Diagnostic
from ftspec.testing import lint_spec

SPEC = """\
ftspec: 1
data:
  source: {type: hub, path: acme/reviews, revision: v1}
  splits: {train: "train[:90%]", validation: "train[90%:]"}
preprocess: {template: {text: "{text}", label: "{label}"}}
model:
  checkpoint: google-bert/bert-base-uncased
  revision: v1
  adapter:
"""


def found(adapter: str) -> list[Diagnostic]:
    """The findings on an adapter section, given as lines."""
    lines = "".join(f"    {line}\n" for line in adapter.splitlines())
    text = f"{SPEC}{lines}task: text-classification\n"
    return list(lint_spec(text))


@pytest.mark.parametrize(
    "adapter",
    [
        "type: lora",
        "type: lora\ntarget_modules: all-linear",
        "type: lora\ntarget_modules: '.*attention.*(query|value)'",
        "type: lora\ntarget_modules: [query]\nmodules_to_save: [pooler]\nbias: lora_only",
        "type: lora\nr: 64\nalpha: 16\ndropout: 0.1\nuse_dora: true\nuse_rslora: true",
    ],
)
def test_sound_section_is_clean(adapter: str) -> None:
    assert found(adapter) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_quantization_needs_its_package(is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    stand_in = find("peft") if is_there else None
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: stand_in if name == "bitsandbytes" else find(name, *rest),
    )
    findings = found("type: lora\nquantization: nf4")
    assert [one.slug for one in findings] == ([] if is_there else ["missing-package"])
    for one in findings:
        assert one.helps == ("install it with: pip install 'ftspec-peft[quantization]'",)


@pytest.mark.parametrize(
    ("adapter", "slug", "place", "said"),
    [
        ("type: lora\nlora_alpha: 16", "unknown-key", "11:5", 'did you mean "alpha"?'),
        ("type: lora\nlora_dropout: 0.1", "unknown-key", "11:5", 'did you mean "dropout"?'),
        ("type: lora\nrslora: true", "unknown-key", "11:5", 'did you mean "use_rslora"?'),
        ("type: lora\nr: 0", "bad-value", "11:8", "1, found the number 0"),
        ("type: lora\ndropout: 1.0", "bad-value", "11:14", "less than 1, found"),
        ("type: lora\nbias: some", "bad-value", "11:11", '"lora_only"'),
        ("type: lora\nquantization: nf8", "bad-value", "11:19", '"nf4"'),
        ("type: lora\ntarget_modules: []", "bad-value", "11:21", "at least one module"),
        ("type: lora\ntarget_modules: '(query'", "bad-value", "11:21", "regular expression"),
        ("type: qlora", "unknown-type", "10:11", "{type: lora, quantization: nf4}"),
    ],
)
def test_mistake_is_found_at_its_place(adapter: str, slug: str, place: str, said: str) -> None:
    [one] = found(adapter)
    assert (one.slug, str(one.span)) == (slug, f"spec.yaml:{place}")
    assert said in " ".join([one.headline, *one.helps])


def test_module_to_adapt_and_to_train_whole() -> None:
    adapter = "type: lora\ntarget_modules: [query, dense]\nmodules_to_save: [pooler, dense]"
    [one] = found(adapter)
    assert str(one) == (
        'spec.yaml:11:29: warning[peft/module-twice]: "dense" is trained whole, so it gets no '
        "adapter"
    )
    assert [str(label.span) for label in one.labels] == ["spec.yaml:11:29", "spec.yaml:12:31"]
    assert found(adapter.replace("[pooler, dense]", "[pooler]")) == []


def test_specs_of_the_package_are_sound() -> None:
    folder = Path(__file__).parents[1] / "specs"
    command = [sys.executable, "-X", "importtime", "-m", "ftspec", "lint", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 specs: no problems found" in done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ftspec_peft.config" in imported
    assert not {"torch", "peft", "transformers", "numpy"} & imported
