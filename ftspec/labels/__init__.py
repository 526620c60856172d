"""What a label means: one decision for a whole column, never value by value.

:func:`learn_labels` and :func:`learn_label_sets` decide it for a column of the training split. Lint
and runs call the same functions, so they say the same.
"""

from __future__ import annotations

from ftspec.labels.counts import LabelCounts, label_name
from ftspec.labels.labels import IGNORED_LABEL, Labels, class_names_of, learn_names
from ftspec.labels.learning import LabelColumn, are_same_classes, learn_labels
from ftspec.labels.sets import LabelSets, learn_label_sets
from ftspec.labels.warnings import LabelWarning

__all__ = [
    "IGNORED_LABEL",
    "LabelColumn",
    "LabelCounts",
    "LabelSets",
    "LabelWarning",
    "Labels",
    "are_same_classes",
    "class_names_of",
    "label_name",
    "learn_label_sets",
    "learn_labels",
    "learn_names",
]
