"""The promotion gate: may this model go live? Pass, refuse, or cannot tell, with every reason.

A pure function of the evidence and of the thresholds in a file. A margin is met where the whole
interval lies within it; the gate refuses where the whole interval lies beyond it, or, for all
people together, where the candidate is worse with certainty and not shown to be within the margin.
In between it cannot tell, and says so: a wide interval is no permission.

For the pass all questions have to be answered well at once, so that asking many of them makes no
wrong pass more likely (Berger 1982, Technometrics 24, 295-300); it makes `cannot tell` likelier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskengine.errors import Language
from riskengine.registry.measuring import Estimate, GroupValidation, Validation
from riskengine.registry.rules import GateRules
from riskengine.reports.words import words_of
from riskengine.store.stages import Answer
from riskengine.text import Text

Ruling = Literal["pass", "refuse", "cannot_tell", "note"]
"""``note``: nothing was asked, and a reader has to know why."""

NEVER_OVERRIDDEN = frozenset(
    {"integrity", "purpose", "instrument", "outcome", "leak", "evaluation", "impact", "unsigned"}
)
"""Refusals that no two names lift: the model is not what it claims, or the law asks for it."""


@dataclass(frozen=True)
class Readiness:
    """What has to be there before a model is used for the first time.

    Attributes
    ----------
    silent_days, silent_people
        Days between the first and the last silent score, and people scored.
    impact
        ``missing``, ``other_model``, ``open``, ``unsigned`` or ``complete``.
    impact_open
        Questions of the assessment that nobody has answered.
    trained_users, stop_conditions, measurable
        How many; of the conditions, those that the monitor can look at.
    """

    silent_days: int = 0
    silent_people: int = 0
    impact: Literal["missing", "other_model", "open", "unsigned", "complete"] = "missing"
    impact_open: int = 0
    trained_users: int = 0
    stop_conditions: int = 0
    measurable: int = 0


@dataclass(frozen=True)
class Evidence:
    """Everything that the gate looks at.

    Attributes
    ----------
    on
        Day of the question.
    candidate, live
        Models with versions; no live one means first use.
    faults
        What is wrong with the candidate's own files: edited tables, goldens that do not replay.
    instruments
        Whose instrument is another one than the candidate's, in words.
    leaks
        What speaks for items that are known only afterwards, in words.
    live_calibrated
        Whether the live model gives probabilities.
    evaluation
        ``missing``; ``other`` where it is about another model, file or cohort; ``there``.
    evaluated_on
        Day of the evaluation.
    readiness
        Asked for at first use.
    unsigned
        Whether a signature is asked for and missing.
    """

    on: date
    candidate: str
    live: str | None
    purpose: str
    calibrated: bool
    live_calibrated: bool = False
    faults: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    same_outcome: bool = True
    leaks: tuple[str, ...] = ()
    evaluation: Literal["missing", "other", "there"] = "missing"
    evaluated_on: date | None = None
    validation: Validation | None = None
    readiness: Readiness | None = None
    unsigned: bool = False


@dataclass(frozen=True)
class Finding:
    """One answer of the gate.

    Attributes
    ----------
    check
        What was asked.
    key, values
        The sentence in ``data_schema/texts/registry.yaml``, and what is filled in.
    """

    check: str
    ruling: Ruling
    key: str
    values: tuple[tuple[str, object], ...] = ()

    def text(self, lang: Language) -> str:
        """The finding as a sentence."""
        filled = {name: _filled(value, lang) for name, value in self.values}
        return words_of("registry", lang)(self.key, **filled)


def _filled(value: object, lang: Language) -> object:
    return value[lang] if isinstance(value, Text) else value


@dataclass(frozen=True)
class GateReport:
    """What the gate says.

    Attributes
    ----------
    rules, rules_sha256
        The thresholds it was asked with.
    not_judged
        Item and answer of groups that are too small: no figure of theirs is kept.
    """

    answer: Answer
    findings: tuple[Finding, ...]
    rules: str
    rules_sha256: str
    not_judged: frozenset[tuple[str, str]] = frozenset()

    def of(self, *rulings: Ruling) -> tuple[Finding, ...]:
        """Findings with one of these rulings."""
        return tuple(one for one in self.findings if one.ruling in rulings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Checks that did not pass, each once."""
        return tuple(dict.fromkeys(one.check for one in self.of("refuse", "cannot_tell")))

    @property
    def can_be_overridden(self) -> bool:
        """Whether two names and a reason may put the model live all the same."""
        return not any(one.check in NEVER_OVERRIDDEN for one in self.of("refuse"))

    def lines(self, lang: Language) -> list[str]:
        """The answer and every finding, the weightiest first."""
        say = words_of("registry", lang)
        found = [say(f"answer_{self.answer}")]
        for ruling in ("refuse", "cannot_tell", "pass", "note"):
            found += [
                say(f"ruling_{ruling}", text=one.text(lang))
                for one in self.findings
                if one.ruling == ruling
            ]
        return found


