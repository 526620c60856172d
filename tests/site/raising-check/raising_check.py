"""Its check returns a finding under another plugin's name, and then raises."""

from ftspec.api import Diagnostic, Severity, hookimpl, labelled


@hookimpl
def ftspec_check_plan(plan, spans):
    yield Diagnostic(
        slug="unknown-key",
        severity=Severity.WARNING,
        headline=f'the seed "{plan.seed}" brings bad luck',
        labels=labelled(spans.span(("seed",))),
    )
    raise KeyError("almanac")
