"""What plugin authors import: the hook marker, component records, config base classes, Protocols.

Importing this module does not import torch. The module of an entry point must not do so either.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ftspec.calibration import Calibration
from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
    CallbackConfig,
    Component,
    FieldType,
    LauncherComponent,
    LauncherConfig,
    MetricComponent,
    Prediction,
    SourceComponent,
    TaskComponent,
    TaskConfig,
    TaskField,
    TokenizerComponent,
    TokenizerConfig,
    TransformComponent,
)
from ftspec.diagnostics.model import Diagnostic, Fix, Label, Severity, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.errors import MissingExtraError, RunError, in_one_line
from ftspec.files import folder_of_package, sha256_of
from ftspec.hookspecs import hookimpl
from ftspec.hub_faults import HubFault, explain_hub
from ftspec.labels import (
    IGNORED_LABEL,
    LabelColumn,
    LabelCounts,
    Labels,
    LabelSets,
    class_names_of,
    label_name,
    learn_label_sets,
    learn_labels,
    learn_names,
)
from ftspec.planning.local_rows import LocalRow, local_rows
from ftspec.planning.local_values import LocalValues, local_values
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import (
    Adapter,
    AdapterContext,
    CallbackContext,
    Context,
    Launcher,
    LauncherContext,
    NewWeights,
    ReadSteps,
    Source,
    StepCheck,
    Task,
    TaskContext,
    TokenizerContext,
    Transform,
)
from ftspec.rundir import RunDirectory
from ftspec.span import Position, SourceText, Span
from ftspec.spec.base import (
    CallbackSection,
    ComponentConfig,
    FromEnvironment,
    LocalPath,
    MetricSection,
    SourceSection,
    SpecModel,
    TokenizerSection,
    TransformSection,
)
from ftspec.spec.column_path import MissingColumnError, value_of
from ftspec.spec.column_uses import ColumnUse, ColumnUses
from ftspec.texts import checked_texts

if TYPE_CHECKING:
    from ftspec.curves import Curve, Series, Table
    from ftspec.metrics import LocalMetric, RowSums
    from ftspec.reading.file_format import FileFormat, UnreadableError
    from ftspec.reading.kinds import ColumnKind
    from ftspec.reading.limits import require_few_columns
    from ftspec.reading.row import Row
    from ftspec.reading.row_file import RowFile

VERSION = (1, 1)
"""The version of this module. The second number increases with every addition, the first one when
something is removed or changes its meaning."""

__all__ = [
    "IGNORED_LABEL",
    "VERSION",
    "Adapter",
    "AdapterComponent",
    "AdapterContext",
    "Calibration",
    "CallbackComponent",
    "CallbackConfig",
    "CallbackContext",
    "CallbackSection",
    "ColumnKind",
    "ColumnUse",
    "ColumnUses",
    "Component",
    "ComponentConfig",
    "Context",
    "Curve",
    "Diagnostic",
    "Document",
    "Field",
    "FieldType",
    "FileFormat",
    "Fix",
    "FromEnvironment",
    "HubFault",
    "Label",
    "LabelColumn",
    "LabelCounts",
    "LabelSets",
    "Labels",
    "Launcher",
    "LauncherComponent",
    "LauncherConfig",
    "LauncherContext",
    "LocalMetric",
    "LocalPath",
    "LocalRow",
    "LocalValues",
    "MetricComponent",
    "MetricSection",
    "MissingColumnError",
    "MissingExtraError",
    "NewWeights",
    "Plan",
    "PlannedComponent",
    "Position",
    "Prediction",
    "ReadSteps",
    "Row",
    "RowFile",
    "RowSums",
    "RunDirectory",
    "RunError",
    "Series",
    "Severity",
    "Source",
    "SourceComponent",
    "SourceSection",
    "SourceText",
    "Span",
    "SpecModel",
    "SpecPath",
    "StepCheck",
    "Table",
    "Task",
    "TaskComponent",
    "TaskConfig",
    "TaskContext",
    "TaskField",
    "TokenizerComponent",
    "TokenizerConfig",
    "TokenizerContext",
    "TokenizerSection",
    "Transform",
    "TransformComponent",
    "TransformSection",
    "UnreadableError",
    "checked_texts",
    "class_names_of",
    "did_you_mean",
    "explain_hub",
    "folder_of_package",
    "hookimpl",
    "in_one_line",
    "label_name",
    "labelled",
    "learn_label_sets",
    "learn_labels",
    "learn_names",
    "local_rows",
    "local_values",
    "one_of",
    "require_few_columns",
    "sha256_of",
    "value_of",
]

_LATER = {
    "ColumnKind": "ftspec.reading.kinds",
    "Curve": "ftspec.curves",
    "FileFormat": "ftspec.reading.file_format",
    "LocalMetric": "ftspec.metrics",
    "Row": "ftspec.reading.row",
    "RowFile": "ftspec.reading.row_file",
    "RowSums": "ftspec.metrics",
    "Series": "ftspec.curves",
    "Table": "ftspec.curves",
    "UnreadableError": "ftspec.reading.file_format",
    "require_few_columns": "ftspec.reading.limits",
}
"""Names that are imported on first use. Those of ``ftspec.metrics`` need the ``train`` extra, and
most specs are linted without reading a file."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
