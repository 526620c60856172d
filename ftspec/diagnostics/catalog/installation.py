"""Findings about the installation and its configuration: plugins, packages, the project."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("bad-configuration",): """
        The table tool.ftspec in pyproject.toml has an unknown key or a bad value.

        Why: ftspec ignores what it cannot read, so a misspelt severity has no effect.

        Found: when a spec below that pyproject.toml is read.
    """,
    ("plugin-import", "plugin-hooks", "plugin-record"): """
        A plugin cannot be imported, has a faulty hook, or returns something that is not a
        component.

        Why: its components are missing. Other plugins are not affected. Report the fault to the
        authors of the plugin.

        Found: when plugins are discovered, or when their hooks are called.
    """,
    ("plugin-conflict",): """
        A plugin has a component whose name is taken, or has the same name as another plugin.

        Why: the meaning of a spec would depend on the order of installation. The plugin whose name
        sorts last is left out. A plugin never replaces a built-in component.

        Found: when plugins are discovered.
    """,
    ("plugin-heavy-import",): """
        A plugin imports torch, transformers or another heavy library when it is loaded.

        Why: this slows down every lint. The module of the entry point must be light; factory
        strings name the modules that need heavy libraries.

        Found: when plugins are discovered.
    """,
    ("plugin-output",): """
        A plugin prints when it is imported.

        Why: programs read the output of "ftspec lint --format json". ftspec keeps the printed
        text out of it.

        Found: when plugins are discovered.
    """,
    ("plugin-config",): """
        The config class of a plugin's component raises an unexpected exception.

        Why: ftspec cannot tell whether the section is right. It still checks the other sections.

        Found: when a spec uses the component, while its config class is built or validates the
        section.
    """,
    ("missing-package",): """
        The spec names a Python package that is not installed.

        Why: a source or a checkpoint is a file in this package. Write the import name, which may
        differ from the name that pip installs.

        Found: when the run prepares its data or its model.
    """,
    ("cannot-compile",): """
        The spec asks for a compiled model, and torch cannot compile on this machine.

        Why: torch.compile generates C++ or Triton code and needs a compiler for it. The finding
        says what is missing.

        Found: when the run starts.
    """,
}
"""One text for each set of slugs that mean the same mistake."""
