"""Triggers that refuse every change of what was written, also from outside this program.

``BEFORE UPDATE`` and ``BEFORE DELETE`` do not stop ``INSERT OR REPLACE``, which deletes without
firing them; only the check before an insert does. Whoever owns the file can still drop a trigger;
`riskengine.casebook.verify` notices that, and the chain notices what was done.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

GENESIS = "0" * 64
"""What the first event of a chain names as the one before it."""

_LAST = "(SELECT MAX(seq) FROM events WHERE chain = NEW.chain)"
_LAST_HASH = "(SELECT hash FROM events WHERE chain = NEW.chain AND seq = NEW.seq - 1)"

SQLITE: dict[str, str] = {
    "events_no_update": """
        CREATE TRIGGER events_no_update BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only: no update'); END""",
    "events_no_delete": """
        CREATE TRIGGER events_no_delete BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only: no deletion'); END""",
    "events_in_order": f"""
        CREATE TRIGGER events_in_order BEFORE INSERT ON events
        WHEN NEW.seq IS NOT COALESCE({_LAST}, 0) + 1
          OR NEW.previous IS NOT COALESCE({_LAST_HASH}, '{GENESIS}')
          OR EXISTS (SELECT 1 FROM events WHERE hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'events are append-only: not the next of its chain'); END""",
    "reads_no_update": """
        CREATE TRIGGER reads_no_update BEFORE UPDATE ON reads
        BEGIN SELECT RAISE(ABORT, 'reads are append-only: no update'); END""",
    "reads_no_delete": """
        CREATE TRIGGER reads_no_delete BEFORE DELETE ON reads
        BEGIN SELECT RAISE(ABORT, 'reads are append-only: no deletion'); END""",
    "reads_in_order": """
        CREATE TRIGGER reads_in_order BEFORE INSERT ON reads
        WHEN EXISTS (SELECT 1 FROM reads WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'reads are append-only: no replacement'); END""",
}

_FUNCTIONS = """
CREATE FUNCTION riskengine_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are append-only: no %', TG_TABLE_NAME, lower(TG_OP);
END $$;
CREATE FUNCTION riskengine_next_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_seq integer;
  last_hash text;
BEGIN
  SELECT seq, hash INTO last_seq, last_hash FROM events
    WHERE chain = NEW.chain ORDER BY seq DESC LIMIT 1;
  IF NEW.seq IS DISTINCT FROM COALESCE(last_seq, 0) + 1
     OR NEW.previous IS DISTINCT FROM COALESCE(last_hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'events are append-only: not the next of its chain';
  END IF;
  RETURN NEW;
END $$;
"""

POSTGRESQL: dict[str, str] = {
    **{
        f"{table}_no_{what}": f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
        f"FOR EACH {'STATEMENT' if what == 'truncate' else 'ROW'} "
        "EXECUTE FUNCTION riskengine_refuse()"
        for table in ("events", "reads")
        for what in ("update", "delete", "truncate")
    },
    "events_in_order": "CREATE TRIGGER events_in_order BEFORE INSERT ON events FOR EACH ROW "
    "EXECUTE FUNCTION riskengine_next_event()",
}


def install_guards(connection: Connection) -> None:
    """Create the triggers of the database at hand."""
    if connection.dialect.name == "sqlite":
        for statement in SQLITE.values():
            connection.execute(text(statement))
        return
    connection.exec_driver_sql(_FUNCTIONS.replace("%", "%%"))
    for statement in POSTGRESQL.values():
        connection.execute(text(statement))


def missing_guards(connection: Connection) -> list[str]:
    """Names of triggers that somebody removed, switched off or changed."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type='trigger'"))
        there = {name: " ".join(sql.split()) for name, sql in rows}
        return [n for n, sql in SQLITE.items() if there.get(n) != " ".join(sql.split())]
    rows = connection.execute(
        text(
            "SELECT t.tgname, t.tgenabled, p.proname FROM pg_trigger t JOIN pg_proc p "
            "ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
        )
    )
    on = {name: function for name, enabled, function in rows if enabled in ("O", "A", b"O", b"A")}
    wanted = {
        name: "riskengine_next_event" if name == "events_in_order" else "riskengine_refuse"
        for name in POSTGRESQL
    }
    return [name for name, function in wanted.items() if on.get(name) != function]
