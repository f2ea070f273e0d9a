"""Words by which a constraint recognises what an instrument or a policy may not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskengine.errors import shown
from riskengine.instrument.model import Instrument

DEVICE = re.compile(
    r"电子定位|定位(装置|设备|手环|腕带|手机|电话)|手机定位|电子(手环|腕带|脚环|脚镣|镣铐)|"
    r"\bgps\b|electronic (monitor|position|tag|bracelet)|ankle (tag|bracelet|monitor)|"
    r"(position|location|track)(ing)? (device|phone|wristband|bracelet|app)|wristband",
    re.IGNORECASE,
)
COMPLAINT = re.compile(
    r"申诉|控告|投诉|信访|上访|举报|复议|complain|petition|\bappeal|grievance", re.IGNORECASE
)


def must_block(
    instrument: Instrument, entry: str, words: re.Pattern[str], why: str
) -> Iterator[str]:
    """Say where an instrument fails to block something, or asks for it by another name."""
    if entry not in {blocked.id for blocked in instrument.blocked}:
        yield f"its block list lacks [{entry}]: {why}"
    for item in instrument.items:
        names = (item.id.replace("_", " "), item.label.zh, item.label.en, *item.native.columns)
        for name in names:
            if words.search(name):
                yield f"item [{item.id}] {shown(name)}: {why}"
                break
