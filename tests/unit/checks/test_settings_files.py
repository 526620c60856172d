"""JSON files of settings are found from the folder of the spec, and read at lint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.conftest import Examine, placed

SPEC = "# ftspec: ignore[missing-package]\n"


@pytest.mark.parametrize("key", ["deepspeed", "fsdp_config"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"zero_optimization": {"stage": 2}}', None),
        (b"", "is not JSON: line 1, column 1"),
        (b'{"a": 1,}', "is not JSON: line 1, column 9"),
        (b"\xff", "is not JSON in UTF-8"),
        (b"[]", "has no JSON object"),
        (b"[" * 100_000, "is not JSON in UTF-8"),
        (b" " * 1_000_001, "is larger than 1 MB"),
    ],
)
def test_file_is_read(
    key: str,
    content: bytes,
    said: str | None,
    examine: Examine,
    minimal_spec: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "settings.json").write_bytes(content)
    text = f"{SPEC}{minimal_spec}training: {{{key}: settings.json}}\n"
    text = text.replace("{fsdp_config", "{fsdp: true, fsdp_config")  # has no effect without
    verdict = examine(text, path=tmp_path / "spec.yaml")
    assert [placed(one).split()[1] for one in verdict.diagnostics] == (
        ["unreadable-settings"] if said else []
    )
    for one in verdict.diagnostics:
        assert f'settings.json" {said}' in one.headline
    assert verdict.plan is not None
    assert verdict.plan.training[key] == str(tmp_path / "settings.json")


def test_missing_file_suggests_its_neighbour(
    examine: Examine, minimal_spec: str, tmp_path: Path
) -> None:
    (tmp_path / "zero3.json").write_text("{}")
    text = f"{SPEC}{minimal_spec}training: {{deepspeed: zero_3.json}}\n"
    (finding,) = examine(text, path=tmp_path / "spec.yaml").diagnostics
    assert placed(finding) == "12:23 missing-file"
    assert finding.helps == ('did you mean "zero3.json"?',)


def test_strings_of_a_mapping_and_json_are_no_paths(examine: Examine, minimal_spec: str) -> None:
    for value in (
        "{zero_optimization: {stage: 2}, bf16: {enabled: auto}}",
        '\'{"zero_optimization": {"stage": 2}, "bf16": {"enabled": "auto"}}\'',
    ):
        verdict = examine(f"{SPEC}{minimal_spec}training: {{deepspeed: {value}}}\n")
        assert verdict.diagnostics == ()
        assert verdict.plan is not None
        assert "auto" in str(verdict.plan.training["deepspeed"])
        assert "/auto" not in str(verdict.plan.training["deepspeed"])


@pytest.mark.parametrize("value", ["true", "full_shard auto_wrap", "[full_shard, offload]"])
def test_fsdp_takes_what_transformers_takes(
    value: str, examine: Examine, minimal_spec: str
) -> None:
    assert examine(f"{minimal_spec}training: {{fsdp: {value}}}\n").diagnostics == ()
