"""Dangers that a named official deals with on the same day; none of them moves a tier."""

from __future__ import annotations

from collections.abc import Callable

from riskengine.policy.statutory import Case, SafetyAlert
from riskengine.text import Text


def _harm_to_others(kind: str) -> Callable[[Case], tuple[str, ...]]:
    def check(case: Case) -> tuple[str, ...]:
        now = case.known.get("harm_to_others_now", ())
        return ("harm_to_others_now",) if isinstance(now, tuple) and kind in now else ()

    return check


def _domestic_violence(case: Case) -> tuple[str, ...]:
    found = _harm_to_others("current_domestic_violence")(case)
    if case.known.get("domestic_violence") == "current_perpetrator":
        found += ("domestic_violence",)
    return found


def _self_harm(case: Case) -> tuple[str, ...]:
    return ("self_harm_flag",) if case.known.get("self_harm_flag") in ("2", "3") else ()


ALERTS = (
    SafetyAlert(
        id="domestic_violence",
        label=Text(zh="当前家庭暴力", en="Domestic violence now"),
        task=Text(
            zh="当日由指定工作人员联系受害人支持与公安机关，评估安全措施。",
            en="Same day: a named official contacts victim support and police about safety.",
        ),
        check=_domestic_violence,
    ),
    SafetyAlert(
        id="threat",
        label=Text(zh="威胁特定的人", en="Threat to a named person"),
        task=Text(
            zh="当日由指定工作人员核实，并依法通报公安机关。",
            en="Same day: a named official verifies it and informs the police as the law says.",
        ),
        check=_harm_to_others("threat_to_named_person"),
    ),
    SafetyAlert(
        id="no_contact_breach",
        label=Text(zh="违反不得接触的规定", en="Breach of a no-contact order"),
        task=Text(
            zh="当日由指定工作人员核实，依法处置；这不由管理类别处理。",
            en="Same day: a named official verifies it and acts under the law; no tier does that.",
        ),
        check=_harm_to_others("no_contact_breach"),
    ),
    SafetyAlert(
        id="self_harm",
        label=Text(zh="自伤自杀风险", en="Risk of self-harm"),
        task=Text(
            zh="当日由指定工作人员面谈，并联系心理援助或医疗机构。",
            en="Same day: a named official talks to the person and calls in crisis or medical "
            "help.",
        ),
        check=_self_harm,
    ),
)
