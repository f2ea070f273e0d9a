"""The sentences of a policy, each with its place, for constraints that read what a policy asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from riskengine.errors import shown
from riskengine.policy.document import PolicyDocument

Part = Literal["contact", "moving", "telling", "other"]
"""``contact``: what a tier or rule asks of the person. ``moving``: a rule, period or step that
moves a tier. ``telling``: a rule that only says something. ``other``: any other sentence."""

_SILENT = frozenset({"citation", "band_citation", "description", "note", "source_sha256", "title"})
_MOVING = frozenset({"floor", "cap", "set", "schedule"})


class Sentence(NamedTuple):
    """One text of a policy and where it stands."""

    part: Part
    place: str
    text: str


def sentences(policy: PolicyDocument) -> Iterator[Sentence]:
    """Every text of a policy that asks, moves or tells; citations and its description do not."""
    whole = policy.model_dump(mode="json", exclude_none=True)
    for rule in whole.pop("rules", ()):
        moves = rule["effect"]["kind"] in _MOVING
        place = f"rule [{rule['id']}]"
        part: Part = "moving" if moves else "telling"
        yield Sentence(part, place, rule["id"].replace("_", " "))
        for key in ("title", "reason"):
            for text in rule[key].values():
                yield Sentence(part, place, text)
        yield from _contacts(rule["effect"], place)
    for tier, terms in whole.pop("tiers", {}).items():
        yield from _contacts(terms, f"tier [{tier}]")
    for key in ("initial_period", "steps"):
        for text in (whole.pop(key, None) or {}).get("reason", {}).values():
            yield Sentence("moving", key, text)
    yield from _others(whole, "policy")


def _contacts(holder: dict[str, Any], place: str) -> Iterator[Sentence]:
    for contact in holder.get("contacts", ()):
        where = f"{place} contact [{contact['kind']}]"
        yield Sentence("contact", where, contact["kind"].replace("_", " "))
        for text in contact["label"].values():
            yield Sentence("contact", where, text)


def _others(value: Any, place: str) -> Iterator[Sentence]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in _SILENT:
                yield from _others(one, f"{place}.{key}")
    elif isinstance(value, list):
        for position, one in enumerate(value):
            yield from _others(one, f"{place}[{position}]")
    elif isinstance(value, str):
        yield Sentence("other", place, value)


def matching(
    policy: PolicyDocument,
    words: re.Pattern[str],
    *parts: Part,
    why: str,
    unless: re.Pattern[str] | None = None,
) -> Iterator[str]:
    """Say of every sentence in which the words occur where it stands, and why it may not.

    Parameters
    ----------
    unless
        Phrases that are allowed; what is left of a sentence without them is looked at.
    """
    for sentence in sentences(policy):
        left = sentence.text if unless is None else unless.sub(" ", sentence.text)
        if sentence.part in parts and words.search(left):
            yield f"{sentence.place} {shown(sentence.text)}: {why}"
