"""One page for a director: what a model is for, how often it is right, whom it may harm.

It is read by somebody with no statistics, so that everything is whole people out of a round
number of people. The number is the smallest in which the rarest kind of error is at least one
whole person, and what is said is always said of both sides: those who had the outcome and those
who did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from riskengine.evaluation.document import Cut, Evaluation, GroupCell, Groups
from riskengine.explanation.texts import Texts
from riskengine.reports.evaluation import charts
from riskengine.reports.evaluation.figures import find, stop, thousands
from riskengine.reports.figures import written_day

DENOMINATORS = (100, 200, 500, 1000)
"""Of how many people is spoken; beyond a thousand nobody sees them before the eye."""
_MOST_GROUPS = 3
"""Differences between groups that stand on the page; the others are in the report."""

_FELT = {"false_positive_rate": 0, "false_negative_rate": 1, "share_flagged": 2, "ppv": 3}
"""Which difference is told first, where several stand out."""


@dataclass(frozen=True)
class People:
    """Whole people out of ``n`` at one cut.

    Attributes
    ----------
    hits, vain
        Flagged, with the outcome and without it.
    missed, clear
        Not flagged, with the outcome and without it.
    low, high
        Hits that another group of the same kind might show among as many flagged.
    """

    n: int
    hits: int
    vain: int
    missed: int
    clear: int
    low: int | None
    high: int | None

    @property
    def flagged(self) -> int:
        """Everybody flagged."""
        return self.hits + self.vain

    @property
    def chance(self) -> int:
        """How many would be found among as many people picked blindly."""
        return round(self.flagged * (self.hits + self.missed) / self.n)


def whole_people(document: Evaluation, cut: Cut) -> People | None:
    """Turn the figures of a cut into whole people that add up.

    Returns
    -------
    People or None
        ``None`` where a figure is missing, or where not one whole person of a thousand is flagged
        or had the outcome.
    """
    share = find(document.figures, "event_share")
    flagged = find(cut.figures, "share_flagged")
    ppv = find(cut.figures, "ppv")
    if share is None or share.value is None or flagged is None or flagged.value is None:
        return None
    if ppv is None or ppv.value is None:
        return None
    for n in DENOMINATORS:
        up = round(n * flagged.value)
        hits = round(n * flagged.value * ppv.value)
        events = max(round(n * share.value), hits)
        missed = events - hits
        found = People(
            n=n,
            hits=hits,
            vain=up - hits,
            missed=missed,
            clear=n - up - missed,
            low=None if ppv.low is None else min(round(up * ppv.low), hits),
            high=None if ppv.high is None else max(round(up * ppv.high), hits),
        )
        if min(found.hits, found.vain, found.missed, found.clear) >= 1:
            return found
    return found if found.flagged and events and found.clear >= 0 else None


class DirectorPage:
    """What the template of the director's page needs to know."""

    def __init__(self, document: Evaluation, say: Texts) -> None:
        self.document, self.say, self.lang = document, say, say.lang
        self.codes = {one.code for one in document.notices}

    @property
    def title(self) -> str:
        """Title of the model."""
        return self.document.model.title[self.lang]

    @property
    def verdict(self) -> str:
        """Whether it was checked at all."""
        key = "validated" if self.document.validates else "not"
        return self.say(f"director_verdict_{key}")

    @property
    def purpose(self) -> str:
        """What it is for."""
        model = self.document.model
        kind = "operational" if model.purpose == "template" else model.purpose
        return self.say(
            f"for_{kind}",
            outcome=model.outcome_label[self.lang],
            days=f"{model.horizon_days:,}",
        )

    @property
    def checked(self) -> list[str]:
        """Whom it was checked on, and what that is worth."""
        cohort = self.document.cohort
        return [
            self.say(
                "checked_people",
                population=stop(cohort.population[self.lang], self.lang),
                people=thousands(cohort.people),
                events=thousands(cohort.events),
            ),
            self.say(f"checked_{self.document.kind}"),
        ]

    # --- how often right -----------------------------------------------------------------------

    @cached_property
    def cut(self) -> Cut | None:
        """The cut that is spoken of: the operating one, or the first there is."""
        cuts = self.document.cuts
        named = [one for one in cuts if one.id == self.document.operating_cut]
        return next(iter((*named, *cuts)), None)

    @cached_property
    def people(self) -> People | None:
        """Whole people at that cut."""
        return None if self.cut is None else whole_people(self.document, self.cut)

    @property
    def right(self) -> list[str]:
        """How often it is right, in sentences."""
        if self.cut is None:
            return [self.say("right_none_found")]
        found = self.people
        if found is None:
            return [self.say("right_too_few")]
        tier = self.say(f"tier_of_{'top' if self.cut.kind == 'top_share' else self.cut.id}")
        said = [] if self.document.validates else [self.say("right_too_good")]
        said += [
            self.say(
                "right_flagged",
                flagged=thousands(found.flagged),
                tier=tier,
                hits=found.hits,
                vain=found.vain,
            ),
            self.say("right_missed", rest=thousands(found.n - found.flagged), missed=found.missed),
            self.say("right_chance", flagged=thousands(found.flagged), chance=found.chance),
        ]
        if found.low is not None and found.high is not None and found.low < found.high:
            said.append(self.say("right_range", hits=found.hits, low=found.low, high=found.high))
        return said

    @property
    def right_title(self) -> str:
        """Of how many people is spoken."""
        found = self.people
        return "" if found is None else self.say("in_people", n=thousands(found.n))

    @property
    def icons(self) -> Markup | None:
        """The people as marks."""
        found = self.people
        if found is None:
            return None
        counts = {kind: getattr(found, kind) for kind in charts.KINDS}
        said = self.say("icons_said", n=thousands(found.n), **counts)
        return charts.icon_array(counts, said)

    @property
    def legend(self) -> list[tuple[Markup, str, int]]:
        """Mark, word and number of every kind."""
        found = self.people
        if found is None:
            return []
        return [
            (charts.icon_sample(kind), self.say(f"icon_{kind}"), getattr(found, kind))
            for kind in charts.KINDS
        ]

    # --- limits, harm, decisions ---------------------------------------------------------------

    @property
    def cannot(self) -> list[str]:
        """What it cannot do."""
        say, model = self.say, self.document.model
        said = [say("cannot_person"), say("cannot_grave")]
        if model.scale == "relative":
            said.append(say("cannot_relative"))
        found = {
            "few_events": "cannot_few",
            "too_high": "cannot_high",
            "too_low": "cannot_low",
            "no_better": "cannot_no_better",
            "looks_ahead": "cannot_looks_ahead",
        }
        said += [say(key) for code, key in found.items() if code in self.codes]
        if self.document.surveillance.mostly_found_by_supervision:
            said.append(say("cannot_surveillance"))
        return said

    @property
    def harmed(self) -> list[str]:
        """Who may be harmed, in whole people and by group."""
        say, found = self.say, self.people
        said = []
        if found is not None:
            said.append(say("harmed_strict", n=thousands(found.n), vain=found.vain))
            said.append(say("harmed_missed", missed=found.missed))
        if not self.document.groups:
            return [*said, say("harmed_unchecked")]
        standing_out = list(self._standing_out())
        said += standing_out[:_MOST_GROUPS] or [say("harmed_no_gap")]
        hidden = sum(c.suppressed for g in self.document.groups if not g.within for c in g.cells)
        if hidden:
            said.append(say("harmed_hidden", n=hidden))
        return said

    def _standing_out(self) -> Iterator[str]:
        """Differences that stand out, one a grouping, what people feel first."""
        for group in self.document.groups:
            if group.within is None:
                said = [one for cell in group.cells for one in self._at_cut(group, cell)]
                said += [one for cell in group.cells for one in self._overall(group, cell)]
                yield from said[:1]

    def _reference(self, group: Groups) -> GroupCell | None:
        return next((one for one in group.cells if one.group == group.reference), None)

    def _at_cut(self, group: Groups, cell: GroupCell) -> Iterator[str]:
        reference = self._reference(group)
        if reference is None or self.cut is None:
            return
        of_reference = [at for at in reference.at if at.cut == self.cut.id]
        for at in cell.at:
            if at.cut != self.cut.id or not of_reference:
                continue
            for gap in sorted(at.gaps, key=lambda one: _FELT.get(one.name, len(_FELT))):
                mine = find(at.figures, gap.name)
                theirs = find(of_reference[0].figures, gap.name)
                if not gap.stands_out or mine is None or theirs is None:
                    continue
                key = f"harmed_{gap.name}"
                if key in self.say.sentences and None not in (mine.value, theirs.value):
                    yield self.say(
                        key,
                        item=group.label[self.lang],
                        group=cell.label[self.lang],
                        reference=reference.label[self.lang],
                        value=round(100 * (mine.value or 0.0)),
                        other=round(100 * (theirs.value or 0.0)),
                    )

    def _overall(self, group: Groups, cell: GroupCell) -> Iterator[str]:
        reference = self._reference(group)
        for gap in cell.gaps:
            if not gap.stands_out or gap.value is None or reference is None:
                continue
            key = None
            if gap.name == "calibration_in_the_large":
                key = "harmed_higher" if gap.value > 0 else "harmed_lower"
            elif gap.name == "auc" and gap.value < 0:
                key = "harmed_worse"
            if key is not None:
                yield self.say(
                    key,
                    item=group.label[self.lang],
                    group=cell.label[self.lang],
                    reference=reference.label[self.lang],
                )

    @property
    def next(self) -> list[str]:
        """What to decide next."""
        say, document = self.say, self.document
        if document.model.purpose in ("benchmark", "historical"):
            return [say("next_benchmark")]
        keys = []
        if not document.validates:
            keys.append("next_validate")
        elif document.kind in ("same_source", "geographic"):
            keys.append("next_local")
        if not any(one.kind == "tier" for one in document.cuts):
            keys.append("next_cut")
        if document.model.purpose == "template":
            keys.append("next_template")
        if self.codes & {"too_high", "too_low"}:
            keys.append("next_recalibrate")
        if next(self._standing_out(), None) is not None:
            keys.append("next_groups")
        if document.surveillance.mostly_found_by_supervision:
            keys.append("next_surveillance")
        if document.validates:
            keys.append("next_silent")
        keys.append("next_stop")
        return [say(key) for key in keys]

    @property
    def foot(self) -> str:
        """Where the page comes from."""
        model = self.document.model
        return self.say(
            "director_foot",
            on=written_day(self.document.on, self.lang),
            model=f"{model.id}@{model.version}",
        )
