"""Paper entry, second ratings, erasure, exchange, contradictions and the planner, as pages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from riskengine.casebook.actors import Actor, Role
from riskengine.casebook.bundles import make_bundle, take_in
from riskengine.casebook.database import Casebook, reading, writing
from riskengine.casebook.nodes import Node, make_node, read_node, trust
from riskengine.casebook.paper import enter_decision
from riskengine.casebook.schema import CaseRow
from riskengine.planning.compare import compare
from riskengine.policy.tiers import Tier
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.users import add_user
from riskengine.server.pages import planner
from riskengine.server.services import make_record, open_book
from tests.server.pages.conftest import PASSWORD, Browser, Clock, application, settings_in
from tests.server.pages.rounds import answer, domains, filled, open_case, own_view

Open = Callable[..., Browser]
SCRIPT = "<script>alert(1)</script> 具体情况"
LABELS = [tier.label["en"] for tier in (Tier.STRICT, Tier.ORDINARY)]
DECISION: dict[str, Any] = {
    "decided_on": "2026-03-01", "review_on": "2026-05-01", "proposed_by": "S-0417",
    "decided_by": "S-0500", "tier": "strict", "recommended": "strict",
    "grounds": "first weeks, no work yet",
}  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One district for all: every test opens cases of people of its own."""
    return application(tmp_path_factory.mktemp("district"), Clock())


@pytest.fixture(scope="module")
def browser(app: FastAPI) -> Iterator[Open]:
    """Somebody's browser, signed in once."""
    opened: dict[str, Browser] = {}

    def open_one(user: str) -> Browser:
        if user not in opened:
            opened[user] = Browser(app).sign_in(user)
        return opened[user]

    yield open_one
    for one in opened.values():
        one.client.close()


def paper_assessment(one: Browser, case: str) -> str:
    one.get(f"{case}/paper")
    one.post(
        f"{case}/paper/assessment", assessed_on="2026-03-01", signed_by="S-0418", form="quick",
        kind="intake",
    )  # fmt: skip
    draft = one.path.rsplit("/", 1)[0]
    for domain in domains(one.page):
        page = one.get(f"{draft}/{domain}")
        one.post(f"{draft}/{domain}", **filled(page))
    one.get(f"{draft}/sign")
    assert "林溪" in one.page
    one.post(f"{draft}/sign/save", assessed_on="2026-03-01", read="1")
    found = re.search(r"assessment=(a[\w-]+)", str(one.last.url))
    assert found, one.page
    return found[1]


class TestPaper:
    def test_both_days_and_both_people_stand_beside_one_another(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one, "P-1")
        assessment = paper_assessment(one, case)
        one.post(f"{case}/paper/decision", assessment=assessment, **DECISION)
        assert one.path.startswith("/decisions/"), one.page
        for text in ("1 March 2026", "2 March 2026", "何川", "周禾", DECISION["grounds"]):
            assert text in one.page, text
        one.get(f"/assessments/{assessment}")
        for text in ("1 March 2026", "2 March 2026", "林溪", "周禾"):
            assert text in one.page, text

    def test_grounds_and_explanation_show_where_one_person_decided(self, browser: Open) -> None:
        one = browser("S-0418")
        case = open_case(one, "P-2")
        one.get(f"{case}/paper")
        alone = {
            **DECISION, "tier": "ordinary", "proposed_by": "S-0417", "decided_by": "S-0417",
            "own_tier": "ordinary", "reason": "protective_support",
            "explanation": f"lives with both parents {SCRIPT}",
        }  # fmt: skip
        one.post(f"{case}/paper/decision", **alone)
        decision = one.path
        assert decision.startswith("/decisions/"), one.page
        assert DECISION["grounds"] in one.page and "lives with both parents" in one.page
        assert "&lt;script&gt;" in one.page and "<script>alert" not in one.page
        entered = re.sub("<[^>]+>", " ", one.page.split("Entered by")[1][:200])
        assert "林溪 (S-0418)" in entered and "2 March 2026" in entered
        # who looks again at a decision without an assessment is told so, and no error
        assert browser("S-0600").get(f"{decision}/replay") and browser("S-0600").status < 500

    def test_what_holds_on_the_screen_holds_on_paper(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one, "P-3")
        one.get(f"{case}/paper")
        kept = {"own_tier": "ordinary", "explanation": "as on the paper"}
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"decided_by": "S-9001"}, "Choose who proposed"),
            ({"decided_by": "S-0417"}, "S-0417"),
            ({"decided_on": "yesterday"}, "Give the day"),
            ({"decided_on": "2026-03-09"}, "errors"),
            ({"review_on": "2026-03-01"}, "errors"),
            ({"tier": "severe"}, "Choose a tier"),
            ({"recommended": "ordinary"}, "errors"),
            ({"recommended": ["ordinary"], "reason": "documented_violation", "explanation": ""},
             "errors"),
            ({"recommended": [], "reason": "documented_violation"}, "documented_violation"),
            ({"grounds": ""}, "errors"),
        ]  # fmt: skip
        for change, said in wrong:
            sent: dict[str, Any] = {**DECISION, **kept, **change}
            one.post(f"{case}/paper/decision", **sent)
            assert one.status == 422 and said in one.page, change
            # what was typed and chosen is still there
            assert sent["grounds"] in one.page and sent["explanation"] in one.page
            assert '<option value="ordinary" selected' in one.page
            assert f'name="review_on" type="date" value="{sent["review_on"]}"' in one.page
            ticked = re.findall(r'name="recommended" value="(\w+)" checked', one.page)
            told = sent["recommended"]
            assert ticked == (told if isinstance(told, list) else [told])
        assert "/decisions/" not in one.get(case)


