"""What the name of a run directory says, and what it never does."""

from __future__ import annotations

import pytest

from ftspec.planning.folder_name import changes_named


def hide(text: str) -> str:
    return text.replace("swordfish", "${env:FISH}")


@pytest.mark.parametrize(
    ("profile", "overrides", "named"),
    [
        (None, (), ""),
        ("large", ("training.learning_rate=1e-3", "seed=2"), "large,learning_rate=1e-3,seed=2"),
        (None, ("model.checkpoint=google/mt5-small",), "checkpoint=google-mt5-small"),
        (None, ("callbacks[0].patience=3",), "patience=3"),
        (None, ("metrics=[accuracy, f1]",), "metrics=accuracy-f1"),
        (None, ("name=x", "output.dir=/tmp/x", "description=y", "launcher.processes=2"), ""),
        (None, ("training.hub_token=abc", "data.source.path=${env:P}", "a.b=swordfish"), ""),
        (None, ("model.checkpoint=../../../etc",), "checkpoint=etc"),
        (None, ("preprocess.template.text=über\n\x1b[2J",), "text=ber-2J"),
        (None, ("a.b=" + "x" * 300,), "b=" + "x" * 24),
    ],
)
def test_names(profile: str | None, overrides: tuple[str, ...], named: str) -> None:
    assert changes_named(profile, overrides, hide) == named


def test_many_changes_are_cut_between_two() -> None:
    named = changes_named(None, [f"training.key{number}=1" for number in range(40)], hide)
    assert named == ",".join(f"key{number}=1" for number in range(11))
