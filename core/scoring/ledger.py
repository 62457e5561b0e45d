"""What has been scored of a slide so far: it survives a kill at any moment.

A ledger is a folder. `manifest.json` says what all its fields have in common (program, model, scale, slide
folder) and holds the slide's reference; each `part-<hash>.arrow` holds a few scored fields, one row each,
under a name that is the hash of its content. A part is written whole or not at all, and one that no longer
matches its name is thrown away: its fields are scored again.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from core.cells.burned_in import NO_CAPTIONS, BurnedIn
from core.cells.scored_field import ScoredField
from core.errors import SmearscopeError
from core.files import cannot_write, own_lock, remove, shown_path, write_bytes
from core.scoring.ledger_table import SCHEMA, LedgerEntry, entries_to_table, entry_from_table
from core.slides.slide import storable

FORMAT = 7
_STEP_NS = 2_000_000_000
"""By so much the coarsest clock of a file system counts, that of memory cards."""


class LedgerError(SmearscopeError):
    """The ledger is damaged or of another run: of another model, scale or slide, or one still going on."""


@dataclass(frozen=True)
class ScoringIdentity:
    """What two fields must share for their scores to stand in one result.

    Attributes
    ----------
    program
        Version of Smearscope.
    model
        Name and hash of the weights.
    um_per_pixel
        As given by the user, or None.
    slide
        The folder or file the slide was read from.
    """

    program: str
    model: str
    um_per_pixel: float | None
    slide: str


class Ledger:
    """The scored fields of one slide, on disk, owned by one run at a time.

    Use it as a context manager; leaving it writes what is still in memory and gives up the lock. The
    operating system gives up the lock of a killed run.

    Parameters
    ----------
    folder
        Where the ledger lies; made where there is none.
    identity
        What this run scores with.
    resume
        Continue with what is there. Otherwise it is thrown away.

    Raises
    ------
    LedgerError
        Where another run holds the ledger, it was made with another identity, or its manifest is damaged.
    core.files.OutputError
        Where the folder cannot be written.
    """

    FIELDS_IN_A_PART = 8

    def __init__(self, folder: Path, identity: ScoringIdentity, *, resume: bool) -> None:
        self.folder = folder
        self.discarded_parts: tuple[str, ...] = ()
        self._pending: list[LedgerEntry] = []
        self._where: dict[str, tuple[pa.Table, int]] = {}
        self._newest_ns = 0
        self._lock = _locked(folder)
        try:
            self._open(identity, resume=resume)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, identity: ScoringIdentity, *, resume: bool) -> None:
        if not resume:
            _empty(self.folder)
        manifest = _read_manifest(self.folder / "manifest.json")
        if manifest is None:
            # Parts without a manifest cannot be told to belong to this slide and model.
            _empty(self.folder)
            manifest = {"format": FORMAT, "identity": asdict(identity), "reference": None, "generation": 1}
        _refuse_other(manifest, identity, self.folder)
        # Where both are now: moved together, they still belong together.
        manifest |= {"identity": asdict(identity), "at": _at(self.folder)}
        self._manifest: dict[str, Any] = manifest
        self._save_manifest()
        self._read_parts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is still in memory and give up the lock."""
        try:
            self.flush()
        finally:
            os.close(self._lock)

    @property
    def reference(self) -> dict[str, Any] | None:
        """The slide's reference as plain values, once it is known."""
        reference: dict[str, Any] | None = self._manifest["reference"]
        return reference

    @reference.setter
    def reference(self, values: dict[str, Any]) -> None:
        self._manifest["reference"] = values
        self._save_manifest()

    @property
    def finished(self) -> str | None:
        """The key given to `finish` by the run that last wrote results, where nothing came in since."""
        key: str | None = self._manifest.get("finished")
        return key

    def finish(self, key: str) -> None:
        """Note that the results for `key` are written."""
        self._manifest["finished"] = key
        self._save_manifest()

    @property
    def generation(self) -> int:
        """Which lot of fields is being scored; those of an earlier lot are counted before later ones."""
        generation: int = self._manifest["generation"]
        return generation

    def close_generation(self) -> None:
        """Fix the fields scored so far as counted: what comes later cannot push them out as duplicates."""
        self.flush()
        if self.generation in self.column("generation").values():
            self._manifest["generation"] = self.generation + 1
            self._save_manifest()

    def get(self, name: str) -> LedgerEntry:
        """One field that has been flushed; KeyError where there is none."""
        table, row = self._where[name]
        return entry_from_table(table, row)

    def rows(self, names: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Some columns of `core.scoring.ledger_table.SCHEMA`, a row for each of `names` in their order."""
        parts = {id(table): table.select(list(columns)) for table, _ in self._where.values()}
        if not parts:
            return SCHEMA.empty_table().select(list(columns))
        begins = dict(zip(parts, np.cumsum([0, *map(len, parts.values())]).tolist(), strict=False))
        places = [begins[id(table)] + row for table, row in map(self._where.__getitem__, names)]
        return pa.concat_tables(parts.values()).take(pa.array(places, pa.int64()))

    def column(self, column: str) -> dict[str, Any]:
        """One plain column of `core.scoring.ledger_table.SCHEMA`, by field name."""
        values = {id(table): table[column].to_pylist() for table, _ in self._where.values()}
        return {name: values[id(table)][row] for name, (table, row) in self._where.items()}

    def add(self, entry: LedgerEntry) -> None:
        """Take in a field that had its turn; every few fields they are put on the disk together."""
        self._pending.append(entry)
        if len(self._pending) >= self.FIELDS_IN_A_PART:
            self.flush()

    def flush(self) -> None:
        """Put on the disk what is still in memory."""
        if not self._pending:
            return
        table = entries_to_table(self._pending)
        content = _to_ipc(table)
        path = self.folder / _part_name(content)
        write_bytes(path, content)
        self._note_as_newest(path)
        self._pending.clear()
        self._index(_from_ipc(path))

    def _save_manifest(self) -> None:
        content = self._manifest | {"sum": _sum_of(self._manifest)}
        write_bytes(self.folder / "manifest.json", json.dumps(content, indent=1).encode())

    def _note_as_newest(self, part: Path) -> None:
        """Where a field is in two parts the newer one counts, also where the clock was set back meanwhile."""
        if part.stat().st_mtime_ns <= self._newest_ns:
            later_ns = self._newest_ns + _STEP_NS
            try:
                os.utime(part, ns=(later_ns, later_ns))
            except OSError as error:
                raise cannot_write(part, error) from error
        self._newest_ns = part.stat().st_mtime_ns

    def _read_parts(self) -> None:
        discarded = []
        for path in sorted(self.folder.glob("part-*.arrow"), key=_age):
            if _is_whole(path):
                self._index(_from_ipc(path))
                self._newest_ns = path.stat().st_mtime_ns
            else:
                remove(path)
                discarded.append(path.name)
        self.discarded_parts = tuple(discarded)

    def _index(self, table: pa.Table) -> None:
        for row, name in enumerate(table["name"].to_pylist()):
            self._where[name] = (table, row)


def kept_field(folder: Path, name: str, model: str) -> ScoredField | None:
    """A scored field as a ledger has it on the disk, also while a run is writing it.

    Parameters
    ----------
    folder
        Of the ledger.
    name
        The field.
    model
        As in `ScoringIdentity`: scores of another model are not given.

    Returns
    -------
    None where there is no such field, or it could not be read.

    Raises
    ------
    LedgerError
        Where what may hold the field is damaged.
    """
    try:
        manifest = _read_manifest(folder / "manifest.json")
        if manifest is None or manifest["format"] != FORMAT or manifest["identity"]["model"] != model:
            return None
        for path in sorted(folder.glob("part-*.arrow"), key=_age, reverse=True):
            if not _is_whole(path):
                # One that is older may hold another state of the field.
                raise LedgerError(f"{shown_path(path)} is damaged; score the slide again")
            table = _from_ipc(path)
            rows = table["name"].to_pylist()
            if name in rows:
                return entry_from_table(table, rows.index(name)).scored
    except FileNotFoundError:
        return None  # thrown away meanwhile, to be scored anew
    return None


def kept_captions(folder: Path) -> BurnedIn:
    """Scale bars and captions of the slide's fields, over which its cells were scored; none where unknown."""
    manifest = _read_manifest(folder / "manifest.json")
    reference = None if manifest is None else manifest["reference"]
    return NO_CAPTIONS if reference is None else BurnedIn.from_plain(reference["burned_in"])


def _part_name(content: bytes) -> str:
    return f"part-{hashlib.blake2b(content, digest_size=16).hexdigest()}.arrow"


def _is_whole(part: Path) -> bool:
    return part.name == _part_name(part.read_bytes())


def _age(part: Path) -> tuple[int, str]:
    return part.stat().st_mtime_ns, part.name


def _locked(folder: Path) -> int:
    descriptor = own_lock(folder / "lock")
    if descriptor is None:
        raise LedgerError(
            f"another run is writing {shown_path(folder.parent)}; wait until it is done, or give another "
            "--out"
        )
    return descriptor


def _empty(folder: Path) -> None:
    """Throw the scored fields away; the lock stays, it is held."""
    for path in [folder / "manifest.json", *folder.glob("part-*.arrow")]:
        remove(path)


def _read_manifest(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not _is_manifest(manifest):
        raise _damaged(path, "it does not say what was scored")
    if manifest.pop("sum", None) not in (None, _sum_of(manifest)):  # earlier ledgers have none
        raise _damaged(path, "it is not as it was written")
    return manifest


def _sum_of(manifest: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(manifest).encode(), digest_size=16).hexdigest()


def _damaged(manifest: Path, why: str) -> LedgerError:
    return LedgerError(f"{shown_path(manifest)} is damaged: {why}; score the slide anew with --no-resume")


def _is_manifest(found: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    """Whether it has what the manifests of all formats have."""
    return (
        isinstance(found, dict)
        and found.keys() >= {"format", "identity", "reference", "generation"}
        and isinstance(found["identity"], dict)
        and found["identity"].keys() >= {field.name for field in fields(ScoringIdentity)}
    )


def _at(folder: Path) -> str:
    return storable(str(folder.resolve()))


def _moved_together(manifest: dict[str, Any], identity: ScoringIdentity, folder: Path) -> bool:
    """Whether the slide lies to the ledger as it did when the ledger was last opened."""
    at = manifest.get("at")
    if at is None:
        return False
    before: str = os.path.relpath(manifest["identity"]["slide"], at)
    return before == os.path.relpath(identity.slide, _at(folder))


def _refuse_other(manifest: dict[str, Any], identity: ScoringIdentity, folder: Path) -> None:
    begun = {"format": manifest["format"], **manifest["identity"]}
    if _moved_together(manifest, identity, folder):
        begun["slide"] = identity.slide
    now = {"format": FORMAT, **asdict(identity)}
    different = [
        f"{name.replace('_', ' ')} {begun.get(name)!r}, now {now[name]!r}"
        for name in now
        if begun.get(name) != now[name]
    ]
    if different:
        raise LedgerError(
            f"{shown_path(folder.parent)} was begun with {'; '.join(different)}; "
            "give another --out, or score the slide anew with --no-resume"
        )


def _to_ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _from_ipc(path: Path) -> pa.Table:
    # Mapped, not read: a slide's parts stay on the disk until a field is asked for.
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
