"""What the reviewer's sheet shows beyond the officer's: both views to the last unit, all rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from markupsafe import Markup

from riskengine.errors import Language, NotFoundError
from riskengine.explanation.document import Reason, Withheld
from riskengine.recommendation import RuleView, TowardView
from riskengine.reports.chart import waterfall
from riskengine.reports.contributions import Group, contribution_groups
from riskengine.reports.figures import DECIMALS, minus, percent
from riskengine.reports.sheet import Sheet
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.store.lookup import find_instrument

_LEAST = {True: 4.0, False: 0.8}


@lru_cache(maxsize=8)
def instrument_labels(name: str, lang: Language) -> dict[str, str]:
    """Labels of all items of an instrument, scored or not; none where it is not at hand."""
    try:
        items = find_instrument(name).every_item
    except NotFoundError:
        return {}
    return {item: found.label[lang] for item, found in items.items()}


@dataclass(frozen=True)
class ItemRow:
    """One item of the item view.

    Attributes
    ----------
    exact
        The same as an integer; `ReviewerSheet.denominator` of them make one unit.
    """

    label: str
    answer: str
    kind: str
    share: str
    log_odds: str
    percentage_points: str
    exact: str
    words: str


@dataclass(frozen=True)
class DomainRows:
    """The items of one domain and their sum; ``number`` leads to the figure."""

    number: int
    label: str
    share: str
    exact: str
    amount: float
    rows: tuple[ItemRow, ...]


@dataclass(frozen=True)
class ReviewerSheet(Sheet):
    """An explanation with everything that a reviewer checks."""

    @cached_property
    def every_group(self) -> tuple[Group, ...]:
        """The term view: every factor that moves the score, none drawn together."""
        return contribution_groups(self.r, self.say, self.unit, self.domains, most=None)

    @cached_property
    def log_odds_total(self) -> str:
        """The score in log-odds."""
        assert self.r.score is not None
        return minus(f"{self.r.score.log_odds:.{DECIMALS}f}")

    # ---------------------------------------------------------------- the item view

    @cached_property
    def denominator(self) -> int:
        """So many units of the exact column make one unit of the score."""
        assert self.r.item_view is not None
        return self.r.item_view.denominator

    @cached_property
    def domain_rows(self) -> tuple[DomainRows, ...]:
        """Items that moved the score, by domain, the domain that moves most first."""
        if self.x.reasons is None or self.r.item_view is None:
            return ()
        found: list[DomainRows] = []
        for domain in self.x.reasons.domains:
            moving = [reason for reason in domain.reasons if reason.contribution]
            if not moving:
                continue
            found.append(
                DomainRows(
                    number=len(found) + 1,
                    label=domain.label,
                    share=self._share(domain.contribution),
                    exact=minus(f"{domain.contribution:+d}"),
                    amount=self._amount(domain.contribution),
                    rows=tuple(self._item(reason) for reason in moving),
                )
            )
        return tuple(found)

    def _item(self, reason: Reason) -> ItemRow:
        points = reason.percentage_points
        return ItemRow(
            label=reason.label,
            answer=reason.answer.answer,
            kind="changeable" if reason.changeable else "fixed",
            share=self._share(reason.contribution),
            log_odds=minus(f"{reason.log_odds:+.{DECIMALS}f}"),
            percentage_points="" if points is None else minus(f"{100 * float(points):+.2f}"),
            exact=minus(f"{reason.contribution:+d}"),
            words=reason.words,
        )

    @cached_property
    def baseline(self) -> str:
        """Where the item view starts: the reference population's mean score."""
        assert self.r.item_view is not None
        return self._share(self.r.item_view.baseline, sign="")

    @cached_property
    def baseline_exact(self) -> str:
        """The same as an integer."""
        assert self.r.item_view is not None
        return minus(str(self.r.item_view.baseline))

    @cached_property
    def score_exact(self) -> str:
        """The score in the same integers: baseline plus all items."""
        assert self.r.item_view is not None
        assert self.r.score is not None
        return minus(str(self.r.score.value * self.denominator))

    @cached_property
    def baseline_risk(self) -> str:
        """The risk at the baseline in per cent, where the scale is calibrated."""
        view = self.r.item_view
        if view is None or view.baseline_risk is None:
            return ""
        return self.say("risk_plain", risk=percent(view.baseline_risk))

    def figure(self, number: int) -> Markup:
        """Draw the domains from the baseline to the score; ``number`` is the sheet's own."""
        assert self.r.item_view is not None
        told = self.listed(
            self.say("figure_step", n=one.number, name=one.label, share=one.share)
            for one in self.domain_rows
        )
        return waterfall(
            self._amount(self.r.item_view.baseline),
            [one.amount for one in self.domain_rows],
            least=_LEAST[self.in_points],
            name=f"figure-{number}",
            title=self.say("figure_title"),
            description=self.say(
                "figure_description", baseline=self.baseline, steps=told, score=self.total
            ),
        )

    def _amount(self, parts: int) -> float:
        units = Fraction(parts, self.denominator)
        return float(units if self.in_points else units / 2**LOG_ODDS_BITS)

    def _share(self, parts: int, sign: str = "+") -> str:
        # shares of whole points are fractions, so they get decimals in either form
        return minus(f"{self._amount(parts):{sign}.{DECIMALS}f}")

    # ---------------------------------------------------------------- rules and names

    @cached_property
    def rules(self) -> tuple[RuleView, ...]:
        """All rules that had a say, the binding one first."""
        return tuple(sorted(self.r.rules, key=lambda rule: not rule.binding))

    @cached_property
    def every_condition(self) -> tuple[TowardView, ...]:
        """All conditions of the next lower tier, met or not."""
        return () if self.r.why_not_yet is None else self.r.why_not_yet.conditions

    def kept_from(self, withheld: Withheld) -> str:
        """Outputs that an answer was kept from, in words."""
        return self.listed(self.say(f"reader_{reader}") for reader in withheld.readers)

    def named(self, item: str) -> str:
        """Label of an item, or its id where its instrument is not on this machine."""
        return instrument_labels(self.r.provenance.instrument, self.say.lang).get(item, item)

    def names(self, items: Iterable[str]) -> str:
        """Labels of items, in one line."""
        return self.listed(self.named(item) for item in items)
