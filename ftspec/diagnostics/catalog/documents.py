"""Findings about reading: YAML, files, extends, profiles, overrides, variables, comments."""

from __future__ import annotations

EXPLANATIONS: dict[tuple[str, ...], str] = {
    ("yaml-syntax",): """
        The text is not valid YAML.

        Why: nothing after this point can be checked. The usual causes are an unmatched bracket or
        quote, a tab, and a template without quotes.

        Bad:

            task: {type: text-classification

        Good:

            task: {type: text-classification}
    """,
    ("duplicate-key",): """
        A section has the same key twice.

        Why: most YAML tools silently keep the last one, so the first one has no effect.

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

        Why: keys are strings, as in JSON. Quotes keep the meaning of the key when the spec is
        written out again.

        Bad:

            model: {config: {id2label: {0: bad, 1: good}}}

        Good:

            model: {config: {id2label: {"0": bad, "1": good}}}
    """,
    ("yaml-tag",): """
        A value has a YAML tag.

        Why: tags can run code, and a spec contains no code. The type of a value follows from how it
        looks; quotes make it a string.

        Bad:

            name: !!str 7

        Good:

            name: "7"
    """,
    ("yaml-merge-key",): """
        The spec uses the merge key "<<".

        Why: YAML 1.2 has no merge key, and tools merge in different ways. "extends" shares settings
        between specs, and "profiles" within one spec.

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
        The file is nested more deeply, is larger, or has more findings than any real spec.

        Why: it is probably a data file named by mistake, or a file made to overload its reader.

        Found: when the spec is read.
    """,
    ("not-a-spec",): """
        The file has no sections: it is empty, a list or a single value.

        Why: there is nothing to run. A spec begins with "ftspec: 1".

        Found: when the spec is read.
    """,
    ("outside-root",): """
        A path leads outside of the root of the project.

        Why: a project sets "root" in [tool.ftspec], or FTSPEC_ROOT, to lint specs of strangers. A
        finding quotes what it is about, so a spec could show any file of the machine. ftspec reads
        nothing outside: not what "extends", "files", "checkpoint" or another key names, nor what a
        symbolic link inside of the root leads to. A run refuses such a spec, too.

        Found: when a spec is read in a project with a root.
    """,
    ("url-not-supported",): """
        A URL stands where a spec names a local path, or a name on the Hub.

        Why: a path would be a folder named "s3:" in the current one, and the rows or the results
        would not be where you look for them. Rows and models of the Hub are named as "owner/name".
        Write other storage's data to a local folder first, or mount the storage.

        Found: when the spec is read.
    """,
    ("not-utf8", "unreadable-file"): """
        The file cannot be read, or its text is not UTF-8.

        Why: a guess at another encoding could change the labels and templates in it.

        Found: when the spec, or a file that it extends, is read.
    """,
    ("extends-cycle",): """
        Files extend each other in a circle, or in a chain of more than twenty.

        Why: no file comes first.

        Found: when the spec is read.
    """,
    ("misplaced-key",): """
        A profile has the key "ftspec", "extends" or "profiles", which are only allowed at the top
        of a spec.

        Why: a profile is laid over a complete spec, so these keys would have no effect.

        Bad:

            profiles: {small: {extends: small.yaml}}

        Good:

            profiles: {small: {training: {max_steps: 10}}}
    """,
    ("unknown-profile",): """
        The spec has no profile with the name given to --profile.

        Why: the run would use other settings than you expect.

        Found: when a command gets --profile.
    """,
    ("bad-override",): """
        An argument of --set does not have the form path=value, or its path does not exist.

        Why: the run would ignore the setting.

        Found: when a command gets --set.
    """,
    ("unset-variable",): """
        A value reads an environment variable that is not set.

        Why: an empty token or path would make the run fail much later. The text after ":-" is a
        default, and may be empty.

        Bad:

            training: {hub_token: "${env:NO_SUCH_VARIABLE}"}

        Good:

            training: {hub_token: "${env:NO_SUCH_VARIABLE:-}"}
    """,
    ("bad-interpolation",): """
        A "${" is not followed by "env:NAME}", or the variable does not contain UTF-8 text.

        Why: a spec can only read environment variables. Write "$${" for a literal "${".

        Bad:

            description: "trained for ${customer}"

        Good:

            description: "trained for $${customer}"
    """,
    ("misplaced-secret",): """
        A value from the environment is in a place where the model would learn it, or where it would
        be saved in files of the run.

        Why: ftspec treats values from the environment as secrets. The model learns what is in a
        template, and every run directory contains the name of the run. Secrets are allowed in
        paths, checkpoint, revision, output.dir, training.hub_token and the keys of a source; there
        ftspec keeps them out of all files, logs and messages. A default after ":-" does not change
        this, because the variable wins where it is set.

        Bad:

            performance: {precision: "${env:PRECISION:-fp32}"}

        Good:

            performance: {precision: fp32}
    """,
    ("unused-ignore",): """
        A comment ignores a finding that does not occur.

        Why: it would hide the next finding of this kind. Errors of the language itself cannot be
        ignored, because the spec cannot run with them.

        Bad:

            seed: 7  # ftspec: ignore[learning-rate]

        Good:

            seed: 7
    """,
    ("idle-profile",): """
        A profile changes nothing.

        Why: a run with this profile is the same as a run without it, which is probably not
        intended.

        Bad:

            training: {num_train_epochs: 2}
            profiles: {short: {training: {num_train_epochs: 2}}}

        Good:

            training: {num_train_epochs: 2}
            profiles: {short: {training: {max_steps: 10}}}
    """,
}
"""One text for each set of slugs that mean the same mistake."""
