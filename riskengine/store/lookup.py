"""Finding artefacts by ``name`` or ``name@version``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from riskengine.canonical import parse_json, read_json, sha256
from riskengine.documents import load_document
from riskengine.errors import (
    ArtefactError,
    InstrumentError,
    NotFoundError,
    PolicyError,
    ScorecardError,
)
from riskengine.instrument.model import Instrument
from riskengine.policy.document import PolicyDocument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.load import (
    MANIFEST_FILE,
    MODEL_FILE,
    Manifest,
    compile_scorecard,
    parse_scorecard,
)
from riskengine.store.places import places, registry_log


def _version(name: str) -> tuple[int, ...]:
    parts = name.split(".")
    return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else (-1,)


def _split(name: str) -> tuple[str, str | None]:
    stem, _, version = name.partition("@")
    return stem, version or None


def _built(kind: str) -> dict[str, dict[str, Path]]:
    """Built files of a kind: name to version to path; the agency's own win."""
    found: dict[str, dict[str, Path]] = {}
    for place in places():
        for path in sorted((place / "data_schema" / "built" / kind).glob("*@*.json")):
            stem, version = _split(path.name.removesuffix(".json"))
            found.setdefault(stem, {}).setdefault(version or "", path)
    return found


def _choose(what: str, name: str, found: Mapping[str, Mapping[str, Path]]) -> Path:
    """Choose a version by ``name`` or ``name@version``; the newest where none is named."""
    stem, version = _split(name)
    versions = found.get(stem, {})
    if version is None and versions:
        version = max(versions, key=_version)
    if version is None or version not in versions:
        have = ", ".join(f"{s}@{v}" for s in sorted(found) for v in sorted(found[s]))
        raise NotFoundError(f"no {what} [{name}]; there are: {have or 'none'}")
    return versions[version]


def instrument_names() -> list[str]:
    """Names of all instruments in reach, with versions."""
    return [f"{s}@{v}" for s, versions in sorted(_built("instruments").items()) for v in versions]


@lru_cache(maxsize=32)
def _instrument(path: Path, stamp: int) -> Instrument:
    try:
        return load_document(Instrument, path.read_bytes(), source=path.name)
    except ArtefactError as error:
        raise InstrumentError(str(error)) from error


def find_instrument(name: str) -> Instrument:
    """Load an instrument; the newest version where none is named.

    Raises
    ------
    NotFoundError
        Listing the instruments that there are.
    InstrumentError
        Where the file is not a valid instrument.
    """
    path = _choose("instrument", name, _built("instruments"))
    return _instrument(path, path.stat().st_mtime_ns)


def find_policy(name: str) -> tuple[PolicyDocument, str]:
    """Load a policy and the hash of its file; the newest version where none is named."""
    path = _choose("policy", name, _built("policies"))
    data = path.read_bytes()
    return read_policy(data, source=path.name), sha256(data)


def read_policy(data: bytes, *, source: str) -> PolicyDocument:
    """Read a built policy; what its parts say to one another is checked when it is compiled.

    Raises
    ------
    PolicyError
        With JSON path, rule, value and what is accepted.
    """
    try:
        raw = parse_json(data, source=source)
    except ArtefactError as error:
        raise PolicyError(str(error)) from error
    try:
        return PolicyDocument.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        from riskengine.policy.faults import refuse_shape

        raise refuse_shape(error, raw, source) from error


def policy_names() -> list[str]:
    """Names of all policies in reach, with versions."""
    return [f"{s}@{v}" for s, versions in sorted(_built("policies").items()) for v in versions]


def newest_built(kind: str, name: str) -> Path | None:
    """Newest built file of a kind, or ``None`` where there is none."""
    versions = _built(kind).get(name)
    return None if not versions else versions[max(versions, key=_version)]


def find_catalogue(kind: str, name: str) -> object | None:
    """Read a built file of another kind (texts, assistance), or ``None`` where there is none."""
    try:
        return read_json(_choose(kind, name, _built(kind)))  # type: ignore[no-any-return]
    except NotFoundError:
        return None


def edited_file(kind: str, name: str) -> Path | None:
    """Built file that a district edits, or ``None``: its own copy wins, whatever the version.

    Elsewhere the newest version wins. A district's own list must not give way to a newer one that
    comes with an update of the software.
    """
    for place in places():
        versions = {
            _split(path.name.removesuffix(".json"))[1] or "": path
            for path in (place / "data_schema" / "built" / kind).glob(f"{name}@*.json")
        }
        if versions:
            return versions[max(versions, key=_version)]
    return None


