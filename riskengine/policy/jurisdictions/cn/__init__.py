"""China: the law on community corrections, as far as it binds a recommendation.

Statutes were read as of April 2025; later amendments are not covered. What the Implementing
Measures add in numbers was not read: it stands in ``data_schema/law/cn.yaml`` and warns until a
named person has checked it. H01-H17 are the constraints of the law; H18 and H19 are asked for by
the law on personal information and by the list of facts on which an assessment must rest.
"""

from __future__ import annotations

from riskengine.policy.jurisdictions.cn import basis, measures, persons, records, rights
from riskengine.policy.jurisdictions.cn.dangers import ALERTS
from riskengine.policy.statutory import StatutorySet

# The gravest come first: they are read first, and the first one that stops everything is named.
CONSTRAINTS = (
    rights.DECIDING,
    *persons.CONSTRAINTS,
    *basis.CONSTRAINTS,
    *rights.CONSTRAINTS,
    *measures.CONSTRAINTS,
    *records.CONSTRAINTS,
)

CN = StatutorySet(
    jurisdiction="cn",
    constraints=CONSTRAINTS,
    alerts=ALERTS,
    assistance_for_all=rights.ASSISTANCE_FOR_ALL,
)