def drawn(browser: Open, person: str) -> str:
    """Ask for a second rating of everything, and find that of a person."""
    reviewer = browser("S-0600")
    reviewer.get("/ratings")
    reviewer.post("/ratings", share="100", since="2026-01-01", seed="7")
    found = [
        one for line in re.findall(r"<li>.*?</li>", reviewer.page, re.S) if person in line
        for one in re.findall(r'href="(/ratings/g[\w-]+)"', line)
    ]  # fmt: skip
    assert len(found) == 1, reviewer.page
    return str(found[0])


class TestRatings:
    def test_a_second_rating_is_blind_and_kept(self, browser: Open) -> None:
        first, reviewer = browser("S-0417"), browser("S-0600")
        case = open_case(first, "R-1")
        signed = answer(first, case)
        own_view(first, signed, tier="strict")
        rating = drawn(browser, "R-1")
        page = reviewer.get(rating)
        form = page.split('<form method="post" action="/ratings/')[1]
        assert not re.search(r"<input[^>]* checked|<option[^>]* selected", form)
        # the staff number of the first rater is among the recorded answers of the assessment
        assert "S-0417" in first.get(f"{signed}/answers")
        for hidden in (
            "S-0417",
            "周禾",
            "面谈情况稳定",
            signed.rsplit("/", 1)[1],
            case,
            LABELS[0],
        ):
            assert hidden not in page, hidden
        assert not re.search(rf"\b{LABELS[0]}\b", re.sub("<[^>]+>", " ", page))
        given: dict[str, Any] = {
            k: v for k, v in filled(page).items() if k not in ("source", "on")
        }
        left_out: dict[str, Any] = dict(list(given.items())[:2])
        reviewer.post(rating, **left_out)
        assert reviewer.status == 422 and "questions still open" in reviewer.page
        assert " checked" in reviewer.page.split('<form method="post" action="/ratings/')[1]
        item = next(name for name in given if name.startswith("a."))
        reviewer.post(rating, **{**given, item: SCRIPT})
        assert reviewer.status == 422 and "<script>alert" not in reviewer.page
        reviewer.post(rating, **given)
        assert reviewer.path == "/ratings" and "done: 1" in reviewer.page
        reviewer.get(rating)
        assert reviewer.status == 409
        page = reviewer.get("/ratings/agreement")
        assert "Fewer than 20 pairs" in page and "S-0600" not in page and "<table" not in page

    def test_nobody_rates_an_own_assessment(self, browser: Open) -> None:
        first = browser("S-0417")
        answer(first, open_case(first, "R-2"))
        rating = drawn(browser, "R-2")
        assert rating not in first.get("/ratings")
        for user, status in (("S-0417", 409), ("S-9001", 404), ("S-0800", 403)):
            one = browser(user)
            one.get(rating)
            assert one.status == status, user
        for user in ("S-0417", "S-0500"):
            one = browser(user)
            one.get("/ratings/agreement")
            assert one.status == 403
            one.get("/ratings")
            one.post("/ratings", share="50", since="2026-01-01", seed="7")
            assert one.status == 403, user

    def test_a_wrong_share_or_day_is_refused(self, browser: Open) -> None:
        one = browser("S-0600")
        one.get("/ratings")
        wrong = [{"share": share} for share in ("0", "101", "-5", "1e2", "", "９９")]
        right: dict[str, Any] = {"share": "10", "since": "2026-01-01", "seed": "7"}
        for change in (*wrong, {"since": "lately"}, {"seed": "x"}):
            one.post("/ratings", **{**right, **change})
            assert one.status == 422, change