@dataclass(frozen=True)
class LoadedModel:
    """A scorecard that passed every check, with the hash of its file and its folder.

    Attributes
    ----------
    manifest
        The bytes of the manifest that vouched for it: what a signature is about.
    """

    scorecard: Scorecard
    sha256: str
    folder: Path
    manifest: bytes = b""

    @property
    def name(self) -> str:
        """Id and version."""
        return f"{self.scorecard.document.id}@{self.scorecard.document.version}"


def model_folders() -> dict[str, dict[str, Path]]:
    """All model folders in reach: name to version to folder; the agency's own win."""
    found: dict[str, dict[str, Path]] = {}
    for place in places():
        for path in sorted((place / "models").glob(f"*/*/{MODEL_FILE}")):
            folder = path.parent
            found.setdefault(folder.parent.name, {}).setdefault(folder.name, folder)
    return found


def find_model(name: str | Path) -> LoadedModel:
    """Load a model by name, ``name@version``, or folder, and check everything about it.

    The manifest's hashes come first, then format, shape, instrument, audit and golden assessments.
    A name without a version means the version that is live here by the agency's registry; where
    none is, the newest that the registry does not know. Without a registry it is the newest.

    Raises
    ------
    NotFoundError
        Listing the models that there are.
    ScorecardError
        Naming file and fault, or where the file is not the one that was registered.
    ArtefactError
        Where the registry's log was touched.
    """
    folder = Path(name)
    registered = registry_log() is not None
    if not (folder / MODEL_FILE).is_file():
        folders = model_folders()
        wanted = str(name)
        if registered and _split(wanted)[1] is None:
            wanted = _live(wanted, folders)
        folder = _choose("model", wanted, folders)
    found = load_model(folder)
    if registered:
        _check_registered(found)
    return found


def _live(name: str, folders: dict[str, dict[str, Path]]) -> str:
    """Name and version that a bare name means by the registry; leaves out what is not live."""
    from riskengine.store.installation import installation
    from riskengine.store.stages import stages_here

    stages = stages_here()
    if stages is None:
        return name
    district = installation().district
    serving = stages.serving(name, district)
    if serving is not None:
        return serving
    known = {version for version in folders.get(name, {}) if f"{name}@{version}" in stages.sha256}
    rest = {v: path for v, path in folders.get(name, {}).items() if v not in known}
    if known and not rest:
        raise NotFoundError(
            f"no version of model [{name}] is live here; the registry has "
            f"{', '.join(f'{name}@{version}' for version in sorted(known))}. Promote one, or name "
            "a version"
        )
    if known:
        folders[name] = rest
    return name


def _check_registered(model: LoadedModel) -> None:
    """Refuse a file that carries the name of a registered model and is another one."""
    from riskengine.store.stages import stages_here

    stages = stages_here()
    stated = None if stages is None else stages.sha256.get(model.name)
    if stated is not None and stated != model.sha256:
        raise ScorecardError(
            f"{model.folder}: {MODEL_FILE} is not the one that was registered as "
            f"[{model.name}]: its tables were edited, or another model took its name"
        )


def load_model(folder: Path) -> LoadedModel:
    """Load the model of one folder; see `find_model`."""
    try:
        manifest_data = (folder / MANIFEST_FILE).read_bytes()
        manifest = load_document(Manifest, manifest_data, source=MANIFEST_FILE)
    except OSError as error:
        raise ScorecardError(f"{folder}: no {MANIFEST_FILE}, so nothing vouches for it") from error
    except ArtefactError as error:
        raise ScorecardError(f"{folder}: {error}") from error
    if MODEL_FILE not in manifest.files:
        raise ScorecardError(f"{folder}: {MANIFEST_FILE} does not list {MODEL_FILE}")
    contents: dict[str, bytes] = {}
    for file, stated in manifest.files.items():
        if Path(file).name != file:
            raise ScorecardError(f"{folder}: {MANIFEST_FILE} names a path [{file}]")
        try:
            contents[file] = (folder / file).read_bytes()
        except OSError as error:
            raise ScorecardError(f"{folder}: {file} is missing") from error
        if sha256(contents[file]) != stated:
            raise ScorecardError(
                f"{folder}: {file} was edited or cut after {MANIFEST_FILE} was written"
            )
    document = parse_scorecard(contents[MODEL_FILE], source=f"{folder.name}/{MODEL_FILE}")
    belongs = document.instrument
    instrument = find_instrument(f"{belongs.id}@{belongs.version}")
    return LoadedModel(
        scorecard=compile_scorecard(document, instrument),
        sha256=manifest.files[MODEL_FILE],
        folder=folder,
        manifest=manifest_data,
    )
