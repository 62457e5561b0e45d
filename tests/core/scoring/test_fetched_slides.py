"""Slides in an object store are scored as those on a disk, a folder at a time on the disk here."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.errors import SmearscopeError
from core.scoring.batch import BatchResult, score_slides
from core.scoring.fetched_slides import FETCHED_FOLDER, FetchedSlides, is_address
from core.scoring.workers import LocalWorkers
from core.slides import find_slides
from tests.coloured_cells import DotCard, NoProgress, load_models, options, save_slide
from tests.s3_server import Bucket, bucket_here

ADDRESS = "s3://slides/patients"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with bucket_here() as here:
        yield here


def put(bucket: Bucket, folder: Path, key: str) -> None:
    """Put the files of a folder, and of those in it, into the store."""
    for path in folder.rglob("*"):
        if path.is_file():
            bucket.objects[f"{key}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()


def score(bucket: Bucket, out: Path, *folders: str) -> BatchResult:
    fetched = FetchedSlides([bucket.address(folder) for folder in folders], out)
    with LocalWorkers(load_models, 1) as workers:
        return score_slides(fetched, out, DotCard(), workers, options(), NoProgress())


def found(bucket: Bucket, out: Path, *folders: str) -> tuple[list[str], list[str]]:
    """Names of the slides, and what is said of those that are none."""
    names, said = [], []
    for discovery in FetchedSlides([bucket.address(folder) for folder in folders], out):
        names += [slide.name for slide in discovery.slides]
        said += [problem.reason for problem in discovery.problems]
    return names, said


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("s3://bucket/folder", True),
        ("fsspec+ftp://host/folder", True),
        ("slides/s3", False),
        ("C://slides", False),
        ("/slides//more", False),
    ],
)
def test_an_address_is_told_from_a_path(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


@pytest.mark.slow
def test_the_result_is_that_of_the_same_slides_on_a_disk_and_nothing_stays_there(
    tmp_path: Path, bucket: Bucket
) -> None:
    folder = tmp_path / "patients"
    save_slide(folder / "a" / "slide", fields=2)
    save_slide(folder / "b" / "slide", fields=1)
    put(bucket, folder, "patients")
    batch = score(bucket, tmp_path / "out", "patients")
    with LocalWorkers(load_models, 1) as workers:
        local = score_slides(
            [find_slides([folder])], tmp_path / "local", DotCard(), workers, options(), NoProgress()
        )
    assert [one.slide for one in batch.results] == ["a__slide", "b__slide"]
    assert batch == local
    for name in ("a__slide/cells.parquet", "b__slide/cells.parquet", "a__slide/result.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()
    assert not (tmp_path / "out" / FETCHED_FOLDER).exists()


def test_given_again_only_what_was_replaced_is_scored(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=3), "slide")
    score(bucket, tmp_path / "out", "slide")
    assert (tmp_path / "out" / "slide" / "result.json").exists()
    first, second, _ = sorted(bucket.objects)
    bucket.objects[first] = bucket.objects[second]
    batch = score(bucket, tmp_path / "out", "slide")
    assert batch.results[0].fields.excluded == {"duplicate": 1}
    run = (tmp_path / "out" / "slide" / "run.json").read_text()
    assert '"fields_scored": 1,' in run
    assert pq.read_table(tmp_path / "out" / "slide" / "fields.parquet").num_rows == 3


def test_only_one_folder_is_on_the_disk_at_a_time(tmp_path: Path, bucket: Bucket) -> None:
    for name in "ab":
        put(bucket, save_slide(tmp_path / "slides" / name, fields=1), f"slides/{name}")
    for discovery in FetchedSlides([bucket.address("slides")], tmp_path / "out"):
        here = {path.parent for path in (tmp_path / "out").rglob("*") if path.suffix}
        assert {slide.path for slide in discovery.slides} == here - {tmp_path / "out"}


def test_hidden_folders_and_folders_without_images_are_passed_over(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    bucket.objects |= {"slide/.trash/a.jpg": b"x", "slide/@eaDir/b.jpg": b"x", "slide/texts/c.txt": b"x"}
    assert found(bucket, tmp_path / "out", "slide") == (["slide"], [])


def test_a_single_file_is_a_slide(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=2), "slide")
    key = sorted(bucket.objects)[0]
    assert found(bucket, tmp_path / "out", key) == ([Path(key).stem], [])


def test_names_may_have_spaces_and_letters_of_any_language(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "Études 1/lame nº 7")
    assert found(bucket, tmp_path / "out", "Études 1/lame nº 7") == (["lame nº 7"], [])
    assert found(bucket, tmp_path / "out", "Études 1") == (["lame nº 7"], [])


def test_of_several_addresses_each_name_begins_with_its_bucket(tmp_path: Path, bucket: Bucket) -> None:
    for name in "ab":
        put(bucket, save_slide(tmp_path / name, fields=1), f"{name}/slide")
    names, said = found(bucket, tmp_path / "out", "a/slide", "b/slide")
    assert (names, said) == (["slides__a__slide", "slides__b__slide"], [])


@pytest.mark.slow  # the library tries again before it gives up
def test_a_folder_of_which_a_file_comes_cut_short_is_not_scored_and_the_others_are(
    tmp_path: Path, bucket: Bucket
) -> None:
    for name in "ab":
        put(bucket, save_slide(tmp_path / "slides" / name, fields=1), f"slides/{name}")
    bucket.broken = {key for key in bucket.objects if key.startswith("slides/a/")}
    names, (said,) = found(bucket, tmp_path / "out", "slides")
    assert names == ["b"]
    assert said.startswith("s3://slides/slides/a cannot be fetched (")
    assert said.endswith("): correct that, and give the command again")


def test_an_address_with_nothing_there_is_named_without_its_key(tmp_path: Path, bucket: Bucket) -> None:
    names, (said,) = found(bucket, tmp_path / "out", "nothing")
    assert names == []
    assert said.startswith("s3://slides/nothing cannot be listed (")
    assert "secret" not in said


@pytest.mark.parametrize("name", ["..", "a:b", "a\\b"])
def test_a_name_that_would_lead_elsewhere_is_refused(tmp_path: Path, bucket: Bucket, name: str) -> None:
    bucket.objects[f"slides/{name}/a.jpg"] = b"x"
    names, said = found(bucket, tmp_path / "out", "slides")
    assert names == []
    assert said
    assert "secret" not in said[0]
    assert not list(tmp_path.rglob("*.jpg"))


def test_a_kind_of_store_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SmearscopeError, match="nowhere://a is the address of no store that can be read"):
        FetchedSlides(["nowhere://a"], tmp_path)


def test_two_runs_do_not_fetch_into_one_folder(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    first = iter(FetchedSlides([bucket.address("slide")], tmp_path / "out"))
    next(first)
    with pytest.raises(SmearscopeError, match="another run is fetching slides into"):
        next(iter(FetchedSlides([bucket.address("slide")], tmp_path / "out")))


def test_what_a_killed_run_has_left_is_removed(tmp_path: Path, bucket: Bucket) -> None:
    left = save_slide(tmp_path / "out" / FETCHED_FOLDER / "slide" / "old", fields=1)
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    assert found(bucket, tmp_path / "out", "slide") == (["slide"], [])
    assert not left.exists()


def test_other_kinds_of_store_are_read_through_fsspec(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: '.[cluster]'")
    store = fsspec.filesystem("memory")
    for path in save_slide(tmp_path / "slide", fields=2).iterdir():
        store.pipe(f"/smears/slide 7/{path.name}", path.read_bytes())
    (discovery,) = FetchedSlides(["fsspec+memory://smears/slide 7"], tmp_path / "out")
    assert [slide.name for slide in discovery.slides] == ["slide 7"]
    store.rm("/smears", recursive=True)
