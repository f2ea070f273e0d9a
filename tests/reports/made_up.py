"""A recommendation made by hand, so that a page can be tested without any model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riskengine.explanation.document import Explanation
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
    "takes_effect_on", "review_on", "tier_low", "tier_high", "direction", "state", "points",
    "earliest", "readers", "baseline_points",
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


# ------------------------------------------------------------------ an explanation


def reason(item: str, contribution: int, **changes: Any) -> dict[str, Any]:
    direction = "raises" if contribution > 0 else "lowers" if contribution < 0 else "none"
    return {
        "item": item,
        "label": f"Label of {item}",
        "domain": "d",
        "answer": answer(item),
        "direction": direction,
        "changeable": False,
        "contribution": contribution,
        "points": f"{contribution / 4:.9f}",
        "log_odds": contribution / 40,
        "percentage_points": None,
        "words": f"Words about {item}.",
        "told": f"Told about {item}.",
        **changes,
    }


def change_set(*items: str) -> dict[str, Any]:
    return {
        "changes": [
            {
                "item": item,
                "label": f"Label of {item}",
                "now": f"now {item}",
                "then": f"then {item}",
                "earliest": "2026-06-01",
            }
            for item in items
        ],
        "score": 3,
        "tier": {"tier": "ordinary", "label": "ordinary"},
        "earliest": "2026-06-01",
    }


def domain(name: str, *reasons: dict[str, Any]) -> dict[str, Any]:
    return {
        "domain": name,
        "label": f"Domain {name}",
        "contribution": sum(one["contribution"] for one in reasons),
        "reasons": list(reasons),
    }


ITEM_VIEW: dict[str, Any] = {
    "denominator": 4,
    "baseline": 6,
    "baseline_risk": None,
    "items": [
        {"item": name, "label": f"Label of {name}", "contribution": c, "percentage_points": None}
        for name, c in (("companions", 24), ("alcohol", 8), ("age", -10))
    ],
}


def explained(lang: str = "en", rest: dict[str, Any] | None = None, **changes: Any) -> Any:
    """JSON-like content of an explanation; ``changes`` go to its recommendation."""
    inner = document(lang, **{"item_view": ITEM_VIEW, **changes})
    scored = inner["score"] is not None
    return {
        "format": "riskengine/explanation/1",
        "lang": lang,
        "recommendation": inner,
        "reasons": {
            "reference": "an illustrative population",
            "denominator": 4,
            "baseline": 6,
            "baseline_points": "1.500000000",
            "baseline_log_odds": 0.15,
            "baseline_risk": None,
            "domains": [
                domain(
                    "ties",
                    reason("companions", 24, changeable=True),
                    reason("alcohol", 8, changeable=True),
                ),
                domain("past", reason("age", -10)),
            ],
            "score_said": "The score says ordinary.",
            "rules_did": "",
        }
        if scored
        else None,
        "changes": {
            "state": "sets" if scored and not inner["research"] else "no_tier",
            "largest": 3,
            "sets": [change_set("companions"), change_set("alcohol", "work")]
            if scored and not inner["research"]
            else [],
            "words": "These conditions are looked at.",
        },
        "how_sure": {
            "stability": "About seven in ten.",
            "edge": "Two points to the edge.",
            "to_lower": 2,
            "to_higher": 3,
            "people_like": None,
            "like_words": "Fewer than twenty people are like this one.",
            "rare": [
                {
                    "item": "age",
                    "label": "Label of age",
                    "answer": "99",
                    "share": 0.001,
                    "words": "Few had this age.",
                }
            ],
            "validation": "Literature only.",
            "frequency": None,
            "both_tiers": None,
        }
        if scored
        else None,
        "withheld": [
            {
                "item": "alcohol",
                "label": "Label of alcohol",
                "disclosure": "third_party",
                "ground": "Somebody else said so.",
                "citation": "Law on secrets",
                "readers": ["person", "referral", "export"],
            }
        ],
        "open_view": {
            "closed": ["alcohol"],
            "headline": "Suggested: strict. Staff decide.",
            "about": "About the outcome, for you.",
            "rules_did": "A rule did this.",
            "raises": [
                {"label": f"Label of {n}", "told": f"Told about {n}.", "changeable": n < "c"}
                for n in ("a", "b", "c", "d", "e")
            ],
            "lowers": [{"label": "Label of age", "told": "Told about age.", "changeable": False}],
            "held": "Information is held, ask for review.",
            "unanswered": ["Drug use"],
            "looked_at": ["Companions"],
            "how_sure": "A score can be wrong.",
            "needs": [
                {"id": "n", "label": "Work", "assistance": ["A job.", "A course."], "items": []}
            ],
            "rights": ["Ask for grounds.", "Ask for a review."],
            "cautions": ["About groups.", "Not how serious."],
        },
        **(rest or {}),
    }


def explanation(lang: str = "en", rest: dict[str, Any] | None = None, **changes: Any) -> Any:
    return Explanation.model_validate(explained(lang, rest, **changes), strict=False)
