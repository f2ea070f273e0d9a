"""Recommendations as a ``shap.Explanation``, for analysts who want shap's own plots.

Nothing is computed by shap: the values are the item view of the recommendation, which is exact.
shap is only the container, and is imported inside the functions because it takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from riskengine.errors import RiskEngineError, UseError
from riskengine.explanation.texts import TextCatalogue, texts_in
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.recommendation import AnswerView, ItemView, Recommendation
from riskengine.scorecard.document import LOG_ODDS_BITS, LogOdds
from riskengine.store.lookup import find_catalogue, find_instrument, find_model

Unit = Literal["points", "log_odds"]

TOLERANCE = 1e-9
"""Largest difference allowed between a score and baseline plus contributions."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


class AdditivityError(RiskEngineError):
    """Contributions that do not add up to what they are said to explain."""


def import_shap() -> Any:
    """Import shap.

    Raises
    ------
    UseError
        Naming the extra that brings it, where it is not installed.
    """
    try:
        import shap
    except ModuleNotFoundError as error:
        if error.name != "shap":
            raise
        raise UseError(
            "this needs shap, which only analysts need: pip install 'riskengine[explain]'"
        ) from error
    return shap


def to_shap(recommendations: Sequence[Recommendation], *, unit: Unit | None = None) -> Any:
    """Turn recommendations by one model into one ``shap.Explanation``, a row for each.

    Parameters
    ----------
    recommendations
        All by the same model and in the same language.
    unit
        ``points`` or ``log_odds``; without it the unit of the scorecard itself (points of a
        points form, log-odds of a full form). A full form has no points.

    Returns
    -------
    shap.Explanation
        ``values`` of shape (people, items); ``base_values`` the mean score of the reference
        population; ``data`` the answers as numbers (position of a level, 0 or 1, or the number;
        NaN where not known) for shap's colours; ``display_data`` the answers in words, which may
        come from others and are not for disclosure; ``feature_names`` the labels.

    Raises
    ------
    UseError
        Where there is no score, models or languages are mixed, a unit does not fit, or shap is
        not installed.
    NotFoundError
        Where the instrument (or for ``log_odds`` of points the model) is not in reach.
    AdditivityError
        Where a recommendation's contributions do not add up to its score.

    Examples
    --------
    >>> shap.plots.beeswarm(to_shap(recommendations))  # doctest: +SKIP
    """
    if not recommendations:
        raise UseError("there is no recommendation to show")
    first = recommendations[0]
    for number, one in enumerate(recommendations, start=1):
        if one.item_view is None or one.score is None:
            raise UseError(
                f"recommendation [{number}] has no score, so there is no item view: its status "
                f"is [{one.status}]"
            )
        if (one.provenance.model_sha256, one.lang) != (first.provenance.model_sha256, first.lang):
            raise UseError(
                f"recommendation [{number}] is by [{one.provenance.model}] in [{one.lang}], the "
                f"first by [{first.provenance.model}] in [{first.lang}]; accepted: one model, "
                "one language"
            )
    assert first.item_view is not None
    scale = _scale(first, unit)
    instrument = find_instrument(first.provenance.instrument)
    rows = [_row(one, scale) for one in recommendations]
    names = [share.item for share in first.item_view.items]
    answers = [_answers(one) for one in recommendations]
    data = np.array([[_number(of[n], instrument, first.lang) for n in names] for of in answers])
    words = np.array([[of[n].answer for n in names] for of in answers], dtype=object)
    return import_shap().Explanation(
        values=np.array([values for _, values in rows]),
        base_values=np.array([base for base, _ in rows]),
        data=data,
        display_data=words,
        feature_names=[share.label for share in first.item_view.items],
    )


def one_to_shap(recommendation: Recommendation, *, unit: Unit | None = None) -> Any:
    """Turn one recommendation into a one-row ``shap.Explanation``; see `to_shap`."""
    return to_shap([recommendation], unit=unit)[0]


def _scale(first: Recommendation, unit: Unit | None) -> LogOdds | None:
    """How a score becomes what is shown; ``None`` where it is shown in whole points."""
    assert first.score is not None
    if first.score.form == "full":
        if unit == "points":
            raise UseError(f"model [{first.provenance.model}] has no points; accepted: log_odds")
        return LogOdds(unit=1)
    if unit != "log_odds":
        return None
    # a recommendation rounds its log-odds; the exact factor stands in the model
    model = find_model(first.provenance.model)
    if model.sha256 != first.provenance.model_sha256:
        raise UseError(
            f"the model [{first.provenance.model}] in reach is not the one that gave the "
            "recommendation: their hashes differ"
        )
    return model.scorecard.document.log_odds


def _row(one: Recommendation, scale: LogOdds | None) -> tuple[float, list[float]]:
    """Baseline and contributions of one person in the unit shown, checked to add up."""
    view, score = one.item_view, one.score
    assert view is not None
    assert score is not None
    whole = view.baseline + sum(share.contribution for share in view.items)
    if whole != score.value * view.denominator:
        raise AdditivityError(
            f"person [{one.person}]: baseline and contributions make "
            f"[{Fraction(whole, view.denominator)}] and the score is [{score.value}]"
        )
    base, values = _shown(view, scale)
    offset = 0 if scale is None else scale.offset
    factor = 1 if scale is None else Fraction(scale.unit, 2**LOG_ODDS_BITS)
    expected = float(score.value * factor + Fraction(offset, 2**LOG_ODDS_BITS))
    gap = abs(base + float(np.sum(values)) - expected)
    if not gap <= TOLERANCE:
        raise AdditivityError(
            f"person [{one.person}]: the values differ from the score by [{gap:.1e}]"
        )
    return base, values


def _shown(view: ItemView, scale: LogOdds | None) -> tuple[float, list[float]]:
    per = Fraction(1, view.denominator)
    offset = Fraction(0)
    if scale is not None:
        per *= Fraction(scale.unit, 2**LOG_ODDS_BITS)
        offset = Fraction(scale.offset, 2**LOG_ODDS_BITS)
    base = float(view.baseline * per + offset)
    return base, [float(share.contribution * per) for share in view.items]


def _answers(one: Recommendation) -> Mapping[str, AnswerView]:
    return {answer.item: answer for factor in one.factors for answer in factor.answers}


def _number(answer: AnswerView, instrument: Instrument, lang: Literal["zh", "en"]) -> float:
    """An answer as a number for shap's colours: rank of a level, 0 or 1, or the number itself."""
    if not answer.known:
        return float("nan")
    item = instrument.every_item[answer.item]
    if isinstance(item, Item) and item.levels:
        return float([level.label[lang] for level in item.levels].index(answer.answer))
    if isinstance(item, Item) and item.type == "boolean":
        raw = find_catalogue("texts", "engine")
        say = texts_in(TextCatalogue.model_validate(raw, strict=False), lang)
        return float(answer.answer == say("yes"))
    found = _NUMBER.match(answer.answer)
    return float("nan") if found is None else float(found[0])
