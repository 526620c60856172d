"""``ftspec explain``: what a finding means, or where a value of a spec comes from."""

from __future__ import annotations

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.syntax.options import no_plugins_option, profile_option, set_option
from ftspec.cli.terminal.output import echo_result
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.document.paths import format_path, parse_path
from ftspec.errors import UsageError
from ftspec.explanations import explanations
from ftspec.planning.provenance import UnknownPathError, explain_value


@click.command("explain")
@click.argument("subject")
@click.argument("path", required=False)
@profile_option
@set_option
@no_plugins_option
def explain_command(
    subject: str,
    path: str | None,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
) -> None:
    """Explain a finding, or where a value of a spec comes from.

    For a finding, SUBJECT is the word in brackets, as in "error[unknown-key]". For a value, SUBJECT
    is a spec and PATH the place of the value, such as "training.learning_rate".
    """
    if path is None:
        echo_result(_explain_finding(subject), nl=False)
        return
    steps = parse_path(path)
    if steps is None:
        raise UsageError(
            f'"{path}" is not a path; write it like "training.learning_rate" or "metrics[0].type"'
        )
    registry = open_registry(no_plugins=no_plugins)
    _, document, plan = sound_plan(subject, registry, profile=profile, overrides=overrides)
    try:
        echo_result("\n".join(explain_value(plan, document, steps)))
    except UnknownPathError as error:
        near = error.suggestion
        help_ = f'; did you mean "{format_path(near)}"?' if near is not None else ""
        raise UsageError(f'the spec has nothing at "{path}"{help_}') from None


def _explain_finding(slug: str) -> str:
    known = explanations()
    plugin, _, bare = slug.partition("/")
    if bare:
        raise UsageError(f'"{slug}" is a finding of the plugin "{plugin}"; see its documentation')
    if slug not in known:
        help_ = "; ".join(did_you_mean(slug, known)) or "docs/diagnostics.md lists them"
        raise UsageError(f'there is no finding "{slug}"; {help_}')
    return known[slug].to_text()
