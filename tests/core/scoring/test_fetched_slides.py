"""Slides in an object store are scored as those on a disk, a folder at a time on the disk here."""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.errors import SmearscopeError
from core.files import OutputError
from core.scoring.batch import BatchResult, score_slides
from core.scoring.fetched_slides import FETCHED_FOLDER, FetchedSlides, is_address
from core.scoring.workers import LocalWorkers
from core.slides import FoundSlide, find_slides
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
    return score_addresses(out, *map(bucket.address, folders))


def score_addresses(out: Path, *addresses: str) -> BatchResult:
    with FetchedSlides(addresses, out) as fetched, LocalWorkers(load_models, 1) as workers:
        return score_slides(fetched, out, DotCard(), workers, options(), NoProgress())


def found(bucket: Bucket, out: Path, *folders: str) -> tuple[list[str], list[str]]:
    """Names of the slides, and what is said of those that are none."""
    return found_at(out, *map(bucket.address, folders))


def found_at(out: Path, *addresses: str, earlier: Sequence[FoundSlide] = ()) -> tuple[list[str], list[str]]:
    names, said = [], []
    with FetchedSlides(addresses, out, earlier) as fetched:
        for discovery in fetched:
            names += [slide.name for slide in discovery.slides]
            said += [problem.reason for problem in discovery.problems]
    return names, said


def files_here(out: Path, address: str) -> list[list[str]]:
    """Names of the files that are on the disk with each folder."""
    with FetchedSlides([address], out) as fetched:
        return [
            sorted(path.name for path in (out / FETCHED_FOLDER).rglob("*") if path.is_file()) for _ in fetched
        ]


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
    names = []
    for discovery in FetchedSlides([bucket.address("slides")], tmp_path / "out"):
        here = {path.parent for path in (tmp_path / "out").rglob("*") if path.suffix == ".png"}
        assert {slide.path for slide in discovery.slides} == here
        names += [slide.name for slide in discovery.slides]
    assert names == ["a", "b"]


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


@pytest.mark.parametrize("name", ["..", "a\\b"])
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
    first = FetchedSlides([bucket.address("slide")], tmp_path / "out")
    second = FetchedSlides([bucket.address("slide")], tmp_path / "out")
    with first:
        (slide,) = next(iter(first)).slides
        with pytest.raises(SmearscopeError, match="another run is fetching slides into"), second:
            pass
        assert [path.name for path in slide.path.iterdir()] == ["field1.png"]
    with second:
        assert not slide.path.exists()


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
    assert found_at(tmp_path / "out", "fsspec+memory://smears/slide 7") == (["slide 7"], [])
    store.rm("/smears", recursive=True)


def test_a_slide_of_another_bucket_or_server_is_not_scored_over_one_of_the_same_name(
    tmp_path: Path, bucket: Bucket
) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    out = tmp_path / "out"
    assert len(score_addresses(out, bucket.address("slide", "one")).results) == 1
    with bucket_here() as elsewhere:
        elsewhere.objects = bucket.objects
        for other in (bucket.address("slide", "two"), elsewhere.address("slide", "one")):
            batch = score_addresses(out, other)
            assert batch.results == ()
            assert "give another --out" in batch.slides_not_scored[0].reason
    assert len(score_addresses(out, bucket.address("slide", "one")).results) == 1


def test_no_slide_is_named_as_another_of_the_run(tmp_path: Path, bucket: Bucket) -> None:
    for name in ("a", "p1"):
        put(bucket, save_slide(tmp_path / name, fields=1), f"slides/{name}")
    bucket.objects["slides/A.mrxs"] = b"x"  # one large image
    earlier = find_slides([tmp_path / "p1"]).slides
    names, said = found_at(tmp_path / "out", bucket.address("slides"), earlier=earlier)
    assert (names, said) == (["A", "slides__a", "slides__p1"], [])


def test_a_slide_to_which_two_addresses_lead_is_fetched_once(tmp_path: Path, bucket: Bucket) -> None:
    for name in "ab":
        put(bucket, save_slide(tmp_path / name, fields=1), f"slides/{name}")
    names = ["slides__slides__a", "slides__slides__b"]
    assert found(bucket, tmp_path / "out", "slides", "slides/b", "slides/a/field1.png") == (names, [])
    assert found(bucket, tmp_path / "out", "slides/b", "slides", "slides") == (names[::-1], [])


