"""Safety alerts as tasks: opened the same day, closed in writing by the official in charge.

An alert moves no tier. While one is open, no tier goes down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from riskengine.errors import UseError
from riskengine.policy.document import Citation
from riskengine.policy.ruling import Hold
from riskengine.text import Text

ALERT_RULE = "open_alert"

_CITATION = Citation(
    text=Text(
        zh="《社区矫正法》第三条、第二十四条；本软件的安全规则",
        en="Community Corrections Law, arts. 3 and 24; a safety rule of this software",
    ),
    verified=True,
)


@dataclass(frozen=True)
class AlertTask:
    """The task that an alert opened, as the agency keeps it.

    Attributes
    ----------
    alert
        Id of the alert.
    opened_on
        The day of the assessment that raised it, or a later one.
    official
        Internal id of the named official in charge.
    closed_on, closed_by, closing
        Day, official and what was found and done, in writing; all three or none. Nobody but the
        official in charge closes it.

    Raises
    ------
    UseError
        Where a closing is incomplete, by somebody else, or before the opening.
    """

    alert: str
    opened_on: date
    official: str
    closed_on: date | None = None
    closed_by: str | None = None
    closing: str | None = None

    def __post_init__(self) -> None:
        place = f"alert [{self.alert}] of [{self.opened_on.isoformat()}]"
        if not self.official.strip():
            raise UseError(f"{place}: [official] is empty; a named official is in charge of it")
        closing = (self.closed_on, self.closed_by, self.closing)
        if all(part is None for part in closing):
            return
        if self.closed_on is None or not self.closed_by or not (self.closing or "").strip():
            raise UseError(
                f"{place}: closed without [closed_on], [closed_by] and [closing]; it is closed in "
                "writing, with day and name, or stays open"
            )
        if self.closed_by != self.official:
            raise UseError(
                f"{place}: closed by [{self.closed_by}]; only the official in charge closes it: "
                f"[{self.official}]"
            )
        if self.closed_on < self.opened_on:
            raise UseError(
                f"{place}: closed on [{self.closed_on.isoformat()}], before it was opened"
            )

    def closed_by_day(self, on: date) -> bool:
        """Whether it was closed by a day."""
        return self.closed_on is not None and self.closed_on <= on


@dataclass(frozen=True)
class AlertState:
    """How one alert stands on the day of a recommendation.

    ``items`` are the answers that raise it now; there are none where an older task is still open.
    """

    alert: str
    items: tuple[str, ...]
    opened_on: date
    official: str | None
    closed: AlertTask | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.closed is None


def alert_states(
    raised: Mapping[str, tuple[str, ...]],
    tasks: Sequence[AlertTask],
    *,
    known: Sequence[str],
    assessed_on: date,
    on: date,
    official: str | None = None,
) -> tuple[AlertState, ...]:
    """Put together what the answers raise now and the tasks that there are.

    A task covers the alert of an assessment if it was opened on the day of the assessment or
    later. An older one that is still open goes on, whatever is answered now: it ends when its
    official closes it. An older one that was closed says nothing about a danger that is seen
    again.

    Parameters
    ----------
    raised
        Alert to the items that raise it now.
    tasks
        Tasks of this person; what happened after ``on`` is left out.
    known
        Ids of all alerts, in their order.
    official
        In charge of a new task.

    Raises
    ------
    UseError
        Where a task is of an alert that does not exist.
    """
    for task in tasks:
        if task.alert not in known:
            raise UseError(f"no alert [{task.alert}]; accepted: {', '.join(known)}")
    found = []
    for alert in known:
        items = raised.get(alert, ())
        mine = [task for task in tasks if task.alert == alert and task.opened_on <= on]
        still_open = [task for task in mine if not task.closed_by_day(on)]
        covering = [task for task in mine if task.opened_on >= assessed_on]
        if still_open:
            first = min(still_open, key=lambda task: task.opened_on)
            found.append(AlertState(alert, items, first.opened_on, first.official))
        elif items and covering:
            last = max(covering, key=lambda task: (task.closed_on or on, task.opened_on))
            found.append(AlertState(alert, items, last.opened_on, last.official, last))
        elif items:
            found.append(AlertState(alert, items, assessed_on, official))
    return tuple(found)


def alert_hold(labels: Sequence[Text]) -> tuple[Hold, ...]:
    """Bar every step down while an alert is open; a tier that stays or goes up is untouched.

    Parameters
    ----------
    labels
        Names of the open alerts; there is no hold without any.
    """
    if not labels:
        return ()
    reason = Text(
        zh=f"安全事项尚未由负责人书面办结（{'、'.join(one.zh for one in labels)}），"
        "办结之前不下调管理类别；安全事项本身不上调类别。",
        en=f"A safety alert ({', '.join(one.en for one in labels)}) has not been closed in "
        "writing by the official in charge: until then no tier goes down. By itself it raises "
        "none.",
    )
    title = Text(zh="安全事项未办结", en="open safety alert")
    return (Hold(id=ALERT_RULE, title=title, reason=reason, citation=_CITATION),)
