"""The page of one run of the monitor, and that of overrides: self-contained, no script."""

from __future__ import annotations

from markupsafe import Markup, escape

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.monitoring.document import Monitoring, Signal
from riskengine.monitoring.overrides import Moved, Overrides
from riskengine.monitoring.words import per_cent
from riskengine.reports.inert import inert
from riskengine.reports.models.page import model_style
from riskengine.reports.templating import environment, frame, source
from riskengine.reports.words import words_of

_WIDTH, _HEIGHT, _EDGE = 200, 18, 4
_RATIO_MOST = 2.0


def monitoring_page(found: Monitoring, *, lang: Language) -> str:
    """Give one HTML document of a run. The same run gives the same text."""
    say = words_of("monitoring", lang)
    kinds: dict[str, list[Signal]] = {}
    for one in found.signals:
        kinds.setdefault(one.kind, []).append(one)
    template = environment().get_template("monitoring/monitoring.html.j2")
    return template.render(
        run=found,
        page=_Page(say),
        kinds=list(kinds.items()),
        lang=lang,
        **frame(say, model_style()),
    )


def overrides_page(found: Overrides, *, lang: Language) -> str:
    """Give one HTML document of what became of people who were moved."""
    say = words_of("monitoring", lang)
    template = environment().get_template("monitoring/overrides.html.j2")
    style = f"{model_style()}\n{source('monitoring/overrides.css')}"
    return template.render(found=found, page=_Page(say), lang=lang, **frame(say, style))


class _Page:
    """Numbers and small charts of the page."""

    def __init__(self, say: Texts) -> None:
        self.say = say

    def number(self, one: Signal, value: float | None) -> str:
        """A value in the unit of its kind."""
        if value is None:
            return "–"
        if one.kind == "validation":
            return f"{value:.0f}"
        if one.kind == "calibration" and one.id != "calibration.event_share":
            return f"{value:.2f}"
        return per_cent(value)

    def few(self, people: int, smallest: int) -> str:
        """A number of people as it may be shown."""
        return f"<{smallest}" if 0 < people < smallest else str(people)

    def per_cent(self, share: float) -> str:
        """A share as it is read."""
        return per_cent(share)

    def adjusted(self, one: Signal) -> str:
        """An adjusted p-value; what is very small is said to be."""
        if one.q is None:
            return "–"
        return "<0.001" if one.q < 0.001 else f"{one.q:.3f}"

    def chart(self, one: Signal) -> Markup:
        """The reference as a line, the window as a point with its interval."""
        if None in (one.value, one.reference, one.low, one.high):
            return Markup("")
        assert one.value is not None and one.reference is not None
        assert one.low is not None and one.high is not None
        most = 1.0
        if one.kind == "calibration" and one.id != "calibration.event_share":
            most = max(_RATIO_MOST, one.high)

        def x(value: float) -> float:
            inner = _WIDTH - 2 * _EDGE
            return round(_EDGE + inner * min(max(value / most, 0.0), 1.0), 1)

        said = escape(
            inert(
                self.say(
                    "chart_description",
                    before=self.number(one, one.reference),
                    now=self.number(one, one.value),
                )
            )
        )
        colour = "var(--alert)" if one.state == "alarm" else "var(--deep)"
        ends = (x(one.low), x(one.value), x(one.high))
        return _interval(ends, x(one.reference), said, colour)

    def moved_chart(self, one: Moved) -> Markup:
        """The share of the moved as a point with its interval, of the others as a line."""
        assert one.share is not None and one.low is not None and one.high is not None

        def x(share: float) -> float:
            return round(_EDGE + (_WIDTH - 2 * _EDGE) * share, 1)

        values = {
            "now": per_cent(one.share),
            "low": per_cent(one.low),
            "high": per_cent(one.high),
        }
        line = None
        said = self.say("moved_chart", **values)
        if one.other_share is not None:
            line = x(one.other_share)
            said = self.say("moved_chart_beside", others=per_cent(one.other_share), **values)
        ends = (x(one.low), x(one.share), x(one.high))
        return _interval(ends, line, escape(inert(said)), "var(--deep)")


def _interval(
    ends: tuple[float, float, float], line: float | None, said: Markup, colour: str
) -> Markup:
    """A point within its interval on a scale, and an upright line for what it is compared with.

    Parameters
    ----------
    ends
        Where the interval begins, where the point is, and where it ends.
    said
        The same in words, escaped.
    """
    middle = _HEIGHT / 2
    low, point, high = ends
    upright = Markup("")
    if line is not None:
        upright = Markup(
            f'<line x1="{line}" y1="1" x2="{line}" y2="{_HEIGHT - 1}" '
            f'stroke="var(--ink)" stroke-width="1.5"/>'
        )
    return Markup(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{said}"><title>{said}</title>'
        f'<line x1="{_EDGE}" y1="{middle}" x2="{_WIDTH - _EDGE}" y2="{middle}" '
        f'stroke="var(--rule)"/>'
        f'<line x1="{low}" y1="{middle}" x2="{high}" y2="{middle}" '
        f'stroke="{colour}" stroke-width="3"/>{upright}'
        f'<circle cx="{point}" cy="{middle}" r="3.5" fill="{colour}"/></svg>'
    )
