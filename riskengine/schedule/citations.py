"""Articles that the remarks of a schedule rest on, by jurisdiction."""

from __future__ import annotations

from collections.abc import Mapping

from riskengine.errors import UseError
from riskengine.policy.document import Citation
from riskengine.text import Text

_NORMAL_LIFE = Citation(
    text=Text(
        zh="《社区矫正法》第三十四条：避免对正常工作和生活造成不必要的影响",
        en="Community Corrections Law, art. 34: no unnecessary effect on normal work and life",
    ),
    verified=True,
)
_LEAVE = Citation(
    text=Text(
        zh="《社区矫正法》第二十七条：离开所居住的市、县应报经批准，有正当理由的应当批准，"
        "经常性跨市、县活动可以简化批准程序",
        en="Community Corrections Law, art. 27: leaving the city or county needs approval, due "
        "where the reason is just; simpler where such activity is regular",
    ),
    verified=True,
)
_PERMIT_TERM = Citation(
    text=Text(
        zh="《社区矫正法》第二十七条；批准时长参见《社区矫正法实施办法》第二十九条（未核对）",
        en="Community Corrections Law, art. 27; for how long, see Implementing Measures, art. 29 "
        "(not yet checked)",
    ),
    verified=False,
)
_HEALTH = Citation(
    text=Text(
        zh="《社区矫正法》第三十四条；《社区矫正法实施办法》第二十四条、第四十四条（未核对）",
        en="Community Corrections Law, art. 34; Implementing Measures, arts. 24 and 44 "
        "(not yet checked)",
    ),
    verified=False,
)
_PRIVACY = Citation(
    text=Text(
        zh="《社区矫正法》第二十六条：实地查访应当保护身份信息和个人隐私",
        en="Community Corrections Law, art. 26: visits protect identity and privacy",
    ),
    verified=True,
)

CITATIONS: Mapping[str, Mapping[str, Citation]] = {
    "cn": {
        "normal_life": _NORMAL_LIFE,
        "leave": _LEAVE,
        "permit_term": _PERMIT_TERM,
        "health": _HEALTH,
        "privacy": _PRIVACY,
    }
}


def citations(jurisdiction: str) -> Mapping[str, Citation]:
    """Give the articles of a jurisdiction.

    Raises
    ------
    UseError
        Where none were written down: a schedule without the law that bounds it is not made.
    """
    found = CITATIONS.get(jurisdiction)
    if found is None:
        raise UseError(
            f"no rules of proportionality for jurisdiction [{jurisdiction}]; there are: "
            + ", ".join(CITATIONS)
        )
    return found
