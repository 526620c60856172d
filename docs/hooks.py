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

A plugin is a module that an entry point in the group `ftspec` names, and that implements some of
these hooks. [plugins.md](plugins.md) shows how one is written, [api.md](api.md) what it imports.

{table}

## For all of them

An implementation is a function of the same name, marked with `@ftspec.api.hookimpl`. It takes the
arguments that it needs, by their names, and may leave out the others.

Built-in components come first, then plugins by the names of their entry points. Each is called by
itself: a plugin that cannot be imported, misspells a hook, raises, or returns something that is no
record contributes nothing, and lint says why, with its distribution and version. A name that
another plugin has, a former name too, is refused; a built-in component is never replaced. Whoever
lints a spec that needs what is missing is told both.

The module is imported by every command and must stay light: `ftspec lint` names the plugin that
imports torch, transformers, numpy or the like, with the chain of modules by which it does. What it
prints does not reach standard output.

`FTSPEC_DISABLE_PLUGINS` leaves plugins out, by the name of the plugin or of its distribution
(`a,b`), or every one (`1`); so does `--no-plugins`. `FTSPEC_TRACE_PLUGINS=1` tells on standard
error what is found, how long each import takes and what each hook returns.

## Versions

`ftspec.api.VERSION` is a pair. The second number is raised when names, fields with a default,
hooks or arguments are added, the first when something is removed or means something else. A plugin
asks for the ftspec that it was written with in its dependencies, as in `ftspec>=0.1`, and pip sees
to it. Where an older one is there all the same, a name that `ftspec.api` does not have yet, or a
hook that is not there yet, leaves the plugin out; lint says which ftspec the plugin asks for and
which is installed. A hook that the plugin can do without is marked `@hookimpl(optionalhook=True)`,
and is passed over by a ftspec that does not know it.
"""


@dataclass(frozen=True)
class Hook:
    """What a hook's docstring says."""

    name: str
    arguments: tuple[str, ...]
    purpose: str
    prose: str
    example: str

    @property
    def title(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


def hooks() -> Iterator[Hook]:
    """Every hook, in the order of the module."""
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
