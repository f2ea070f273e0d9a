"""The closed sets that checklists are written with: facts, and those who would know."""

from typing import Literal, get_args

ModelFact = Literal[
    "title", "purpose", "not_for", "outcome", "horizon", "discretion", "items", "items_rated",
    "items_known_at", "not_scored", "disclosure_classes", "legal_basis", "protected", "proxies",
    "rater_agreement", "specification", "directions", "output", "learner", "building",
    "trained_on", "trained_dates", "data_identity", "set_aside", "unknown_answers",
    "internal_validation", "recalibration", "uncertainty", "evidence", "validation_level",
    "golden", "versions",
]  # fmt: skip
EvaluationFact = Literal[
    "ev_kind", "ev_identity", "ev_people", "ev_dates", "ev_flow", "ev_follow_up", "ev_method",
    "ev_ranking", "ev_calibration", "ev_cuts", "ev_curve", "ev_groups", "ev_stability",
    "ev_surveillance", "ev_notices", "ev_compared",
]  # fmt: skip
PolicyFact = Literal[
    "policy_roles", "policy_dates", "policy_tiers", "policy_review", "policy_bands",
    "policy_either",
]  # fmt: skip
LawFact = Literal["law_binding", "law_unverified"]
InstallationFact = Literal["agency"]
CasebookFact = Literal[
    "cb_own_view", "cb_approval", "cb_notice", "cb_review", "cb_reasons", "cb_erasure",
    "cb_without",
]  # fmt: skip
FactName = Literal[ModelFact, EvaluationFact, PolicyFact, LawFact, InstallationFact, CasebookFact]

FACT_NAMES: tuple[FactName, ...] = get_args(FactName)

Who = Literal["analyst", "agency", "protection", "legal", "technical", "assessor"]
"""Who would know: the analyst, the agency that uses the model, the person in charge of personal
information protection, counsel, the technical staff, an assessor who did not build the model."""
WHO: tuple[Who, ...] = get_args(Who)

NEEDS: dict[str, str] = {
    **dict.fromkeys(get_args(ModelFact), "model"),
    **dict.fromkeys(get_args(EvaluationFact), "evaluation"),
    **dict.fromkeys(get_args(PolicyFact), "policy"),
    **dict.fromkeys(get_args(LawFact), "law"),
    **dict.fromkeys(get_args(InstallationFact), "installation"),
    **dict.fromkeys(get_args(CasebookFact), "casebook"),
}
"""Fact to the file that would tell it."""
