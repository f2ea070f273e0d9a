"""``riskengine casebook``: make, check, replay, exchange, back up and erase the record."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskengine.commands.options import Lang, LangOption
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY
from riskengine.errors import UseError
from riskengine.store.places import home

if TYPE_CHECKING:
    from riskengine.casebook.actors import Actor
    from riskengine.casebook.database import Casebook

casebook_app = typer.Typer(help="The record of what people decided.")
bundle_app = typer.Typer(help="Exchange by file with an office that has no network.")
casebook_app.add_typer(bundle_app, name="bundle", no_args_is_help=True)


class Pack(StrEnum):
    """Who a pack is for."""

    person = "person"
    authority = "authority"


URL_VARIABLE, KEYS_VARIABLE = "RISKENGINE_CASEBOOK", "RISKENGINE_CASEBOOK_KEYS"
ACTOR_VARIABLE = "RISKENGINE_ACTOR"

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar=URL_VARIABLE,
        help="sqlite:///FILE or postgresql+psycopg://...; casebook.db in the agency's folder "
        "if not given.",
    ),
]
KeysOption = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar=KEYS_VARIABLE,
        help="Folder with master.key and node.json; casebook-keys in the agency's folder if not "
        "given. Never on the disk of the database in a shared installation.",
    ),
]
DistrictOption = Annotated[str, typer.Option(help="Code of the district.")]
ByOption = Annotated[
    str, typer.Option(envvar=ACTOR_VARIABLE, help="Staff number of whoever does this.")
]
RulesOption = Annotated[str, typer.Option(help="Local rules of the record, by name.")]
OutOption = Annotated[Path, typer.Option(help="File to write.")]


def _now() -> datetime:
    # the command line is the edge where the clock may be read; the library never does
    return datetime.now(UTC)


def _url(given: str | None) -> str:
    if given is not None:
        return given
    own = home()
    if own is None:
        raise UseError(f"no record named: give --database, or set {URL_VARIABLE}")
    return f"sqlite:///{own / 'casebook.db'}"


def _keys(given: Path | None) -> Path:
    own = home()
    if given is not None:
        return given
    if own is None:
        raise UseError(f"no folder of keys named: give --keys, or set {KEYS_VARIABLE}")
    return own / "casebook-keys"


def _open(url: str | None, keys: Path | None, rules: str = "default") -> Casebook:
    from riskengine.casebook.nodes import NODE_FILE, read_node
    from riskengine.casebook.places import open_casebook
    from riskengine.casebook.rules import find_rules

    folder = _keys(keys)
    node = None
    if (folder / NODE_FILE).is_file():
        _, _, node = read_node(folder).name.partition("/")
    return open_casebook(_url(url), keys=folder, rules=find_rules(rules), node=node or None)


def _actor(by: str, district: str, *roles: str) -> Actor:
    """Whoever works at the command line holds the database anyway; the record keeps the name."""
    from riskengine.casebook.actors import Actor, Role

    if not by.strip():
        raise UseError("[by] is empty; accepted: a staff number")
    return Actor(by, by, district, frozenset(Role(role) for role in roles))


@casebook_app.command("init")
def init(
    district: DistrictOption,
    node: Annotated[
        str | None, typer.Option(help="Name of this office's own chain, where it has no network.")
    ] = None,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Make the tables and the keys; what is there already is kept."""
    from riskengine.casebook.database import connect
    from riskengine.casebook.errors import say
    from riskengine.casebook.nodes import NODE_FILE, make_node, read_node
    from riskengine.casebook.places import MASTER_FILE, MASTER_VARIABLE, make_master, migrate

    folder = _keys(keys)
    if MASTER_VARIABLE not in os.environ and not (folder / MASTER_FILE).exists():
        typer.echo(say("made_master", lang.code, place=str(make_master(folder))))
    name = district if node is None else f"{district}/{node}"
    if not (folder / NODE_FILE).exists():
        make_node(folder, name)
    migrate(connect(_url(database)))
    card = read_node(folder).card
    typer.echo(say("made_record", lang.code, name=card.name, fingerprint=card.fingerprint))


