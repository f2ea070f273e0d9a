"""Each mistake in a policy file is named with file, line, rule, and what is accepted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from riskengine.authoring.policies import build_policy, read_policy_source
from riskengine.errors import PolicyError
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import compile_policy
from riskengine.store.lookup import find_model, read_policy

ROOT = Path(__file__).parents[2]
BASE = (ROOT / "data_schema" / "policies" / "cn_default.yaml").read_text(encoding="utf-8")

WARNED = "when: {any: [{item: warnings_n, at_least: 1}, {item: ps_penalties_n, at_least: 1}]}"
TWICE = "when: {item: admonitions_n, at_least: 2}"
FAILED = "when: {item: last_appraisal, is: fail}"
SHARES = 'kind: reference_share\n  strict: "0.2"\n  relaxed: "0.4"'


def extra_rule(name: str, when: str, effect: str, more: str = "") -> str:
    return f"""rules:
  - id: {name}
    title: {{zh: 另一条, en: Another}}
    when: {when}
    effect: {effect}
{more}    reason: {{zh: 理由, en: Reason}}
    citation: {{text: {{zh: 出处, en: Source}}, verified: false}}
"""


# name: (text to replace, what stands there instead, text of the line to be named,
#        rule to be named, what is said, what is accepted)
RELAXED = BASE[BASE.index("  relaxed:\n") : BASE.index("\nrules:\n")]

RANGES = "kind: point_ranges\n  scorecard: some@1.0.0\n  ranges:\n    - {tier: relaxed, to: 2}"

FILES: dict[str, tuple[str, str, str, str | None, str, str]] = {
    "unknown_item": (
        TWICE, TWICE.replace("admonitions_n", "admonition_n"), "item: admonition_n",
        "repeated_admonition", r"unknown item \[admonition_n\]", "such as admonitions_n",
    ),
    "impossible_level": (
        FAILED, FAILED.replace("fail", "failed"), "is: failed", "failed_appraisal",
        r"item \[last_appraisal\] has no answer \[failed\]", "fail, pass, good, none_yet",
    ),
    "number_out_of_range": (
        TWICE, TWICE.replace("2", "20"), "at_least: 20", "repeated_admonition",
        r"no answer to \[admonitions_n\] meets this", "from 0 to 10",
    ),
    "every_answer_meets_it": (
        TWICE, TWICE.replace("2", "0"), "at_least: 0", "repeated_admonition",
        r"every answer to \[admonitions_n\] meets this", "a test that some answer fails",
    ),
    "number_compared_with_text": (
        TWICE, TWICE.replace("2", "two"), "at_least: two", "repeated_admonition",
        r"item \[admonitions_n\] is a number, not \[two\]", "a number from 0 to 10",
    ),
    "order_where_there_is_none": (
        FAILED, "when: {item: last_appraisal, at_most: fail}", "at_most: fail",
        "failed_appraisal", r"item \[last_appraisal\] of type nominal has no order", "is, in",
    ),
    "unknown_fact": (
        TWICE, "when: {fact: caseload, at_least: 2}", "fact: caseload", "repeated_admonition",
        r"unknown fact \[caseload\]", "days_since_start, days_to_end",
    ),
    "fact_of_wrong_type": (
        TWICE, "when: {fact: days_since_start, is: strict}", "is: strict",
        "repeated_admonition", r"fact \[days_since_start\] compares with a number",
        "at_least, at_most or known",
    ),
    "fact_without_that_value": (
        TWICE, "when: {fact: current_tier, is: medium}", "is: medium", "repeated_admonition",
        r"fact \[current_tier\] has no value \[medium\]", "relaxed, ordinary, strict",
    ),
    "two_operators": (
        TWICE, "when: {item: admonitions_n, at_least: 2, at_most: 3}", "at_most: 3",
        "repeated_admonition", "", "exactly one of",
    ),
    "need_moves_a_tier": (
        TWICE, 'when: {item: financial_strain, at_least: "3"}', "financial_strain",
        "repeated_admonition", r"item \[financial_strain\] is for need, audit only and never "
        "moves a tier", "an item whose",
    ),
    "protected_moves_a_tier": (
        TWICE, 'when: {item: sex, is: "1"}', "item: sex", "repeated_admonition",
        r"item \[sex\] is protected and never moves a tier", "not protected",
    ),
    "contradiction": (
        "rules:\n", extra_rule("mild", "{item: warnings_n, at_least: 2}",
                               "{kind: cap, tier: ordinary}"), WARNED,
        "warned_or_penalised", r"contradicts rule \[mild\]: at least \[strict\] and at most "
        r"\[ordinary\] for the same person", r"or \[yields_to\]",
    ),
    "two_fixed_tiers": (
        "rules:\n", extra_rule("one", "{item: recidivist, is: true}", "{kind: set, tier: strict}")
        + extra_rule("two", '{item: legal_status, is: "03"}', "{kind: set, tier: relaxed}")[7:],
        'item: legal_status, is: "03"', "two", r"contradicts rule \[one\]: tier \[strict\] and "
        r"tier \[relaxed\]", "exclude one another",
    ),
    "never_true": (
        TWICE, "when: {all: [{item: admonitions_n, at_least: 2}, {item: admonitions_n, "
        "at_most: 1}]}", "admonitions_n, at_most: 1", "repeated_admonition", "can never be true",
        "a condition that some answers meet",
    ),
    "shadowed": (
        "rules:\n", extra_rule("three", "{item: admonitions_n, at_least: 3}",
                               "{kind: floor, tier: ordinary}").replace("rules:\n", "rules:\n")
        + extra_rule("all_two", "{item: admonitions_n, at_least: 2}",
                     "{kind: floor, tier: strict}")[7:],
        "admonitions_n, at_least: 3", "three", r"unreachable: whenever it is true, rule "
        r"\[all_two\] holds", "make a difference",
    ),
    "gap_between_bands": (
        SHARES, RANGES + "\n    - {tier: ordinary, from: 5, to: 7}\n    - {tier: strict, from: 8}",
        "tier: ordinary, from: 5", None, "a gap: no tier from 3 to 4", "from: 3",
    ),
    "overlapping_bands": (
        SHARES, RANGES + "\n    - {tier: ordinary, from: 3, to: 9}\n    - {tier: strict, from: 8}",
        "tier: strict, from: 8", None, r"overlap: 8 to 9 is both \[ordinary\] and \[strict\]",
        "from: 10",
    ),
    "no_ordinary_band": (
        SHARES, 'kind: reference_share\n  strict: "0.6"\n  relaxed: "0.4"', 'strict: "0.6"', None,
        "leave no ordinary band", "a sum below 1",
    ),
    "bad_share": (
        'period: {days: 60, share_of_term: "1/6"}', 'period: {days: 60, share_of_term: "a sixth"}',
        "a sixth", None, r"\[share_of_term\] \[a sixth\]", 'such as "1/6"',
    ),
    "share_above_one": (
        'period: {days: 60, share_of_term: "1/6"}', 'period: {days: 60, share_of_term: "7/6"}',
        "7/6", None, r"\[7/6\] is no share of a term", "above 0, up to 1",
    ),
    "days_fixed_by_an_unchecked_rule": (
        'period: {days: 60, share_of_term: "1/6"}',
        "period: {days: 60, fixed_by: {text: {zh: 甲, en: a}, verified: false}}",
        "fixed_by", None, "only under a rule whose text was checked", "verified: true",
    ),
    "missing_tier": (
        RELAXED, "", "strict:\n", None, r"tier \[relaxed\] is missing",
        "strict, ordinary and relaxed",
    ),
    "misnamed_tier": (
        "  relaxed:\n    contacts:", "  lowest:\n    contacts:", "lowest:", None,
        r"\[tier\] \[lowest\]", "relaxed, ordinary, strict",
    ),
    "stay_longer_than_reachable": (
        'minimum_stay: {days: 90, share_of_term: "1/6"}\n    # one',
        'minimum_stay: {days: 400, share_of_term: "1"}\n    # one', "strict:\n", None,
        r"in a term of 2 months a person without sanction and with a low score never reaches "
        "relaxed", r"\[relaxed_out_of_reach\]",
    ),
    "missing_citation": (
        "rules:\n", extra_rule("bare", "{item: recidivist, is: true}",
                               "{kind: floor, tier: ordinary}").replace(
            "    citation: {text: {zh: 出处, en: Source}, verified: false}\n", ""),
        "- id: bare", "bare", r"\[citation\] is missing", "verified: true or false",
    ),
    "duplicate_id": (
        "id: repeated_admonition", "id: warned_or_penalised", "title: {zh: 两次以上训诫",
        "warned_or_penalised", r"\[warned_or_penalised\] is declared twice", "an id of its own",
    ),
    "reserved_id": (
        "id: repeated_admonition", "id: minimum_stay", "title: {zh: 两次以上训诫", "minimum_stay",
        r"\[minimum_stay\] names what every policy does", "another id",
    ),
    "dates_turned_round": (
        "rules:\n", extra_rule("dated", "{item: recidivist, is: true}",
                               "{kind: floor, tier: ordinary}",
                               "    valid_from: 2026-05-01\n    valid_to: 2026-04-01\n"),
        "valid_to: 2026-04-01", "dated", r"\[2026-04-01\] lies before \[valid_from\]",
        "2026-05-01 or later",
    ),
    "reports_an_unknown_field": (
        "reports: [last_appraisal]", "reports: [last_grade]", "last_grade", "failed_appraisal",
        r"reports \[last_grade\], which is no item and no fact", "such as",
    ),
    "effect_without_tier": (
        FAILED + "\n    effect: {kind: floor, tier: strict}",
        FAILED + "\n    effect: {kind: floor}", FAILED + "\n", "failed_appraisal",
        r"\[tier\] with \[floor\]", "a tier with floor, cap and set",
    ),
    "unknown_effect": (
        FAILED + "\n    effect: {kind: floor, tier: strict}",
        FAILED + "\n    effect: {kind: raise, tier: strict}", FAILED + "\n", "failed_appraisal",
        r"\[kind\] \[raise\]", "floor, cap, set",
    ),
    "operational_without_authority": (
        "purpose: template", "purpose: operational", "purpose: operational", None,
        r"names in \[adopted_by\] who adopted it", "the authority",
    ),
    "another_jurisdiction": (
        "jurisdiction: cn", "jurisdiction: us_georgia", "jurisdiction: us_georgia", None,
        r"\[us_georgia\] is not the jurisdiction", "cn",
    ),
    "another_instrument": (
        "instrument: cn_community_corrections", "instrument: unheard_of",
        "instrument: unheard_of", None, r"no instrument \[unheard_of\]",
        "cn_community_corrections",
    ),
    "switching_off_the_law": (
        "rules:\n", "constraints: {H05: false}\nrules:\n", "constraints: {H05", None,
        r"unknown key \[constraints\]: no policy can change or switch off what the law says",
        "format, id",
    ),
    "misspelt_key": (
        "reports: [last_appraisal]", "report: [last_appraisal]", "report: [", "failed_appraisal",
        r"unknown key \[report\]", "id, title, when",
    ),
    "yields_to_nobody": (
        "reports: [last_appraisal]", "reports: [last_appraisal]\n    yields_to: [mercy]",
        "yields_to", "failed_appraisal", r"no other rule \[mercy\]", "warned_or_penalised",
    ),
    "two_triggers_an_event": (
        "- event: warning", "- event: admonition",
        "- event: admonition\n    review_within_days: 5",
        None, r"event \[admonition\] has two triggers", "one an event",
    ),
    "step_that_nobody_meets": (
        "  without_sanction_for:", "  conditions:\n    - id: never\n      title: {zh: 甲, en: a}\n"
        "      when: {all: [{item: recidivist, is: true}, {item: recidivist, is: false}]}\n"
        "      reason: {zh: 甲, en: a}\n      citation: {text: {zh: 甲, en: a}, verified: false}\n"
        "  without_sanction_for:", "recidivist, is: false", "never", "nobody could go down",
        "a condition that some meet",
    ),
}  # fmt: skip


def written(tmp_path: Path, name: str, old: str, new: str) -> Path:
    assert BASE.count(old) >= 1, old
    path = tmp_path / "policies" / f"{name}.yaml"
    path.parent.mkdir()
    path.write_text(BASE.replace(old, new, 1), encoding="utf-8")
    return path


def line_of(path: Path, marker: str) -> set[int]:
    """Lines that a fault at the marker may name: its own, or the next for a block."""
    text = path.read_text(encoding="utf-8")
    assert marker in text, marker
    first = text[: text.index(marker)].count("\n") + 1
    return {first, first + marker.count("\n")}


def near(lines: set[int], found: int) -> bool:
    return min(abs(found - line) for line in lines) <= 1


@pytest.mark.parametrize("name", FILES)
def test_a_mistake_is_named_with_line_rule_and_what_is_accepted(tmp_path, name):
    old, new, marker, rule, said, accepted = FILES[name]
    path = written(tmp_path, name, old, new)
    with pytest.raises(PolicyError) as caught:
        build_policy(path)
    (first, *_) = str(caught.value).splitlines()
    found = re.match(rf"^policies/{name}\.yaml: line (\d+): (?:rule \[(\w+)\]: )?(.*)$", first)
    assert found, first
    line, named, message = int(found[1]), found[2], found[3]
    assert near(line_of(path, marker), line), first
    assert named == rule, first
    assert re.search(rf"({said}).*accepted: .*{accepted}", message), first


def test_there_are_more_than_twenty_kinds():
    assert len(FILES) > 35


def test_the_unchanged_file_has_no_fault(tmp_path):
    assert build_policy(written(tmp_path, "same", "rules:\n", "rules:\n"))["checked"]


def built(**changes: object) -> bytes:
    raw = json.loads(
        (ROOT / "data_schema" / "built" / "policies" / "cn_default@1.0.0.json").read_text("utf-8")
    )
    return json.dumps({**raw, **changes}).encode()


def test_a_built_file_says_the_json_path(cn):
    document = read_policy(built(), source="p.json")
    compile_policy(document, cn, CutOffs(3, 8))
    rules = json.loads(built())["rules"]
    rules[1]["when"] = {"any": [{"item": "warnings_n", "at_least": 1},
                                {"item": "nothing", "at_least": 1}]}  # fmt: skip
    edited = read_policy(built(rules=rules), source="p.json")
    with pytest.raises(PolicyError) as caught:
        compile_policy(edited, cn, CutOffs(3, 8))
    assert str(caught.value).startswith(
        "policy [cn_default]: $.rules[1].when.any[1]: rule [repeated_admonition]: unknown item "
        "[nothing]; accepted: "
    )
    with pytest.raises(PolicyError, match=r"p\.json: \$\.constraints: unknown key .* no policy"):
        read_policy(built(constraints={"H05": False}), source="p.json")


def test_an_edited_file_does_not_keep_its_seal(cn):
    """What was checked at the build is not checked again; what was edited since is."""
    stays = json.loads(built())["tiers"]
    stays["strict"]["minimum_stay"] = {"days": 2000, "share_of_term": "1"}
    edited = read_policy(built(tiers=stays), source="p.json")
    with pytest.raises(PolicyError, match="never reaches relaxed"):
        compile_policy(edited, cn, CutOffs(3, 8))


def test_a_sanction_counts_in_rules_or_in_the_score(cn, tmp_path):
    document = read_policy(built(), source="p.json")
    with pytest.raises(PolicyError) as caught:
        compile_policy(document, cn, CutOffs(3, 8), scored=("warnings_n",))
    assert re.search(
        r"\$\.rules\[0\]\.when\.any\[0\]: rule \[warned_or_penalised\]: \[warnings_n\] is counted "
        r"in the score already; accepted: sanctions and appraisal in rules or in the score",
        str(caught.value),
    )


def test_probability_cut_offs_need_a_calibrated_model(tmp_path):
    card = find_model("cn_serious_noncompliance").scorecard.document
    kind = 'kind: probability\n  strict_from: "0.5"\n  relaxed_below: "0.1"'
    path = written(tmp_path, "relative", SHARES, kind)
    assert build_policy(path)
    with pytest.raises(PolicyError) as caught:
        read_policy_source(path, scorecard=card)
    assert re.match(
        r"policies/relative\.yaml: line 23: probability cut-offs need a calibrated scorecard, and "
        r"\[cn_serious_noncompliance@1\.0\.0\] is relative; accepted: ", str(caught.value),
    )  # fmt: skip


def test_every_fault_is_told_at_once(tmp_path):
    text = BASE.replace("item: admonitions_n", "item: nothing").replace("is: fail", "is: awful")
    path = tmp_path / "policies" / "two.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        build_policy(path)
    assert len(str(caught.value).splitlines()) == 2


def test_what_is_declared_out_of_reach_is_accepted_and_kept_true(tmp_path):
    """A file may say that nobody reaches relaxed in a short term, and then it must be so."""
    long_stay = 'minimum_stay: {days: 90, share_of_term: "1"}\n    # one'
    stay = 'minimum_stay: {days: 90, share_of_term: "1/6"}\n    # one'
    says = """relaxed_out_of_reach:
  terms_months: [2, 3]
  reason: {zh: 理由, en: Reason}
  citation: {text: {zh: 出处, en: Source}, verified: false}
roles:"""
    path = tmp_path / "policies" / "p.yaml"
    path.parent.mkdir()
    path.write_text(BASE.replace(stay, long_stay), encoding="utf-8")
    with pytest.raises(PolicyError, match="in a term of 2 months .* never reaches relaxed"):
        build_policy(path)
    path.write_text(BASE.replace(stay, long_stay).replace("roles:", says), encoding="utf-8")
    assert build_policy(path)
    path.write_text(BASE.replace("roles:", says), encoding="utf-8")
    with pytest.raises(PolicyError, match="it is reached on day .*; accepted: .* without 2"):
        build_policy(path)
