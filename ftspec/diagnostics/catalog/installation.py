"""Findings about what is installed and configured: plugins, packages, the project."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("bad-configuration",): """
        The table tool.ftspec of pyproject.toml says something that means nothing.

        Why: a severity that is misspelt is not in force, and nobody learns of it.

        Found: when a spec below that pyproject.toml is read.
    """,
    ("plugin-import", "plugin-hooks", "plugin-record"): """
        A plugin cannot be imported, has a faulty hook, or offers something that is no component.

        Why: its components are left out, and those of the others stay. Its authors should know.

        Found: when plugins are discovered, or their hooks called.
    """,
    ("plugin-conflict",): """
        A plugin offers a component under a name that is taken, or has the name of another plugin.

        Why: which of the two a spec means would depend on the order of installation. The later
        plugin by name is left out; a built-in component is never replaced.

        Found: when plugins are discovered.
    """,
    ("plugin-heavy-import",): """
        Loading a plugin imports torch, transformers or another heavy library.

        Why: every lint pays for it. A plugin's entry point names a light module, and its factories
        are named by strings.

        Found: when plugins are discovered.
    """,
    ("plugin-output",): """
        A plugin prints when it is imported.

        Why: what "ftspec lint --format json" and others write is read by programs. The text is kept
        from them.

        Found: when plugins are discovered.
    """,
    ("plugin-config",): """
        The config class of a plugin's component raises instead of saying what is wrong.

        Why: whether the section is right cannot be known. Other sections are checked all the same.

        Found: when a spec uses the component, by building or validating its config.
    """,
    ("missing-package",): """
        A Python package that the spec names is not installed.

        Why: a source or checkpoint is a file in it. The import name is meant, not the project's.

        Found: when the run prepares its data or its model.
    """,
    ("cannot-compile",): """
        The model is to be compiled, and torch cannot compile on this machine.

        Why: torch.compile writes C++ or Triton code and needs a compiler for it. The finding says
        what is missing.

        Found: when the run starts.
    """,
}
"""By the slugs that mean the same mistake, in the form of an explanation."""