@casebook_app.command("verify")
def verify_command(
    root: Annotated[
        list[Path] | None, typer.Option(help="An exported root, kept elsewhere; may be repeated.")
    ] = None,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Check every event, key and guard; exit with 1 where anything is wrong."""
    from riskengine.casebook.checks import keep_check
    from riskengine.casebook.database import reading
    from riskengine.casebook.errors import say
    from riskengine.casebook.nodes import peers
    from riskengine.casebook.roots import read_root
    from riskengine.casebook.verify import verify

    trusted = list(peers(_keys(keys)).values())
    roots = [
        read_root(path.read_bytes(), source=path.name, trusted=trusted) for path in root or ()
    ]
    book = _open(database, keys)
    with reading(book) as tx:
        found = verify(tx, roots)
    keep_check(book, found, at=_now())
    for finding in found.findings:
        typer.echo(finding.text(lang.code))
    typer.echo(
        say(
            "verified" if found.sound else "not_verified",
            lang.code,
            events=found.events,
            chains=found.chains,
            erased=found.erased,
            findings=len(found.findings),
            roots=len(roots),
        )
    )
    if not found.sound:
        raise typer.Exit(1)


@casebook_app.command("root")
def root_command(
    out: OutOption,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Export the signed heads of all chains, to be kept where the database is not."""
    from riskengine.casebook.database import reading
    from riskengine.casebook.errors import say
    from riskengine.casebook.nodes import read_node
    from riskengine.casebook.roots import make_root

    with reading(_open(database, keys)) as tx:
        made = make_root(tx, read_node(_keys(keys)), at=_now())
    out.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    typer.echo(say("made_root", lang.code, place=str(out), root=made["root"]))


@casebook_app.command("replay")
def replay_command(
    name: Annotated[str, typer.Argument(help="Id of a decision or an assessment.")],
    district: DistrictOption,
    by: ByOption,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Compute again what was shown then; exit with 1 where it is not the same."""
    from riskengine.casebook.database import writing
    from riskengine.casebook.reads import log_read
    from riskengine.casebook.replay import replay

    actor = _actor(by, district, "reviewer")
    with writing(_open(database, keys), district) as tx:
        found = replay(tx, actor, name)
        log_read(tx, actor, None, what="replay", at=_now())
    typer.echo(found.text(lang.code))
    for path, before, after in found.numbers:
        typer.echo(f"  {path}: {before} -> {after}")
    if found.state in ("differs", "not_computable"):
        raise typer.Exit(1)


@casebook_app.command("rebuild")
def rebuild_command(
    database: UrlOption = None, keys: KeysOption = None, lang: LangOption = Lang.zh
) -> None:
    """Make the read tables anew from the events; exit with 1 where one was not as it should be."""
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say
    from riskengine.casebook.rebuild import rebuild

    with writing(_open(database, keys), "") as tx:
        found = rebuild(tx)
    rows = sum(count for count, _ in found.after.values())
    if found.differing:
        tables = ", ".join(found.differing)
        typer.echo(say("rebuilt_other", lang.code, rows=rows, tables=tables))
        raise typer.Exit(1)
    typer.echo(say("rebuilt", lang.code, rows=rows))


@casebook_app.command("backup")
def backup_command(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")],
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Save the record and its wrapped keys while others go on working."""
    from riskengine.casebook.backup import backup
    from riskengine.casebook.errors import say

    made = backup(_open(database, keys), folder, at=_now())
    typer.echo(say("saved", lang.code, events=made.events, keys=made.keys, place=str(made.folder)))


@casebook_app.command("restore")
def restore_command(
    folder: Annotated[Path, typer.Argument(help="Folder that a backup was written to.")],
    by: ByOption,
    newest_keys: Annotated[
        Path | None, typer.Option(help="keys.json of the newest backup, if it is another one.")
    ] = None,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Restore a backup into a new database, and check it."""
    from riskengine.casebook.backup import restore
    from riskengine.casebook.database import connect
    from riskengine.casebook.errors import say
    from riskengine.casebook.places import migrate

    migrate(connect(_url(database)))
    found = restore(_open(database, keys), folder, keys=newest_keys, at=_now(), by=by)
    typer.echo(
        say(
            "verified",
            lang.code,
            events=found.events,
            chains=found.chains,
            erased=found.erased,
            findings=0,
            roots=0,
        )
    )


@casebook_app.command("erase")
def erase_command(
    case: Annotated[str, typer.Argument(help="Id of a case.")],
    ground: Annotated[str, typer.Option(help="Code of the local list of grounds.")],
    words: Annotated[str, typer.Option(help="What it rests on in this case.")],
    district: DistrictOption,
    by: ByOption,
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be undone; say so.")] = False,
    confirmed_by: Annotated[
        str | None,
        typer.Option(
            help="Who else confirmed it, where the rules ask for it. Recorded, not checked: "
            "whoever runs this holds the keys. The page asks for that person's password."
        ),
    ] = None,
    rules: RulesOption = "default",
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Destroy a person's key: the content is gone for good, the chain and statistics stay."""
    from riskengine.casebook.database import writing
    from riskengine.casebook.erasing import erase, scrub
    from riskengine.casebook.errors import say

    if not yes:
        raise UseError("an erasure cannot be undone: add --yes")
    book = _open(database, keys, rules)
    with writing(book, district) as tx:
        erase(
            tx,
            _actor(by, district, "administrator"),
            case,
            ground=ground,
            words=words,
            at=_now(),
            confirmed_by=confirmed_by,
        )
    done = scrub(book)
    typer.echo(say("erased" if done else "erased_files_left", lang.code, case=case))


@casebook_app.command("export")
def export_command(
    case: Annotated[str, typer.Argument(help="Id of a case.")],
    pack: Annotated[Pack, typer.Option("--for", help="Who gets it.")],
    out: OutOption,
    district: DistrictOption,
    by: ByOption,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Write a case's pack, signed by this node: for the person, or for a reviewing authority."""
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say
    from riskengine.casebook.for_authority import authority_pack
    from riskengine.casebook.for_person import person_pack
    from riskengine.casebook.nodes import read_node
    from riskengine.casebook.reads import log_read

    actor = _actor(by, district, "reviewer")
    make = person_pack if pack is Pack.person else authority_pack
    with writing(_open(database, keys), district) as tx:
        made = make(tx, actor, case, at=_now(), lang=lang.code)
        log_read(tx, actor, case, what=f"export_{pack.value}", at=_now())
    _write_json(out, read_node(_keys(keys)).sign(made))
    typer.echo(say("exported", lang.code, place=str(out)))


@bundle_app.command("card")
def bundle_card(out: OutOption, keys: KeysOption = None) -> None:
    """Write this node's public card, to be handed to the other node."""
    from riskengine.casebook.nodes import read_node

    card = read_node(_keys(keys)).card
    _write_json(out, card.as_json())
    typer.echo(f"{card.name}  {card.fingerprint}")


@bundle_app.command("trust")
def bundle_trust(
    card: Annotated[Path, typer.Argument(help="Card of another node.")],
    fingerprint: Annotated[
        str, typer.Option(help="As the other office reads it out over the telephone.")
    ],
    keys: KeysOption = None,
) -> None:
    """Keep another node's card, once its fingerprint was compared."""
    from riskengine.casebook.errors import refusal
    from riskengine.casebook.nodes import read_card, trust

    read = read_card(card.read_bytes(), source=card.name)
    if read.fingerprint.replace(" ", "") != fingerprint.replace(" ", "").lower():
        raise refusal("wrong_key", place=card.name)
    trust(_keys(keys), read)
    typer.echo(f"{read.name}  {read.fingerprint}")


@bundle_app.command("make")
def bundle_make(
    to: Annotated[str, typer.Option(help="Name of the other node.")],
    out: OutOption,
    office: Annotated[
        list[str] | None,
        typer.Option(help="Send keys of this office's cases only; may be repeated."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also what the other node has already.")
    ] = False,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Write what the other node does not have yet, encrypted for it alone."""
    from riskengine.casebook.bundles import make_bundle
    from riskengine.casebook.database import reading
    from riskengine.casebook.errors import refusal, say
    from riskengine.casebook.nodes import peers, read_node

    known = peers(_keys(keys))
    if to not in known:
        raise refusal("no_such_peer", id=to)
    with reading(_open(database, keys)) as tx:
        data = make_bundle(
            tx,
            read_node(_keys(keys)),
            known[to],
            at=_now(),
            offices=office or None,
            everything=everything,
        )
    out.write_bytes(data)
    typer.echo(say("exported", lang.code, place=str(out)))


@bundle_app.command("take")
def bundle_take(
    file: Annotated[Path, typer.Argument(help="A bundle for this node.")],
    by: ByOption,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Take a bundle in; exit with 1 where a person has to settle something."""
    from riskengine.casebook.bundles import take_in
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say
    from riskengine.casebook.nodes import peers, read_node

    node = read_node(_keys(keys))
    district = node.name.partition("/")[0]
    with writing(_open(database, keys), district) as tx:
        found = take_in(
            tx,
            _actor(by, district, "administrator"),
            node,
            file.read_bytes(),
            trusted=peers(_keys(keys)),
            at=_now(),
        )
        conflicts = [(row.id, row.kind, ", ".join(row.refs)) for row in found.conflicts]
    typer.echo(say("taken_in", lang.code, sender=found.sender, new=found.new, known=found.known))
    for name, kind, refs in conflicts:
        told = say(f"conflict_{kind}", lang.code, refs=refs)
        typer.echo(f"{name}\n    {told}")
    if conflicts:
        raise typer.Exit(1)


@casebook_app.command("settle")
def settle_command(
    conflict: Annotated[str, typer.Argument(help="Id of a conflict.")],
    holds: Annotated[str, typer.Option(help="Id of the entry that holds.")],
    grounds: Annotated[str, typer.Option(help="Why.")],
    district: DistrictOption,
    by: ByOption,
    database: UrlOption = None,
    keys: KeysOption = None,
) -> None:
    """Say which of two contradicting entries holds."""
    from riskengine.casebook.conflicts import settle
    from riskengine.casebook.database import writing

    with writing(_open(database, keys), district) as tx:
        settle(
            tx,
            _actor(by, district, "approver"),
            conflict,
            holds=holds,
            grounds=grounds,
            at=_now(),
        )
    typer.echo(holds)


@casebook_app.command("prefill")
def prefill_command(
    file: Annotated[Path, typer.Argument(help="The case system's file: CSV, Excel or Parquet.")],
    office: Annotated[str, typer.Option(help="Office of new cases.")],
    district: DistrictOption,
    by: ByOption,
    model: Annotated[str, typer.Option(help="Model whose instrument is used.")] = DEFAULT_MODEL,
    policy: Annotated[str, typer.Option(help="Policy in force.")] = DEFAULT_POLICY,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Open cases from the case system's file; rows that cannot be used go to a file beside it."""
    from riskengine.casebook.case_system import prefill
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say
    from riskengine.engine import Engine
    from riskengine.intake.read import read_assessments
    from riskengine.intake.rejects import RejectWriter, rejects_path

    engine = Engine.load(model, policy)
    rows = read_assessments(file, engine.instrument, assessed_on=date.today())
    with writing(_open(database, keys), district) as tx:
        found = prefill(
            tx,
            _actor(by, district, "officer"),
            rows,
            office=office,
            engine=engine,
            at=_now(),
        )
    with RejectWriter(rejects_path(file), lang=lang.code) as rejects:
        for row in found.rejected:
            rejects.write(row)
    for line in rows.plan.notes(lang.code):
        typer.echo(line)
    typer.echo(
        say(
            "prefilled",
            lang.code,
            opened=found.opened,
            updated=found.updated,
            unchanged=found.unchanged,
            rejected=len(found.rejected),
        )
    )


@casebook_app.command("give-back")
def give_back_command(
    out: Annotated[Path, typer.Argument(help="CSV, Excel or JSONL to write.")],
    district: DistrictOption,
    by: ByOption,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Write tier, days and reasons of every open case for the case system."""
    from riskengine.batch.writing import write_rows
    from riskengine.casebook.case_system import COLUMNS, give_back
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say
    from riskengine.casebook.reads import log_read

    actor = _actor(by, district, "administrator")
    with writing(_open(database, keys), district) as tx:
        write_rows(out, COLUMNS, give_back(tx, actor, lang=lang.code))
        log_read(tx, actor, None, what="give_back", at=_now())
    typer.echo(say("exported", lang.code, place=str(out)))


@casebook_app.command("decisions")
def decisions_command(
    district: DistrictOption,
    by: ByOption,
    out: OutOption,
    key: Annotated[
        Path | None,
        typer.Option(help="File to write of what the ids stand for, to join outcomes by."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of decision.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of decision.")
    ] = None,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Write decisions without people or officers, for `riskengine monitor` and `overrides`."""
    from riskengine.batch.writing import write_rows
    from riskengine.casebook.database import writing
    from riskengine.casebook.decided import COLUMNS, KEY_COLUMNS, decisions_of
    from riskengine.casebook.errors import say
    from riskengine.casebook.reads import log_read

    actor = _actor(by, district, "analyst")
    with writing(_open(database, keys), district) as tx:
        rows, named = decisions_of(
            tx,
            actor,
            since=None if since is None else since.date(),
            until=None if until is None else until.date(),
        )
        write_rows(out, COLUMNS, rows)
        if key is not None:
            write_rows(key, KEY_COLUMNS, named)
        log_read(tx, actor, None, what="decisions" if key is None else "decisions_key", at=_now())
    for path in (out, key):
        if path is not None:
            typer.echo(say("exported", lang.code, place=str(path)))


@casebook_app.command("agreement")
def agreement_command(
    instrument: Annotated[str, typer.Argument(help="Name of an instrument.")],
    district: DistrictOption,
    by: ByOption,
    out: OutOption,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 1,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Write how well raters agree on each item, as a scorecard's uncertainty takes it."""
    from riskengine.casebook.database import reading
    from riskengine.casebook.errors import say
    from riskengine.casebook.rating import agreement
    from riskengine.store.lookup import find_instrument

    with reading(_open(database, keys)) as tx:
        found = agreement(
            tx, _actor(by, district, "analyst"), find_instrument(instrument), seed=seed
        )
    _write_json(out, found)
    typer.echo(say("exported", lang.code, place=str(out)))


def suspend_command(
    district: DistrictOption,
    reason: Annotated[str, typer.Option(help="Why; it stands in the record.")],
    by: ByOption,
    lift: Annotated[bool, typer.Option("--lift", help="Show scores again.")] = False,
    database: UrlOption = None,
    keys: KeysOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Hide the scores of a district from the next request on; everything else works on."""
    from riskengine.casebook import suspending
    from riskengine.casebook.database import writing
    from riskengine.casebook.errors import say

    actor = _actor(by, district, "administrator")
    with writing(_open(database, keys), district) as tx:
        if lift:
            suspending.lift(tx, actor, reason=reason, at=_now())
        else:
            suspending.suspend(tx, actor, reason=reason, at=_now())
    typer.echo(say("scores_shown" if lift else "scores_hidden", lang.code, district=district))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
