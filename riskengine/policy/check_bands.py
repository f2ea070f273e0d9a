"""Whether the bands of a policy give every score one tier."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from riskengine.policy.document import Bands, PointBands, PointRangeBands, ProbabilityBands
from riskengine.policy.fault import Fault
from riskengine.policy.tiers import Tier

_DOWNWARD = (Tier.RELAXED, Tier.ORDINARY, Tier.STRICT)


def band_faults(bands: Bands) -> Iterator[Fault]:
    """Find gaps, overlaps, and bands that leave no ordinary tier."""
    match bands:
        case PointBands():
            if bands.relaxed_below >= bands.strict_from:
                yield Fault(
                    ("bands", "relaxed_below"),
                    None,
                    f"[{bands.relaxed_below}] leaves no ordinary band; accepted: below "
                    f"[strict_from] {bands.strict_from}",
                )
        case PointRangeBands():
            yield from _ranges(bands)
        case ProbabilityBands():
            relaxed, strict = Fraction(bands.relaxed_below), Fraction(bands.strict_from)
            if not 0 < relaxed < strict < 1:
                yield Fault(
                    ("bands", "relaxed_below"),
                    None,
                    f"[{bands.relaxed_below}] and [strict_from] {bands.strict_from} make no "
                    "bands; accepted: 0 < relaxed_below < strict_from < 1",
                )
        case _:
            relaxed, strict = Fraction(bands.relaxed), Fraction(bands.strict)
            if relaxed <= 0 or strict <= 0 or relaxed + strict >= 1:
                yield Fault(
                    ("bands", "strict"),
                    None,
                    f"[{bands.strict}] strict and [{bands.relaxed}] relaxed leave no ordinary "
                    "band; accepted: shares above 0 with a sum below 1",
                )


def _ranges(bands: PointRangeBands) -> Iterator[Fault]:
    at = {one.tier: i for i, one in enumerate(bands.ranges)}
    if len(at) != len(_DOWNWARD) or len(bands.ranges) != len(_DOWNWARD):
        yield Fault(
            ("bands", "ranges"), None, "accepted: one range each for relaxed, ordinary and strict"
        )
        return
    ordered = [bands.ranges[at[tier]] for tier in _DOWNWARD]
    if ordered[0].from_ is not None or ordered[-1].to is not None:
        end = at[Tier.RELAXED] if ordered[0].from_ is not None else at[Tier.STRICT]
        yield Fault(
            ("bands", "ranges", end),
            None,
            "a score beyond this end would have no tier; accepted: relaxed without [from], "
            "strict without [to]",
        )
    for lower, upper in zip(ordered, ordered[1:], strict=False):
        place = ("bands", "ranges", at[upper.tier])
        if lower.to is None or upper.from_ is None:
            yield Fault(
                place,
                None,
                f"[{lower.tier}] and [{upper.tier}] meet nowhere; accepted: a [to] and a [from] "
                "one point apart",
            )
        elif upper.from_ > lower.to + 1:
            yield Fault(
                place,
                None,
                f"a gap: no tier from {lower.to + 1} to {upper.from_ - 1}; accepted: from: "
                f"{lower.to + 1}",
            )
        elif upper.from_ <= lower.to:
            yield Fault(
                place,
                None,
                f"overlap: {upper.from_} to {lower.to} is both [{lower.tier}] and "
                f"[{upper.tier}]; accepted: from: {lower.to + 1}",
            )
        elif lower.from_ is not None and lower.from_ > lower.to:
            yield Fault(
                ("bands", "ranges", at[lower.tier]), None, "an empty range; accepted: from <= to"
            )
