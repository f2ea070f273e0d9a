"""What no page may do: act without its token, run what was written, lead away, tell strangers."""

import re
from collections.abc import Callable

import pytest

from riskengine.server.pages.ways import safe_path
from tests.server.pages.conftest import PASSWORD, Browser
from tests.server.pages.rounds import answer, open_case, own_view

Open = Callable[..., Browser]

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %}",
    "' OR 1=1 --",
    "=HYPERLINK(1)",
    "right‮left​zero",
)
EVERYTHING = " ".join(HOSTILE)


def posts(page: str) -> list[str]:
    """Addresses of forms that change something."""
    return [
        found
        for found in re.findall(r'<form method="post" action="([^"#]+)', page)
        if found not in ("/language",)
    ]


class TestTokens:
    def test_every_form_carries_a_token_and_is_refused_without(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one)
        assessment = answer(one, case)
        own_view(one, assessment)
        one.get(assessment)
        one.post(f"{assessment}/proposal", tier="strict", grounds="first weeks, no work yet")
        proposal = one.path
        pages = [
            "/caseload", case, assessment, proposal, "/cases/new", f"{case}/without-score",
            "/overview",
        ]  # fmt: skip
        seen = set()
        for path in pages:
            page = one.get(path)
            for action in posts(page):
                form = page.split(f'action="{action}')[1].split("</form>")[0]
                assert 'name="csrf_token"' in form, (path, action)
                seen.add(action)
        assert len(seen) >= 8
        for action in sorted(seen):
            one.post(action, token=False, grounds="long enough", words="x", act="suspend")
            assert one.status == 403, action
            one.client.post(action, data={"csrf_token": "wrong" * 8})
        one.get("/caseload")
        assert one.status == 200  # nobody was signed out by a form without a token

    def test_a_form_from_another_site_is_refused(self, browser: Open) -> None:
        one = browser("S-0417")
        one.get("/cases/new")
        data = {"csrf_token": one.csrf, "person": "A-1", "office": "o"}
        for headers in (
            {"origin": "https://elsewhere.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
        ):
            assert one.client.post("/cases", data=data, headers=headers).status_code == 403
        assert (
            one.client.post(
                "/cases", data=data, headers={"origin": "http://127.0.0.1:8321"}
            ).status_code
            == 200
        )

    def test_signing_in_needs_the_token_of_this_browser(self, browser: Open) -> None:
        one = browser()
        one.get("/sign-in")
        one.post("/sign-in", token=False, user="S-0417", password=PASSWORD, browser_token="other")
        assert one.status == 403


class TestSessions:
    def test_a_session_from_before_the_sign_in_is_never_taken_over(self, browser: Open) -> None:
        one = browser()
        one.client.cookies.set("riskengine", "chosen-by-somebody-else", domain="127.0.0.1")
        one.sign_in("S-0417")
        assert one.client.cookies.get("riskengine") != "chosen-by-somebody-else"
        first = one.client.cookies.get("riskengine")
        one.sign_in("S-0500")
        assert one.client.cookies.get("riskengine") != first
        # the first session ended with the second sign-in
        other = browser()
        other.client.cookies.set("riskengine", first, domain="127.0.0.1")
        other.get("/caseload")
        assert other.path == "/sign-in"

    def test_signing_out_ends_it_for_good(self, browser: Open) -> None:
        one = browser("S-0417")
        token = one.client.cookies.get("riskengine")
        one.get("/caseload")
        one.post("/sign-out")
        assert one.path == "/sign-in"
        one.client.cookies.set("riskengine", token, domain="127.0.0.1")
        one.get("/caseload")
        assert one.path == "/sign-in"

    def test_a_wrong_password_says_neither_what_was_wrong_nor_signs_in(
        self, browser: Open
    ) -> None:
        one = browser().sign_in("S-0417", "wrong")
        known = one.page
        assert one.status == 401 and "S-0417" in known
        other = browser().sign_in("S-9999", "wrong")
        strip = re.compile(r'value="[^"]*"')
        assert strip.sub("", other.page) == strip.sub("", known)

    def test_the_first_password_must_be_changed_before_anything_else(
        self, app, browser: Open
    ) -> None:  # type: ignore[no-untyped-def]
        from riskengine.server.accounts.database import transaction
        from riskengine.server.accounts.users import add_user

        here = app.state.services
        with transaction(here.accounts) as session:
            add_user(
                session, "S-1", name="new", roles={"qinghe": ["officer"]}, password=PASSWORD,
                now=here.now(),
            )  # fmt: skip
        one = browser().sign_in("S-1")
        assert one.path == "/password"
        one.get("/caseload")
        assert one.path == "/password"
        new = "another long sentence"
        one.post("/password", old_password=PASSWORD, new_password=new, again="something else 12")
        assert one.status == 422
        one.post("/password", old_password=PASSWORD, new_password=new, again=new)
        assert one.path == "/caseload", one.page


class TestWays:
    @pytest.mark.parametrize(
        "way",
        [
            "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example",
            "/\telsewhere", "javascript:alert(1)", "\\\\elsewhere", "/%0d%0aLocation: x\r\n",
            "http:elsewhere.example", " //elsewhere.example", "/ä", "",
        ],
    )  # fmt: skip
    def test_nobody_is_led_away_after_signing_in(self, browser: Open, way: str) -> None:
        one = browser()
        one.client.follow_redirects = False
        page = one.get("/sign-in")
        token = re.search(r'name="browser_token" value="([^"]+)"', page)
        assert token
        one.post(
            "/sign-in", token=False, user="S-0417", password=PASSWORD, browser_token=token[1],
            next=way,
        )  # fmt: skip
        assert one.headers["location"] in ("/",)
        one.post("/language", token=False, lang="zh", back=way)
        assert one.headers["location"] == "/"

    def test_a_reader_comes_back_to_where_the_session_ended(self, browser: Open) -> None:
        one = browser()
        one.get("/caseload?due=overdue&who=all")
        assert one.path == "/sign-in"
        assert 'name="next" value="/caseload?due=overdue&amp;who=all"' in one.page

    def test_only_paths_of_this_service_are_ways(self) -> None:
        assert safe_path("/cases/c-1?a=b#c") == "/cases/c-1?a=b#c"
        assert safe_path("/" + "x" * 600) == "/"

    @pytest.mark.parametrize(
        "path",
        [
            "/static/..%2f..%2fconftest.py", "/static/../desk.css", "/static/desk.css",
            "/static/%2e%2e/%2e%2e/etc/passwd", "/static/desk-000000000000.css",
            "/static/..%5c..%5cdesk.css", "/drafts/..%2f..%2fcases",
        ],
    )  # fmt: skip
    def test_no_path_reaches_a_file(self, browser: Open, path: str) -> None:
        one = browser("S-0417")
        one.get(path)
        assert one.status == 404, one.page[:200]

    def test_the_style_sheets_are_served_and_kept(self, browser: Open) -> None:
        one = browser()
        page = one.get("/sign-in")
        for address in re.findall(r'href="(/static/[^"]+)"', page):
            got = one.client.get(address)
            assert got.status_code == 200 and "immutable" in got.headers["cache-control"]


class TestHostileTexts:
    def test_what_people_write_is_text_everywhere(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one)
        assessment = answer(one, case, notice_given_by=HOSTILE[0])
        one.get(assessment)
        one.post(f"{assessment}/own-view", tier="ordinary", grounds=EVERYTHING)
        one.get(assessment)
        one.post(
            f"{assessment}/proposal", tier="relaxed", grounds=EVERYTHING, reason="other",
            explanation=EVERYTHING,
        )  # fmt: skip
        decision = one.path
        assert decision.startswith("/decisions/"), one.page
        one.get(case)
        one.post(f"{case}/comments", words=EVERYTHING)
        one.get(case)
        one.post(f"{case}/file", what="job_lost", on="2026-03-01", document=EVERYTHING[:150])
        one.get(case)
        one.post(f"{case}/reviews", words=EVERYTHING, channel="helper", helper=EVERYTHING[:90])
        review = one.path
        one.get(decision)
        one.post(
            f"{decision}/notice", language="dialect", said=EVERYTHING, interpreter=EVERYTHING[:90]
        )
        reviewer = browser("S-0600")
        reviewer.get(review)
        reviewer.post(f"{review}/handler", handler="S-0600")
        reviewer.post(f"{review}/answer", outcome="upheld", answer=EVERYTHING)
        paths = [
            case, assessment, decision, f"{decision}/notice", review, f"{review}/receipt",
            f"{review}/letter", f"{assessment}/answers", f"{assessment}/review-sheet",
            f"{decision}/replay", "/overview", "/caseload?who=all",
        ]  # fmt: skip
        found = 0
        for path in paths:
            page = reviewer.get(path)
            assert reviewer.status == 200, path
            assert "<script" not in page and "<img" not in page, path
            assert "alert(1)" not in re.sub(
                r"&lt;script&gt;alert\(1\)|onerror=alert\(1\)", "", page
            )
            assert "‮" not in page and "​" not in page, path
            assert "49 " not in page.split("7 * 7")[0][-3:]
            found += "&lt;script&gt;" in page
        assert found >= 6

    def test_what_stood_in_a_refused_form_is_text_in_it(self, browser: Open) -> None:
        one = browser("S-0417")
        one.get("/cases/new")
        one.post("/cases", person=HOSTILE[1], office=HOSTILE[2])
        assert one.status == 422
        assert "<img" not in one.page and "<script" not in one.page
        one.get(
            "/caseload",
        )
        for text in HOSTILE:
            page = one.client.get("/caseload", params={"person": text, "office": text}).text
            assert "<script" not in page and "<img" not in page


class TestFilters:
    @pytest.mark.parametrize(
        "text", ["' OR '1'='1", "x'; DROP TABLE cases; --", "%", "_", "\\", "1) OR (1=1", '"']
    )
    def test_a_filter_is_a_value_and_no_sql(self, browser: Open, text: str) -> None:
        one = browser("S-0417")
        open_case(one)
        for name in ("who", "due", "tier", "office", "alerts", "person"):
            got = one.client.get("/caseload", params={"who": "all", name: text})
            assert got.status_code == 200, (name, text)
            if name in ("office",):
                assert "/cases/c-" not in got.text
            got = one.client.get("/due", params={"who": "all", name: text})
            assert got.status_code == 200
        for name in ("since", "until", "office", "reason", "direction"):
            assert one.client.get("/overview", params={name: text[:8]}).status_code == 200
        one.get("/caseload?who=all")
        assert "A-17" in one.page

    def test_strange_addresses_are_not_found(self, browser: Open) -> None:
        one = browser("S-0417")
        for path in (
            "/cases/' OR 1=1", "/cases/c-0", "/assessments/x", "/proposals/x", "/decisions/x",
            "/reviews/x", "/drafts/x", "/drafts/x/control", "/caseload?page=0", "/nowhere",
            "/caseload?page=1%20OR%201",
        ):  # fmt: skip
            one.get(path)
            assert one.status == 404, path
            assert "<h1>Not found</h1>" in one.page, path


class TestStrangers:
    def test_another_district_finds_nothing_anywhere(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one)
        assessment = answer(one, case)
        own_view(one, assessment)
        one.get(assessment)
        one.post(f"{assessment}/proposal", tier="strict", grounds="first weeks, no work yet")
        proposal = one.path
        one.get(case)
        one.post(f"{case}/reviews", words="please", channel="paper")
        review = one.path
        stranger = browser("S-9001")
        stranger.get("/caseload?who=all")
        assert case not in stranger.page
        token = stranger.csrf
        for path in (
            case, assessment, f"{assessment}/answers", f"{assessment}/review-sheet",
            f"{assessment}/what-if", proposal, review, f"{review}/receipt",
            f"{case}/without-score",
        ):  # fmt: skip
            stranger.get(path)
            assert stranger.status == 404, path
            assert "A-17" not in stranger.page
        for path in (
            f"{case}/drafts", f"{case}/comments", f"{case}/reviews", f"{case}/file",
            f"{assessment}/own-view", f"{assessment}/proposal", f"{assessment}/reveal",
            f"{assessment}/correction", f"{proposal}/approve", f"{proposal}/return",
            f"{review}/handler", f"{review}/answer",
        ):  # fmt: skip
            answered = stranger.client.post(
                path,
                data={
                    "csrf_token": token, "tier": "strict", "grounds": "long enough grounds",
                    "words": "words", "what": "arrest", "on": "2026-03-01", "handler": "S-9001",
                    "outcome": "upheld", "answer": "long enough answer",
                },
            )  # fmt: skip
            assert answered.status_code == 404, path

    def test_a_key_of_another_system_opens_no_page(self, app, browser: Open) -> None:  # type: ignore[no-untyped-def]
        from riskengine.server.accounts.database import transaction
        from riskengine.server.accounts.keys import add_key

        here = app.state.services
        with transaction(here.accounts) as session:
            token, _ = add_key(
                session, label="k", district="qinghe", scopes=["casebook:read"], user="S-0417",
                now=here.now(), expires_at=None,
            )  # fmt: skip
        one = browser()
        one.get("/caseload", authorization=f"Bearer {token}")
        assert one.status == 403


class TestHeaders:
    def test_no_page_allows_inline_script_or_style(self, browser: Open) -> None:
        one = browser("S-0417")
        case = open_case(one)
        for path in ("/caseload", case, "/rules", "/rules/policy", "/overview", "/sign-in"):
            page = one.get(path)
            policy = one.headers["content-security-policy"]
            assert "unsafe" not in policy and "default-src 'none'" in policy
            assert " style=" not in page and "<style" not in page and "<script" not in page
            assert not re.search(r"\son[a-z]+=", page)
        assert one.headers["referrer-policy"] == "same-origin"

    def test_the_model_page_keeps_the_policy_that_it_was_made_with(self, browser: Open) -> None:
        one = browser("S-0417")
        one.get("/rules/model")
        policy = one.headers["content-security-policy"]
        assert one.status == 200 and "unsafe" not in policy
        assert "style-src 'sha256-" in policy and "frame-ancestors 'none'" in policy

    def test_a_program_gets_problem_details_and_a_person_a_page(self, browser: Open) -> None:
        one = browser()
        assert (
            one.client.get("/nowhere", headers={"accept": "application/json"})
            .headers["content-type"]
            .startswith("application/problem+json")
        )
        assert (
            one.client.get("/v1/nowhere", headers={"accept": "text/html"})
            .headers["content-type"]
            .startswith("application/problem+json")
        )
        one.get("/nowhere")
        assert one.status == 404 and "<h1>" in one.page
