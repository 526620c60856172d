"""The findings of lint and their places, and specs without findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conversations import DATA, MESSAGES, PAIR, PREFERENCE, ROWS, found

Write = Callable[..., str]


@pytest.mark.parametrize(
    ("task", "template", "keys", "expected"),
    [
        ("chat", MESSAGES, "", []),
        ("chat", PAIR, "system: be brief", []),
        ("preference", PREFERENCE, "", []),
        ("preference", PREFERENCE, "loss_type: robust, label_smoothing: 0.1", []),
        (
            "chat",
            f"{MESSAGES}, {PAIR}",
            "",
            [("preference/two-conversations", "prompt")],
        ),
        (
            "chat",
            'completion: "{chosen}"',
            "",
            [("preference/missing-field", '{completion: "{chosen}"}')],
        ),
        ("preference", PREFERENCE, "beta: 0.0", [("bad-value", "0.0")]),
        ("preference", PREFERENCE, "beta: -0.1", [("bad-value", "-0.1")]),
        ("preference", PREFERENCE, "loss_type: ppo", [("bad-value", "ppo")]),
        ("preference", PREFERENCE, "loss_type: exo-pair", [("preference/smoothing", "exo-pair")]),
        (
            "preference",
            PREFERENCE,
            "label_smoothing: 0.1",
            [("preference/idle-key", "label_smoothing")],
        ),
        (
            "preference",
            'prompt: "{prompt}", chosen: "{chosen}", rejected: "{chosen}"',
            "",
            [("preference/equal-answers", '"{chosen}"')],
        ),
        (
            "chat",
            MESSAGES,
            "chat_template: x",
            [("preference/two-templates", "chat_template_file")],
        ),
        ("chat", MESSAGES, "reference: ./x", [("unknown-key", "reference")]),
    ],
)
def test_findings(
    task: str, template: str, keys: str, expected: list[tuple[str, str]], write: Write
) -> None:
    rows = DATA / ROWS["preference"] if "{chosen}" in template else None
    text = write(task, template, keys, rows=rows)
    # no row has all the columns that some of these templates name
    assert [one for one in found(text) if one[0] != "unknown-column"] == expected


def test_answers_longer_than_all_rows(write: Write) -> None:
    text = write("chat", max_length=64).replace("max_new_tokens: 8", "max_new_tokens: 64")
    assert found(text) == [("preference/no-room", "64")]


def test_a_learned_tokenizer_has_no_template(write: Write, tmp_path: Path) -> None:
    text = write("chat").replace(f'chat_template_file: "{tmp_path}/template.jinja", ', "")
    assert [slug for slug, _ in found(text)] == ["preference/no-template"]


@pytest.mark.parametrize("task", ["chat", "preference"])
def test_file_of_a_template(task: str, write: Write, tmp_path: Path) -> None:
    text = write(task)
    (tmp_path / "template.jinja").write_text(" " * 300_000)
    assert [slug for slug, _ in found(text)] == ["preference/template-size"]
    (tmp_path / "template.jinja").unlink()
    assert [slug for slug, _ in found(text)] == ["missing-file"]


def test_metrics_fit_the_task(write: Write) -> None:
    assert found(write("chat") + "metrics: [perplexity]\n") == []
    assert found(write("chat") + "metrics: [rewards]\n") == [("metric-mismatch", "rewards")]
    assert found(write("preference") + "metrics: [rewards]\n") == []
    best = "callbacks: [{type: best-model, metric: rewards/margins}]\n"
    assert found(write("preference", training="eval_strategy: epoch") + best) == []
