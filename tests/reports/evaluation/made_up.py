"""A made-up evaluation with everything in it: nobody in it exists."""

from __future__ import annotations

from datetime import date
from typing import Any

from riskengine.evaluation.document import Evaluation

_FORTY = 2**40


def both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def figure(name: str, value: float, low: float | None = None, high: float | None = None):
    return {"name": name, "value": value, "low": low, "high": high}


def _at(cut: str, fpr: float, fnr: float, gap: bool) -> dict[str, Any]:
    gaps = [
        {"name": "false_positive_rate", "value": 0.12, "low": 0.05, "high": 0.19, "p": 0.001,
         "stands_out": True},
    ]  # fmt: skip
    figures = [
        figure("share_flagged", fpr + 0.05, fpr + 0.02, fpr + 0.08),
        figure("false_positive_rate", fpr, fpr - 0.03, fpr + 0.03),
        figure("false_negative_rate", fnr, fnr - 0.1, fnr + 0.1),
    ]
    return {"cut": cut, "figures": figures, "gaps": gaps if gap else []}


def _cell(group: str, label: dict[str, str], people: int, fpr: float, *, gap: bool = False):
    return {
        "group": group, "label": label, "people": people, "events": people // 10,
        "figures": [figure("event_share", 0.1, 0.08, 0.12), figure("auc", 0.7, 0.65, 0.75),
                    figure("observed_expected", 1.1, 0.9, 1.3)],
        "at": [_at("strict", fpr, 0.5, gap)],
    }  # fmt: skip


