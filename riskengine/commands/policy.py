"""`riskengine policy`: check a file, explain it to a lawyer, compare two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskengine.commands.options import Lang, LangOption
from riskengine.errors import PolicyError, RiskEngineError
from riskengine.instrument.model import Instrument
from riskengine.policy.document import PolicyDocument

app = typer.Typer(help="Check, explain and compare local rules.")


PolicyArgument = Annotated[
    str, typer.Argument(help="A policy's YAML or built JSON, or its name or name@version.")
]


def _opened(
    policy: str, model: str | None = None
) -> tuple[PolicyDocument, Instrument, tuple[str, ...]]:
    """Read and check a policy wherever it is; its instrument; what it was checked against."""
    from riskengine.policy.bands import resolve
    from riskengine.policy.checks import refuse_faults
    from riskengine.store.lookup import find_instrument, find_model, find_policy, read_policy

    card = None if model is None else find_model(model).scorecard.document
    path = Path(policy)
    against = () if card is None else (f"{card.id}@{card.version}",)
    if path.suffix in (".yaml", ".yml"):
        from riskengine.authoring.policies import read_policy_source

        if not path.is_file():
            raise RiskEngineError(f"{policy}: no such file")
        document, instrument, _ = read_policy_source(path, scorecard=card)
        _keeps_the_law(document)
        return document, instrument, against
    if path.is_file():
        document = read_policy(path.read_bytes(), source=path.name)
    else:
        document, _ = find_policy(policy)
    instrument = find_instrument(document.instrument)
    refuse_faults(document, instrument, scored=() if card is None else card.items)
    if card is not None:
        resolve(document.bands, card, policy=document.id)
    _keeps_the_law(document)
    return document, instrument, against


def _keeps_the_law(document: PolicyDocument) -> None:
    """Refuse what the statutory set of the policy's jurisdiction refuses, where there is one."""
    from riskengine.policy.jurisdictions import has_set
    from riskengine.store.law import find_law

    if has_set(document.jurisdiction):
        find_law(document.jurisdiction).check_policy(document)


@app.command()
def check(
    policy: PolicyArgument,
    model: Annotated[
        str | None, typer.Option(help="Also check it for use with this model.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Check a policy; every mistake with file, line, rule and what is accepted."""
    from riskengine.policy.citations import unverified
    from riskengine.policy.reach import TERMS_MONTHS, best_course
    from riskengine.policy.tiers import Tier

    document, instrument, against = _opened(policy, model)
    rules, open_ = len(document.rules), len(unverified(document))
    said = {
        "zh": f"{document.id}@{document.version}：没有错误；规则{rules}条，未核对的出处{open_}处",
        "en": f"{document.id}@{document.version}: no mistake; {rules} rules, "
        f"{open_} citations not checked",
    }
    typer.echo(said[lang.code])
    for name in (instrument.id, *against):
        typer.echo({"zh": f"  已对照：{name}", "en": f"  checked against: {name}"}[lang.code])
    if "start_date" not in instrument.by_id:
        return
    for months in TERMS_MONTHS:
        days = {m.tier: m.day for m in best_course(document, instrument, months)}
        day = days.get(Tier.RELAXED)
        zh = "达不到宽管" if day is None else f"最早第{day}天起可为宽管"
        en = (
            "relaxed is out of reach" if day is None else f"relaxed from day {day} at the earliest"
        )
        typer.echo(
            {"zh": f"  期限{months}个月：{zh}", "en": f"  term of {months} months: {en}"}[
                lang.code
            ]
        )


@app.command()
def explain(
    policy: PolicyArgument,
    lang: LangOption = Lang.zh,
    out: Annotated[Path | None, typer.Option(help="File to write instead of printing.")] = None,
) -> None:
    """Write a policy as a page a lawyer can read; every rule with citation and example."""
    from riskengine.reports.policies.page import policy_page

    document, instrument, _ = _opened(policy)
    text = policy_page(document, instrument, lang.code)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(str(out))


@app.command()
def diff(a: PolicyArgument, b: PolicyArgument, lang: LangOption = Lang.zh) -> None:
    """Say in words what changed between two policies, and for whom."""
    from riskengine.reports.policies.diff import policy_diff

    (one, instrument, _), (other, theirs, _) = _opened(a), _opened(b)
    if instrument.id != theirs.id:
        raise PolicyError(
            f"policy [{one.id}] is for instrument [{instrument.id}], [{other.id}] for "
            f"[{theirs.id}]; accepted: two policies of one instrument"
        )
    typer.echo(policy_diff(one, other, instrument, lang.code), nl=False)
