"""What a reader of a plan must know before using any figure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskengine.engine import Engine
from riskengine.planning.costs import Costs
from riskengine.planning.guarantee import Guarantee, Promise
from riskengine.planning.outcomes import Past
from riskengine.planning.people import NO_OFFICE
from riskengine.planning.search import Expected
from riskengine.planning.tasks import SimulatedRow
from riskengine.planning.workload import OfficeLoad
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.text import Text


@dataclass(frozen=True)
class Remark:
    """One remark, in both languages."""

    id: str
    text: Text


def remarks(
    *,
    engine: Engine,
    past: Past | None,
    learned_from: bool,
    wanted_costs: bool,
    costs: Costs | None,
    found: Guarantee | None,
    promise: Promise | None,
    how: str,
    chosen: CutOffs,
    value: Expected | None,
    nothing_fits: bool,
    rows: Sequence[SimulatedRow],
    loads: Sequence[OfficeLoad],
) -> tuple[Remark, ...]:
    """Collect every remark; see `riskengine.planning.plan.make_plan` for the parts."""
    notes: list[Remark] = [
        Remark(
            "draft_only",
            Text(
                zh="这是草案，不改变任何人的管理类别；须由有权机关署名、注明日期和理由通过后方可使用。",
                en="This is a draft and changes nobody's tier. It can be used once a named "
                "authority has adopted it, with day and reason.",
            ),
        )
    ]
    if engine.scorecard.document.scale == "relative":
        notes.append(
            Remark(
                "relative_scale",
                Text(
                    zh="评分表只有相对高低，界限是分数，不是再犯或违规的概率。",
                    en="The scorecard ranks and has no probabilities: cut-offs are scores, not "
                    "risks.",
                ),
            )
        )
    if past is None:
        notes.append(
            Remark(
                "no_outcomes",
                Text(
                    zh="没有已知结果的人群：只能计算工作量；没有代价、净收益，也不能作出保证。界限"
                    "不会仅凭工时自动选出，否则管理类别就取决于人手而不是风险。",
                    en="No people with known outcomes: only the workload can be computed. There "
                    "are no costs, no net benefit and no guarantee. Cut-offs are not chosen from "
                    "hours alone: a tier would then depend on staff and not on risk.",
                ),
            )
        )
    else:
        notes += _about_past(past, learned_from=learned_from)
    if promise is not None and not learned_from and past is not None:
        notes.append(Remark("guarantee", guarantee_words(found, promise)))
    if wanted_costs and costs is None and past is not None and not learned_from:
        notes.append(
            Remark(
                "too_few_events",
                Text(
                    zh=f"已知结果中只有{past.events}例事件，不足以按代价选择界限。",
                    en=f"Only {past.events} events among the known outcomes: too few to choose "
                    "cut-offs by cost.",
                ),
            )
        )
    if found is not None and found.accepted and not _kept(found, chosen):
        notes.append(
            Remark(
                "guarantee_not_kept",
                Text(
                    zh="草案的界限不在上述保证之内，不得称其有此保证。",
                    en="The draft's cut-offs are outside that guarantee, and must not be said to "
                    "have it.",
                ),
            )
        )
    if value is not None and value.low <= 0.0 <= value.high:
        notes.append(
            Remark(
                "no_difference",
                Text(
                    zh="按所述代价，草案与现行界限的差别在这批人身上与零无法区分。",
                    en="By the stated costs, the draft cannot be told from the policy in force on "
                    "these people.",
                ),
            )
        )
    if how == "kept":
        notes.append(
            Remark(
                "kept",
                Text(
                    zh="没有可据以另选界限的材料，草案保留现行界限，并固定为分数。",
                    en="Nothing supports other cut-offs: the draft keeps those in force, fixed as "
                    "scores.",
                ),
            )
        )
    if nothing_fits:
        notes.append(
            Remark(
                "nothing_fits",
                Text(
                    zh="任何界限下现有工时都不够：草案未受工时限制，缺口须向上报告。",
                    en="No cut-offs fit the hours there are: the draft was made without regard to "
                    "them, and the gap is to be reported upward.",
                ),
            )
        )
    return (*notes, *_about_caseload(rows, loads))


def _kept(found: Guarantee, chosen: CutOffs) -> bool:
    """Whether the chosen cut-off keeps the promise."""
    ordinary = found.promise.tier is Tier.ORDINARY
    return (chosen.relaxed_below if ordinary else chosen.strict_from) in found.accepted


def _about_past(past: Past, *, learned_from: bool) -> list[Remark]:
    if learned_from:
        return [
            Remark(
                "learned_from",
                Text(
                    zh="评分表正是用这批人训练的，用同一批人计算代价或作保证会过于乐观，因此不计算。",
                    en="The scorecard was learned from these very people. Costs and a guarantee "
                    "on them would be too good, so there are none.",
                ),
            )
        ]
    notes = [
        Remark(
            "practice_of_the_time",
            Text(
                zh="已知结果产生于当时的管理做法：联系越多，发现的违规越多，管理也可能避免了一部分。"
                "这里的数字说的是对同类人员照当时做法会记录到什么，不是新界限的效果。",
                en="The outcomes came about under the supervision of the time: closer contact "
                "finds more, and may have prevented some. The figures tell what would be on "
                "record for people like these under that practice, not what the draft would "
                "bring about.",
            ),
        )
    ]
    if past.lost:
        how = (
            Text(
                zh="代价按跟踪到底的人加权代表他们", en="for costs, those followed stand for them"
            )
            if past.weighted
            else Text(
                zh="无法加权，代价中不含他们",
                en="they could not be weighted for, so that costs leave them out",
            )
        )
        notes.append(
            Remark(
                "lost",
                Text(
                    zh=f"{past.lost}人未跟踪到期满：保证按最不利情形计入他们；{how.zh}。",
                    en=f"{past.lost} people were lost sight of: the guarantee counts each of them "
                    f"in the worst way; {how.en}.",
                ),
            )
        )
    if past.by_discretion is not None and 2 * past.by_discretion > past.events > 0:
        notes.append(
            Remark(
                "discretion",
                Text(
                    zh=f"{past.events}例事件中有{past.by_discretion}例仅由工作人员裁量形成，超过一半。",
                    en=f"{past.by_discretion} of {past.events} events rest on an officer's "
                    "discretion alone: more than half.",
                ),
            )
        )
    return notes


def guarantee_words(found: Guarantee | None, promise: Promise) -> Text:
    """The promise in words, or why it cannot be given."""
    share, sure = f"{100 * promise.share:g}%", f"{100 * promise.confidence:g}%"
    label = promise.tier.label
    zh_tier = f"{label.zh}" if promise.tier is Tier.STRICT else "普管或者严管"
    en_tier = "the strict tier" if promise.tier is Tier.STRICT else "the ordinary or strict tier"
    if found is None:
        return Text(zh="没有已知结果，不能作出保证。", en="No known outcomes, so no guarantee.")
    last = next((one for one in reversed(found.steps) if one.accepted), None)
    if found.verdict == "given" and last is not None:
        return Text(
            zh=f"以{sure}的把握：与这批人同类的人中，日后发生严重违规的，至少{share}当时处于{zh_tier}"
            f"（分界不高于{last.cut}；{last.events}例中有{last.caught}例，精确二项检验，按固定次序逐一"
            "检验，无须再作多重校正）。",
            en=f"With {sure} confidence, of people like these who later have the event at least "
            f"{share} are at {en_tier}, with the cut-off at {last.cut} or lower ({last.caught} of "
            f"{last.events} events; exact binomial tests in a fixed order, which needs no further "
            "correction for the number of cut-offs tried).",
        )
    if found.verdict == "only_with_nobody_below":
        return Text(
            zh=f"只有让所有人都处于{zh_tier}才能达到（{share}、{sure}）：没有任何有区分的界限能保证。",
            en=f"Only with everybody at {en_tier} ({share}, {sure}): no cut-off that tells people "
            "apart gives it.",
        )
    if found.verdict == "too_few_events":
        return Text(
            zh=f"不能保证：已知结果中只有{found.events}例事件；即使全部处于{zh_tier}，也至少需要"
            f"{promise.events_needed}例（{share}、{sure}）。",
            en=f"None can be given: there are {found.events} events; even with every one at "
            f"{en_tier} it takes {promise.events_needed} ({share}, {sure}).",
        )
    return Text(
        zh=f"不能保证：没有界限能以{sure}的把握使{share}处于{zh_tier}。",
        en=f"None can be given: no cut-off has {share} at {en_tier} with {sure} confidence.",
    )


def _about_caseload(rows: Sequence[SimulatedRow], loads: Sequence[OfficeLoad]) -> list[Remark]:
    notes: list[Remark] = []
    short = [load for load in loads if load.short > 0]
    if short:
        zh = "；".join(f"{load.office}缺{load.short:.0f}小时" for load in short)
        en = "; ".join(f"{load.office} by {load.short:.0f} hours" for load in short)
        notes.append(
            Remark(
                "shortage",
                Text(
                    zh=f"每月工时不足，请向县级社区矫正机构报告：{zh}。不足只改变工作的先后次序，不改变"
                    "任何人的管理类别。",
                    en=f"Hours a month fall short, to be reported to the county agency: {en}. A "
                    "shortage changes the order of work and nobody's tier.",
                ),
            )
        )
    unknown = [load.office for load in loads if load.available is None and load.people]
    if unknown:
        notes.append(
            Remark(
                "hours_not_known",
                Text(
                    zh=f"以下司法所的工时不明，未作比较：{'、'.join(unknown)}"
                    + ("（? 为未填司法所）。" if NO_OFFICE in unknown else "。"),
                    en=f"Hours are not known for {', '.join(unknown)}, so nothing is compared"
                    + (" (? is: no office on file)." if NO_OFFICE in unknown else "."),
                ),
            )
        )
    for state, zh, en in (
        ("stale", "人的评估已过期，只列为须重新评估", "assessments are stale: listed for "
         "reassessment"),
        ("term_over", "人矫正期已满，不再计入，请办理解除", "people's terms are over: they are "
         "not counted, and their files are to be closed"),
        ("no_tier", "人没有建议类别（依据不全或者另行评估）", "people have no tier "
         "(incomplete, or assessed separately)"),
        ("either", "人两类均有依据，由决定人选择", "people have two defensible tiers: a person "
         "chooses"),
    ):  # fmt: skip
        count = sum(row.state == state for row in rows)
        if count:
            notes.append(Remark(state, Text(zh=f"{count}{zh}。", en=f"{count} {en}.")))
    return notes
