import errno
import json
import os
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest

from core.cells.burned_in import NO_CAPTIONS, BurnedIn
from core.cells.quality import FieldQuality
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoredField
from core.files import OutputError
from core.scoring.ledger import Ledger, LedgerError, ScoringIdentity, kept_captions, kept_field
from core.scoring.ledger_table import LedgerEntry

IDENTITY = ScoringIdentity(program="0.1.0", model="dots 1", um_per_pixel=None, slide="/slides/a")


def scored(name: str, cells: int = 3, generation: int = 1, content: str = "") -> LedgerEntry:
    evaluable = np.arange(cells) % 2 == 0
    field = ScoredField(
        width=640,
        height=480,
        content_hash=content or f"hash of {name}",
        quality=FieldQuality(0.1, 240.0, 0.1, 0.2, float("nan")),
        cell_colour=(190.0, 120.5, 150.0),
        feature_statistics=(0.5, -1.25, 3.0),
        boxes=np.arange(4 * cells, dtype=np.float32).reshape(cells, 4),
        detection_score=np.linspace(0, 1, cells, dtype=np.float32),
        infected_score=np.where(evaluable, np.float32(0.25), np.float32(0.125)),
        second_score=np.full(cells, np.nan, np.float32),
        second_features=np.empty((0, 0), np.float16),
        why_not=np.where(evaluable, "", "out of focus"),
    )
    return LedgerEntry(name, "1 bytes, 1 ns", generation, field)


def seen_twice(entry: LedgerEntry, second: list[float]) -> LedgerEntry:
    """The same with scores of the second look, and two features: the score and its negative."""
    assert entry.scored is not None
    score = np.array(second, np.float32)
    seen = score[np.isfinite(score)].astype(np.float16)
    features = np.stack([seen, -seen], axis=1)
    return replace(entry, scored=replace(entry.scored, second_score=score, second_features=features))


def content_of(ledger: Ledger, name: str) -> str:
    field = ledger.get(name).scored
    assert field is not None
    return field.content_hash


def same(found: ScoredField | None, before: ScoredField | None) -> bool:
    """Whether two fields are equal, value for value; texts, because NaN differs from itself."""
    if found is None or before is None:
        return found is before
    return all(
        repr(np.asarray(getattr(found, one.name)).tolist())
        == repr(np.asarray(getattr(before, one.name)).tolist())
        for one in fields(ScoredField)
    )


@pytest.mark.parametrize(
    "entry",
    [
        scored("Größe 7\n.png", cells=5),
        seen_twice(scored("a.png", cells=3), [0.25, np.nan, 0.75]),
        scored("empty.png", cells=0),
        LedgerEntry("b.png", "s", 1, None, "cut short"),
    ],
)
def test_a_field_comes_back_as_it_was_put_in(tmp_path: Path, entry: LedgerEntry) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(entry)
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        found = ledger.get(entry.name)
    assert replace(found, scored=None) == replace(entry, scored=None)
    assert same(found.scored, entry.scored)


def test_rows_come_in_the_order_asked_for_whatever_the_order_scored(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]  # of several parts
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        for number, name in enumerate(reversed(names)):
            ledger.add(scored(name, cells=number % 4))
        ledger.flush()
        table = ledger.rows(names, ["name", "cells", "boxes"])
        assert ledger.rows([], ["name"]).num_rows == 0
    assert table["name"].to_pylist() == names
    assert [len(boxes) for boxes in table["boxes"].to_pylist()] == [
        4 * cells for cells in table["cells"].to_pylist()
    ]


