"""The true log hazard of a person, and what the mean person is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from riskengine.synthetic.parameters import Parameters
from riskengine.synthetic.people import Codes, Floats, make_people

_REFERENCE_PEOPLE = 6_000
_REFERENCE_SEED = 20_200_701


def linear_predictor(answers: Mapping[str, Codes], parameters: Parameters) -> Floats:
    """Sum what the answers add to the log hazard.

    Parameters
    ----------
    answers
        Item to codes, shape (people,): true answers, or those that an officer rated.
    parameters
        Effects and pairs.
    """
    total = np.zeros(len(next(iter(answers.values()))))
    for effect in parameters.effects:
        total += np.asarray(effect.log_hazard)[answers[effect.item]]
    for pair in parameters.pairs:
        both = (answers[pair.first] >= pair.first_at_least) & (
            answers[pair.second] == pair.second_is
        )
        total += pair.log_hazard * both
    return total


@lru_cache(maxsize=8)
def reference(parameters: Parameters) -> tuple[float, float, tuple[float, ...]]:
    """Measure a fixed reference population, half urban and half rural.

    It depends on the parameters alone, so that nobody's risk depends on who else was made.

    Returns
    -------
    mean, spread
        Of the linear predictor.
    log_mean_hazard
        For every kind, the log of the mean of ``exp(slope x linear predictor)``.
    """
    predictors = []
    for number, district_type in enumerate(("urban", "rural")):
        rng = np.random.default_rng([_REFERENCE_SEED, number])
        people = make_people(rng, _REFERENCE_PEOPLE, district_type, parameters)  # type: ignore[arg-type]
        predictors.append(linear_predictor(people.answers, parameters))
    eta = np.concatenate(predictors)
    return (
        float(eta.mean()),
        float(eta.std()),
        tuple(float(np.log(np.exp(kind.slope * eta).mean())) for kind in parameters.kinds),
    )
