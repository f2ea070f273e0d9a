"""Cut-offs are fixed scores of one scorecard."""

from __future__ import annotations

import math

import pytest

from riskengine.errors import PolicyError
from riskengine.policy.bands import resolve
from riskengine.policy.document import PointBands, ProbabilityBands, ReferenceShareBands
from riskengine.policy.tiers import Tier
from tests.support.scorecards import make_document


def reference(scores):
    both = {"zh": "参照", "en": "reference"}
    return {"reference": {"id": "r", "label": both, "illustrative": True,
                          "score_quantiles": sorted(scores)}}  # fmt: skip


def shares(instrument, scores, strict, relaxed):
    document = make_document(instrument, change=reference(scores))
    bands = ReferenceShareBands(kind="reference_share", strict=strict, relaxed=relaxed)
    cuts = resolve(bands, document, policy="p")
    tiers = [cuts.band(score) for score in scores]
    return tuple(sum(tier is t for tier in tiers) / len(tiers) for t in Tier)


def test_shares_of_distinct_scores_are_met(georgia):
    assert shares(georgia, list(range(100)), "0.2", "0.4") == (0.4, 0.4, 0.2)


def test_ties_make_a_band_smaller_never_larger(georgia):
    scores = [0] * 35 + [1] * 20 + [2] * 20 + [3] * 15 + [4] * 10
    assert shares(georgia, scores, "0.2", "0.4") == (0.35, 0.55, 0.1)


def test_bands_that_leave_no_ordinary_tier_are_refused(georgia):
    with pytest.raises(PolicyError, match="no ordinary tier"):
        shares(georgia, list(range(100)), "0.6", "0.6")


def test_point_bands_belong_to_one_scorecard_version(georgia):
    document = make_document(georgia, form="points")
    mine = PointBands(kind="points", scorecard="made_up@1.0.0", strict_from=8, relaxed_below=3)
    assert resolve(mine, document, policy="p").strict_from == 8
    other = mine.model_copy(update={"scorecard": "made_up@1.0.1"})
    with pytest.raises(PolicyError, match=r"made_up@1\.0\.1"):
        resolve(other, document, policy="p")


def test_probability_bands_need_a_calibrated_scorecard(georgia):
    bands = ProbabilityBands(kind="probability", strict_from="0.5", relaxed_below="0.2")
    with pytest.raises(PolicyError, match="calibrated"):
        resolve(bands, make_document(georgia), policy="p")
    cuts = resolve(bands, make_document(georgia, scale="calibrated"), policy="p")
    assert cuts.strict_from == 0
    assert cuts.relaxed_below == math.ceil(math.log(0.25) * 2**40)