def made_up(**changed: Any) -> Evaluation:
    """An evaluation on another made-up district; keys are replaced as they are given."""
    edges = [-3.0 * _FORTY + at * 0.3 * _FORTY for at in range(16)]
    thresholds = [0.02 + 0.01 * at for at in range(26)]
    value: dict[str, Any] = {
        "format": "riskengine/evaluation/1",
        "kind": "geographic",
        "kind_by": "stated",
        "kind_words": {"zh": "外地验证：这些人来自另一个地方。",
                       "en": "Geographic validation: people of another place."},
        "on": date(2026, 3, 2),
        "model": {
            "id": "made_up", "version": "1.0.0", "sha256": "1" * 64,
            "title": {"zh": "示例模型", "en": "An example model"},
            "instrument": {"id": "cn_community_corrections", "version": "1.0.0",
                           "sha256": "2" * 64},
            "outcome": "serious_noncompliance_12m",
            "outcome_label": {"zh": "严重不遵守", "en": "serious non-compliance"},
            "horizon_days": 365, "scale": "calibrated", "form": "full", "purpose": "template",
            "validation": "calibrated_in_pool",
            "trained_on": {"zh": "虚构的甲县", "en": "a made-up county"}, "training_people": 3600,
        },
        "cohort": {
            "source": "district_b.csv", "sha256": "3" * 64,
            "population": {"zh": "虚构的乙县 2023—2024 年入矫人员。",
                           "en": "People who started in a made-up district in 2023-24."},
            "rows": 2100, "people": 2000, "events": 200, "effective": 1900.0, "weighted": True,
            "rejected": 20, "unlabelled": 50, "outside": 30,
            "first": date(2023, 1, 4), "last": date(2024, 6, 30),
        },
        "policy": {"id": "cn_default", "version": "1.0.0", "sha256": "4" * 64,
                   "title": {"zh": "示例政策", "en": "An example policy"},
                   "relaxed_below": -_FORTY, "strict_from": _FORTY // 2},
        "method": {"draws": 2000, "seed": 0, "level": 0.95, "smallest": 20, "fewest_events": 50,
                   "smoother": both("spline"), "versions": {"numpy": "2.4"}},
        "notices": [
            {"code": "weighted", "severity": "note",
             "text": {"zh": "随访不足者按权重处理。", "en": "Incomplete follow-up is weighted."}},
            {"code": "too_high", "severity": "warning",
             "text": {"zh": "预测总体偏高。", "en": "Predictions are too high overall."}},
        ],
        "figures": [
            figure("event_share", 0.1, 0.087, 0.113), figure("mean_risk", 0.12, 0.118, 0.122),
            figure("auc", 0.712, 0.68, 0.74), figure("brier", 0.083, 0.075, 0.091),
            figure("observed_expected", 0.84, 0.73, 0.95),
            {"name": "calibration_slope", "why_not": "separated"},
        ],
        "spread": {"quantiles": [-3 * _FORTY, _FORTY], "edges": edges,
                   "without_event": [20.0, 60, 130, 210, 260, 280, 250, 200, 150, 100, 65, 40,
                                     20, 10, 5],
                   "with_event": [1.0, 3, 6, 11, 17, 23, 26, 27, 24, 20, 16, 12, 8, 4, 2]},
        "calibration": {
            "bins": [{"people": 200, "weight": 200.0, "predicted": p,
                      "observed": figure("event_share", 0.8 * p, 0.6 * p, p)}
                     for p in (0.02, 0.05, 0.09, 0.15, 0.3)],
            "curve": [{"predicted": p / 100, "observed": 0.008 * p, "low": 0.006 * p,
                       "high": 0.011 * p} for p in range(1, 34)],
            "edges": [at / 100 for at in range(0, 36, 5)],
            "without_event": [500.0, 400, 300, 200, 150, 100, 50],
            "with_event": [5.0, 15, 30, 40, 45, 40, 25],
        },
        "cuts": [
            {"id": "strict", "kind": "tier", "label": {"zh": "严管", "en": "strict"},
             "score": _FORTY // 2, "risk": 0.2,
             "figures": [figure("share_flagged", 0.15, 0.13, 0.17),
                         figure("sensitivity", 0.42, 0.35, 0.49),
                         figure("specificity", 0.88, 0.86, 0.9), figure("ppv", 0.28, 0.23, 0.33),
                         figure("npv", 0.93, 0.92, 0.94), figure("lift", 2.8, 2.3, 3.3)]},
            {"id": "not_relaxed", "kind": "tier",
             "label": {"zh": "普管及以上", "en": "ordinary or strict"},
             "score": -_FORTY, "risk": 0.06,
             "figures": [figure("share_flagged", 0.7, 0.68, 0.72)]},
        ],
        "operating_cut": "strict",
        "decision_curve": {
            "people": 2000, "thresholds": thresholds,
            "strategies": [
                {"id": "model", "label": {"zh": "本模型", "en": "this model"},
                 "net_benefit": [0.1 * (1 - t / 0.3) ** 2 for t in thresholds],
                 "low": [0.1 * (1 - t / 0.3) ** 2 - 0.008 for t in thresholds],
                 "high": [0.1 * (1 - t / 0.3) ** 2 + 0.008 for t in thresholds]},
                {"id": "all", "label": {"zh": "全部标出", "en": "everybody flagged"},
                 "net_benefit": [0.1 - 0.9 * t / (1 - t) for t in thresholds]},
                {"id": "none", "label": {"zh": "都不标出", "en": "nobody flagged"},
                 "net_benefit": [0.0 for _ in thresholds]},
            ],
        },
        "comparisons": [{
            "against": "incumbent", "label": {"zh": "现用评分", "en": "score in use"},
            "name": "old_score", "people": 2000, "events": 200, "probabilities": False,
            "first": [figure("auc", 0.712, 0.68, 0.74)],
            "second": [figure("auc", 0.64, 0.6, 0.68)],
            "differences": [{"name": "auc", "value": 0.072, "low": 0.04, "high": 0.1, "p": 0.001}],
        }],
        "groups": [
            {"item": "sex", "label": {"zh": "性别", "en": "Sex"}, "reference": "male",
             "cells": [_cell("male", {"zh": "男", "en": "male"}, 1700, 0.1),
                       _cell("female", {"zh": "女", "en": "female"}, 300, 0.22, gap=True)],
             "trade_off": {"zh": "各群体发生率不同时，两者不能兼得。",
                           "en": "Where base rates differ, both cannot be had at once."}},
            {"item": "area_type", "label": {"zh": "城乡", "en": "Area"}, "reference": "rural",
             "cells": [_cell("rural", {"zh": "农村", "en": "rural"}, 1500, 0.12),
                       {"group": "urban", "label": {"zh": "城镇", "en": "urban"},
                        "suppressed": True}]},
            {"item": "sex", "label": {"zh": "性别", "en": "Sex"}, "reference": "male",
             "within": ["correction_type", "probation"],
             "within_label": {"zh": "缓刑", "en": "probation"},
             "cells": [_cell("male", {"zh": "男", "en": "male"}, 1200, 0.1)]},
        ],
        "multiplicity": {"looked_at": 24, "by_chance": 1.2, "outside": 3, "stand_out": 1},
        "stability": {"people": 2000, "bound": 0.8, "mean": 0.86, "either": 0.22,
                      "model_share": 0.4,
                      "tiers": [{"tier": "strict", "people": 300, "mean": 0.81, "either": 0.3}]},
        "surveillance": {
            "outcome_by_discretion": True, "mostly_found_by_supervision": True,
            "contacts_column": "visits", "tiers_are": "by_score",
            "tiers": [{"tier": "strict", "label": {"zh": "严管", "en": "strict"}, "people": 300,
                       "events": 84, "figures": [figure("event_share", 0.28, 0.23, 0.33)],
                       "bands": [{"low": 0.0, "high": 4.0, "suppressed": True}]}],
            "words": [{"zh": "接触越多，发现越多。",
                       "en": "The more contact, the more is found."}],
        },
    }  # fmt: skip
    value |= changed
    return Evaluation.model_validate(value, strict=False)
