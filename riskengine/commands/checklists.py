"""``riskengine models checklist``: what is known of a model, what a person has to answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.commands.options import Lang, LangOption

if TYPE_CHECKING:
    from riskengine.reports.checklists.document import Answers


class KindOption(StrEnum):
    """Kind of checklist."""

    tripod = "tripod"
    probast = "probast"
    impact = "impact"


def checklist(
    name: Annotated[str, typer.Argument(help="Model name, name@version, or folder.")],
    kind: Annotated[
        KindOption,
        typer.Option(help="tripod: reporting; probast: risk of bias; impact: impact assessment."),
    ],
    out: Annotated[
        Path,
        typer.Option(help="File to write: .md, .html, .json, or .yaml (the form to fill in)."),
    ],
    evaluation: Annotated[
        Path | None,
        typer.Option(help="What was measured, format riskengine/evaluation/1.", exists=True),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Policy that is to be used with the model.")
    ] = None,
    rules: Annotated[
        str | None, typer.Option(help="Rules of the record that the agency uses.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="Answers of people (.yaml or .json), merged in.", exists=True),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day for which the law is asked; today if none."),
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Fill TRIPOD+AI, PROBAST+AI or the impact assessment from what is known."""
    from riskengine.canonical import sha256
    from riskengine.commands.inputs import day_of
    from riskengine.documents import load_document
    from riskengine.evaluation.document import Evaluation
    from riskengine.reports.checklists.facts import Known
    from riskengine.reports.checklists.fill import fill
    from riskengine.reports.checklists.pages import write_checklist
    from riskengine.store.installation import INSTALLATION_FILE, installation
    from riskengine.store.law import find_law
    from riskengine.store.lookup import find_model, find_policy
    from riskengine.store.places import home

    data = None if evaluation is None else evaluation.read_bytes()
    found_policy, policy_sha256 = (None, None) if policy is None else find_policy(policy)
    own = home()
    # without a file nobody installed anything: the default jurisdiction is no fact
    installed = own is not None and (own / INSTALLATION_FILE).is_file()
    where = installation() if installed else None
    jurisdiction = found_policy.jurisdiction if found_policy else None
    if where is not None:
        jurisdiction = where.jurisdiction
    found_rules = None
    if rules is not None:
        from riskengine.casebook.rules import find_rules

        found_rules = find_rules(rules)
    filled = fill(
        kind.value,
        Known(
            model=find_model(name),
            evaluation=None
            if data is None or evaluation is None
            else load_document(Evaluation, data, source=evaluation.name),
            policy=found_policy,
            law=None if jurisdiction is None else find_law(jurisdiction),
            on=day_of(on),
            installation=where,
            rules=found_rules,
        ),
        answers=None if answers is None else _read_answers(answers),
        evaluation_sha256=None if data is None else sha256(data),
        policy_sha256=policy_sha256,
    )
    typer.echo(str(write_checklist(out, filled, lang=lang.code)))


def _read_answers(path: Path) -> Answers:
    """Read the answers of people; YAML is read as strictly as everywhere else."""
    from riskengine.canonical import read_json
    from riskengine.reports.checklists.fill import parse_answers

    if path.suffix.lower() == ".json":
        return parse_answers(read_json(path), source=path.name)
    from riskengine.authoring.yaml_source import read_yaml

    return parse_answers(read_yaml(path).value, source=path.name)
