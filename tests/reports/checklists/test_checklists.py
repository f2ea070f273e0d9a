"""Checklists: what is known fills them, what is not stays open, and only people complete one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from typer.testing import CliRunner

from riskengine.authoring.yaml_source import parse_yaml
from riskengine.casebook.rules import find_rules
from riskengine.cli import app
from riskengine.errors import ArtefactError, UseError
from riskengine.reports.checklists.document import Answer, Answers, Signature
from riskengine.reports.checklists.facts import Known, known_facts
from riskengine.reports.checklists.fill import fill, find_checklist, parse_answers
from riskengine.reports.checklists.names import FACT_NAMES, NEEDS, WHO
from riskengine.reports.checklists.pages import (
    answers_form,
    checklist_json,
    checklist_markdown,
    checklist_page,
)
from riskengine.reports.checklists.standing import impact_standing
from riskengine.reports.words import words_of
from riskengine.store.law import find_law
from riskengine.store.lookup import find_model, find_policy

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def model():
    return find_model("cn_serious_noncompliance")


@pytest.fixture(scope="module")
def known(model):
    policy, _ = find_policy("cn_default")
    return Known(model=model, policy=policy, law=find_law("cn"), on=DAY, rules=find_rules())


def answered(model, *, without=(), kind="impact", **more) -> Answers:
    checklist = find_checklist({"impact": "impact", "probast": "probast_ai"}[kind])
    choice = "NI" if checklist.choices else None
    given = tuple(
        Answer(item=one.id, choice=choice, text="见附件", by="李某", role="科长", on=DAY)
        for one in checklist.items
        if one.id not in without
    )
    document = model.scorecard.document
    return Answers(
        format="riskengine/checklist-answers/1",
        checklist=checklist.name,
        model=f"{document.id}@{document.version}",
        model_sha256=model.sha256,
        answers=given,
        **more,
    )


def signed(known, answers, **changed) -> Answers:
    content = fill("impact", known, answers=answers).content_sha256
    names = {"head": "王某", "protection": "赵某"}
    signatures = tuple(
        Signature(**({"place": place, "by": by, "on": DAY, "content_sha256": content} | changed))
        for place, by in names.items()
    )
    return answers.model_copy(update={"signatures": signatures})


def standing(filled):
    return impact_standing(checklist_json(filled).encode())


# --- The catalogues ------------------------------------------------------------------------------


def test_the_shipped_checklists_hold_what_their_sources_count():
    tripod, probast = find_checklist("tripod_ai"), find_checklist("probast_ai")
    assert len(tripod.items) == 52
    assert {int(item.number.rstrip("abcdefg")) for item in tripod.items} == set(range(1, 28))
    assert sum(item.number.startswith("D ") for item in probast.items) == 16
    assert sum(item.number.startswith("E ") for item in probast.items) == 18
    impact = find_checklist("impact")
    cited = {name for item in impact.items for name in item.sources}
    assert cited == {"pipl", "ai_act", "canada"}
    # every element of art. 27(1) of the AI Act is asked, and of art. 56 of the PIPL
    places = " ".join(item.sources.get("ai_act", "") for item in impact.items)
    assert all(f"27(1)({letter})" in places for letter in "abcdef")
    places = " ".join(item.sources.get("pipl", "") for item in impact.items)
    assert all(f"56({number})" in places for number in "123")


def test_every_fact_has_a_name_and_somebody_uses_it():
    sentences = words_of("checklists", "en").sentences
    assert {f"name_{one}" for one in FACT_NAMES} <= set(sentences)
    assert {f"who_{one}" for one in WHO} <= set(sentences)
    assert set(NEEDS) == set(FACT_NAMES)
    used = {
        fact
        for name in ("tripod_ai", "probast_ai", "impact")
        for item in find_checklist(name).items
        for fact in item.facts
    }
    assert used == set(FACT_NAMES)


# --- What is known -------------------------------------------------------------------------------


def test_a_default_of_the_software_is_no_fact(model):
    facts = known_facts(Known(model))
    assert {NEEDS[name] for name in facts} == {"model"}
    assert "internal_validation" not in facts  # nothing was measured for a literature score
    assert "trained_dates" not in facts


def test_named_files_become_facts_in_both_languages(known):
    facts = known_facts(known)
    assert {"model", "policy", "law", "casebook"} == {NEEDS[name] for name in facts}
    assert "did not" not in facts["policy_roles"][1].en
    assert "does not say which authority" in facts["policy_roles"][1].en
    for said in facts.values():
        for text in said:
            assert "{" not in text.zh and "{" not in text.en
    assert "100%" in facts["cb_own_view"][0].en


def test_a_tier_without_contacts_is_told_as_one(known):
    tiers = known.policy.tiers
    bare = {tier: terms.model_copy(update={"contacts": ()}) for tier, terms in tiers.items()}
    policy = known.policy.model_copy(update={"tiers": bare})
    said = known_facts(replace(known, policy=policy))["policy_tiers"]
    assert all("none stated" in one.en and "未写明" in one.zh for one in said)


def test_a_judgement_is_never_made_by_a_fact(known):
    filled = fill("probast", known)
    assert {one.state for one in filled.items} <= {"open", "partly"}
    assert all(one.needs_answer for one in filled.items)


def test_the_reporting_checklist_fills_what_the_files_tell_and_nothing_else(known):
    states = {one.id: one.state for one in fill("tripod", known).items}
    assert states["i9b"] == "filled"  # items and who rates them stand in the model
    assert states["i18a"] == "open"  # no file tells who paid
    assert states["i23a"] == "open"  # nothing was measured
    assert "yes" not in set(states.values())


# --- Answers and signatures -------------------------------------------------------------------


def test_it_is_complete_only_when_all_is_answered_and_both_have_signed(known, model):
    assert standing(fill("impact", known)).open == tuple(
        one.id for one in find_checklist("impact").items
    )
    answers = answered(model)
    unsigned = standing(fill("impact", known, answers=answers))
    assert unsigned.open == () and unsigned.unsigned == ("head", "protection")
    assert not unsigned.complete
    done = standing(fill("impact", known, answers=signed(known, answers)))
    assert done.complete
    assert done.signed_by == ("王某", "赵某") and done.signed_on == DAY
    assert done.model == "cn_serious_noncompliance@1.0.0"
    assert done.model_sha256 == model.sha256


def test_one_item_left_open_is_not_complete(known, model):
    answers = signed(known, answered(model, without={"h2"}))
    found = standing(fill("impact", known, answers=answers))
    assert found.open == ("h2",) and not found.complete


def test_a_signature_holds_only_for_what_was_signed(known, model):
    answers = signed(known, answered(model))
    text = checklist_json(fill("impact", known, answers=answers))
    assert impact_standing(text.encode()).complete
    found = impact_standing(text.replace("见附件", "没有", 1).encode())
    assert found.unsigned == ("head", "protection") and found.signed_by == ()
    # without the policy other facts are stated, so the old signatures are void
    fewer = Known(model=known.model, rules=known.rules)
    assert not standing(fill("impact", fewer, answers=answers)).complete


def test_cutting_an_open_item_out_of_the_file_does_not_close_it(known, model):
    value = json.loads(checklist_json(fill("impact", known, answers=answered(model))))
    value["items"] = [one for one in value["items"] if one["id"] != "e2"]
    value["items"][0]["asks_a_person"] = False
    value["items"][0]["answer"] = None
    assert impact_standing(json.dumps(value).encode()).open == ("a1", "e2")


def test_one_person_cannot_sign_for_two(known, model):
    with pytest.raises(UseError, match="one person signed in two places"):
        fill("impact", known, answers=signed(known, answered(model), by="王某"))
    value = json.loads(
        checklist_json(fill("impact", known, answers=signed(known, answered(model))))
    )
    for one in value["signatures"]:
        one["by"] = "王某"
    assert impact_standing(json.dumps(value).encode()).unsigned == ("protection",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_sha256": "0" * 64}, "says nothing about another"),
        ({"checklist": "tripod_ai@1.0.0"}, "accepted here"),
        (
            {"answers": (Answer(item="zz", text="好的", by="李某", role="科长", on=DAY),)},
            "no such item; accepted: a1, a2",
        ),
        (
            {
                "answers": (
                    Answer(item="a1", choice="Y", text="好的", by="李某", role="科长", on=DAY),
                )
            },
            "no .choice.",
        ),
        ({"signed_on": date(2026, 3, 1)}, "older than an answer"),
    ],
)
def test_answers_that_do_not_fit_are_refused(known, model, change, message):
    answers = answered(model)
    if "signed_on" in change:
        answers = signed(known, answers, on=change["signed_on"])
    else:
        answers = answers.model_copy(update=change)
    with pytest.raises(UseError, match=message):
        fill("impact", known, answers=answers)


def test_a_judgement_needs_its_choice(known, model):
    answers = answered(model, kind="probast")
    assert {one.state for one in fill("probast", known, answers=answers).items} == {"answered"}
    bare = tuple(one.model_copy(update={"choice": None}) for one in answers.answers)
    with pytest.raises(UseError, match="accepted: Y, PY, PN, N, NI, NA"):
        fill("probast", known, answers=answers.model_copy(update={"answers": bare}))


def test_only_an_impact_assessment_of_the_installed_checklist_has_a_standing(known):
    with pytest.raises(ArtefactError, match=r"accepted: \[impact\]"):
        standing(fill("tripod", known))
    other = fill("impact", known).model_copy(update={"checklist_sha256": "0" * 64})
    with pytest.raises(ArtefactError, match="another content"):
        standing(other)


def test_answers_name_who_and_when():
    value = {
        "format": "riskengine/checklist-answers/1", "checklist": "impact@1.0.0", "model": "m",
        "model_sha256": "0" * 64,
        "answers": [{"item": "a1", "text": "好的", "role": "科长", "on": "2026-03-02"}],
    }  # fmt: skip
    with pytest.raises(ArtefactError, match=r"answers\.0\.by: Field required"):
        parse_answers(value, source="answers.yaml")
    value["answers"][0] |= {"by": "  "}
    with pytest.raises(ArtefactError, match=r"answers\.0\.by"):
        parse_answers(value, source="answers.yaml")


# --- Forms and pages -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["impact", "probast", "tripod"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_empty_form_is_a_valid_file_without_any_answer(known, kind, lang):
    form = answers_form(fill(kind, known), lang=lang)
    found = parse_answers(parse_yaml(form, name="form").value, source="form")
    assert found.answers == () and found.signatures == ()


def test_a_form_with_answers_reads_back_as_given(known, model):
    answers = signed(known, answered(model))
    form = answers_form(fill("impact", known, answers=answers), lang="zh")
    assert parse_answers(parse_yaml(form, name="form").value, source="form") == answers


def test_what_people_write_cannot_act(known, model):
    hostile = '<script>alert(1)</script> | # x\n## y [l](http://x) \u202e"'
    answers = answered(model)
    first = answers.answers[0].model_copy(update={"text": hostile, "by": "<b>王</b>"})
    answers = answers.model_copy(update={"answers": (first, *answers.answers[1:])})
    filled = fill("impact", known, answers=answers)
    page = checklist_page(filled, lang="en")
    assert "<script" not in page and "<b>" not in page and "\u202e" not in page
    text = checklist_markdown(filled, lang="en")
    assert "<script" not in text.replace("\\<", "") and "\n## y" not in text
    form = answers_form(filled, lang="zh")
    back = parse_answers(parse_yaml(form, name="form").value, source="form")
    assert back.answers[0].text == hostile


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_the_same_every_time_and_names_every_item(known, lang):
    filled = fill("impact", known)
    page = checklist_page(filled, lang=lang)
    assert page == checklist_page(filled, lang=lang)
    for item in find_checklist("impact").items:
        assert f'id="item-{item.id}"' in page
    assert filled.content_sha256 in page
    assert "default-src 'none'" in page


def test_the_command_writes_every_form_and_merges_answers(tmp_path, model):
    run = CliRunner()
    given = ["models", "checklist", "cn_serious_noncompliance", "--kind", "impact", "--on"]
    given += ["2026-03-02", "--policy", "cn_default"]
    for name in ("a.md", "a.html", "a.json", "a.yaml"):
        done = run.invoke(app, [*given, "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
    answers = tmp_path / "answers.json"
    answers.write_text(answered(model).model_dump_json(), encoding="utf-8")
    out = tmp_path / "b.json"
    done = run.invoke(app, [*given, "--answers", str(answers), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert impact_standing(out.read_bytes()).open == ()
    refused = run.invoke(app, [*given, "--out", str(tmp_path / "a.docx")])
    assert isinstance(refused.exception, UseError) or "accepted endings" in refused.output
