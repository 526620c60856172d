"""``ftspec explain``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from ftspec.cli import cli
from ftspec.cli.terminal.exits import DONE, USAGE, guarded
from ftspec.explanations import explanations


def test_explanation_of_a_check() -> None:
    result = CliRunner().invoke(cli, ["explain", "learning-rate"])
    assert result.exit_code == DONE
    assert result.stdout.startswith("learning-rate\n\nThe learning rate is far ")
    assert "\nWhy: above 0.01 " in result.stdout
    assert "\nBad:\n\n    training: {learning_rate: 0.2}\n" in result.stdout
    assert result.stdout.endswith("\nGood:\n\n    training: {learning_rate: 2e-5}\n")


def test_explanation_without_examples() -> None:
    result = CliRunner().invoke(cli, ["explain", "unseen-label"])
    assert result.stdout.startswith("unseen-label\n\nA row has a label that ")
    assert result.stdout.endswith("\nFound: when the run prepares its data.\n")


@pytest.mark.parametrize("slug", explanations())
def test_every_slug_can_be_explained(slug: str) -> None:
    result = CliRunner().invoke(cli, ["explain", slug])
    assert result.exit_code == DONE
    assert slug in result.stdout.partition("\n")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["unknwon-key"], 'there is no finding "unknwon-key"; did you mean "unknown-key"?'),
        (["zzz"], 'there is no finding "zzz"; docs/diagnostics.md lists them'),
    ],
)
def test_unknown_slug_is_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = guarded(lambda: cli.main(["explain", *arguments], standalone_mode=False))
    assert code == USAGE
    assert message in capsys.readouterr().err
