"""Runs the hand-written cases of ``tests/cases/policy`` and says where they come out otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from riskengine.authoring.yaml_source import read_yaml
from riskengine.instrument.assessment import Assessment
from riskengine.policy.bands import CutOffs
from riskengine.policy.calendar import review_state, strict_ends_on
from riskengine.policy.compiled import Policy, compile_policy
from riskengine.policy.document import Citation
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.progress import progress
from riskengine.policy.ruling import Hold, Ruling, review_on, rule_on
from riskengine.policy.tiers import Tier
from riskengine.store.lookup import find_instrument, find_policy
from riskengine.text import Text

CASES = Path(__file__).parents[1] / "cases" / "policy"
CUTS = CutOffs(relaxed_below=3, strict_from=8)
BANDS = {"low": Tier.RELAXED, "middle": Tier.ORDINARY, "high": Tier.STRICT}
KEYS = {
    "name", "term", "on", "kind", "score", "answers", "decided", "events", "alert_open", "expect",
}  # fmt: skip
ALERT = Text(zh="安全提醒未了结", en="A safety alert is open.")
OPEN_ALERT = Hold("open_alert", ALERT, ALERT, Citation(text=ALERT, verified=True))


@dataclass(frozen=True)
class Case:
    """One case with the file and line where it stands."""

    file: str
    line: int
    profile: str
    raw: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.raw['name']}"


def cases(path: Path) -> Iterator[Case]:
    source = read_yaml(path)
    for i, raw in enumerate(source.value["cases"]):
        yield Case(path.name, source.line(("cases", i)), source.value["profile"], raw)


def every_case() -> list[Case]:
    return [case for path in sorted(CASES.glob("*.yaml")) for case in cases(path)]


def compiled(profile: str) -> Policy:
    document, _ = find_policy(profile)
    return compile_policy(document, find_instrument(document.instrument), CUTS)


def differences(case: Case, policy: Policy) -> list[str]:
    """What comes out otherwise than the case expects; a key that nobody knows is an error."""
    raw = case.raw
    unknown = set(raw) - KEYS
    if unknown:
        raise ValueError(f"{case}: unknown key {sorted(unknown)}")
    on = date.fromisoformat(raw.get("on", "2026-06-01"))
    assessment = _assessment(raw, policy, on)
    history = [
        PastTier(Tier(tier), date.fromisoformat(day)) for tier, day in _pairs(raw, "decided")
    ]
    events = None
    if "events" in raw:
        events = [PastEvent(kind, date.fromisoformat(day)) for kind, day in _pairs(raw, "events")]
    score = CUTS.score_in(BANDS[raw.get("score", "low")])
    ruling = rule_on(
        policy, assessment, score=score, on=on, history=history, events=events,
        holds=[OPEN_ALERT] if raw.get("alert_open") else [],
    )  # fmt: skip
    found = _found(policy, assessment, ruling, score, on, history, events)
    expected = raw["expect"]
    if not {"tier", "rests_on"} <= set(expected) <= set(found):
        raise ValueError(f"{case}: expect needs tier and rests_on, and knows {sorted(found)}")
    wrong = []
    for key, value in expected.items():
        got = found[key]
        if key == "not_yet":
            got = {name: got.get(name) for name in value}
        if got != value:
            wrong.append(f"{case}: {key} is [{got}], expected [{value}]")
    return wrong


def _pairs(raw: Mapping[str, Any], key: str) -> Iterator[tuple[Any, str]]:
    for entry in raw.get(key, []):
        yield from entry.items()


def _assessment(raw: Mapping[str, Any], policy: Policy, on: date) -> Assessment:
    term = raw.get("term", {"start": "2025-12-01", "end": "2027-11-30"})
    answers: dict[str, Any] = {}
    if term != "none":
        answers = {
            "legal_status": "02",
            "start_date": term["start"],
            "end_date": term["end"],
            "admonitions_n": 0,
            "warnings_n": 0,
            "ps_penalties_n": 0,
            "last_appraisal": "pass",
            "special_category": "none",
        }
    return Assessment.from_dict(
        {
            "person": "CASE-1",
            "kind": raw.get("kind", "reassessment"),
            "assessed_on": on.isoformat(),
            "answers": {**answers, **raw.get("answers", {})},
        },
        policy.instrument,
    )


def _found(
    policy: Policy, assessment: Assessment, ruling: Ruling, score: int, on: date,
    history: list[PastTier], events: list[PastEvent] | None,
) -> dict[str, Any]:  # fmt: skip
    ahead = progress(policy, ruling, score)
    review = review_state(policy, assessment, on=on, history=history, events=events)
    strict = ruling.tier is Tier.STRICT
    earliest = None if ahead is None else ahead.earliest
    return {
        "tier": ruling.tier.value,
        "rests_on": ruling.binding.id,
        "earliest": "not by time alone" if earliest is None else earliest.isoformat(),
        "not_yet": {} if ahead is None else {one.id: one.state for one in ahead.conditions},
        "review_by": review_on(policy, assessment, ruling.tier, on=on).isoformat(),
        "strict_until": strict_ends_on(policy, assessment, on=on).isoformat() if strict else None,
        "overdue_days": review.overdue_days,
        "review_because": review.because,
        "unchecked": [one.id for one in ruling.unchecked],
        "cautions": [one.id for one in ruling.warnings],
    }
