"""What alarms would justify, with the signals that speak for it. Never done by itself."""

from __future__ import annotations

from collections.abc import Sequence

from riskengine.monitoring.document import Action, Proposal, Signal
from riskengine.monitoring.words import said


def proposals(signals: Sequence[Signal]) -> tuple[Proposal, ...]:
    """Give proposals in the order in which they are to be looked at."""
    alarms = [one for one in signals if one.state == "alarm"]

    def of(*kinds: str) -> tuple[str, ...]:
        return tuple(one.id for one in alarms if one.kind in kinds)

    shifted, slope = of("intake", "score"), ("calibration.slope",)
    off = tuple(i for i in of("calibration") if i in ("calibration", "calibration.event_share"))
    steep = tuple(i for i in of("calibration") if i in slope)
    grouped = tuple(i for i in of("calibration") if i not in (*off, *steep))
    because: list[tuple[Action, tuple[str, ...]]] = [
        ("fix_intake_form", of("unknown")),
        ("check_coding", shifted),
        ("recalibrate", (*off, *steep) if steep else ()),
        ("pooled_intercept", off if not steep else ()),
        # answers moved, and outcomes do not yet say whether that matters
        ("collect", shifted if not off and not steep else ()),
        ("audit_groups", (*of("group_share", "group_score"), *grouped)),
        ("hear_officers", of("override")),
        ("revalidate", of("validation")),
    ]
    found = tuple(
        Proposal(action=action, text=said(f"do_{action}"), because=ids)
        for action, ids in because
        if ids
    )
    return found or (Proposal(action="keep", text=said("do_keep"), because=()),)
