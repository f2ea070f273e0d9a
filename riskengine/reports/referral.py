"""The referral list: kinds of help and how many people need each. Nobody can be told from it."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from riskengine.explanation.disclosure import for_referral
from riskengine.explanation.document import Explanation
from riskengine.explanation.texts import Texts
from riskengine.intake.rejects import safe_cell
from riskengine.recommendation import Need


@dataclass(frozen=True)
class ReferralRow:
    """One kind of need: what may help, and how many people need it."""

    label: str
    assistance: tuple[str, ...]
    people: int


class ReferralList:
    """Needs of many people, counted by kind; no person, date or answer is kept."""

    def __init__(self) -> None:
        self._needs: dict[str, Need] = {}
        self._people: Counter[str] = Counter()

    def add(self, explanation: Explanation) -> None:
        """Count the needs of one person."""
        for need in for_referral(explanation):
            self._needs.setdefault(need.id, need)
            self._people[need.id] += 1

    def rows(self) -> tuple[ReferralRow, ...]:
        """All kinds of need, the most frequent first."""
        rows = (
            ReferralRow(need.label, need.assistance, self._people[name])
            for name, need in self._needs.items()
        )
        return tuple(sorted(rows, key=lambda row: (-row.people, row.label)))


def write_referral_csv(path: Path, rows: tuple[ReferralRow, ...], say: Texts) -> None:
    """Write the list for a spreadsheet: UTF-8 with a byte-order mark, formulas defused."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow([say("referral_need"), say("referral_help"), say("referral_people")])
        for row in rows:
            cells = (row.label, say("clauses").join(row.assistance), row.people)
            out.writerow([safe_cell(cell) for cell in cells])
