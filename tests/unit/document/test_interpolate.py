"""References to the environment: replaced once, and secret from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.interpolate import interpolate, secrets_of
from ftspec.document.nodes import Node, ScalarNode, to_plain
from tests.unit.conftest import ParseNode, placed

Resolve = Callable[..., tuple[Node, list[Diagnostic]]]

ENVIRONMENT = {"HOME_DIR": "/home/ada", "TOKEN": "hunter2secret", "EMPTY": ""}


@pytest.fixture(scope="session")
def resolve(node_of: ParseNode) -> Resolve:
    """The tree of a text in an environment, and the findings."""

    def resolve_text(
        text: str, environment: Mapping[str, str] = ENVIRONMENT
    ) -> tuple[Node, list[Diagnostic]]:
        found = Collector()
        return interpolate(node_of(text), environment, found), list(found)

    return resolve_text


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${env:HOME_DIR}/data", "/home/ada/data"),
        ("${env:HOME_DIR}:${env:TOKEN}", "/home/ada:hunter2secret"),
        ("${env:NOT_SET:-fallback}", "fallback"),
        ("${env:NOT_SET:-}", ""),
        ("${env:NOT_SET:-a:-b c}", "a:-b c"),
        ("${env:TOKEN:-fallback}", "hunter2secret"),
        ("${env:EMPTY}", ""),
        ("$${env:TOKEN}", "${env:TOKEN}"),
        ("$${x} ${env:TOKEN}", "${x} hunter2secret"),
        ("$TOKEN {env:TOKEN} $(TOKEN)", "$TOKEN {env:TOKEN} $(TOKEN)"),
        ("cost: $5", "cost: $5"),
    ],
)
def test_reference_is_replaced(written: str, value: str, resolve: Resolve) -> None:
    node, findings = resolve(f"'{written}'")
    assert (to_plain(node), findings) == (value, [])


def test_references_work_at_any_depth_but_not_in_keys(resolve: Resolve) -> None:
    node, findings = resolve("{'${env:TOKEN}': [{a: '${env:TOKEN}'}]}")
    assert to_plain(node) == {"${env:TOKEN}": [{"a": "hunter2secret"}]}
    assert findings == []


def test_value_stays_a_string_whatever_it_looks_like(resolve: Resolve) -> None:
    node, _ = resolve("a: ${env:N}", {"N": "1e-5"})
    assert to_plain(node) == {"a": "1e-5"}


def test_value_of_a_variable_is_not_evaluated_again(resolve: Resolve) -> None:
    node, findings = resolve("a: ${env:A}", {"A": "${env:B}", "B": "no"})
    assert (to_plain(node), findings) == ({"a": "${env:B}"}, [])


def test_unset_variable_points_at_the_value_that_needs_it(resolve: Resolve) -> None:
    _, (finding,) = resolve("a: 1\nb:\n  - x\n  - y ${env:NOT_SET}\n")
    assert placed(finding) == "4:5 unset-variable"
    assert finding.headline == 'the environment variable "NOT_SET" is not set'
    assert finding.helps == ("set it, or write a default: ${env:NOT_SET:-default}",)


def test_every_unset_variable_is_reported(resolve: Resolve) -> None:
    _, findings = resolve("a: ${env:X}${env:Y}\nb: ${env:Z}\n")
    assert [placed(one) for one in findings] == [
        "1:4 unset-variable",
        "1:4 unset-variable",
        "2:4 unset-variable",
    ]


@pytest.mark.parametrize("written", ["${TOKEN}", "${env:}", "${env:1X}", "${env:TOKEN", "${ENV:X}"])
def test_what_looks_like_a_reference_and_is_none_is_reported(
    written: str, resolve: Resolve
) -> None:
    node, (finding,) = resolve(f"a: '{written}'")
    assert to_plain(node) == {"a": written}
    assert placed(finding) == "1:4 bad-interpolation"
    assert "$${" in finding.helps[0]


def test_variable_that_is_not_utf_8_is_reported(resolve: Resolve) -> None:
    _, (finding,) = resolve("a: ${env:RAW}", {"RAW": "x\udcff"})
    assert placed(finding) == "1:4 bad-interpolation"
    assert finding.headline == 'the environment variable "RAW" is not UTF-8'


def test_only_values_made_from_the_environment_are_secret(resolve: Resolve) -> None:
    node, _ = resolve("[plain, 'x ${env:TOKEN}', '$${no}', '${env:EMPTY}', 3]")
    assert secrets_of(node) == {
        "hunter2secret": "${env:TOKEN}",
        "x hunter2secret": "x ${env:TOKEN}",
    }
    assert to_plain(node, masked=True)[:3] == ["plain", "x ${env:TOKEN}", "${no}"]


def test_secrets_of_nested_values_are_all_found(resolve: Resolve) -> None:
    node, _ = resolve("a: [{b: '${env:TOKEN}'}]\nc: '${env:HOME_DIR}'\n")
    assert secrets_of(node) == {"hunter2secret": "${env:TOKEN}", "/home/ada": "${env:HOME_DIR}"}


def test_every_variable_of_a_string_is_a_secret(resolve: Resolve) -> None:
    """An error message may contain one of them, without the text around it."""
    node, _ = resolve("a: '${env:HOME_DIR}/${env:TOKEN:-x}/${env:NOT_SET:-plain}'")
    assert secrets_of(node) == {
        "/home/ada": "${env:HOME_DIR}",
        "hunter2secret": "${env:TOKEN}",
        "/home/ada/hunter2secret/plain": ("${env:HOME_DIR}/${env:TOKEN:-x}/${env:NOT_SET:-plain}"),
    }


def test_variable_that_is_the_whole_string_shows_with_its_default(resolve: Resolve) -> None:
    node, _ = resolve("a: '${env:TOKEN:-}'")
    assert secrets_of(node) == {"hunter2secret": "${env:TOKEN:-}"}


def test_default_is_no_secret_and_reads_the_environment(resolve: Resolve) -> None:
    node, _ = resolve("'${env:NOT_SET:-plain}'")
    assert isinstance(node, ScalarNode)
    assert (node.is_secret, node.reads_environment) == (False, True)
    assert to_plain(node, masked=True) == "plain"
