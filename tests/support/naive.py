"""A deliberately naive second evaluator of ``model.json``.

It reads the JSON as a plain dictionary and shares no code with the engine: loops, if statements
and Python integers only. (A deployed tool once shipped with coding errors for years.)
"""

from __future__ import annotations

NOT_KNOWN = ("not_asked", "refused", "not_applicable", "unknown")


def state(axis: dict, answer: object) -> int:
    known = len(axis["groups"]) if axis.get("groups") else len(axis["cuts"]) + 1
    if isinstance(answer, str) and answer in NOT_KNOWN:
        for position, codes in enumerate(axis["not_known"]):
            if answer in codes:
                return known + position
        raise AssertionError(answer)
    if axis.get("groups"):
        word = {True: "true", False: "false"}[answer] if isinstance(answer, bool) else answer
        for position, group in enumerate(axis["groups"]):
            if word in group:
                return position
        raise AssertionError(answer)
    position = 0
    for cut in axis["cuts"]:
        if answer >= cut:
            position += 1
    return position


def contributions(model: dict, answers: dict) -> list[int]:
    axes = {axis["id"]: axis for axis in model["axes"]}
    found = []
    for term in model["terms"]:
        if term["kind"] == "linear":
            value = answers.get(term["item"], "not_asked")
            if isinstance(value, str):
                value = term["reference_mean"]
            low, high = term["valid"]
            if value < low:
                value = low
            if value > high:
                value = high
            found.append(int(round(term["slope"] * value)))
            continue
        index = 0
        for axis_id in term["axes"]:
            axis = axes[axis_id]
            known = len(axis["groups"]) if axis.get("groups") else len(axis["cuts"]) + 1
            size = known + len(axis["not_known"])
            index = index * size + state(axis, answers.get(axis["item"], "not_asked"))
        found.append(term["cells"][index])
    return found


def score(model: dict, answers: dict) -> int:
    total = model["intercept"]
    for part in contributions(model, answers):
        total += part
    return total