def judge(evidence: Evidence, rules: GateRules) -> GateReport:
    """Ask everything, and give one answer: refuse before cannot tell before pass."""
    findings = (
        *_files(evidence),
        *_validation(evidence, rules.values),
        *_first_use(evidence, rules.values),
    )
    rulings = {one.ruling for one in findings}
    answer: Answer = "pass"
    if "refuse" in rulings:
        answer = "refuse"
    elif "cannot_tell" in rulings:
        answer = "cannot_tell"
    groups = () if evidence.validation is None else evidence.validation.groups
    small = frozenset(
        (one.item, one.group) for one in groups if one.people < rules.values["group_people"]
    )
    return GateReport(answer, findings, rules.name, rules.sha256, small)


# --- What the model is --------------------------------------------------------------------------


def _finding(check: str, ruling: Ruling, key: str | None = None, /, **values: object) -> Finding:
    return Finding(check, ruling, key or f"{check}_{ruling}", tuple(values.items()))


def _files(evidence: Evidence) -> Iterator[Finding]:
    for fault in evidence.faults:
        yield _finding("integrity", "refuse", fault=fault)
    if not evidence.faults:
        yield _finding("integrity", "pass")
    if evidence.unsigned:
        yield _finding("unsigned", "refuse")
    if evidence.purpose not in ("operational", "template"):
        yield _finding("purpose", "refuse", purpose=evidence.purpose)
    for other in evidence.instruments:
        yield _finding("instrument", "refuse", other=other)
    if not evidence.instruments and not evidence.faults:
        yield _finding("instrument", "pass")
    if not evidence.same_outcome:
        yield _finding("outcome", "refuse")
    if evidence.live_calibrated and not evidence.calibrated:
        yield _finding("loses_probability", "refuse")
    for leak in evidence.leaks:
        yield _finding("leak", "refuse", leak=leak)


# --- How good it is -----------------------------------------------------------------------------


def _validation(evidence: Evidence, ask: dict[str, float]) -> Iterator[Finding]:
    found = evidence.validation
    if found is None:
        yield _finding("events", "cannot_tell", "no_outcomes")
        return
    if found.level + 1e-9 < ask["interval_level"]:
        yield _finding("level", "refuse", level=f"{found.level:.0%}")
    if evidence.evaluation != "there":
        yield _finding("evaluation", "refuse", f"evaluation_{evidence.evaluation}")
    if found.kind in ("apparent", "not_stated"):
        yield _finding("apparent", "refuse", f"{found.kind}_refuse")
    else:
        yield _finding("apparent", "pass", kind=_KINDS[found.kind])
    yield from _fresh(evidence, ask)
    if not evidence.leaks:
        yield from _too_good(found, ask)
    # non-events are counted as well: where nearly everybody has the event, they are the rare ones
    rare = min(found.events, found.people - found.events)
    if rare < ask["least_events"]:
        yield _finding(
            "events", "cannot_tell", "few_events",
            events=found.events, people=found.people, least=f"{ask['least_events']:g}",
        )  # fmt: skip
        # with so few nothing else can pass, and a refusal would rest on a handful of people
        return
    yield _finding("events", "pass", events=found.events, people=found.people)
    yield from _beside(found, ask)
    yield from _calibrated(found, ask)
    for group in found.groups:
        yield from _group(group, found, ask)


_KINDS: dict[str, Text] = {
    "same_source": Text(zh="同一来源的其他人员", en="other people of the same source"),
    "temporal": Text(zh="同地、较晚时期的人员", en="the same place, later"),
    "geographic": Text(zh="其他地区的人员", en="another place"),
}


def _fresh(evidence: Evidence, ask: dict[str, float]) -> Iterator[Finding]:
    if evidence.evaluated_on is None:
        return
    age = (evidence.on - evidence.evaluated_on).days
    most = f"{ask['validation_days']:g}"
    if age < 0:
        yield _finding("fresh", "refuse", "fresh_future", day=evidence.evaluated_on.isoformat())
    elif age > ask["validation_days"]:
        yield _finding("fresh", "refuse", age=age, most=most)
    else:
        yield _finding("fresh", "pass", age=age, most=most)


def _too_good(found: Validation, ask: dict[str, float]) -> Iterator[Finding]:
    if found.auc is not None and found.auc > ask["too_good"]:
        yield _finding("too_good", "refuse", auc=f"{found.auc:.3f}", most=f"{ask['too_good']:g}")


def _beside(found: Validation, ask: dict[str, float]) -> Iterator[Finding]:
    """Not worse than what is in use, for everybody together."""
    if found.against == "nothing":
        yield _finding("comparison", "cannot_tell", "nothing_to_compare")
        return
    if found.brier is not None:
        margin = ask["brier_margin"] * found.reference
        yield _margin("brier", found.brier, margin, worse=1, strict=True, digits=5)
    elif found.calibrated:
        yield _finding("brier", "note", "brier_not_asked")
    if found.ranking is not None:
        yield _margin(
            "ranking", found.ranking, ask["ranking_margin"], worse=-1, strict=True, digits=3
        )
    if found.net_benefit is not None:
        margin = ask["net_benefit_margin"] * found.event_share
        yield _margin("net_benefit", found.net_benefit, margin, worse=-1, strict=True, digits=5)


