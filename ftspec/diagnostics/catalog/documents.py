"""Findings of reading: YAML, files, extends, profiles, overrides, variables, comments."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("yaml-syntax",): """
        The text is not YAML.

        Why: nothing can be said of the rest before it is. Mostly it is a bracket or a quote without
        its partner, a tab, or a template without quotes.

        Bad:

            task: {type: text-classification

        Good:

            task: {type: text-classification}
    """,
    ("duplicate-key",): """
        A key is written twice in one section.

        Why: most YAML tools keep the last one in silence, and a setting higher up does nothing.

        Bad:

            training:
              learning_rate: 2e-5
              learning_rate: 3e-4

        Good:

            training:
              learning_rate: 3e-4
    """,
    ("key-not-string",): """
        A key looks like a number, true, false or null.

        Why: keys are strings, in JSON too, and a spec that is written out again must mean the same.

        Bad:

            model: {config: {id2label: {0: bad, 1: good}}}

        Good:

            model: {config: {id2label: {"0": bad, "1": good}}}
    """,
    ("yaml-tag",): """
        A value has a YAML tag.

        Why: tags can stand for code, which a spec never holds. A value has the type it looks like,
        and quotes turn it into a string.

        Bad:

            name: !!str 7

        Good:

            name: "7"
    """,
    ("yaml-merge-key",): """
        The merge key "<<" is used.

        Why: YAML 1.2 has none, and each tool merges its own way. "extends" shares settings between
        specs, and "profiles" within one.

        Bad:

            profiles:
              exact: {performance: &exact {precision: fp32}}
              slow: {performance: {<<: *exact, batching: padded}}

        Good:

            profiles:
              exact: {performance: {precision: fp32}}
              grouped: {performance: {precision: fp32, batching: grouped}}
    """,
    ("too-deep", "too-large", "too-many"): """
        The text is nested deeper, holds more, or has more wrong with it, than any spec.

        Why: it is a data file named by mistake, or written to let its reader stumble.

        Found: when the spec is read.
    """,
    ("not-a-spec",): """
        The file holds no sections: it is empty, a list or a bare value.

        Why: there is nothing to run. A spec begins with "ftspec: 1".

        Found: when the spec is read.
    """,
    ("not-utf8", "unreadable-file"): """
        The file cannot be read, or is no text in UTF-8.

        Why: a guess at another encoding would change the labels and templates in it.

        Found: when the spec, or a file that it extends, is read.
    """,
    ("extends-cycle",): """
        Files extend each other in a circle, or in a chain of more than twenty.

        Why: there is no first one to start from.

        Found: when the spec is read.
    """,
    ("misplaced-key",): """
        A profile holds "ftspec", "extends" or "profiles", which stand at the top of a spec only.

        Why: a profile is laid over a spec that is already whole, so they would do nothing.

        Bad:

            profiles: {small: {extends: small.yaml}}

        Good:

            profiles: {small: {training: {max_steps: 10}}}
    """,
    ("unknown-profile",): """
        The profile asked for with --profile is none of the spec's.

        Why: the run would be another one than was meant.

        Found: when a command is given --profile.
    """,
    ("bad-override",): """
        What --set says is not of the form path=value, or there is no such place.

        Why: the run would go on without it.

        Found: when a command is given --set.
    """,
    ("unset-variable",): """
        A value comes from an environment variable that is not set.

        Why: an empty token or path fails hours later, far from here. A default after ":-" says what
        to take instead, and may be empty.

        Bad:

            training: {hub_token: "${env:NO_SUCH_VARIABLE}"}

        Good:

            training: {hub_token: "${env:NO_SUCH_VARIABLE:-}"}
    """,
    ("bad-interpolation",): """
        A "${" is not followed by "env:NAME}", or the variable holds no text in UTF-8.

        Why: nothing but environment variables is put into values; "$${" stands for a literal "${".

        Bad:

            description: "trained for ${customer}"

        Good:

            description: "trained for $${customer}"
    """,
    ("misplaced-secret",): """
        A value of the environment stands where it would be learned, or kept in files of the run.

        Why: values of the environment are secrets. In a template one is learned by the model, and
        in a name it is in every folder. They may stand in paths, checkpoint, revision, output.dir,
        training.hub_token and the keys of a source. There they are kept out of all files, logs and
        messages. The default after ":-" changes nothing: where the variable is set, it counts.

        Bad:

            performance: {precision: "${env:PRECISION:-fp32}"}

        Good:

            performance: {precision: fp32}
    """,
    ("unused-ignore",): """
        A comment ignores a finding that is not there.

        Why: it would hide the next one, which may matter. An error of the language itself cannot be
        ignored, since there is no run with it.

        Bad:

            seed: 7  # ftspec: ignore[learning-rate]

        Good:

            seed: 7
    """,
    ("idle-profile",): """
        A profile changes nothing.

        Why: a run under it is the run without it, which is hardly what its name promises.

        Bad:

            training: {num_train_epochs: 2}
            profiles: {short: {training: {num_train_epochs: 2}}}

        Good:

            training: {num_train_epochs: 2}
            profiles: {short: {training: {max_steps: 10}}}
    """,
}
"""By the slugs that mean the same mistake, in the form of an explanation."""