class TestErasure:
    def erased(self, browser: Open, person: str, **more: Any) -> tuple[Browser, str]:
        officer, admin = browser("S-0417"), browser("S-0800")
        case = open_case(officer, person)
        admin.get(f"{case}/erasure")
        order = {"ground": "court_order", "words": f"order 12 of 2026 {SCRIPT}"}
        admin.post(f"{case}/erasure", **{**order, **more})
        return admin, case

    def test_it_says_the_day_and_the_ground_and_the_record_stays_sound(
        self, browser: Open
    ) -> None:
        officer = browser("S-0417")
        case = open_case(officer, "E-1")
        signed = answer(officer, case)
        admin = browser("S-0800")
        assert f"{case}/erasure" in admin.get(case)
        admin.get(f"{case}/erasure")
        admin.post(f"{case}/erasure", ground="court_order", words="order 12", understood="1")
        assert admin.path == case and "erased on 2 March 2026" in admin.page
        assert "Ground:" in admin.page and f"{case}/erasure" not in admin.page
        for page in (admin.page, officer.get(signed), officer.get("/caseload?who=all")):
            assert "E-1" not in page
        assert "<textarea" not in admin.get(f"{case}/erasure")
        reviewer = browser("S-0600")
        reviewer.get("/overview")
        reviewer.post("/overview/check")
        assert reviewer.status == 200 and "sound" in reviewer.page

    def test_nothing_goes_without_tick_ground_and_words(self, browser: Open) -> None:
        wrong: tuple[dict[str, str], ...] = (
            {}, {"understood": "1", "ground": "tidying_up"}, {"understood": "1", "ground": ""},
            {"understood": "1", "words": "x"}, {"understood": "1", "ground": "retention_over"},
        )  # fmt: skip
        for number, change in enumerate(wrong):
            admin, case = self.erased(browser, f"E-2{number}", **change)
            assert admin.status == 422 and "<script>alert" not in admin.page, change
            assert f"E-2{number}" in admin.get(case)

    def test_a_second_person_confirms_where_it_is_asked(
        self, app: FastAPI, browser: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book = app.state.services.book
        rules = book.rules.model_copy(update={"erasure_second_person": True})
        monkeypatch.setitem(book.__dict__, "rules", rules)
        for second, password in (("S-0800", PASSWORD), ("S-0500", "wrong"), ("S-0417", PASSWORD)):
            admin, _ = self.erased(
                browser, f"E-{second}", understood="1", second=second, second_password=password
            )
            assert admin.status == 422 and "did not confirm" in admin.page
            assert PASSWORD not in admin.page
        admin, _ = self.erased(
            browser, "E-3", understood="1", second="S-0500", second_password=PASSWORD
        )
        assert "erased on" in admin.page

    def test_nobody_else_erases(self, browser: Open) -> None:
        case = open_case(browser("S-0417"), "E-4")
        for user in ("S-0417", "S-0500", "S-0600", "S-9001"):
            one = browser(user)
            one.get(f"{case}/erasure")
            assert one.status == 403, user
            one.get("/ratings")
            one.post(f"{case}/erasure", ground="court_order", words="order", understood="1")
            assert one.status == 403, user
        assert "E-4" in browser("S-0417").get(case)


@dataclass
class Hill:
    """An office without network, with a record of its own."""

    node: Node
    book: Casebook

    @property
    def officer(self) -> Actor:
        return Actor("S-0700", "山所", "qinghe", frozenset({Role.OFFICER}))

    def bundle(self, to: Node, clock: Callable[[], datetime]) -> bytes:
        with reading(self.book) as tx:
            return make_bundle(tx, self.node, to.card, at=clock())

    def take(self, data: bytes, sender: Node, clock: Callable[[], datetime]) -> None:
        trusted = {sender.name: sender.card}
        with writing(self.book, "qinghe") as tx:
            take_in(tx, self.officer, self.node, data, trusted=trusted, at=clock())

    def decide(self, case: str, clock: Callable[[], datetime]) -> str:
        with writing(self.book, "qinghe") as tx:
            return enter_decision(
                tx, self.officer, case, tier=Tier.ORDINARY, decided_on=date(2026, 3, 1),
                review_on=date(2026, 5, 1), proposed_by="S-0700", decided_by="S-0700",
                grounds="works in the village, calm", recommended=(Tier.ORDINARY,), at=clock(),
            )  # fmt: skip


def an_office(folder: Path, name: str) -> Hill:
    settings = settings_in(folder)
    node = make_node(Path(settings.casebook_keys), name)
    make_record(settings)
    return Hill(node, open_book(settings))


class TestExchange:
    def take(self, one: Browser, data: bytes, name: str = "../../etc/passwd") -> str:
        one.get("/exchange")
        return one._keep(
            one.client.post(
                "/exchange/taken", data={"csrf_token": one.csrf}, files={"bundle": (name, data)}
            )
        )

    def test_a_contradiction_comes_in_and_a_person_settles_it(
        self, app: FastAPI, browser: Open, tmp_path: Path
    ) -> None:
        here = app.state.services
        keys = Path(here.settings.casebook_keys)
        county, hill = read_node(keys), an_office(tmp_path, "qinghe/hill")
        officer, admin, reviewer = browser("S-0417"), browser("S-0800"), browser("S-0600")
        case = open_case(officer, "X-1")
        # a sender whose card nobody took in: nothing happens
        page = self.take(admin, hill.bundle(county, here.clock))
        assert admin.status == 422 and "Nothing was taken in" in page
        trust(keys, hill.node.card)
        admin.get("/exchange")
        admin.post("/exchange/bundle", to="qinghe/hill")
        hill.take(admin.last.content, county, here.clock)
        # both decide without knowing of one another
        there = hill.decide(case.rsplit("/", 1)[1], here.clock)
        officer.get(f"{case}/paper")
        officer.post(f"{case}/paper/decision", **DECISION)
        ours = officer.path.rsplit("/", 1)[1]
        data = hill.bundle(county, here.clock)
        page = self.take(admin, data)
        assert admin.status == 200 and "contradictions to settle: 1" in page, page
        new = re.search(r"New entries: (\d+)", page)
        assert new and int(new[1]) > 0 and "here already: 0" in page
        # the same file once more does no harm
        assert "New entries: 0" in self.take(admin, data) and admin.status == 200

        line = re.search(r'href="(/conflicts/[^"]+)"', reviewer.get("/conflicts"))
        assert line and "X-1" in reviewer.page
        page = reviewer.get(line[1])
        for text in (DECISION["grounds"], "works in the village, calm", *LABELS):
            assert text in page, text
        grounds = "the village saw the person after the county did"
        refused: list[dict[str, Any]] = [
            {"holds": "d-1", "grounds": grounds}, {"holds": there, "grounds": ""},
            {"grounds": grounds},
        ]  # fmt: skip
        for wrong in refused:
            reviewer.post(line[1], **wrong)
            assert reviewer.status == 422 and wrong["grounds"] in reviewer.page
        officer.get(line[1])
        officer.post(line[1], holds=ours, grounds=grounds)
        assert officer.status == 403
        stranger = browser("S-9001")
        stranger.get(line[1])
        assert stranger.status == 404
        reviewer.get(line[1])
        reviewer.post(line[1], holds=there, grounds=grounds)
        assert reviewer.path == "/conflicts" and "Nothing contradicts" in reviewer.page
        with reading(here.book) as tx:
            held = tx.session.get_one(CaseRow, case.rsplit("/", 1)[1])
            assert (held.tier, held.decision) == ("ordinary", there)
        page = reviewer.get(line[1])
        assert "It was settled" in page and page.count("holds</span>") == 1
        reviewer.post(line[1], holds=ours, grounds=grounds)
        assert reviewer.status == 422

    def test_wrong_bundles_are_refused_whole(
        self, app: FastAPI, browser: Open, tmp_path: Path
    ) -> None:
        other = make_node(tmp_path / "office", "qinghe/mill")
        trust(Path(app.state.services.settings.casebook_keys), other.card)
        admin = browser("S-0800")
        admin.get("/exchange")
        admin.post("/exchange/bundle", to="qinghe/mill")
        data = admin.last.content
        assert b"riskengine/casebook-bundle/1" in data and "attachment" in str(admin.headers)
        for wrong in (data, b"{}", b"[" * 20_000, b"\xff\xfe", data[:200], b'{"a":' * 900):
            page = self.take(admin, wrong)
            assert admin.status == 422 and "Nothing was taken in" in page, wrong[:20]
            assert "etc/passwd" not in page
        assert self.take(admin, b"") and "Choose the file" in admin.page
        self.take(admin, b"x" * (1 << 20))
        assert admin.status == 413

    def test_an_officer_at_the_county_makes_none(self, browser: Open) -> None:
        one = browser("S-0417")
        one.get("/exchange")
        one.post("/exchange/bundle", to="qinghe/hill")
        assert one.status == 403
        one.get("/conflicts/decisions:none:x")
        assert one.status == 404


class TestPlanner:
    def test_two_policies_on_the_caseload(
        self, app: FastAPI, browser: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = app.state.services
        with transaction(here.accounts) as session:
            add_user(
                session, "S-0900", name="Analyst", roles={"qinghe": ["analyst"]},
                password=PASSWORD, now=here.now(), must_change=False,
            )  # fmt: skip
        first = browser("S-0417")
        case = open_case(first, "L-1")
        assessment = answer(first, case)
        first.get(f"{case}/paper")
        first.post(f"{case}/paper/decision", **DECISION, assessment=assessment.rsplit("/", 1)[1])
        assert first.path.startswith("/decisions/"), first.page
        answer(first, open_case(first, "L-2"))
        seen: dict[str, Any] = {}

        def compared(*given: Any, register: Any, **more: Any) -> Any:
            seen.update(register)
            return compare(*given, register=register, **more)

        monkeypatch.setattr(planner, "compare", compared)
        one = browser("S-0900")
        assert "/rules/compare" in one.get("/rules")
        page = one.get("/rules/compare")
        policy = here.engines["qinghe"].provenance.policy
        one.post("/rules/compare", first=policy, second=policy, hours__qinghe_town="40")
        assert one.status == 200 and "What came out" in one.page, one.page
        assert "L-1" not in one.page
        # the plan begins at the tier that a person has, from the day it was decided
        now = seen[case.rsplit("/", 1)[1]]
        assert (now.past.tier, now.past.decided_on) == (Tier.STRICT, date(2026, 3, 1))
        assert None in [line.past for line in seen.values()]
        # of another country, or no longer in force: not offered, and not taken either
        others = ("us_georgia_levels@1.0.0", "cn_sichuan_2014@1.0.0")
        assert "cn_default@1.0.0" in page and not any(name in page for name in others)
        for wrong in ({"first": "../../x"}, {"hours__qinghe_town": "nan"},
                      *({"second": name} for name in others)):  # fmt: skip
            one.post("/rules/compare", **{"first": policy, "second": policy, **wrong})
            assert one.status == 422, wrong
        one.get("/rules/compare")
        draft = {"draft": ("../../x.json", b'{"a":' * 900)}
        data = {"csrf_token": one.csrf, "first": policy, "second": policy}
        one._keep(one.client.post("/rules/compare", data=data, files=draft))
        assert one.status == 422 and "x.json" not in one.page
        assert "<form" in page and first.get("/rules/compare") and first.status == 403


def test_every_new_form_needs_its_token_and_strangers_find_nothing(browser: Open) -> None:
    one, stranger = browser("S-0417"), browser("S-9001")
    case = open_case(one, "T-1")
    for path in (
        f"{case}/paper/assessment", f"{case}/paper/decision", f"{case}/erasure", "/ratings",
        "/ratings/g1", "/exchange/bundle", "/exchange/taken", "/conflicts/x", "/rules/compare",
    ):  # fmt: skip
        one.post(path, token=False)
        assert one.status == 403, path
    for user in ("S-0500", "S-0600"):
        other = browser(user)
        other.get(f"{case}/paper")
        assert other.status == 403, user
        other.get("/ratings")
        other.post(f"{case}/paper/decision", **DECISION)
        assert other.status == 403, user
    stranger.get("/caseload")
    token = stranger.csrf
    assert stranger.get(f"{case}/paper") and stranger.status == 404
    for path, data in (
        (f"{case}/paper/decision", {**DECISION, "proposed_by": "S-9001", "decided_by": "S-9001"}),
        (f"{case}/paper/assessment", {"assessed_on": "2026-03-01", "signed_by": "S-9001"}),
    ):
        answered = stranger.client.post(path, data={**data, "csrf_token": token})
        assert answered.status_code == 404, path
