"""Findings of validation: keys, types and values of the sections."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("unknown-key",): """
        A section does not have this key.

        Why: a misspelt setting has no effect, and the run would not say so. Keys of the model's
        configuration are checked when the run loads the model.

        Bad:

            training: {lerning_rate: 3e-4}

        Good:

            training: {learning_rate: 3e-4}
    """,
    ("missing-key",): """
        A section lacks a required key.

        Why: there is no default that would always be right.

        Bad:

            training: {eval_strategy: epoch}
            callbacks: [{patience: 2}]

        Good:

            training: {eval_strategy: epoch}
            callbacks: [{type: early-stopping, patience: 2}]
    """,
    ("wrong-type",): """
        A value has a different type from the one that its key needs.

        Why: ftspec converts no types. "3" is a string, and so is 3 epochs. YAML 1.2 writes
        booleans as true and false, and 2e-5 is a number.

        Bad:

            training: {num_train_epochs: "3"}

        Good:

            training: {num_train_epochs: 3}
    """,
    ("bad-value",): """
        A value has the right type, but its key does not accept it.

        Why: transformers, datasets or the component would refuse it, after everything is loaded.

        Bad:

            performance: {precision: bfloat16}

        Good:

            performance: {precision: bf16}
    """,
    ("renamed-key",): """
        A training argument was renamed in transformers, or removed from it.

        Why: many examples on the web are years old. The finding says what to write instead.

        Bad:

            training: {evaluation_strategy: epoch}

        Good:

            training: {eval_strategy: epoch}
    """,
    ("owned-key",): """
        ftspec sets this training argument itself.

        Why: two places for one setting can contradict each other. The finding names the key of the
        spec that sets it.

        Bad:

            training: {bf16: true}

        Good:

            performance: {precision: bf16}
    """,
    ("unknown-type",): """
        No installed package has a component with this name.

        Why: "type" names a source, transform, tokenizer, adapter, task, metric, callback or
        launcher. The plugin that has it may not be installed. "ftspec plugins" lists every
        component.

        Bad:

            metrics: [acuracy]

        Good:

            metrics: [accuracy]
    """,
    ("template-syntax",): """
        A template has an unmatched brace, or a placeholder without a column.

        Why: placeholders have the form "{column}". Write "{{" and "}}" for literal braces.

        Bad:

            preprocess: {template: {text: "review: {text", label: "{label}"}}

        Good:

            preprocess: {template: {text: "review: {text}", label: "{label}"}}
    """,
    ("set-name",): """
        A set of data.evaluation has a name that it cannot have.

        Why: a metric is called SET/METRIC, and a set has a folder of its name in the run. The names
        of splits are taken.

        Bad:

            data: {evaluation: {validation: "test[:50%]"}}

        Good:

            data: {evaluation: {first-half: "test[:50%]"}}
    """,
    ("bad-split",): """
        A split is neither a slice of the source nor a part that is held out of a slice.

        Why: it would be empty, or share rows with the split that it should evaluate.

        Bad:

            data: {splits: {validation: {from: train}}}

        Good:

            data: {splits: {validation: {from: train, fraction: 0.1}}}
    """,
    ("bad-slice",): """
        A slice does not follow the slice syntax of datasets, or selects no valid range.

        Why: datasets would take it for the name of a split, and find no such split.

        Bad:

            data: {splits: {train: "train[1000]"}}

        Good:

            data: {splits: {train: "train[:1000]"}}
    """,
    ("legacy-dataset",): """
        A dataset on the Hub is named without its owner.

        Why: the Hub no longer accepts these short names. "--fix" writes the full name where ftspec
        knows it.

        Bad:

            data: {source: {type: hub, path: ag_news}}

        Good:

            data: {source: {type: hub, path: fancyzhx/ag_news}}
    """,
}
"""One text for each set of slugs that mean the same mistake."""
