"""What a policy or an instrument may not hold is refused at load; what comes close is not."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path

import pytest

from riskengine import ArtefactError, Engine, InstrumentError, PolicyError, UseError
from riskengine.documents import load_document
from riskengine.policy.document import PolicyDocument
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.law import find_law
from riskengine.store.lookup import find_instrument
from riskengine.store.places import shipped
from tests.engine.conftest import write_model
from tests.support.cases import FILE_BLOCK
from tests.support.scorecards import make_document

BUILT = shipped() / "data_schema" / "built"
DEFAULT = json.loads((BUILT / "policies" / "cn_default@1.0.0.json").read_text(encoding="utf-8"))


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    return tmp_path


def load_policy(home: Path, change) -> Engine:
    """Load an engine with a changed copy of the default policy."""
    policy = copy.deepcopy(DEFAULT)
    policy["id"] = "mine"
    change(policy)
    folder = home / "data_schema" / "built" / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mine@1.0.0.json"
    path.write_text(json.dumps(policy, ensure_ascii=False), encoding="utf-8")
    return Engine.load(policy="mine")


def contact(zh: str, en: str = "Contact", kind: str = "other", times: int = 1, per_days: int = 30):
    def change(policy) -> None:
        policy["tiers"]["strict"]["contacts"].append(
            {"kind": kind, "label": {"zh": zh, "en": en}, "times": times, "per_days": per_days}
        )

    return change


def rule(zh: str, en: str = "A reason", effect=None):
    def change(policy) -> None:
        policy["rules"].append(
            {
                "id": "local",
                "title": {"zh": "本地规则", "en": "Local rule"},
                "when": {"item": "admonitions_n", "at_least": 1},
                "effect": effect or {"kind": "floor", "tier": "ordinary"},
                "reason": {"zh": zh, "en": en},
                "citation": {"text": {"zh": "本地", "en": "local"}, "verified": False},
            }
        )

    return change


def approved_by(zh: str):
    def change(policy) -> None:
        policy["roles"]["approves"]["zh"] = zh

    return change


CAUTION = {"kind": "caution"}
CONTACTS = {
    "kind": "schedule",
    "contacts": [
        {"kind": "gps_wristband", "label": {"zh": "设备", "en": "A device"}, "times": 1,
         "per_days": 30}
    ],
}  # fmt: skip

REFUSED = {
    "H02 software approves": ("H02", approved_by("系统自动批准")),
    "H02 a volunteer approves": ("H02", approved_by("县司法局志愿者")),
    "H02 nobody of the agency approves": ("H02", approved_by("村民委员会")),
    "H05 a device among the contacts": ("H05", contact("佩戴电子定位装置")),
    "H05 a device by its kind": ("H05", contact("核查", kind="gps_check")),
    "H05 a device in English": ("H05", contact("核查", "Electronic monitoring")),
    "H05 a device by a rule": ("H05", rule("加强核查", effect=CONTACTS)),
    "H05 a device as what follows from a floor": ("H05", rule("高风险，佩戴定位手环")),
    "H06 no leave at this tier": ("H06", contact("严管期间不得请假")),
    "H06 a rule against leave": ("H06", rule("严管对象一律不予批准外出", effect=CAUTION)),
    "H06 refused behind what is allowed": (
        "H06", rule("未经批准不得外出；严管的一律不准请假", effect=CAUTION)),
    "H06 refused in a long sentence": (
        "H06", rule("为了便于管理" * 12 + "，严管对象一律不予批准外出", effect=CAUTION)),
    "H07 confined at night": ("H07", contact("夜间宵禁")),
    "H07 more than once a day": ("H07", contact("签到", times=2, per_days=1)),
    "H11 a fine": ("H11", contact("缺席一次罚款")),
    "H12 recall among the contacts": ("H12", contact("收监执行")),
    "H12 a rule that proposes revocation": ("H12", rule("两次警告，建议撤销缓刑")),
    "H12 a caution that proposes it": (
        "H12", rule("情况", "Propose revocation of probation", effect=CAUTION)),
    "H15 posted in public": ("H15", contact("在村务公开栏公示")),
    "H17 a complaint as a ground": ("H17", rule("多次信访、投诉")),
    "H17 an appeal as a ground": ("H17", rule("理由", "Filed an appeal against the judgment")),
}  # fmt: skip
ALLOWED = {
    "H02 a delegated office approves": approved_by("司法所（受县级社区矫正机构委托）"),
    "H05 a caution that says what the law says": rule(
        "电子定位须另行依法批准", effect=CAUTION),
    "H05 a check by phone": contact("电话核查", "Check by phone"),
    "H06 leave needs approval": rule("未经批准不得外出", effect=CAUTION),
    "H06 the same in English": rule(
        "出行", "People may not leave the county without approval", effect=CAUTION),
    "H02 the justice system of the county": approved_by("县司法行政系统负责人"),
    "H12 revocation that the agency asked for": rule("已提请撤销缓刑的", "Revocation pending"),
    "H15 adopted by public notice": lambda p: p.update({"adopted_by": "县司法局2026年第3号公告"}),
    "H07 once a day": contact("签到", times=1, per_days=1),
    "H11 a warning as the ground of a floor": rule("受到警告"),
    "H12 an earlier revocation as a ground": rule("曾被撤销缓刑"),
    "H15 told to the person": contact("书面告知本人"),
    "H17 the right to complain": rule("有异议的可以向人民检察院申诉", effect=CAUTION),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_policy_against_the_law_is_refused_at_load(home, name):
    constraint, change = REFUSED[name]
    with pytest.raises(PolicyError, match=rf"policy \[mine\].*\({constraint}, .*arts?\."):
        load_policy(home, change)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_comes_close_is_loaded(home, name):
    assert load_policy(home, ALLOWED[name]).policy is not None


def test_every_mistake_is_named_at_once(home):
    def change(policy) -> None:
        for name in ("H05 a device among the contacts", "H11 a fine", "H02 software approves"):
            REFUSED[name][1](policy)

    with pytest.raises(PolicyError) as error:
        load_policy(home, change)
    assert [c for c in ("H02", "H05", "H11") if f"({c}, " in str(error.value)] == [
        "H02", "H05", "H11",
    ]  # fmt: skip
    assert "tier [strict] contact [other] [佩戴电子定位装置]" in str(error.value)


SHIPPED = sorted((BUILT / "policies").glob("*.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_policy_keeps_the_law(path):
    document = load_document(PolicyDocument, path.read_bytes(), source=path.name)
    if document.jurisdiction == "cn":
        find_law("cn").check_policy(document)


def test_the_shipped_instrument_keeps_the_law(cn):
    find_law("cn").check_instrument(cn)


def test_a_policy_that_ended_before_the_law_is_judged_by_the_law_of_its_time(home):
    def old(policy) -> None:
        policy["valid_from"], policy["valid_to"] = "2014-07-01", "2020-06-30"
        contact("携带定位手机")(policy)

    def one_day_longer(policy) -> None:
        old(policy)
        policy["valid_to"] = "2020-07-01"

    assert load_policy(home, old).policy is not None
    with pytest.raises(PolicyError, match="H05"):
        load_policy(home, one_day_longer)


SWITCHES = {
    "by a key of its own": lambda p: p.update({"statutory": {"disable": ["H08"]}}),
    "by a list of exceptions": lambda p: p.update({"except": ["H03"]}),
    "by a key in a rule": lambda p: p["rules"][0].update({"overrides": ["H05"]}),
    "by a key in an effect": lambda p: p["rules"][0]["effect"].update({"disable": "H12"}),
    "by an effect of its own": lambda p: p["rules"][0].update(
        {"effect": {"kind": "switch_off", "tier": "strict"}}),
    "by a rule with the name of a constraint": lambda p: p["rules"][0].update({"id": "H08"}),
    "by another set": lambda p: p.update({"statutory_set": "cn@0.0.0"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SWITCHES)
def test_a_policy_that_tries_to_switch_a_constraint_off_is_refused_at_load(home, name):
    with pytest.raises(ArtefactError, match=r"mine@1\.0\.0\.json: "):
        load_policy(home, SWITCHES[name])


def test_a_policy_cannot_choose_another_jurisdiction(home):
    with pytest.raises(UseError, match=r"policy \[mine\] belongs to .*\[us_georgia\].*\[cn\]"):
        load_policy(home, lambda p: p.update({"jurisdiction": "us_georgia"}))


# ---------------------------------------------------------------- instruments


def load_instrument(home: Path, cn, change, *, answers=None):
    """Load an engine whose instrument is a changed copy of the shipped one."""
    raw = json.loads(
        (BUILT / "instruments" / "cn_community_corrections@1.0.0.json").read_text("utf-8")
    )
    raw["version"] = "9.9.9"
    change(raw)
    folder = home / "data_schema" / "built" / "instruments"
    folder.mkdir(parents=True)
    path = folder / "cn_community_corrections@9.9.9.json"
    path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
    instrument = find_instrument("cn_community_corrections@9.9.9")
    document = make_document(
        instrument,
        seed=2,
        form="points",
        purpose="template",
        items=["age_at_start", "drug_use"],
        monotone=True,
        outcome="serious_noncompliance_12m",
        change={
            "id": "mine",
            "reference": {
                "id": "r",
                "label": {"zh": "编造", "en": "made up"},
                "illustrative": True,
                "score_quantiles": list(range(-12, 30)),
            },
        },
    )
    assert document.instrument.sha256 == instrument_hash(instrument)
    assert isinstance(document, ScorecardDocument)
    write_model(home, document)
    return Engine.load("mine")


def without_block(entry: str):
    def change(raw) -> None:
        raw["blocked"] = [one for one in raw["blocked"] if one["id"] != entry]

    return change


def renamed(item: str, zh: str, en: str):
    def change(raw) -> None:
        (found,) = [one for one in raw["items"] if one["id"] == item]
        found["label"] = {"zh": zh, "en": en}

    return change


BAD_INSTRUMENTS = {
    "H05 location traces are not blocked": ("H05", without_block("location_traces")),
    "H09 sealed records are not blocked": ("H09", without_block("sealed_records")),
    "H17 complaints are not blocked": ("H17", without_block("complaints_petitions")),
    "H05 asks for positioning": ("H05", renamed("schooling", "电子定位记录", "Positioning")),
    "H09 asks for juvenile records": (
        "H09", renamed("schooling", "学校", "Juvenile record in school")),
    "H17 asks for petitions": ("H17", renamed("schooling", "信访次数", "Times")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_INSTRUMENTS)
def test_an_instrument_that_asks_what_it_may_not_is_refused(home, cn, name):
    constraint, change = BAD_INSTRUMENTS[name]
    with pytest.raises(InstrumentError, match=rf"cn_community_corrections.*\({constraint}, "):
        load_instrument(home, cn, change)


def test_a_plain_instrument_is_loaded(home, cn):
    assert load_instrument(home, cn, renamed("schooling", "学习", "Study")).law is not None


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "不属于社区矫正对象"), ("en", "none of the four")]
)
@pytest.mark.parametrize(("status", "scope"), [("05", False), ("02", True)])
def test_h01_another_status_is_refused_with_the_reason(home, cn, status, scope, lang, words):
    """The shipped instrument knows no fifth status; one that does is stopped by the law."""

    def with_a_fifth(raw) -> None:
        (item,) = [one for one in raw["items"] if one["id"] == "legal_status"]
        item["levels"].append({"id": "05", "label": {"zh": "剥夺政治权利", "en": "Deprivation"}})

    engine = load_instrument(home, cn, with_a_fifth)
    answers = {**FILE_BLOCK, "legal_status": status}
    raw = {"person": "T-1", "kind": "reassessment", "assessed_on": "2026-06-01"}
    assessment = engine.assessment({**raw, "answers": answers})
    found = engine.recommend(assessment, on=date(2026, 6, 1), lang=lang)
    if scope:
        assert found.tiers
    else:
        assert (found.status, found.binding_rule.id, found.score) == ("out_of_scope", "H01", None)
        assert words in found.binding_rule.reason


def test_h01_a_fifth_status_is_no_answer_of_the_shipped_instrument():
    from riskengine import AssessmentError

    raw = {"person": "T-1", "assessed_on": "2026-06-01"}
    with pytest.raises(AssessmentError, match=r"legal_status: no answer option \[05\]"):
        Engine.load().assessment({**raw, "answers": {**FILE_BLOCK, "legal_status": "05"}})


@pytest.mark.parametrize(
    "item", ["complaints_petitions", "sealed_records", "location_traces", "biometrics"]
)
def test_what_is_blocked_is_refused_as_an_answer(item):
    from riskengine import AssessmentError

    raw = {"person": "T-1", "assessed_on": "2026-06-01"}
    with pytest.raises(AssessmentError) as error:
        Engine.load().assessment({**raw, "answers": {**FILE_BLOCK, item: "3"}})
    assert "不得作为输入" in error.value.text("zh")
    assert "may never be an input" in error.value.text("en")


# ---------------------------------------------------------------- what is put out

BROKEN = {
    "H02 nobody is said to decide": (
        "H02", lambda r: {"cautions": [c for c in r.cautions if c.id != "H02"]}),
    "H04 no assistance": ("H04", lambda r: {"needs": ()}),
    "H04 no review date": ("H04", lambda r: {"review_on": None}),
    "H05 a device": ("H05", lambda r: {"contacts": _with(r, "定位手环")}),
    "H07 confined": ("H07", lambda r: {"contacts": _with(r, "Curfew at night")}),
    "H11 a fine": ("H11", lambda r: {"contacts": _with(r, "罚款")}),
    "H12 recall": ("H12", lambda r: {"contacts": _with(r, "收监")}),
    "H16 no word on review": (
        "H16", lambda r: {"cautions": [c for c in r.cautions if c.id != "H16"]}),
}  # fmt: skip


def _with(found, label: str):
    return (*found.contacts, found.contacts[0].model_copy(update={"label": label}))


@pytest.mark.parametrize("name", BROKEN)
def test_a_recommendation_against_the_law_is_not_put_out(name):
    constraint, change = BROKEN[name]
    engine = Engine.load()
    raw = {"person": "T-1", "kind": "reassessment", "assessed_on": "2026-06-01"}
    assessment = engine.assessment({**raw, "answers": FILE_BLOCK})
    day = date(2026, 6, 1)
    found = engine.recommend(assessment, on=day)
    engine.law.check_output(found, day)
    with pytest.raises(UseError, match=rf"recommendation: .*\({constraint}, "):
        engine.law.check_output(found.model_copy(update=change(found)), day)


def test_the_engine_itself_asks_before_it_puts_anything_out(monkeypatch):
    """The check is on the way out of `Engine.recommend`, whatever composed the recommendation."""
    from dataclasses import replace

    engine = Engine.load()
    raw = {"person": "T-1", "kind": "reassessment", "assessed_on": "2026-06-01"}
    assessment = engine.assessment({**raw, "answers": FILE_BLOCK})
    nothing_for_all = replace(engine, law=replace(engine.law, assistance_for_all=None))
    assert [need.id for need in engine.recommend(assessment, on=date(2026, 6, 1)).needs] == [
        "for_all"
    ]
    with pytest.raises(UseError, match=r"a tier without any assistance \(H04, "):
        nothing_for_all.recommend(assessment, on=date(2026, 6, 1))


RESEARCH = {
    "H08 a minor": ({"is_minor_profile": True, "birth_date": "2009-01-01"}, "separate_profile"),
    "H18 without notice": ({"notice_given_date": "unknown"}, "incomplete"),
    "an adult who was told": ({}, "score_only"),
}


@pytest.mark.parametrize("name", RESEARCH)
def test_research_mode_is_no_way_around_the_law(name):
    change, status = RESEARCH[name]
    engine = Engine.load(research=True)
    raw = {"person": "T-1", "kind": "reassessment", "assessed_on": "2026-06-01"}
    found = engine.recommend(
        engine.assessment({**raw, "answers": {**FILE_BLOCK, **change}}), on=date(2026, 6, 1)
    )
    assert (found.status, found.tiers) == (status, ())
    assert (found.score is None) is (status != "score_only")


def test_a_benchmark_from_elsewhere_has_no_set():
    engine = Engine.load("ogrs3_1y", research=True)
    assert engine.law is None
