"""A plan in words and tables (Markdown), in Chinese and in English, with its plots."""

from __future__ import annotations

from collections.abc import Sequence

from riskengine.errors import Language
from riskengine.evaluation.suppression import SMALLEST
from riskengine.planning.figures import Bar, hours_plot, line_plot
from riskengine.planning.groups import Rate, dimension_label
from riskengine.planning.plan import CurvePoint, Plan
from riskengine.planning.tasks import ORDER, counted
from riskengine.planning.workload import OfficeLoad
from riskengine.policy.tiers import Tier
from riskengine.text import Text

HOURS, CAUGHT, BENEFIT = "hours", "caught", "net_benefit"

_HOW = {
    "cost": Text(zh="按所述代价搜索", en="searched by the stated costs"),
    "guarantee": Text(zh="能作出保证的最高界限", en="the highest that keep the guarantee"),
    "stated": Text(zh="由人指定", en="stated by a person"),
    "kept": Text(zh="保留现行界限", en="those in force"),
}
_TASKS = {
    "alert": Text(zh="安全提示（当日）", en="safety alert (same day)"),
    "overdue_review": Text(zh="复核逾期", en="review overdue"),
    "reassess": Text(zh="评估过期，须重新评估", en="stale, to be reassessed"),
    "complete": Text(zh="依据不全，须补充", en="incomplete, to be completed"),
    "review_due": Text(zh="建议与现行类别不同，须由人复核", en="differs from the tier in force: a "
                       "person reviews"),
}  # fmt: skip


def plan_report(plan: Plan, lang: Language) -> str:
    """Write the plan as a page of Markdown; plots stand beside it under their names."""
    zh = lang == "zh"
    lines = [
        f"# {'管理类别界限方案（草案）' if zh else 'Plan of cut-offs (draft)'}",
        "",
        f"{plan.before.on.isoformat()} · {plan.before.engine.provenance.model} · "
        f"{plan.before.engine.provenance.policy} → {plan.draft.id}@{plan.draft.version}",
        "",
    ]
    lines += [f"- {one.text[lang]}" for one in plan.remarks]
    lines += ["", *_cut_offs(plan, lang)]
    if plan.evidence is not None:
        lines += ["", _outcomes(plan, lang)]
    lines += ["", *_hours(plan, lang)]
    if plan.found is not None:
        lines += ["", *_guarantee(plan, lang)]
    if plan.costs is not None:
        lines += ["", *_costs(plan, lang)]
    lines += ["", *_moves(plan, lang), "", *_groups(plan, lang), "", *_work(plan, lang)]
    return "\n".join(lines) + "\n"


def plan_figures(plan: Plan, lang: Language) -> dict[str, str]:
    """Give the plots as SVG, by name."""
    zh = lang == "zh"
    bars = [
        Bar(old.office, old.needed, new.needed, new.available)
        for old, new in zip(plan.loads_before, plan.loads_after, strict=True)
    ]
    found = {
        HOURS: hours_plot(
            bars,
            title="各所每月所需工时与现有工时" if zh else "Hours a month by office",
            x_label="小时/月" if zh else "hours a month",
            names=("现行所需", "草案所需", "现有") if zh else ("in force", "draft", "there are"),
        )
    }
    tier = plan.ask.promise.tier if plan.ask.promise is not None else Tier.ORDINARY
    points = [point for point in plan.curve if point.tier is tier]
    cut = plan.chosen.relaxed_below if tier is Tier.ORDINARY else plan.chosen.strict_from
    series = {
        "全体中的比例" if zh else "share of the caseload": [(p.cut, p.caseload) for p in points]
    }
    if plan.evidence is not None:
        name = "事件中的比例" if zh else "share of later events"
        series[name] = [(p.cut, p.caught) for p in points if p.caught is not None]
    label = {"zh": "普管或者严管" if tier is Tier.ORDINARY else "严管",
             "en": "ordinary or strict" if tier is Tier.ORDINARY else "strict"}[lang]  # fmt: skip
    found[CAUGHT] = line_plot(
        {name: line for name, line in series.items() if line},
        title=f"{'处于' if zh else 'At '}{label}{'的比例' if zh else ''}",
        x_label="界限（分数）" if zh else "cut-off (score)",
        y_label="比例" if zh else "share",
        upright={"草案" if zh else "draft": float(cut)},
        level=None if plan.ask.promise is None else plan.ask.promise.share,
    )
    if plan.costs is not None:
        found[BENEFIT] = _benefit_plot(plan.curve, plan, zh=zh)
    return found


