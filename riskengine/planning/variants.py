"""Variants of a policy, to try them: with other cut-offs, without the first weeks, undated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from riskengine.canonical import content_hash
from riskengine.engine import Engine
from riskengine.errors import UseError
from riskengine.policy.bands import CutOffs, resolve
from riskengine.policy.compiled import Policy, compile_policy
from riskengine.policy.document import PolicyDocument


def checked_copy(document: PolicyDocument, **changes: object) -> PolicyDocument:
    """Change a policy and check the whole anew; pydantic's own copy checks nothing."""
    return PolicyDocument.model_validate(
        {**{name: getattr(document, name) for name in type(document).model_fields}, **changes}
    )


def steady(policy: Policy, engine: Engine) -> Policy:
    """Give the policy as it works on those who are past their first weeks."""
    if policy.document.initial_period is None:
        return policy
    document = checked_copy(policy.document, initial_period=None)
    return compile_policy(document, engine.instrument, policy.cut_offs)


def undated(policy: Policy, engine: Engine, on: date) -> Policy:
    """Give the rules in force on a day without their dates, to try them on people of the past."""
    rules = tuple(
        rule.model_copy(update={"valid_from": None, "valid_to": None})
        for rule in policy.document.rules
        if rule.in_force(on)
    )
    document = checked_copy(policy.document, initial_period=None, rules=rules)
    return compile_policy(document, engine.instrument, policy.cut_offs)


def try_policy(engine: Engine, document: PolicyDocument) -> Engine:
    """Give the same engine with another policy, which may be a draft; it is only tried.

    Raises
    ------
    UseError
        Where the policy belongs to another jurisdiction.
    PolicyError
        Where it does not fit the scorecard or the instrument.
    """
    jurisdiction = engine.provenance.jurisdiction
    if document.jurisdiction != jurisdiction:
        raise UseError(
            f"policy [{document.id}] belongs to jurisdiction [{document.jurisdiction}]; this "
            f"installation is fixed to [{jurisdiction}]"
        )
    cuts = resolve(document.bands, engine.scorecard.document, policy=document.id)
    data = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    return replace(
        engine,
        policy=compile_policy(document, engine.instrument, cuts),
        provenance=engine.provenance.model_copy(
            update={
                "policy": f"{document.id}@{document.version}",
                "policy_sha256": content_hash(data),
            }
        ),
    )


def cut_offs(engine: Engine) -> CutOffs:
    """Cut-offs of an engine's policy."""
    assert engine.policy is not None
    return engine.policy.cut_offs
