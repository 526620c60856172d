"""Writes the reference of the hooks: python docs/hooks.py > docs/hooks.md"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from ftspec.hookspecs import Hooks

HEAD = """\
# Hooks

<!-- made by "python docs/hooks.py > docs/hooks.md"; do not edit -->

A plugin is a module that implements some of these hooks. An entry point in the group `ftspec`
names it. [plugins.md](plugins.md) shows how to write one, [api.md](api.md) describes what it
imports.

{table}

## Rules for all hooks

An implementation is a function of the same name, marked with `@ftspec.api.hookimpl`. It takes the
arguments that it needs, by their names, and can omit the others.

Built-in components come first, then plugins in the order of the names of their entry points. Each
is called separately. A plugin contributes nothing if it cannot be imported, misspells a hook,
raises, or returns something that is not a record. Lint says why, with its distribution and version.
A name that another plugin uses, or used in the past, is refused. A built-in component is never
replaced. If a spec needs a component of such a plugin, lint reports both problems.

Every command imports the module, so it must stay light: `ftspec lint` names a plugin that imports
torch, transformers, numpy or another heavy library, with the chain of imports. What the module
prints does not reach standard output.

`FTSPEC_DISABLE_PLUGINS` disables plugins, by the name of the plugin or of its distribution (`a,b`),
or all of them (`1`). `--no-plugins` disables all of them, too. `FTSPEC_TRACE_PLUGINS=1` prints on
standard error what is found, how long each import takes and what each hook returns.

## Versions

`ftspec.api.VERSION` is a pair. The second number goes up when names, fields with a default, hooks
or arguments are added. The first goes up when something is removed or changes its meaning. A plugin
requires the ftspec that it was written with in its dependencies, as in `ftspec>=0.1`, and pip
installs it. If an older ftspec is installed all the same, a plugin that needs a missing name or
hook is disabled, and lint says which ftspec the plugin requires and which is installed. Mark a hook
that your plugin does not depend on with `@hookimpl(optionalhook=True)`: a ftspec that does not have
it skips it.
"""


@dataclass(frozen=True)
class Hook:
    """The docstring of a hook, in parts."""

    name: str
    arguments: tuple[str, ...]
    purpose: str
    prose: str
    example: str

    @property
    def title(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


def hooks() -> Iterator[Hook]:
    """All hooks, in the order of the module."""
    for name, function in vars(Hooks).items():
        if name.startswith("ftspec_"):
            text, _, example = inspect.cleandoc(function.__doc__).partition("\n\nExample::\n")
            purpose, _, prose = text.partition("\n\n")
            arguments = tuple(inspect.signature(function).parameters)[1:]
            # a docstring cannot hold its own quotes
            code = textwrap.dedent(example).strip().replace("'" * 3, '"' * 3)
            yield Hook(name, arguments, purpose, prose, code)


def page() -> str:
    """The whole page."""
    rows = [f"| [`{one.name}`](#{_anchor(one)}) | {_markdown(one.purpose)} |" for one in hooks()]
    table = "\n".join(["| hook | what it is for |", "|---|---|", *rows])
    return "\n".join([HEAD.replace("{table}", table), *map(_section, hooks())])


def _section(hook: Hook) -> str:
    parts = (f"## {hook.title}", hook.purpose, hook.prose, f"```python\n{hook.example}\n```")
    return "\n\n".join(map(_markdown, parts[:3])) + f"\n\n{parts[3]}\n"


def _anchor(hook: Hook) -> str:
    return "".join(c for c in hook.title.replace(" ", "-") if c.isalnum() or c in "-_")


def _markdown(text: str) -> str:
    return text.replace("``", "`")


if __name__ == "__main__":
    print(page(), end="")
