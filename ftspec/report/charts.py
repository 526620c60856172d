"""Charts as inline SVG, drawn by matplotlib.

A chart has no words in it: its title, its axes and its legend are HTML beside it. So no text of a
stranger reaches matplotlib, which would take ``$`` for mathematics and has no letters of most
scripts, and the words have the font and the size of the page. Its colours are those of the page,
which differ in light and dark: matplotlib draws with colours that stand for them.
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ftspec.errors import MissingExtraError
from ftspec.report.numbers import is_number, shown_metric
from ftspec.report.tables import Column, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = tuple[float, float]

MOST_SERIES = 8
"""More lines cannot be told apart."""
_MOST_POINTS = 400  # of a line: about one for each pixel
_MOST_NUMBERS = 20  # rows of the table below a chart
_WIDTH, _HEIGHT = 460, 230  # points
_COLOURS = {
    **{f"#01010{number}": f"var(--series-{number})" for number in range(1, MOST_SERIES + 1)},
    "#020202": "var(--quiet)",
    "#030303": "var(--rule)",
}
_DASHES = ("solid", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 2, 2)))
_KEPT = re.compile(
    r"<path d=\"(?P<path>[^\"]*)\"[^>]* style=\"(?P<path_style>[^\"]*)\"/>"
    r"|<text style=\"(?P<text_style>[^\"]*)\" (?P<place>[^>]*)>(?P<text>[^<]*)</text>"
)
_OF_FONT = re.compile(r"font(?:-[a-z]+)?: [^;]*;? ?")
_LONG = re.compile(r"(\d+\.\d\d)\d+")


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
        name: as the legend has it.
        points: in the order of the line.
        note: what else the legend says of it.
        is_reference: whether it is only there to compare with.
    """

    name: str
    points: Sequence[Point]
    note: str = ""
    is_reference: bool = False


@dataclass(frozen=True)
class Chart:
    """Lines over one axis.

    Attributes:
        title: what it shows.
        x: the name of the horizontal axis.
        y: the name of the vertical axis.
        series: the lines.
        is_scatter: whether the points are not joined.
        left_out: what is not shown, in words.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    is_scatter: bool = False
    left_out: str = ""

    @property
    def svg(self) -> Any:
        """The drawing, as markup: one ``<g>`` for the template to put into its ``<svg>``."""
        return drawn(self)

    @property
    def view(self) -> str:
        """The ``viewBox`` of the drawing."""
        return f"0 0 {_WIDTH} {_HEIGHT}"

    @property
    def spoken(self) -> str:
        """What the lines do, in words."""
        said = [
            f"{one.name} from {shown_metric(one.points[0][1])} to {shown_metric(one.points[-1][1])}"
            for one in self.series
            if one.points and not one.is_reference and not self.is_scatter
        ]
        return "; ".join(said)

    @property
    def numbers(self) -> Table:
        """The points as a table; of many, some at equal distances."""
        shown = [one for one in self.series if not one.is_reference]
        rows = [
            (one.name, shown_metric(x).removesuffix(".0000"), shown_metric(y))
            for one in shown
            for x, y in thinned(one.points, max(2, _MOST_NUMBERS // len(shown)))
        ]
        total = sum(len(one.points) for one in shown)
        left_out = f"{len(rows):,} of {total:,} points" if len(rows) < total else ""
        columns = (Column("line"), Column(self.x, True), Column(self.y, True))
        return Table(f"{self.title}: numbers", columns, rows, left_out)


def clean_points(points: Sequence[Any]) -> list[Point]:
    """The points whose numbers are finite."""
    return [
        (float(one[0]), float(one[1]))
        for one in points
        if isinstance(one, (list, tuple)) and len(one) == 2 and all(map(is_number, one))
    ]


def thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """At most so many points at equal distances, the first and the last among them."""
    if len(points) <= most:
        return points
    places = (round(at * (len(points) - 1) / (most - 1)) for at in range(most))
    return [points[place] for place in dict.fromkeys(places)]


def drawn(chart: Chart) -> Any:
    """The drawing of a chart.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    _matplotlib()
    from markupsafe import Markup
    from matplotlib.backends.backend_svg import RendererSVG
    from matplotlib.figure import Figure

    with _own_settings():
        figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72), dpi=72)
        axes = figure.add_axes((0.105, 0.09, 0.875, 0.87))
        figure.patch.set_visible(False)
        _draw_lines(axes, chart)
        _draw_axes(axes, chart)
        stream = io.StringIO()
        renderer: Any = cast(Any, RendererSVG)(_WIDTH, _HEIGHT, stream, image_dpi=72)
        figure.draw(renderer)
    return Markup("".join(_kept(stream.getvalue())))  # numbers and our own styles only


