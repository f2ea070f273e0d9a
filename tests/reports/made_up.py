"""A recommendation made by hand, so that a page can be tested without any model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riskengine.recommendation import Recommendation


def answer(item: str, **changes: Any) -> dict[str, Any]:
    return {
        "item": item,
        "label": f"Label of {item}",
        "answer": f"answer to {item}",
        "known": True,
        "changeable": False,
        "disclosure": "open",
        "source": "file",
        "on": "2026-03-01",
        "by": "S-1",
        **changes,
    }


def factor(item: str, contribution: int, **changes: Any) -> dict[str, Any]:
    return {
        "term": item,
        "answers": [answer(item, **changes)],
        "contribution": contribution,
        "log_odds": contribution / 10,
        "changeable": changes.get("changeable", False),
    }


def rule(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"title of {name}",
        "effect": "floor",
        "tier": "strict",
        "binding": False,
        "reason": f"Reason of {name}.",
        "citation": f"Law about {name}",
        "verified": True,
        "reports": {},
        **changes,
    }


def document(lang: str = "en", **changes: Any) -> dict[str, Any]:
    """JSON-like content of a recommendation with something in every room of the page."""
    return {
        "format": "riskengine/recommendation/1",
        "lang": lang,
        "status": "recommended",
        "headline": "Recommended: strict",
        "person": "P-1",
        "assessment": "A-1",
        "assessed_on": "2026-03-01",
        "on": "2026-03-02",
        "research": False,
        "outcome": {
            "id": "o",
            "label": "Some outcome",
            "horizon_days": 365,
            "about": "About the outcome.",
        },
        "tiers": [{"tier": "strict", "label": "strict"}],
        "without_initial_period": {"tier": "ordinary", "label": "ordinary"},
        "takes_effect_on": "2026-04-20",
        "score": {
            "value": 7,
            "intercept": 2,
            "form": "points",
            "scale": "relative",
            "log_odds": 0.7,
            "band": {"tier": "ordinary", "label": "ordinary"},
            "position": 62.5,
            "reference": "an illustrative population",
        },
        "risk": None,
        "factors": [
            factor("companions", 6, changeable=True),
            factor("age", -3),
            factor("alcohol", 2, changeable=True, disclosure="third_party", source="family"),
            factor("work", 0),
            factor("drugs", 0, known=False, answer="refused", source=None, on=None, by=None),
        ],
        "item_view": None,
        "rules": [
            rule("score_band", effect="band", tier="ordinary"),
            rule("warned", binding=True, verified=False, reports={"Warnings": "1"}),
        ],
        "why_not_lower": ["Because of a warning."],
        "unchecked_rules": [{"id": "some_rule", "title": "Some rule"}],
        "asked_not_scored": ["Gambling"],
        "stability": {"value": 0.7, "model_share": 0.4, "words": "About seven in ten."},
        "missing": {
            "items": [
                {"item": "drugs", "label": "Drug use", "code": "refused", "low": 0, "high": 4}
            ],
            "score_low": 7,
            "score_high": 11,
            "tier_low": "strict",
            "tier_high": "strict",
            "exact": True,
            "next_question": "Drug use",
        },
        "alerts": [
            {
                "id": "a",
                "label": "Threat",
                "task": "Act today.",
                "items": ["threat"],
                "disclosure": "third_party",
            }
        ],
        "needs": [
            {"id": "n", "label": "Work", "assistance": ["A job.", "A course."], "items": ["work"]}
        ],
        "review_on": "2026-04-01",
        "contacts": [{"kind": "talk", "label": "Talk", "times": 2, "per_days": 30}],
        "cautions": [
            {"id": "c", "text": "Mind this.", "citation": "Rule nobody read", "verified": False}
        ],
        "validation": {"level": "literature_only", "words": "Literature only."},
        "provenance": {
            "engine": "0.1.0",
            "instrument": "i@1.0.0",
            "instrument_sha256": "a" * 64,
            "model": "m@1.0.0",
            "model_sha256": "b" * 64,
            "policy": "p@1.0.0",
            "policy_sha256": "c" * 64,
            "jurisdiction": "cn",
            "statutory_set": "cn@1.0.0",
        },
        **changes,
    }


CALIBRATED: dict[str, Any] = {
    "risk": {
        "probability": "0.123000000",
        "low": "0.100000000",
        "high": "0.150000000",
        "level": 0.9,
        "words": "Of 100 people about 12.",
    },
    "item_view": {
        "denominator": 4,
        "baseline": 10,
        "baseline_risk": "0.080000000",
        "items": [
            {
                "item": "companions",
                "label": "Companions",
                "contribution": 18,
                "percentage_points": "0.043000000",
            }
        ],
    },
}

STOPPED: dict[str, Any] = {
    "status": "incomplete",
    "headline": "No recommendation yet",
    "tiers": [],
    "without_initial_period": None,
    "takes_effect_on": None,
    "score": None,
    "factors": [],
    "rules": [rule("H03", effect="hold", tier=None, binding=True)],
    "why_not_lower": [],
    "unchecked_rules": [],
    "asked_not_scored": [],
    "stability": None,
    "missing": None,
    "review_on": None,
    "contacts": [],
}

RESEARCH: dict[str, Any] = {
    **CALIBRATED,
    "status": "score_only",
    "research": True,
    "headline": "Research mode",
    "tiers": [],
    "without_initial_period": None,
    "takes_effect_on": None,
    "rules": [],
    "why_not_lower": [],
    "needs": [],
    "alerts": [],
    "contacts": [],
    "review_on": None,
}


def recommendation(lang: str = "en", **changes: Any) -> Recommendation:
    return Recommendation.model_validate(document(lang, **changes), strict=False)


# values that the shape itself restricts, and so cannot be hostile
_CLOSED = {
    "format", "lang", "status", "tier", "form", "scale", "effect", "code", "disclosure", "source",
    "probability", "low", "high", "percentage_points", "baseline_risk", "assessed_on", "on",
    "takes_effect_on", "review_on", "tier_low", "tier_high",
}  # fmt: skip


def with_texts(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    """Change every free text, keys of reports included."""
    if isinstance(value, dict):
        if key == "reports":
            return {change(k): change(v) for k, v in value.items()}
        return {k: with_texts(v, change, k) for k, v in value.items()}
    if isinstance(value, list):
        return [with_texts(one, change, key) for one in value]
    if isinstance(value, str) and key not in _CLOSED:
        return change(value)
    return value
