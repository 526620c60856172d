"""Findings of validation: keys, types and values of the sections."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("unknown-key",): """
        A section has no such key.

        Why: dropped in silence, a misspelt setting does nothing, and nobody learns of it. A setting
        of the model's configuration is looked up when the run loads the model.

        Bad:

            training: {lerning_rate: 3e-4}

        Good:

            training: {learning_rate: 3e-4}
    """,
    ("missing-key",): """
        A section lacks a key that it cannot do without.

        Why: there is no default that would be right.

        Bad:

            training: {eval_strategy: epoch}
            callbacks: [{patience: 2}]

        Good:

            training: {eval_strategy: epoch}
            callbacks: [{type: early-stopping, patience: 2}]
    """,
    ("wrong-type",): """
        A value is of another type than its key takes.

        Why: no type is turned into another: "3" is a string, and so is 3 epochs. YAML 1.2 writes
        true and false, and 2e-5 is a number.

        Bad:

            training: {num_train_epochs: "3"}

        Good:

            training: {num_train_epochs: 3}
    """,
    ("bad-value",): """
        A value is of the right type, and its key cannot take it.

        Why: transformers, datasets or the component would refuse it once everything is loaded.

        Bad:

            performance: {precision: bfloat16}

        Good:

            performance: {precision: bf16}
    """,
    ("renamed-key",): """
        A training argument has another name in transformers now, or is gone.

        Why: recipes on the web are years old. The finding says what to write instead.

        Bad:

            training: {evaluation_strategy: epoch}

        Good:

            training: {eval_strategy: epoch}
    """,
    ("owned-key",): """
        A training argument is one that ftspec sets itself.

        Why: two places that say the same thing can say different things. The finding names the
        place in a spec that decides it.

        Bad:

            training: {bf16: true}

        Good:

            performance: {precision: bf16}
    """,
    ("unknown-type",): """
        No installed package offers a component of that name.

        Why: "type" names a source, transform, tokenizer, task, metric or callback. The plugin that
        offers it may not be installed here; "ftspec plugins" lists what there is.

        Bad:

            metrics: [acuracy]

        Good:

            metrics: [accuracy]
    """,
    ("template-syntax",): """
        A template has a brace without its partner, or a placeholder without a column.

        Why: placeholders are "{column}" and nothing else; "{{" and "}}" are literal braces.

        Bad:

            preprocess: {template: {text: "review: {text", label: "{label}"}}

        Good:

            preprocess: {template: {text: "review: {text}", label: "{label}"}}
    """,
    ("bad-split",): """
        A split is neither a slice of the source nor rows held out of such a slice.

        Why: it would be empty, or hold rows of the split that it is to judge.

        Bad:

            data: {splits: {validation: {from: train}}}

        Good:

            data: {splits: {validation: {from: train, fraction: 0.1}}}
    """,
    ("bad-slice",): """
        A slice of a split is not in the slice syntax of datasets, or cannot be taken.

        Why: datasets would read it as the name of a split, and find none.

        Bad:

            data: {splits: {train: "train[1000]"}}

        Good:

            data: {splits: {train: "train[:1000]"}}
    """,
    ("legacy-dataset",): """
        A dataset of the Hub is named without its owner.

        Why: the short names of the first years stopped working; "--fix" writes the full name where
        it is known.

        Bad:

            data: {source: {type: hub, path: ag_news}}

        Good:

            data: {source: {type: hub, path: fancyzhx/ag_news}}
    """,
}
"""By the slugs that mean the same mistake, in the form of an explanation."""
