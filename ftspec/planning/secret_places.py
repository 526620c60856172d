"""Where values from the environment are allowed. They are secrets, and most of a spec is learned by
the model or saved in files of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ftspec.components import KINDS
from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import MappingNode, ScalarNode, placed_scalars, shortened
from ftspec.document.paths import SpecPath, format_path
from ftspec.registry.registry import Registry
from ftspec.spec.annotations import as_model, as_section, field_of, step_into
from ftspec.spec.base import ComponentSection, allows_environment
from ftspec.spec.root import Spec

_PLACES = (
    "values from the environment are allowed in paths, checkpoint, revision, output.dir, "
    "training.hub_token and the keys of a source"
)


def misplaced_secrets(document: Document, registry: Registry) -> Iterator[Diagnostic]:
    """A finding for each value that reads the environment where it must not, and for each token in
    plain text, in any layer of the spec."""
    for path, node in placed_scalars(document.root):
        if node.reads_environment and not _may_read_environment(path, document, registry):
            yield _misplaced(path, node)
    for token in document.clear_tokens:
        yield Diagnostic(
            slug="clear-secret",
            headline="training.hub_token is written in plain text",
            labels=labelled(token.span),
            helps=(
                "write only ${env:HF_TOKEN}, and set the variable where the run starts",
                "revoke this token if anyone else has seen the file or the command",
            ),
        )


def _misplaced(path: SpecPath, node: ScalarNode) -> Diagnostic:
    place = format_path(path)
    return Diagnostic(
        slug="misplaced-secret",
        headline=f"{shortened(str(node.written))} is a secret, and {place} is learned or saved in "
        "files",
        labels=labelled(node.span),
        helps=(f"write the value itself, or pass it with --set {place}=VALUE", _PLACES),
    )


def _may_read_environment(path: SpecPath, document: Document, registry: Registry) -> bool:
    """Whether the field at ``path`` may read the environment. True for an unknown field, which is
    an error of its own."""
    annotation: Any = Spec
    allowed = False
    for depth, step in enumerate(path):
        section = as_section(annotation)
        if section is not None:
            if step == "type":
                return False
            name = _type_at(path[:depth], section, document)
            registered = registry.get(KINDS[section.kind], name)
            if registered is None:
                return True
            annotation, allowed = registered.component.config, section.kind == "source"
        model = as_model(annotation)
        if model is not None:
            field = field_of(model, step)
            if field is None:
                return True
            says = allows_environment(field)
            allowed = allowed if says is None else says
        annotation = step_into(annotation, step)
    # a string instead of a section is its type
    return allowed and as_section(annotation) is None


def _type_at(path: SpecPath, section: type[ComponentSection], document: Document) -> str:
    node = document.node(path)
    entry = node.get("type") if isinstance(node, MappingNode) else None
    if entry is not None and isinstance(entry.value, ScalarNode):
        return str(entry.value.value)
    return str(section.model_fields["type"].default)
