"""A made-up province for tests and teaching: people, raters, contacts, dated events, known truth.

Nobody in it exists, and almost every number behind it is illustrative. It shows whether a method
recovers what is known to be true; it is no evidence about any real place.

>>> from riskengine.synthetic import make_province
>>> province = make_province(districts=2, people_per_district=300, seed=7)  # doctest: +SKIP
"""

from __future__ import annotations

from riskengine.synthetic.parameters import DEFAULT, Parameters, as_rows, as_table
from riskengine.synthetic.province import Province, assessments, cohort, make_province

__all__ = [
    "DEFAULT",
    "Parameters",
    "Province",
    "as_rows",
    "as_table",
    "assessments",
    "cohort",
    "make_province",
]
