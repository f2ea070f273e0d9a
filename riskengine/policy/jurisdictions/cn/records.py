"""H09: sealed records are not asked and not used, and their absence looks like none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskengine.instrument.model import Instrument
from riskengine.policy.jurisdictions.cn.citing import (
    CORRECTIONS_LAW,
    SECURITY_RECORDS_SEALED,
    cite,
)
from riskengine.policy.jurisdictions.cn.persons import ADULT
from riskengine.policy.jurisdictions.cn.wording import must_block
from riskengine.policy.statutory import Case, Constraint, Found, SealedCategory
from riskengine.text import Text

SEALED_WORDS = re.compile(r"封存|未成年.{0,3}犯罪记录|少年犯罪|sealed|juvenile", re.IGNORECASE)
JUVENILE = cite(
    "《刑事诉讼法》第二百八十六条、《预防未成年人犯罪法》第五十九条",
    "Criminal Procedure Law, art. 286; Law on Preventing Juvenile Delinquency, art. 59",
)


def _age_of_the_present_offence(case: Case) -> object | None:
    """What a person without an earlier record answers, as far as the file tells."""
    age = case.known.get("age_at_start")
    return age if isinstance(age, int) and age >= ADULT else None


def _under_age(case: Case, answer: object) -> bool:
    return isinstance(answer, int) and answer < ADULT


CATEGORIES = (
    SealedCategory(
        id="juvenile_records",
        label=Text(zh="未成年时的违法犯罪记录", en="Records from before the age of 18"),
        item="age_first_offence",
        none=_age_of_the_present_offence,
        reveals=_under_age,
        citation=JUVENILE,
        valid_from=CORRECTIONS_LAW,
    ),
    # Penalties during the term are the agency's own decisions about conduct (Law, art. 28) and
    # stand in an item of their own.
    SealedCategory(
        id="public_security_records",
        label=Text(zh="治安违法记录", en="Records of public-security violations"),
        item="prior_admin_penalties_n",
        none=lambda case: 0,
        reveals=lambda case, answer: answer != 0,
        citation=cite(
            "《治安管理处罚法》（2025年修订）关于违法记录封存的条文",
            "Public Security Administration Punishments Law (revised 2025), articles on sealing",
        ),
        valid_from=SECURITY_RECORDS_SEALED,
        provision="public_security_sealing",
    ),
)


_NONE = Text(
    zh="依法封存的记录不问、不查、不用，对任何人一律按没有处理。",
    en="Sealed records are neither asked for nor used; for everybody they count as none.",
)
_SEALED = Found(_NONE)
_PERHAPS_SEALED = Found(_NONE, provisions=("public_security_sealing",))


def sealed_and_none(case: Case) -> Found | None:
    """H09: the same sentence for everybody, so that it tells of nobody.

    Where records were entered that may be sealed, the provision to be checked goes with it.
    """
    penalties = case.known.get("prior_admin_penalties_n")
    return _PERHAPS_SEALED if isinstance(penalties, int) and penalties > 0 else _SEALED


def asks_for_sealed_records(instrument: Instrument) -> Iterator[str]:
    """H09: an instrument blocks sealed records and has no item for them."""
    yield from must_block(
        instrument, "sealed_records", SEALED_WORDS, "sealed records may not be asked for"
    )


CONSTRAINTS = (
    Constraint(
        id="H09",
        title=Text(zh="封存的记录", en="Sealed records"),
        says=Text(
            zh="封存的记录（未成年时的记录；自2026年1月1日起的治安违法记录）不问、不用。"
            "没有填写，或者填写的内容只能来自封存记录且没有写明法律依据的，"
            "一律按没有此类记录处理，任何输出都看不出区别。",
            en="Sealed records (from before the age of 18; from 2026-01-01 public-security "
            "violations) are neither asked nor used. What was left out, and an answer that only "
            "such a record can explain and that states no legal basis, count as no record; no "
            "output tells them apart.",
        ),
        citation=JUVENILE,
        valid_from=CORRECTIONS_LAW,
        check=sealed_and_none,
        refuses_instrument=asks_for_sealed_records,
        sealed=CATEGORIES,
    ),
)
