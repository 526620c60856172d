"""Findings that need the rows: splits, columns, labels, the text itself."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("unknown-split",): """
        A slice names a split that the source has not.

        Why: the finding lists those it has.

        Found: when the run prepares its data.
    """,
    ("empty-split",): """
        A split has no rows.

        Why: its slice lies behind the last row, or the transforms dropped all of them.

        Found: when the run prepares its data.
    """,
    ("needs-all-rows",): """
        A streamed source is asked for what needs all rows at once.

        Why: rows held out, or duplicates, cannot be told before the last row is read.

        Found: when the run prepares its data.
    """,
    ("unlike-columns",): """
        The parts of a mixture have different columns.

        Why: datasets would fill the gaps with null, and the template would write empty texts.

        Found: when the run prepares its data.
    """,
    ("several-columns",): """
        A prediction is asked for bare texts, and the template reads more than one column.

        Why: it is not clear which column the text is.

        Found: when a prediction reads its rows.
    """,
    ("field-type",): """
        A field that takes text gets a value of another type.

        Why: a bare placeholder passes lists and numbers as they are; text around it, or another
        column, makes a text.

        Found: when the run prepares its data.
    """,
    ("one-label",): """
        The training split has one label only, or none.

        Why: there is nothing to tell apart. The data may be sorted by label: take a slice that
        holds all of them.

        Found: when the run prepares its data.
    """,
    ("missing-label",): """
        A row has no label.

        Why: it would count as a wrong answer, or stop the training. A filter with "not_missing"
        drops such rows.

        Found: when the run prepares its data.
    """,
    ("unseen-label",): """
        A row has a label that the training split has not.

        Why: the model has no output for it. Name every label in the task section, or hold rows out
        with "stratify_by".

        Found: when the run prepares its data.
    """,
    ("label-type",): """
        A label is not what the problem of the task takes: one name, a list of names, or a number.

        Why: "problem" in the task section says which of the three it is.

        Found: when the run prepares its data.
    """,
    ("unknown-labels",): """
        The labels of a streamed source are not known.

        Why: they could be learned from the last row only. Name them in the task section.

        Found: when the run prepares its data.
    """,
    ("corpus-too-small",): """
        The training text is shorter than one block.

        Why: there would be nothing to learn from. A smaller "max_length", or "packing: false", or
        more text makes it fit.

        Found: when the run prepares its data.
    """,
    ("cache-not-writable",): """
        The folder for prepared rows cannot be written.

        Why: rows are streamed to files there and mapped, so that memory stays small. The variable
        FTSPEC_CACHE of the environment names another folder.

        Found: when the run prepares its data.
    """,
    ("no-text", "vocab-size"): """
        A tokenizer cannot be learned from the training text as the spec says.

        Why: there is no text, or the vocabulary is too small for every character in it. A larger
        "vocab_size" holds them; the algorithm "bpe" learns bytes and needs no more than 256.

        Found: when the run prepares its data.
    """,
}
"""By the slugs that mean the same mistake, in the form of an explanation."""