def test_what_an_interrupted_run_has_taken_in_is_kept(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
            ledger.add(scored("a.png"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert "a.png" in ledger.column("name")


def test_of_a_field_scored_twice_the_later_holds(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png", content="before"))
        ledger.flush()
        ledger.add(scored("a.png", content="after"))
        ledger.flush()
        assert content_of(ledger, "a.png") == "after"
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert content_of(ledger, "a.png") == "after"


damaged_in_any_way = pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
    ],
    ids=["emptied", "cut short", "one bit turned"],
)


@damaged_in_any_way
def test_a_damaged_part_is_thrown_away_and_the_others_are_kept(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png"))
        ledger.flush()
        (part,) = tmp_path.glob("part-*")
        ledger.add(scored("b.png"))
    part.write_bytes(damage(part.read_bytes()))
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert ledger.discarded_parts == (part.name,)
        assert "a.png" not in ledger.column("name")
        assert "b.png" in ledger.column("name")
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert ledger.discarded_parts == ()


def test_a_half_written_part_counts_for_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True):
        (tmp_path / ".part-0123.arrow.part").write_bytes(b"ARROW1 and then the power went")
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert ledger.column("name") == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"program": "0.2.0"}, "'0.1.0', now '0.2.0'"),
        ({"model": "dots 2"}, "model 'dots 1', now 'dots 2'"),
        ({"um_per_pixel": 0.1}, "um per pixel None, now 0.1"),
        ({"slide": "/slides/b"}, "slide '/slides/a', now '/slides/b'"),
    ],
)
def test_scores_of_another_model_scale_or_slide_are_refused_with_a_remedy(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png"))
    with pytest.raises(LedgerError) as refused:
        Ledger(tmp_path, replace(IDENTITY, **change), resume=True)  # type: ignore[arg-type]  # by name
    assert said in str(refused.value)
    assert "--no-resume" in str(refused.value)
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert "a.png" in ledger.column("name")


def test_without_resume_everything_is_scored_anew_whatever_was_there(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.reference = {"cell_diameter_px": 30.0}
        ledger.add(scored("a.png"))
    with Ledger(tmp_path, replace(IDENTITY, model="dots 2"), resume=False) as ledger:
        assert "a.png" not in ledger.column("name")
        assert ledger.reference is None


def test_scores_of_a_format_before_this_one_are_refused_with_a_remedy(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True):
        pass
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["sum"]
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "format": manifest["format"] - 1}))
    with pytest.raises(LedgerError, match=r"format 6, now 7.*--no-resume"):
        Ledger(tmp_path, IDENTITY, resume=True)


def test_a_ledger_whose_manifest_is_damaged_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True):
        pass
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(LedgerError, match=r"manifest\.json is damaged.*--no-resume"):
        Ledger(tmp_path, IDENTITY, resume=True)
    with Ledger(tmp_path, IDENTITY, resume=False) as ledger:
        assert ledger.generation == 1


@pytest.mark.parametrize("lost", ["format", "identity", "reference", "generation", "slide"])
def test_a_ledger_whose_manifest_lacks_something_is_refused_with_a_remedy(tmp_path: Path, lost: str) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True):
        pass
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (manifest["identity"] if lost in manifest["identity"] else manifest).pop(lost)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LedgerError, match=r"manifest\.json is damaged.*--no-resume"):
        Ledger(tmp_path, IDENTITY, resume=True)
    with pytest.raises(LedgerError, match=r"manifest\.json is damaged.*--no-resume"):
        kept_field(tmp_path, "a.png", IDENTITY.model)


@pytest.mark.parametrize("other", ["null", "3", '"text"', "[]"])
def test_a_ledger_whose_manifest_is_other_json_is_refused_with_a_remedy(tmp_path: Path, other: str) -> None:
    (tmp_path / "manifest.json").write_text(other)
    with pytest.raises(LedgerError, match=r"manifest\.json is damaged.*--no-resume"):
        Ledger(tmp_path, IDENTITY, resume=True)


def test_a_digit_of_a_manifest_that_was_changed_is_noticed(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.reference = {"cell_diameter_px": 30.5}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace("30.5", "38.5"))
    with pytest.raises(
        LedgerError, match=r"manifest\.json is damaged: it is not as it was written; .*--no-resume"
    ):
        Ledger(tmp_path, IDENTITY, resume=True)


