"""Templates to pages. Every text is escaped, and shows its control characters."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ftspec import __version__
from ftspec.errors import MissingExtraError
from ftspec.escaping import visible
from ftspec.report.numbers import shown_metric

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = resources.files("ftspec.report") / "templates"


def render_page(template: str, **values: Any) -> str:
    """The page of a template in ``templates/``.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    page = _environment().get_template(f"{template}.html.j2")
    return page.render(version=__version__, **values) + "\n"


@cache
def _environment() -> Environment:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError:
        raise MissingExtraError("jinja2", "pip install 'ftspec[train]'") from None

    def shown(value: Any) -> Any:
        """A value as a template writes it; autoescape follows."""
        if value is None:
            return ""
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _template("style.css")
    environment.globals["style"] = Markup(style)  # ours, without "<" in it
    environment.filters["metric"] = shown_metric
    return environment


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
