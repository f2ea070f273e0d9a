"""What the pages ask, keep and show, in a browser without script."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import Base, DecisionRow
from riskengine.explanation.texts import Texts
from riskengine.reports.templating import environment
from riskengine.server.pages import figures, rendering
from riskengine.server.pages.figures import FEWEST, by_office, by_reason, overrides, share, summed
from riskengine.server.pages.rules import prose
from riskengine.server.pages.texts import LANGUAGES, desk_texts
from tests.server.pages.conftest import Browser, Clock
from tests.server.pages.rounds import answer, domains, filled, open_case, own_view

Open = Callable[..., Browser]
PAGES = Path(rendering.__file__).parent


def test_every_word_that_a_page_asks_for_exists_in_both_languages() -> None:
    sources = [*PAGES.glob("*.py"), *PAGES.glob("templates/*.j2")]
    asked = {
        key
        for source in sources
        for key in re.findall(r'\bsay\("([a-z_0-9]+)"[,)]', source.read_text(encoding="utf-8"))
    }
    assert len(asked) > 200
    for lang in ("zh", "en"):
        have = set(desk_texts(lang).sentences)
        assert asked <= have, (lang, sorted(asked - have))
    fields = re.compile(r"\{(\w+)\}")
    zh, en = desk_texts("zh").sentences, desk_texts("en").sentences
    for key in zh:
        assert sorted(set(fields.findall(zh[key]))) == sorted(set(fields.findall(en[key]))), key


class TestAnswering:
    def test_nothing_is_chosen_beforehand_and_a_wrong_answer_is_kept_and_said(
        self, browser: Open
    ) -> None:
        one = browser("S-0417")
        case = open_case(one)
        one.get(case)
        one.post(f"{case}/drafts", form="full", kind="intake")
        draft = one.path.rsplit("/", 1)[0]
        for domain in domains(one.page):
            page = one.get(f"{draft}/{domain}")
            questions = page.split('class="sheet-of-questions"')[1]
            assert not re.search("<input[^>]* checked|<option[^>]* selected", questions), domain
        data = {"shown.age_at_start": "1", "a.age_at_start": "30o", "shown.sex": "1"}
        one.get(f"{draft}/criminal_history")
        one.post(f"{draft}/criminal_history", **data)
        assert one.path == f"{draft}/criminal_history" and 'value="30o"' in one.page
        assert 'class="item-error"' in one.page and 'href="#q-age_at_start"' in one.page
        one.get(f"{draft}/sign")
        one.post(f"{draft}/sign/save", assessed_on="2026-03-02", read="1")
        assert one.status == 422 and f"{draft}/criminal_history#q-age_at_start" in one.page

    def test_a_code_is_an_answer_of_its_own_and_a_source_stands_with_it(
        self, app: Any, browser: Open
    ) -> None:
        from riskengine.casebook.actors import Actor, Role
        from riskengine.casebook.database import reading
        from riskengine.casebook.drafts import read_draft

        one = browser("S-0417")
        case = open_case(one)
        one.get(case)
        one.post(f"{case}/drafts", form="full", kind="intake")
        draft = one.path.rsplit("/", 1)[0]
        one.get(f"{draft}/family")
        one.post(
            f"{draft}/family",
            **{
                "shown.family_relationship": "1", "a.family_relationship": "refused",
                "shown.domestic_violence": "1", "a.domestic_violence": "none",
                "source.domestic_violence": "family", "class.domestic_violence": "confidential",
                "shown.family_support": "1", "source": "interview", "on": "2026-02-28",
            },
        )  # fmt: skip
        me = Actor("S-0417", "", "qinghe", frozenset({Role.OFFICER}))
        with reading(app.state.services.book) as tx:
            raw = read_draft(tx, me, draft.rsplit("/", 1)[1])
        assert raw["answers"] == {"family_relationship": "refused", "domestic_violence": "none"}
        assert raw["sources"]["family_relationship"] == {
            "source": "interview", "by": "S-0417", "on": "2026-02-28",
        }  # fmt: skip
        assert raw["sources"]["domestic_violence"]["disclosure"] == "confidential"

    def test_signing_needs_that_it_was_read_and_locks_it(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one)
        one.get(case)
        one.post(f"{case}/drafts", form="quick", kind="intake")
        draft = one.path.rsplit("/", 1)[0]
        for domain in domains(one.page):
            one.post(f"{draft}/{domain}", **filled(one.get(f"{draft}/{domain}")))
        one.get(f"{draft}/sign")
        one.post(f"{draft}/sign/save", assessed_on="2026-03-02")
        assert one.status == 422
        one.post(f"{draft}/sign/save", assessed_on="2026-03-02", read="1")
        assert one.path.startswith("/assessments/")
        one.get(f"{draft}/sign")
        assert one.status == 404


class TestDeciding:
    def test_no_tier_is_shown_before_the_own_view_by_any_address(self, browser: Open) -> None:
        one = browser("S-0417")
        assessment = answer(one, open_case(one))
        for path in (assessment, f"{assessment}/answers", f"{assessment}/what-if"):
            assert 'class="headline"' not in one.get(path)
        one.get(f"{assessment}/review-sheet")
        assert one.status == 404
        one.get(assessment)
        one.post(f"{assessment}/reveal")
        assert one.status == 409
        one.get(assessment)
        one.post(f"{assessment}/proposal", tier="ordinary", grounds="long enough grounds")
        assert one.status == 422
        own_view(one, assessment)
        assert 'class="headline"' in one.page

    def test_a_step_up_after_a_request_goes_to_the_reviewer_first(
        self, browser: Open, clock: Clock
    ) -> None:
        one = browser("S-0417")
        case = open_case(one)
        for tier, ground in (("relaxed", "minor"), ("ordinary", "minor")):
            one.get(f"{case}/without-score")
            one.post(
                f"{case}/without-score", tier=tier, ground=ground, review_on="2026-06-01",
                grounds="long enough grounds",
            )  # fmt: skip
            if tier == "relaxed":
                assert one.path.startswith("/decisions/"), one.page
                one.get(case)
                one.post(f"{case}/reviews", words="", channel="county")
                clock.now += timedelta(days=3)
                one.sign_in("S-0417")
        proposal = one.path
        assert proposal.startswith("/proposals/")
        approver = browser("S-0500")
        approver.get(proposal)
        assert f'action="{proposal}/approve"' not in approver.page
        approver.post(
            f"{proposal}/approve", grounds="long enough grounds", csrf_token=token(approver)
        )
        assert approver.status in (403, 422)
        reviewer = browser("S-0600")
        reviewer.get(proposal)
        reviewer.post(f"{proposal}/look", grounds="looked at the file, no reprisal")
        assert reviewer.status == 200
        approver.get(proposal)
        assert f'action="{proposal}/approve"' in approver.page

    def test_who_need_not_know_sees_nothing_told_in_confidence(self, browser: Open) -> None:
        one = browser("S-0417")
        assessment = answer(one, open_case(one), self_harm_flag="3")
        own_view(one, assessment)
        mine = one.get(f"{assessment}/answers")
        colleague = browser("S-0418").get(f"{assessment}/answers")
        assert "told in confidence" in colleague and "told in confidence" not in mine
        sheet = browser("S-0418").get(assessment)
        assert "sheet person" in sheet and "sheet officer" not in sheet


def token(one: Browser) -> str:
    """Token of the session, from the button that signs out."""
    return one.csrf


class TestFigures:
    def row(self, **more: Any) -> DecisionRow:
        self.made += 1
        at = f"2026-03-02T01:00:00.{self.made:06d}Z"
        usual: dict[str, Any] = {
            "tier": "ordinary", "kind": "accept", "direction": None, "recommended": "ordinary",
            "own_tier": "ordinary", "seconds": 90, "office": "a", "id": f"d-{self.made}",
            "case": "c-1", "district": "main", "proposed_by": "S-1", "decided_by": "S-2",
            "decided_on": date(2026, 3, 2), "review_on": date(2026, 6, 2), "recorded_at": at,
            "disputed": False, "chain": "main", "seq": self.made,
        }  # fmt: skip
        return DecisionRow(**{**usual, **more})

    made = 0

    @contextmanager
    def kept(self, *rows: DecisionRow) -> Iterator[Transaction]:
        """A record with nothing in it but these decisions."""
        database = create_engine("sqlite://")
        Base.metadata.create_all(database)
        with Session(database) as session:
            session.add_all(rows)
            session.flush()
            yield Transaction(session, None)  # type: ignore[arg-type]
        database.dispose()

    def test_signs_of_rubber_stamping_are_counted(self) -> None:
        rows = [
            self.row(), self.row(own_tier="strict", seconds=10),
            self.row(own_tier="strict", tier="strict", kind="override", direction="up"),
            self.row(own_tier=None, recommended=None, kind="without_score", seconds=None),
        ]  # fmt: skip
        with self.kept(*rows) as tx:
            found = summed(tx, "")
            (office,) = by_office(tx)
            assert by_reason(tx) == [("—", 1, 0)]
            assert [one.tier for one in overrides(tx, most=5)] == ["strict"]
        assert dataclasses.replace(office, label="") == found
        assert (found.n, found.up, found.down, found.without) == (4, 1, 0, 1)
        assert (found.viewed, found.agreed) == (3, 2)
        assert (found.differed, found.gave_way) == (2, 1)
        assert (found.timed, found.quick, found.seconds) == (3, 1, 90)

    def test_small_groups_carry_no_figures(self) -> None:
        with self.kept(*(self.row() for _ in range(FEWEST - 1))) as tx:
            assert not summed(tx, "").shown
            tx.session.add(self.row(office="b"))
            assert summed(tx, "").shown
            assert [one.label for one in by_office(tx)] == ["a", "b"]
            assert not any(one.shown for one in by_office(tx))
        assert share(3, FEWEST - 1) == "—" and share(5, FEWEST) == "25 %"

    def test_officers_see_their_own_figures_alone(self, browser: Open) -> None:
        officer = browser("S-0417").get("/overview")
        assert "Your own figures" in officer and "By office" not in officer
        reviewer = browser("S-0600").get("/overview")
        assert "By office" in reviewer and "Your own figures" not in reviewer
        assert "As counted at" not in reviewer

    def test_figures_that_are_kept_say_when_they_were_counted(
        self, browser: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(figures, "MANY", -1)
        assert re.search(r"As counted at \d\d:\d\d:\d\d;", browser("S-0600").get("/overview"))


def test_a_sentence_that_is_set_in_reads_as_if_it_were_asked_for() -> None:
    plain = environment(rendering.PACKAGE, rendering.inert_lines)
    assert plain.loader is not None
    asked = re.compile(r'\{\{ say\("\w+"\) \}\}')
    for lang in LANGUAGES:
        say = desk_texts(lang)

        def ask(found: re.Match[str], say: Texts = say) -> str:
            return plain.from_string(found[0]).render(say=say)

        worded = rendering._templates(lang)
        assert worded.loader is not None
        count = 0
        for name in worded.list_templates(["j2"]):
            text, n = asked.subn(ask, plain.loader.get_source(plain, name)[0])
            assert worded.loader.get_source(worded, name)[0] == text, (lang, name)
            count += n
        assert count > 300


def test_a_list_has_pages_and_filters(browser: Open) -> None:
    one = browser("S-0417")
    for number in range(52):
        one.get("/cases/new")
        one.post("/cases", person=f"P-{number}", office="a" if number % 2 else "b")
    page = one.get("/caseload")
    assert page.count('<th scope="row"') == 50 and "page 1 of 2" in page
    assert one.get("/caseload?page=2").count('<th scope="row"') == 2
    assert one.get("/caseload?office=a").count('<th scope="row"') == 26
    assert "Nobody matches" in one.get("/caseload?tier=strict")
    one.get("/caseload?person=P-7")
    assert one.path.startswith("/cases/c-")
    assert "There is no person" in one.get("/caseload?person=P-99")


def test_the_language_stays_chosen(browser: Open) -> None:
    one = browser("S-0417", "en")
    one.get("/caseload")
    one.post("/language", token=False, lang="zh", back="/rules")
    assert one.path == "/rules" and '<html lang="zh-CN"' in one.page
    assert '<html lang="zh-CN"' in one.get("/caseload")


def test_prose_is_text_with_few_marks() -> None:
    told = prose("# A <b>\n\n- **x** `y` <i>\n  - deep\n\n| a | b |\n| --- | --- |\n| 1 | <s> |")
    assert "<b>" not in told and "<i>" not in told and "<s>" not in told
    assert (
        "<strong>x</strong>" in told and "<code>y</code>" in told and '<li class="deep">' in told
    )
    assert told.count("<tr>") == 2
