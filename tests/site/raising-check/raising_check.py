"""Its check finds something under a name that is not its own, and then raises."""

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