def test_pictures_given_one_by_one_are_slides_and_stay_fields_of_their_folder(
    tmp_path: Path, bucket: Bucket
) -> None:
    put(bucket, save_slide(tmp_path / "a", fields=2), "a")
    put(bucket, save_slide(tmp_path / "b", fields=2), "b")
    names, said = found(bucket, tmp_path / "out", "a/field1.png", "b/field1.png", "b")
    assert (names, said) == (["field1", "field1.png", "slides__b"], [])


def test_a_mirax_scan_is_fetched_with_the_folder_that_holds_its_data(tmp_path: Path, bucket: Bucket) -> None:
    scan = ["scan.mrxs", "scan/Slidedat.ini", "scan/Data0000.dat"]
    bucket.objects |= {f"scans/{key}": b"x" for key in [*scan, "other/a.txt"]}
    files = ["Data0000.dat", "Slidedat.ini", "scan.mrxs"]
    for address in ("scans", "scans/scan.mrxs"):
        assert files_here(tmp_path / "out", bucket.address(address)) == [files]
        assert found(bucket, tmp_path / "out", address) == (["scan"], [])


def test_a_dicom_file_is_fetched_with_those_beside_it(tmp_path: Path, bucket: Bucket) -> None:
    dicom = bytes(128) + b"DICM"
    bucket.objects |= {f"scan/{name}": dicom for name in ("1.dcm", "2.DCM", "1.2.840.3", "more/4.dcm")}
    bucket.objects |= {"scan/a.png": b"x", "scan/.5": b"x", "scan/b.zip": b"x"}
    for name in ("1.dcm", "1.2.840.3"):
        files = files_here(tmp_path / "out", bucket.address(f"scan/{name}"))
        assert files == [["1.2.840.3", "1.dcm", "2.DCM"]]


@pytest.mark.parametrize("given", ["texts", "texts/a.txt", "texts/b"])
def test_an_address_without_an_image_is_named(tmp_path: Path, bucket: Bucket, given: str) -> None:
    bucket.objects |= {"texts/a.txt": b"x", "texts/b": b"y", "texts/deep/c.txt": b"x"}
    names, (said,) = found(bucket, tmp_path / "out", given)
    assert names == []
    assert said.startswith(f"s3://slides/{given} holds no image: give the address of JPEG, ")


def test_files_that_are_no_images_by_name_or_content_are_not_fetched(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    bucket.objects["slide/unnamed"] = bucket.objects["slide/field1.png"]
    bucket.objects |= {"slide/all.zip": b"PK" + bytes(1000), "slide/notes.txt": b"x"}
    assert files_here(tmp_path / "out", bucket.address("slide")) == [["field1.png", "unnamed"]]


def test_a_drive_that_knows_no_locks_is_said_before_anything_is_fetched(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    monkeypatch.setattr("core.files.lock_taken", refuse)
    with (
        pytest.raises(OutputError, match=r"cannot write .*\.lock: No locks available"),
        FetchedSlides([bucket.address("slide")], tmp_path / "out"),
    ):
        pass


def test_a_store_that_cannot_be_reached_is_a_problem_of_its_address(tmp_path: Path, bucket: Bucket) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed: '.[cluster]'")
    put(bucket, save_slide(tmp_path / "slide", fields=1), "slide")
    away = "fsspec+ftp://user:secret@127.0.0.1:1/slides"
    names, (said,) = found_at(tmp_path / "out", away, bucket.address("slide"))
    assert names == ["slides__slide"]
    assert said.startswith("fsspec+ftp://127.0.0.1:1/slides cannot be reached (")
    assert "refused" in said
    assert "secret" not in said


def test_a_percent_sign_of_a_name_is_taken_as_it_stands(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), "thin 5% Giemsa")
    put(bucket, save_slide(tmp_path / "slide", fields=1), "a b")
    assert found(bucket, tmp_path / "out", "thin 5% Giemsa") == (["thin 5% Giemsa"], [])
    assert found(bucket, tmp_path / "out", "a%20b") == (["a b"], [])


def test_a_secret_with_a_slash_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SmearscopeError, match=r"^s3://bucket/a is the address of no store") as raised:
        FetchedSlides(["s3://key:sec/ret@bucket/a"], tmp_path)
    assert "ret@" not in str(raised.value)


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be there")
def test_names_that_only_windows_does_not_take_are_taken(tmp_path: Path, bucket: Bucket) -> None:
    put(bucket, save_slide(tmp_path / "slide", fields=1), 'run 12:30 <x> |"*')
    assert found(bucket, tmp_path / "out", "") == (["run 12_30 _x_ ___"], [])