def _draw_lines(axes: Axes, chart: Chart) -> None:
    number = 0
    for one in chart.series:
        if one.is_reference:
            style: dict[str, Any] = {"color": "#020202", "linewidth": 1, "linestyle": (0, (3, 3))}
        else:
            number += 1
            style = {"color": f"#01010{number}", "linewidth": 2, "linestyle": _DASHES[0]}
        points = thinned(one.points, _MOST_POINTS)
        if len(points) == 1 or chart.is_scatter:  # a line of no length with a round end is a dot
            for x, y in points:
                dot = {**style, "linewidth": 4 if chart.is_scatter else 6}
                axes.plot([x, x], [y, y], clip_on=False, solid_capstyle="round", **dot)
        else:
            axes.plot(*zip(*points, strict=True), clip_on=False, solid_capstyle="round", **style)


def _draw_axes(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.patch.set_visible(False)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#020202")
    axes.margins(x=0.0 if not chart.is_scatter else 0.03, y=0.06)
    if all(x == int(x) for one in chart.series for x, _ in one.points):
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.tick_params(length=0, labelsize=11, labelcolor="#020202")
    axes.grid(True, axis="y", color="#030303", linewidth=1)
    axes.set_axisbelow(True)


def _kept(drawing: str) -> Iterator[str]:
    """The lines and numbers of a drawing of matplotlib: without its identifiers, fonts and sizes,
    and with the colours of the page."""
    for match in _KEPT.finditer(drawing):
        if match["path"] is not None:
            path = _LONG.sub(r"\1", " ".join(match["path"].split()))
            yield f'<path d="{path}" style="{_coloured(match["path_style"])}"/>'
        else:
            style = _coloured(_OF_FONT.sub("", match["text_style"]))
            yield f'<text style="{style}" {match["place"]}>{match["text"]}</text>'


def _coloured(style: str) -> str:
    return re.sub(r"#0[123]0[123]0\d", lambda match: _COLOURS[match[0]], style)


@contextmanager
def _own_settings() -> Iterator[None]:
    """Inside, no file of settings of the user or of the folder changes a drawing."""
    import matplotlib

    with matplotlib.rc_context():
        cast(dict[str, Any], matplotlib.rcParams).update(_defaults())
        yield


@cache
def _defaults() -> dict[str, Any]:
    import matplotlib

    kept = {
        name: value
        for name, value in cast(dict[str, Any], matplotlib.rcParamsDefault).items()
        if not name.startswith(("backend", "animation", "webagg", "date", "tk"))
    }
    return {**kept, "svg.fonttype": "none", "axes.formatter.use_mathtext": False}


@cache
def _matplotlib() -> Any:
    # it says which fonts it looks for, and that it cannot write to a home folder
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib
    except ImportError:
        raise MissingExtraError("matplotlib", "pip install 'ftspec[train]'") from None
    return matplotlib


def has_line(series: Sequence[Series]) -> bool:
    """Whether there is more to draw than single points."""
    return any(len({x for x, _ in one.points}) > 1 for one in series)


def is_flat(points: Sequence[Point]) -> bool:
    """Whether all values are equal."""
    return all(math.isclose(points[0][1], value) for _, value in points)