def _benefit_plot(curve: Sequence[CurvePoint], plan: Plan, *, zh: bool) -> str:
    series = {}
    for tier, name in (
        (Tier.ORDINARY, "普管起" if zh else "ordinary from"),
        (Tier.STRICT, "严管起" if zh else "strict from"),
    ):
        points = [p for p in curve if p.tier is tier and p.net_benefit is not None]
        series[name] = [(float(p.cut), p.net_benefit or 0.0) for p in points]
    return line_plot(
        series,
        title="净收益（每人，以事件计；0 为无人处于该类）" if zh else
        "Net benefit (events a person; 0 is nobody at the tier)",
        x_label="界限（分数）" if zh else "cut-off (score)",
        y_label="净收益" if zh else "net benefit",
        upright={
            "普管（草案）" if zh else "ordinary (draft)": float(plan.chosen.relaxed_below),
            "严管（草案）" if zh else "strict (draft)": float(plan.chosen.strict_from),
        },
        level=0.0,
    )  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out a Markdown table."""
    return [
        "| " + " | ".join(_cell(one) for one in head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(_cell(one) for one in row) + " |" for row in rows),
    ]


def _cell(text: str) -> str:
    """A cell that cannot break its table or become markup, whatever an office is called."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    for mark in "\\|<>*_`[]":
        plain = plain.replace(mark, f"\\{mark}" if mark not in "<>" else f"&{_ENTITY[mark]};")
    return plain


_ENTITY = {"<": "lt", ">": "gt"}


def percent(share: float) -> str:
    """A share in whole per cent."""
    return f"{100 * share:.0f}%"


def _cut_offs(plan: Plan, lang: Language) -> list[str]:
    zh = lang == "zh"
    head = ("", "宽管低于", "严管自") if zh else ("", "relaxed below", "strict from")
    rows = [
        ("现行" if zh else "in force", str(plan.base.relaxed_below), str(plan.base.strict_from)),
        (
            f"{'草案' if zh else 'draft'}（{_HOW[plan.how].zh}）"
            if zh
            else f"draft ({_HOW[plan.how].en})",
            str(plan.chosen.relaxed_below),
            str(plan.chosen.strict_from),
        ),
    ]
    return [f"## {'界限' if zh else 'Cut-offs'}", "", *table(head, rows)]


def _outcomes(plan: Plan, lang: Language) -> str:
    assert plan.evidence is not None
    past = plan.evidence.past
    if lang == "zh":
        return (
            f"已知结果（{past.label.zh}，{past.horizon_days}天，{past.source}）：{len(past.assessments)}"
            f"人，{past.events}例事件，{past.lost}人未跟踪到期满；另有{past.left_out}行未用（期限未满或者"
            "不可读）。"
        )
    return (
        f"Known outcomes ({past.label.en}, {past.horizon_days} days, {past.source}): "
        f"{len(past.assessments)} people, {past.events} events, {past.lost} lost sight of; "
        f"{past.left_out} rows more were not used (not followed long enough, or not readable)."
    )


def _hours(plan: Plan, lang: Language) -> list[str]:
    zh = lang == "zh"
    head = (
        ("司法所", "人数", "人员", "现行所需", "草案所需", "两可时", "初期过后", "现有", "缺口")
        if zh
        else ("office", "people", "officers", "needed now", "needed by the draft",
              "where either is defensible", "after initial periods", "there are", "short")
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            new.office,
            str(new.people),
            "–" if new.officers is None else str(new.officers),
            f"{old.needed:.0f}",
            f"{new.needed:.0f}",
            f"{new.low:.0f}–{new.high:.0f}",
            f"{new.steady:.0f}",
            "–" if new.available is None else f"{new.available:.0f}",
            f"{new.short:.0f}" if new.short else "",
        )
        for old, new in zip(plan.loads_before, plan.loads_after, strict=True)
    ]
    rows.append(_sum(plan.loads_before, plan.loads_after, "合计" if zh else "total"))
    note = (
        "小时/月。“两可时”为两类均有依据时取较宽与较严的工时。缺口向上报告，不改变任何人的类别。"
        if zh
        else "Hours a month. Where two tiers are defensible: by the less and by the more "
        "restrictive. A gap is reported upward and moves nobody."
    )
    return [
        f"## {'工时' if zh else 'Hours'}",
        "",
        *table(head, rows),
        "",
        note,
        "",
        f"![{'工时' if zh else 'hours'}]({HOURS}.{lang}.svg)",
    ]


def _sum(old: Sequence[OfficeLoad], new: Sequence[OfficeLoad], name: str) -> tuple[str, ...]:
    there = sum(load.available or 0.0 for load in new)
    return (
        name,
        str(sum(load.people for load in new)),
        str(sum(load.officers or 0 for load in new)),
        f"{sum(load.needed for load in old):.0f}",
        f"{sum(load.needed for load in new):.0f}",
        f"{sum(load.low for load in new):.0f}–{sum(load.high for load in new):.0f}",
        f"{sum(load.steady for load in new):.0f}",
        f"{there:.0f}",
        f"{sum(load.short for load in new):.0f}",
    )


def _guarantee(plan: Plan, lang: Language) -> list[str]:
    assert plan.found is not None
    zh = lang == "zh"
    head = (
        ("界限", "低于界限的人", "事件中覆盖", "下限", "p", "通过")
        if zh
        else ("cut-off", "people below", "events caught", "lower limit", "p", "accepted")
    )
    rows = [
        (
            str(step.cut),
            str(step.below),
            f"{step.caught}/{step.events}",
            percent(step.lower),
            f"{step.p_value:.3g}",
            ("是" if zh else "yes") if step.accepted else ("否" if zh else "no"),
        )
        for step in plan.found.steps[-12:]
    ]
    note = (
        "从低到高逐一检验，遇第一个不通过即止；只列最后十二步。"
        "未跟踪到期满且低于界限的人按有事件计。"
        if zh
        else "Tested from low to high up to the first that is not accepted; the last twelve steps "
        "are shown. People lost sight of below a cut-off count as events that were missed."
    )
    return [
        f"## {'保证' if zh else 'Guarantee'}",
        "",
        *table(head, rows),
        "",
        note,
        "",
        f"![{'比例' if zh else 'share caught'}]({CAUGHT}.{lang}.svg)",
    ]


def _costs(plan: Plan, lang: Language) -> list[str]:
    assert plan.costs is not None and plan.expected is not None
    zh = lang == "zh"
    costs, value = plan.costs, plan.expected
    said = (
        f"所述代价：宽管而发生事件 {costs.miss:g}，严管而未发生 {costs.needless:g}；普管分别为其 "
        f"{costs.ordinary_of_miss:.2f} 和 {costs.ordinary_of_needless:.2f}。由此，一例事件抵得上 "
        f"{1 / costs.odds(Tier.ORDINARY):.1f} 人不必要的普管（相对宽管）、"
        f"{1 / costs.odds(Tier.STRICT):.1f} 人不必要的严管（相对普管）。"
        if zh
        else f"Stated costs: {costs.miss:g} for an event at the relaxed tier, {costs.needless:g} "
        f"for strictness without one; {costs.ordinary_of_miss:.2f} and "
        f"{costs.ordinary_of_needless:.2f} of these at the ordinary tier. One event then weighs "
        f"as much as {1 / costs.odds(Tier.ORDINARY):.1f} people needlessly ordinary instead of "
        f"relaxed, or {1 / costs.odds(Tier.STRICT):.1f} needlessly strict instead of ordinary."
    )
    head = ("每人代价", "") if zh else ("cost a person", "")
    rows = [
        (
            "草案，用选定它的同一批人" if zh else "draft, on the people it was chosen by",
            f"{value.cost:.4f}",
        ),
        (
            "同一选法，用未参与选定的人" if zh else "the same search, on people it did not see",
            f"{value.honest:.4f}",
        ),
        (
            "草案减现行" if zh else "draft less policy in force",
            f"{value.difference:+.4f} ({value.low:+.4f} – {value.high:+.4f})",
        ),
    ]
    nets = []
    for tier, cut in (
        (Tier.ORDINARY, plan.chosen.relaxed_below),
        (Tier.STRICT, plan.chosen.strict_from),
    ):
        at = next((p for p in plan.curve if p.tier is tier and p.cut == cut), None)
        if at is not None and at.net_benefit is not None and at.everybody is not None:
            nets.append(
                (tier.label[lang], str(cut), f"{at.net_benefit:+.4f}", f"{at.everybody:+.4f}", "0")
            )
    net_head = (
        ("自", "界限", "净收益", "全体处于该类", "无人处于该类")
        if zh
        else ("from", "cut-off", "net benefit", "everybody at the tier", "nobody")
    )
    return [
        f"## {'代价与净收益' if zh else 'Costs and net benefit'}",
        "",
        said,
        "",
        *table(head, rows),
        "",
        *table(net_head, nets),
        "",
        f"![{'净收益' if zh else 'net benefit'}]({BENEFIT}.{lang}.svg)",
    ]


def _moves(plan: Plan, lang: Language) -> list[str]:
    zh = lang == "zh"
    labels = [tier.label[lang] for tier in Tier]
    head = ("现行建议 ＼ 草案建议" if zh else "recommended now ＼ by the draft", *labels)
    rows = [
        (labels[row], *(str(int(plan.moves[row, column])) for column in range(3)))
        for row in range(3)
    ]
    title = "谁会变动（模拟，不改变任何人）" if zh else "Who would move (simulated; nobody does)"
    return [f"## {title}", "", *table(head, rows)]


def _groups(plan: Plan, lang: Language) -> list[str]:
    zh = lang == "zh"
    head = (
        ("", "组", "人数", "严管 现行→草案", "宽管 现行→草案", "上调", "下调", "事件中覆盖",
         "未发生事件而在其中")
        if zh
        else ("", "group", "people", "strict, now → draft", "relaxed, now → draft", "up", "down",
              "events caught", "without event, there needlessly")
    )  # fmt: skip
    rows = []
    for cell in plan.cells:
        name = dimension_label(cell.dimension)[lang]
        if cell.people is None:
            rows.append((name, cell.label[lang], "×", *[""] * 6))
            continue
        assert cell.strict is not None and cell.relaxed is not None
        rows.append(
            (
                name,
                cell.label[lang],
                str(cell.people),
                f"{percent(cell.strict[0])} → {percent(cell.strict[1])}",
                f"{percent(cell.relaxed[0])} → {percent(cell.relaxed[1])}",
                percent(cell.up or 0.0),
                percent(cell.down or 0.0),
                _rate(cell.caught),
                _rate(cell.needless),
            )
        )
    note = (
        f"× 不足{SMALLEST}人，或者能由合计推出，不列；"
        f"分母不足{SMALLEST}的比例不列。括号内为精确95%区间。"
        if zh
        else f"× fewer than {SMALLEST} people, or to be worked out from the total: not shown; nor "
        f"are shares of fewer than {SMALLEST}. In brackets exact 95 % limits."
    )
    return [f"## {'分组' if zh else 'Groups'}", "", *table(head, rows), "", note]


def _rate(found: Rate | None) -> str:
    if found is None:
        return ""
    return f"{percent(found.value)} ({percent(found.low)}–{percent(found.high)})"


def _work(plan: Plan, lang: Language) -> list[str]:
    zh = lang == "zh"
    counts = counted(plan.tasks)
    head = ("次序", "工作", "件数") if zh else ("order", "work", "tasks")
    rows = [
        (str(number), _TASKS[kind][lang], str(counts[kind]))
        for number, kind in enumerate(ORDER, start=1)
    ]
    note = (
        "逐人清单在 tasks.csv，各所按此次序；工时不足时从上往下做，做不到的部分向上报告。"
        if zh
        else "The list by person is in tasks.csv, each office in this order. Where hours are "
        "short it is worked from the top, and what is left is reported upward."
    )
    return [f"## {'工作次序' if zh else 'Order of work'}", "", *table(head, rows), "", note]
