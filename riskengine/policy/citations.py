"""Every citation of a policy, and those whose text nobody has checked."""

from __future__ import annotations

from collections.abc import Iterator

from riskengine.instrument.conditions import Place
from riskengine.policy.document import Citation, PolicyDocument


def unverified(document: PolicyDocument) -> list[tuple[Place, Citation]]:
    """Citations whose text nobody has checked, with their places."""
    return [(place, cited) for place, cited in citations(document) if not cited.verified]


def citations(document: PolicyDocument) -> Iterator[tuple[Place, Citation]]:
    """Every citation of a policy with its place."""
    yield ("band_citation",), document.band_citation
    if document.initial_period is not None:
        yield ("initial_period", "citation"), document.initial_period.citation
    if document.steps is not None:
        yield ("steps", "citation"), document.steps.citation
        for i, step in enumerate(document.steps.conditions):
            yield ("steps", "conditions", i, "citation"), step.citation
    for tier, terms in document.tiers.items():
        if terms.citation is not None:
            yield ("tiers", tier.value, "citation"), terms.citation
    for i, rule in enumerate(document.rules):
        yield ("rules", i, "citation"), rule.citation
    for i, trigger in enumerate(document.triggers):
        yield ("triggers", i, "citation"), trigger.citation
    if document.relaxed_out_of_reach is not None:
        yield ("relaxed_out_of_reach", "citation"), document.relaxed_out_of_reach.citation