def _calibrated(found: Validation, ask: dict[str, float]) -> Iterator[Finding]:
    if not found.calibrated:
        yield _finding("calibration", "note", "calibration_not_asked")
        return
    bound = ask["calibration_bound"]
    yield _within("calibration", found.calibration, -bound, bound)
    yield _within("slope", found.slope, ask["slope_low"], ask["slope_high"])


def _group(group: GroupValidation, found: Validation, ask: dict[str, float]) -> Iterator[Finding]:
    """No group harmed beyond a stated bound, and each calibrated within its own."""
    who = {"item": group.item_label, "group": group.label}
    if group.people < ask["group_people"]:
        yield _finding("group", "note", "group_not_judged", **who)
        return
    if min(group.events, group.people - group.events) < ask["group_events"]:
        yield _finding("group_events", "cannot_tell", **who, least=f"{ask['group_events']:g}")
        return
    findings = []
    if found.calibrated:
        bound = ask["group_calibration_bound"]
        findings.append(_within("group_calibration", group.calibration, -bound, bound, **who))
    margins: tuple[tuple[str, Estimate | None, float, int, int], ...] = (
        ("group_brier", group.brier, ask["group_brier_margin"] * group.reference, 1, 5),
        (
            *("group_net_benefit", group.net_benefit),
            *(ask["group_net_benefit_margin"] * group.event_share, -1, 5),
        ),
        (
            *("group_false_positive", group.false_positive_rate),
            *(ask["group_false_positive_margin"], 1, 3),
        ),
        (
            *("group_false_negative", group.false_negative_rate),
            *(ask["group_false_negative_margin"], 1, 3),
        ),
    )
    for check, estimate, margin, worse, digits in margins:
        if estimate is not None:
            findings.append(
                _margin(check, estimate, margin, worse=worse, strict=False, digits=digits, **who)
            )
    failed = [one for one in findings if one.ruling != "pass"]
    yield from failed or [_finding("group", "pass", **who, asked=len(findings))]


def _margin(
    check: str,
    found: Estimate,
    margin: float,
    *,
    worse: int,
    strict: bool,
    digits: int,
    **who: object,
) -> Finding:
    """Not worse by more than a margin.

    Parameters
    ----------
    worse
        Sign of a change for the worse.
    strict
        Refuse also where the change for the worse is certain and may be beyond the margin. Not for
        groups: among many, one would look so by chance.
    """
    low, high = sorted((worse * found.low, worse * found.high))
    ruling: Ruling = "cannot_tell"
    if high <= margin:
        ruling = "pass"
    elif low > margin or (strict and low > 0):
        ruling = "refuse"
    return _finding(
        check,
        ruling,
        **who,
        value=f"{found.value:+.{digits}f}",
        low=f"{found.low:+.{digits}f}",
        high=f"{found.high:+.{digits}f}",
        margin=f"{worse * margin:+.{digits}f}",
    )


def _within(
    check: str, found: Estimate | None, lowest: float, highest: float, **who: object
) -> Finding:
    """Between two bounds with the whole interval; refused where the whole lies outside."""
    bounds = {"lowest": f"{lowest:g}", "highest": f"{highest:g}"}
    if found is None:
        return _finding(check, "cannot_tell", f"{check}_none", **who)
    ruling: Ruling = "cannot_tell"
    if lowest <= found.low and found.high <= highest:
        ruling = "pass"
    elif found.high < lowest or found.low > highest:
        ruling = "refuse"
    values = {
        "value": f"{found.value:.2f}", "low": f"{found.low:.2f}", "high": f"{found.high:.2f}"
    }  # fmt: skip
    return _finding(check, ruling, **who, **values, **bounds)


# --- First use ----------------------------------------------------------------------------------


def _first_use(evidence: Evidence, ask: dict[str, float]) -> Iterator[Finding]:
    """A first model changes practice: it runs silent, people are trained, it can be stopped."""
    ready = evidence.readiness
    if evidence.live is not None or ready is None:
        return
    days, people = f"{ask['silent_days']:g}", f"{ask['silent_people']:g}"
    silent = (
        ready.silent_days >= ask["silent_days"] and ready.silent_people >= ask["silent_people"]
    )
    yield _finding(
        "silent", _passed(silent),
        days=ready.silent_days, people=ready.silent_people, least_days=days, least_people=people,
    )  # fmt: skip
    if ready.impact == "complete":
        yield _finding("impact", "pass")
    else:
        yield _finding("impact", "refuse", f"impact_{ready.impact}", open=ready.impact_open)
    trained = ready.trained_users >= ask["trained_users"]
    yield _finding(
        "users", _passed(trained), users=ready.trained_users, least=f"{ask['trained_users']:g}"
    )
    stoppable = ready.stop_conditions > 0 and ready.measurable > 0
    yield _finding(
        "stop", _passed(stoppable),
        conditions=ready.stop_conditions, measurable=ready.measurable,
    )  # fmt: skip


def _passed(well: bool) -> Ruling:
    return "pass" if well else "refuse"