def test_a_manifest_of_an_earlier_version_has_no_sum_and_is_read(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.finish("key")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["sum"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert ledger.finished == "key"


def test_two_runs_cannot_write_one_slide_and_the_lock_ends_with_the_run(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True):
        with pytest.raises(LedgerError, match="another run is writing"):
            Ledger(tmp_path, IDENTITY, resume=True)
        with pytest.raises(LedgerError, match="another run is writing"):
            Ledger(tmp_path, IDENTITY, resume=False)
    with Ledger(tmp_path, IDENTITY, resume=True):
        pass


def test_a_drive_that_knows_no_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("core.files.lock_taken", refuse)
    with pytest.raises(OutputError, match=r"cannot write .*lock: No locks available"):
        Ledger(tmp_path, IDENTITY, resume=True)


@pytest.mark.parametrize("back_ns", [0, 1, 3_600_000_000_000])
def test_what_is_scored_last_counts_also_where_the_clock_was_set_back(tmp_path: Path, back_ns: int) -> None:
    for content in ("first", "second", "third"):
        for part in tmp_path.glob("part-*"):  # as seen from a clock that is behind
            os.utime(part, ns=(part.stat().st_mtime_ns + back_ns,) * 2)
        with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
            ledger.add(scored("a.png", content=content))
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert content_of(ledger, "a.png") == "third"
    found = kept_field(tmp_path, "a.png", IDENTITY.model)
    assert found is not None
    assert found.content_hash == "third"


def test_a_lock_file_left_behind_by_a_killed_run_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with Ledger(tmp_path, IDENTITY, resume=True):
        pass


def test_a_generation_closes_once_it_has_a_field(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.close_generation()
        assert ledger.generation == 1
        ledger.add(scored("a.png", generation=1))
        ledger.close_generation()
        ledger.close_generation()
        assert ledger.generation == 2
    assert json.loads((tmp_path / "manifest.json").read_text())["generation"] == 2


def test_the_reference_and_the_key_of_the_results_are_remembered(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.reference = {"cell_diameter_px": 30.123456789012345}
        ledger.finish("key")
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert ledger.reference == {"cell_diameter_px": 30.123456789012345}
        assert ledger.finished == "key"


def test_a_field_is_read_from_the_disk_while_a_run_holds_the_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png"))
        ledger.flush()
        ledger.add(scored("a.png", content="later"))
        ledger.flush()
        ledger.add(scored("not yet on the disk.png"))
        found = kept_field(tmp_path, "a.png", IDENTITY.model)
        assert found is not None
        assert found.content_hash == "later"
        assert kept_field(tmp_path, "not yet on the disk.png", IDENTITY.model) is None
        assert kept_field(tmp_path, "a.png", "another model") is None
    assert kept_field(tmp_path / "nothing", "a.png", IDENTITY.model) is None


def test_captions_over_the_slides_fields_are_read_back_and_none_where_there_is_no_ledger(
    tmp_path: Path,
) -> None:
    captions = BurnedIn(640, 480, ((600, 450, 30, 20), (0, 0, 5, 5)))
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        assert kept_captions(tmp_path) == NO_CAPTIONS
        ledger.reference = asdict(SlideReference(28.0, (1.0, 2.0, 3.0), burned_in=captions))
    assert kept_captions(tmp_path) == captions
    assert kept_captions(tmp_path / "nothing") == NO_CAPTIONS


@damaged_in_any_way
def test_a_field_is_not_read_past_a_damaged_part_which_is_named(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    with Ledger(tmp_path, IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png"))
        ledger.flush()
        (part,) = tmp_path.glob("part-*")
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(LedgerError, match=rf"{part.name} is damaged; score the slide again"):
        kept_field(tmp_path, "a.png", IDENTITY.model)
