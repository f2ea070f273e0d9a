"""The sentences that must stand beside a recommendation, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskengine.explanation.judgement import Judgement
from riskengine.explanation.rules import citation_words
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.items import Item
from riskengine.policy.compiled import Policy
from riskengine.policy.document import Citation
from riskengine.policy.statutory import Finding
from riskengine.recommendation import Caution
from riskengine.scorecard.compiled import Scorecard
from riskengine.text import Text


def cautions(
    scorecard: Scorecard,
    policy: Policy | None,
    assessment: Assessment,
    judgement: Judgement,
    beside: Sequence[Finding],
    say: Texts,
) -> tuple[Caution, ...]:
    """All cautions, the gravest first: what the law says and rules say, what a score can say.

    Parameters
    ----------
    beside
        What the law says beside the tier.
    """
    return (
        *_about_use(scorecard, policy, say),
        *_from_law_and_rules(judgement, beside, say),
        *(_about_the_score(scorecard, assessment, say) if judgement.stop is None else ()),
    )


def _plain(key: str, say: Texts, **values: object) -> Caution:
    return Caution(id=key, text=say(f"caution_{key}", **values))


def _about_use(scorecard: Scorecard, policy: Policy | None, say: Texts) -> Iterator[Caution]:
    if policy is None:
        yield _plain("research", say)
        return
    if "template" in (scorecard.document.purpose, policy.document.purpose):
        yield _plain("template", say)


def _from_law_and_rules(
    judgement: Judgement, beside: Sequence[Finding], say: Texts
) -> Iterator[Caution]:
    for finding in (*judgement.findings, *beside):
        if finding is not judgement.stop:
            yield _cited(finding.constraint, finding.reason, finding.citation, say)
    if judgement.ruling is not None:
        for notice in judgement.ruling.warnings:
            yield _cited(notice.id, notice.reason, notice.citation, say)


def _cited(name: str, reason: Text, citation: Citation, say: Texts) -> Caution:
    return Caution(
        id=name,
        text=reason[say.lang],
        citation=citation_words(citation, say),
        verified=citation.verified,
    )


def _about_the_score(
    scorecard: Scorecard, assessment: Assessment, say: Texts
) -> Iterator[Caution]:
    """What must stand beside any score (after State v. Loomis and Ewert v. Canada)."""
    document = scorecard.document
    items = assessment.instrument.every_item
    yield _plain("group", say)
    yield _plain("not_sole", say)
    if document.validation != "calibrated_here":
        yield _plain("not_validated", say)
    if document.published:
        yield _plain("published", say)
    protected = [
        item.label[say.lang]
        for name in document.items
        if isinstance(item := items[name], Item) and item.protected
    ]
    if protected:
        yield _plain("protected", say, items=say.listed(protected))
    for term in scorecard.linears:
        value = assessment.complete.get(term.item)
        if isinstance(value, int | float) and not term.valid[0] <= value <= term.valid[1]:
            yield _plain("range", say, item=items[term.item].label[say.lang])
