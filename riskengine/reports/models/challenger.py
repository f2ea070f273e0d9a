"""The page of a challenger: shaped like a scorecard's, and plain about what is different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from markupsafe import Markup

from riskengine.errors import Language, UseError
from riskengine.evaluation.challenger import ChallengerExplanation, Floats
from riskengine.evaluation.suppression import SMALLEST
from riskengine.explanation.texts import Texts
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.reports.bands import band_names, written
from riskengine.reports.chart import definitions
from riskengine.reports.figures import ScoreUnit, minus
from riskengine.reports.models import charts
from riskengine.reports.models.page import Named, model_style, model_texts
from riskengine.reports.models.shapes import Shape, State
from riskengine.reports.templating import environment, frame

_MOST_VALUES = 12
"""Up to so many different answers each is a group of its own; beyond that there are bands."""
_BANDS = 8
_MIDDLE = (0.1, 0.9)


def challenger_page(
    explanation: ChallengerExplanation,
    *,
    lang: Language,
    title: str,
    instrument: Instrument | None = None,
    item_view: Mapping[str, Floats] | None = None,
) -> str:
    """Give one HTML document about a challenger, marked as not operational.

    Parameters
    ----------
    explanation
        From `riskengine.evaluation.challenger.explain_challenger`.
    title
        What to call the model.
    instrument
        Gives items and levels their names, where columns carry the ids of items and levels are
        given by their position.
    item_view
        A scorecard's item view of the same people in log-odds, to stand beside it; see
        `riskengine.evaluation.challenger.scorecard_item_view`.

    Raises
    ------
    UseError
        Where the item view is of another number of people.
    """
    for item, values in (item_view or {}).items():
        if len(values) != len(explanation.values):
            raise UseError(
                f"item view of [{item}]: [{len(values)}] people, and [{len(explanation.values)}] "
                "are explained"
            )
    say = model_texts(lang)
    return (
        environment()
        .get_template("models/challenger.html.j2")
        .render(
            page=ChallengerPage(explanation, say, title, instrument, item_view or {}),
            **frame(say, model_style()),
            chart_definitions=definitions(),
        )
    )


def write_challenger_page(
    path: Path,
    explanation: ChallengerExplanation,
    *,
    lang: Language,
    title: str,
    instrument: Instrument | None = None,
    item_view: Mapping[str, Floats] | None = None,
) -> Path:
    """Write `challenger_page` to a file in UTF-8; folders on the way are made."""
    page = challenger_page(
        explanation, lang=lang, title=title, instrument=instrument, item_view=item_view
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


@dataclass(frozen=True)
class ChallengerItem:
    """One item of a challenger."""

    rank: int
    label: str
    shape: Shape


@dataclass(frozen=True)
class Compared:
    """One item in both models."""

    label: str
    challenger: float
    scorecard: float
    correlation: float | None


class ChallengerPage:
    """What the template needs to know about a challenger."""

    errors_known = False

    def __init__(
        self,
        explanation: ChallengerExplanation,
        say: Texts,
        title: str,
        instrument: Instrument | None,
        item_view: Mapping[str, Floats],
    ) -> None:
        self.explanation, self.say, self.title = explanation, say, title
        self.instrument, self.item_view = instrument, item_view
        self.lang = say.lang
        self.unit = ScoreUnit(in_points=False)
        self.fewest = SMALLEST

    def label(self, name: str) -> str:
        """An item in words, where the instrument has it."""
        every = self.instrument.every_item if self.instrument else {}
        return every[name].label[self.lang] if name in every else name

    def signed(self, amount: float) -> str:
        """What something adds."""
        return self.unit.signed(amount)

    def size(self, amount: float) -> str:
        """A size without a direction."""
        return f"{amount:.2f}"

    def share(self, share: float) -> str:
        """A share in per cent."""
        return f"{100 * share:.1f}%"

    def middle(self, state: State) -> str:
        """Range of eight in ten people."""
        return self.say("interval", low=self.signed(state.low), high=self.signed(state.high))

    @property
    def facts(self) -> list[Named]:
        """How the values were worked out."""
        say, found = self.say, self.explanation
        background = f"{found.background:,}" if found.background else say(
            "challenger_background_paths"
        )  # fmt: skip
        sampling = (
            say("challenger_sampling_none")
            if found.sampling_gap is None
            else say("challenger_sampling_words", gap=f"{found.sampling_gap:.3f}")
        )
        gap = say(
            "challenger_gap_words",
            gap=f"{found.largest_gap:.1e}",
            tolerance=f"{found.tolerance:g}",
        )
        notes = ("" if self.lang == "zh" else " ").join(note[self.lang] for note in found.notes)
        return [
            Named(say("challenger_model"), "", found.model),
            Named(say("challenger_output"), say("challenger_log_odds")),
            Named(say("challenger_explainer"), say(f"explainer_{found.explainer}")),
            Named(say("challenger_notes"), notes),
            Named(say("challenger_people"), f"{len(found.values):,}"),
            Named(say("challenger_background"), background),
            Named(say("challenger_seed"), str(found.seed)),
            Named(say("challenger_gap"), gap),
            Named(say("challenger_sampling"), sampling),
        ]

    @cached_property
    def items(self) -> list[ChallengerItem]:
        """Items by what moves people most."""
        order = np.argsort(-self.explanation.importance, kind="stable").tolist()
        return [
            ChallengerItem(rank, self.label(self.explanation.names[at]), self._shape(at))
            for rank, at in enumerate(order, start=1)
        ]

    @cached_property
    def scale(self) -> charts.Scale:
        """One scale for all items."""
        return charts.scale_of([item.shape for item in self.items])

    @property
    def row_axis(self) -> Markup:
        """Axis above the rows of a table."""
        return charts.row_axis(self.scale)

    def row_chart(self, shape: Shape, at: int) -> Markup:
        """Bar of one group."""
        return charts.row_chart(shape.states[at], shape.mean, self.scale)

    def range_chart(self, shape: Shape) -> Markup:
        """Range of one item, for the index."""
        return charts.range_chart(shape.low, shape.high, self.scale)

    @property
    def compared(self) -> list[Compared]:
        """Items that both models use."""
        found = []
        for at in np.argsort(-self.explanation.importance, kind="stable").tolist():
            name = self.explanation.names[at]
            if name not in self.item_view:
                continue
            ours, theirs = self.item_view[name], self.explanation.values[:, at]
            varies = np.ptp(ours) > 0 and np.ptp(theirs) > 0
            found.append(
                Compared(
                    self.label(name),
                    float(np.abs(theirs).mean()),
                    float(np.abs(ours).mean()),
                    float(np.corrcoef(ours, theirs)[0, 1]) if varies else None,
                )
            )
        return found

    def correlation(self, one: Compared) -> str:
        """A correlation, or why there is none."""
        if one.correlation is None:
            return self.say("correlation_none")
        return minus(f"{one.correlation:.2f}")

    def _shape(self, at: int) -> Shape:
        name = self.explanation.names[at]
        answers, values = self.explanation.data[:, at], self.explanation.values[:, at]
        states = [
            _state(label, values[members], len(values), known=True)
            for label, members in self._groups(name, answers)
        ]
        missing = np.isnan(answers)
        if missing.any():
            label = self.say("people_missing")
            states.append(_state(label, values[missing], len(values), known=False))
        return Shape(
            term=name,
            item=name,
            kind="levels",
            states=tuple(state for state in states if state is not None),
            edges=(),
            mean=float(values.mean()),
            typical=float(np.abs(values).mean()),
            evidence=(),
        )

    def _groups(self, name: str, answers: Floats) -> Sequence[tuple[str, np.ndarray]]:
        """People by their answer, or by bands of about as many people each."""
        known = answers[~np.isnan(answers)]
        different = np.unique(known)
        if len(different) <= _MOST_VALUES:
            return [(self._answer(name, one), answers == one) for one in different.tolist()]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BANDS + 1)[1:-1]))
        band = np.searchsorted(edges, answers, side="right")
        named = band_names(tuple(float(f"{edge:.3g}") for edge in edges.tolist()))
        labels = [name[self.lang] for name in named]
        return [(label, (band == at) & ~np.isnan(answers)) for at, label in enumerate(labels)]

    def _answer(self, name: str, answer: float) -> str:
        """A level by its name, where the number is its position."""
        item = self.instrument.by_id.get(name) if self.instrument else None
        if isinstance(item, Item):
            if item.levels and answer in range(len(item.levels)):
                return item.levels[int(answer)].label[self.lang]
            if item.type == "boolean" and answer in (0, 1):
                return self.say("yes" if answer else "no")
        return written(answer)


def _state(label: str, values: Floats, people: int, *, known: bool) -> State | None:
    """Mean of one group and the range of eight in ten of it; nothing where it is too small."""
    if len(values) < SMALLEST:
        return None
    low, high = np.quantile(values, _MIDDLE).tolist()
    return State(
        label,
        float(values.mean()),
        None,
        len(values) / people,
        known=known,
        reach=(low, high),
    )
