"""Findings that need the rows: splits, columns, labels, text."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("not-calibrated",): """
        The scores of this model cannot be calibrated.

        Why: a temperature and thresholds are for the scores of classes. A threshold decides about
        one label; of more than two labels, the one with the best score is predicted.

        Found: by ftspec calibrate.
    """,
    ("empty-split",): """
        A split has no rows.

        Why: the slice starts after the last row, or the transforms dropped every row.

        Found: when the run prepares its data.
    """,
    ("needs-all-rows",): """
        A setting needs all rows at once, and the source is streamed.

        Why: holding rows out and removing duplicates both need the whole split, and a stream gives
        one row after the other.

        Found: when the run prepares its data.
    """,
    ("unlike-columns",): """
        The parts of a mixture have different columns.

        Why: datasets would fill the missing values with null, and the template would write empty
        texts.

        Found: when the run prepares its data.
    """,
    ("several-columns",): """
        A prediction reads bare texts, and the template has more than one column.

        Why: ftspec cannot tell which column the text belongs to.

        Found: when a prediction reads its rows.
    """,
    ("one-label",): """
        The training split has only one label, or none.

        Why: the model has no classes to tell apart. If the data is sorted by label, take a slice
        that contains every label.

        Found: when the run prepares its data.
    """,
    ("missing-label",): """
        A row has no label.

        Why: the row would count as a wrong answer, or stop the training. The transform "filter"
        with "not_missing" drops such rows.

        Found: when the run prepares its data.
    """,
    ("unseen-label",): """
        A row has a label that does not occur in the training split.

        Why: the model has no output for this label. Name every label in the task section, or hold
        rows out with "stratify_by".

        Found: when the run prepares its data.
    """,
    ("label-type",): """
        A label does not fit the problem of the task, which needs one name, a list of names, or a
        number.

        Why: the key "problem" in the task section decides which of the three a label must be.

        Found: when the run prepares its data.
    """,
    ("unknown-labels",): """
        The source is streamed, and the spec does not name its labels.

        Why: the labels would be known only after the last row. Name them in the task section.

        Found: when the run prepares its data.
    """,
    ("corpus-too-small",): """
        The training text is shorter than one block.

        Why: the training split would have no rows. Use a smaller "max_length", "packing: false", or
        more text.

        Found: when the run prepares its data.
    """,
    ("cache-not-writable",): """
        ftspec cannot write to the folder for prepared rows.

        Why: prepared rows are written to files and memory-mapped, which keeps memory use small. The
        environment variable FTSPEC_CACHE sets another folder.

        Found: when the run prepares its data.
    """,
    ("no-text", "vocab-size"): """
        The tokenizer cannot be trained on the training text with these settings.

        Why: there is no text, or the vocabulary is too small for all of its characters. Use a
        larger "vocab_size", or the algorithm "bpe", which works on bytes and needs only 256.

        Found: when the run prepares its data.
    """,
}
"""One text for each set of slugs that mean the same mistake."""
