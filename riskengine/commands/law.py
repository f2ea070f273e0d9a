"""``riskengine law``: show the law of the installation, and record who checked which text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.commands.options import Lang
from riskengine.errors import Language, UseError
from riskengine.policy.law_provisions import Provision, VerificationRecord, with_entry
from riskengine.policy.statutory import Constraint, StatutorySet
from riskengine.store.installation import installation
from riskengine.store.law import find_law, record_path
from riskengine.store.places import HOME_VARIABLE

law_app = typer.Typer(help="The law above the score: what binds, and who has checked which text.")

_EFFECTS: dict[str, dict[Language, str]] = {
    "refuse": {"zh": "不予评估", "en": "refuses"},
    "separate_profile": {"zh": "另行评估", "en": "separate profile"},
    "hold": {"zh": "作为不完整处理", "en": "holds as incomplete"},
    "caution": {"zh": "提示", "en": "cautions"},
    "block_input": {"zh": "不采用输入", "en": "blocks an input"},
    "refuse_policy": {"zh": "拒绝加载规则文件", "en": "refuses a policy"},
    "refuse_instrument": {"zh": "拒绝加载量表", "en": "refuses an instrument"},
    "refuse_output": {"zh": "不予输出", "en": "refuses an output"},
}
_WORDS: dict[str, dict[Language, str]] = {
    "set": {"zh": "法定约束", "en": "Statutory set"},
    "from": {"zh": "自{day}起", "en": "from {day}"},
    "to": {"zh": "至{day}止", "en": "to {day}"},
    "provisions": {
        "zh": "待核对的条文（核对之前只提示，不约束）",
        "en": "Provisions to be checked (until then they warn and do not bind)",
    },
    "verified": {"zh": "已核对：{by}，{on}", "en": "verified by {by} on {on}"},
    "unverified": {"zh": "未核对", "en": "not verified"},
    "then": {"zh": "核对后：{what}", "en": "once verified: {what}"},
    "alerts": {"zh": "安全提示（当日处理，不改变管理类别）", "en": "Safety alerts (same day)"},
    "sealed": {"zh": "封存：{label}（{item}）", "en": "sealed: {label} ({item})"},
    "recorded": {
        "zh": "已记录：{name}，{by}，{on}，见 {path}",
        "en": "recorded: {name}, {by}, {on}; see {path}",
    },
    "joiner": {"zh": "、", "en": ", "},
    "clauses": {"zh": "；", "en": "; "},
}


@law_app.command("show")
def show(
    lang: Annotated[Lang, typer.Option(help="Language of what is printed.")] = Lang.zh,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The set in force on that day; all without."),
    ] = None,
) -> None:
    """Print the statutory set of this installation with its state."""
    law = find_law(installation().jurisdiction)
    for line in described(law, lang.code, None if on is None else on.date()):
        typer.echo(line)


@law_app.command("verify")
def verify(
    name: Annotated[str, typer.Argument(help="Id of a provision; see `riskengine law show`.")],
    by: Annotated[str, typer.Option(help="Name or staff number of the person who checked it.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the check.")],
    text: Annotated[str, typer.Option(help="The official wording that was read.")],
    lang: Annotated[Lang, typer.Option(help="Language of what is printed.")] = Lang.zh,
) -> None:
    """Record that a named person compared a provision with its official text."""
    jurisdiction = installation().jurisdiction
    path = record_path(jurisdiction)
    if path is None:
        raise UseError(
            f"a verification belongs to the agency's own folder: set {HOME_VARIABLE} to it"
        )
    law = find_law(jurisdiction)
    record = with_entry(
        law.provisions, jurisdiction=jurisdiction, name=name, by=by, on=on.date(), text=text
    )
    _write(path, record)
    told = _WORDS["recorded"][lang.code]
    typer.echo(told.format(name=name, by=by.strip(), on=on.date().isoformat(), path=path))


def _write(path: Path, record: VerificationRecord) -> None:
    """Write the whole record, or leave the old one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        kept = record.model_dump(mode="json")
        text = json.dumps(kept, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def described(law: StatutorySet, lang: Language, on: date | None) -> Iterator[str]:
    """Describe a set line by line.

    Parameters
    ----------
    on
        Only what is in force on that day, in its state on that day; every version without.
    """
    version = law.version if on is None else law.version_on(on)
    yield f"{_WORDS['set'][lang]} {law.jurisdiction}@{version}"
    for constraint in sorted(
        law.constraints if on is None else law.in_force(on), key=lambda one: one.id
    ):
        yield from _constraint(constraint, lang)
    yield ""
    yield _WORDS["provisions"][lang]
    for provision in law.provisions.all:
        if on is None or law.provisions.get(provision.id, on) is provision:
            yield from _provision(law, provision, lang, on)
    yield ""
    yield _WORDS["alerts"][lang]
    for alert in law.alerts:
        yield f"{alert.id}  {alert.label[lang]}"
        yield f"    {alert.task[lang]}"


def _constraint(constraint: Constraint, lang: Language) -> Iterator[str]:
    state = "" if constraint.citation.verified else f" [{_WORDS['unverified'][lang]}]"
    effects = _WORDS["joiner"][lang].join(_EFFECTS[effect][lang] for effect in constraint.effects)
    yield ""
    yield f"{constraint.id}  {constraint.title[lang]}  ({effects})"
    yield f"    {constraint.says[lang]}"
    dates = [_WORDS["from"][lang].format(day=constraint.valid_from.isoformat())]
    if constraint.valid_to is not None:
        dates.append(_WORDS["to"][lang].format(day=constraint.valid_to.isoformat()))
    yield f"    {constraint.citation.text[lang]}{state}{_WORDS['clauses'][lang]}{' '.join(dates)}"
    for category in constraint.sealed:
        told = _WORDS["sealed"][lang].format(label=category.label[lang], item=category.item)
        since = _WORDS["from"][lang].format(day=category.valid_from.isoformat())
        yield f"    {told} {since}"


def _provision(
    law: StatutorySet, provision: Provision, lang: Language, on: date | None
) -> Iterator[str]:
    yield f"{provision.id}  ({provision.constraint})  {provision.citation[lang]}"
    yield f"    {provision.sentence[lang]}"
    checked = [e for e in law.provisions.entries_for(provision) if on is None or e.on <= on]
    if not checked and not provision.verified:
        then = _WORDS["then"][lang].format(what=provision.once_verified[lang])
        yield f"    [{_WORDS['unverified'][lang]}] {then}"
    for entry in checked:
        told = _WORDS["verified"][lang].format(by=entry.by, on=entry.on.isoformat())
        yield f"    [{told}] {entry.text}"
