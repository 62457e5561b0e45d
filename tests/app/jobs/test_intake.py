"""What is brought in: all of it or nothing, inside the folder, and no more than a slide may have."""

import errno
import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs import intake
from app.jobs.intake import IntakeError, add_files, safe_name, take_in_files
from core.files import OutputError


class File(io.BytesIO):
    """As a browser hands one in."""

    def __init__(self, name: str, content: bytes = b"pixels") -> None:
        super().__init__(content)
        self.name = name


def nothing(_: Path) -> None:
    """Nothing is to be done before files are moved in."""


def archive(**files: bytes) -> File:
    return packed({name.replace("__", "/"): content for name, content in files.items()})


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> File:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return File("fields.zip", content.getvalue())


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_images_are_written_as_they_are_and_other_files_are_named_as_left_out(tmp_path: Path) -> None:
    taken = take_in_files([File("b.jpg", b"1"), File("notes.txt"), File("a.PNG", b"22")], tmp_path / "s")
    assert taken.images == ("b.jpg", "a.PNG")
    assert taken.left_out == ("notes.txt",)
    assert names(tmp_path / "s") == ["a.PNG", "b.jpg"]
    assert (tmp_path / "s" / "a.PNG").read_bytes() == b"22"


def test_an_archive_gives_its_images_with_its_folders_in_their_names(tmp_path: Path) -> None:
    zipped = packed({"left/1.jpg": b"l", "right/1.jpg": b"r", "__MACOSX/left/._1.jpg": b"x", "left/": b""})
    taken = take_in_files([zipped], tmp_path / "s")
    assert names(tmp_path / "s") == ["left__1.jpg", "right__1.jpg"]
    assert taken.left_out == ()


@pytest.mark.parametrize(
    "name",
    ["../out.jpg", "a/../../out.jpg", "/etc/out.jpg", "..\\out.jpg", "C:\\out.jpg", "\\\\host\\out.jpg"],
)
def test_a_name_that_leads_out_of_the_folder_is_refused_with_all_that_came_with_it(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(IntakeError, match="leads out"):
        take_in_files([File("good.jpg"), packed({"fine.jpg": b"1", name: b"2"})], tmp_path / "s")
    assert names(tmp_path) == []


@given(st.text(min_size=1, max_size=300))
def test_no_name_leads_out_whatever_it_is(given_name: str) -> None:
    try:
        name = safe_name(given_name)
    except IntakeError:
        return
    assert "/" not in name
    assert "\\" not in name
    assert name not in ("", ".", "..")
    assert not name.startswith(".")
    assert len(name.encode()) < 255
    assert (Path("/folder") / name).parent == Path("/folder")


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    with pytest.raises(IntakeError, match="holds a link"):
        take_in_files([File("a.zip", content.getvalue())], tmp_path / "s")


def test_an_archive_that_would_grow_without_end_is_refused_before_it_does(tmp_path: Path) -> None:
    bomb = packed({"zeros.jpg": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(IntakeError, match="would grow more than 100 times"):
        take_in_files([bomb], tmp_path / "s")
    assert names(tmp_path) == []


def test_more_bytes_than_a_slide_may_have_are_refused_wherever_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_BYTES", 1000)
    with pytest.raises(IntakeError, match=r"2\.jpg is too large"):
        take_in_files([packed({"1.jpg": bytes(600), "2.jpg": bytes(600)})], tmp_path / "s")
    with pytest.raises(IntakeError, match=r"big\.jpg is too large"):
        take_in_files([packed({"1.jpg": bytes(600)}), File("big.jpg", bytes(401))], tmp_path / "s")
    assert names(tmp_path) == []
    assert take_in_files([packed({"1.jpg": bytes(600)}), File("2.jpg", bytes(400))], tmp_path / "s").images


def test_a_file_larger_than_one_may_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_BYTES_A_FILE", 500)
    with pytest.raises(IntakeError, match=r"2\.jpg is too large"):
        take_in_files([packed({"1.jpg": bytes(500), "2.jpg": bytes(501)})], tmp_path / "s")


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    honest = packed({"noise.jpg": bytes(range(256)) * 100}, zipfile.ZIP_DEFLATED).getvalue()
    # The size unpacked stands in the local header and in the directory; both now say 1.
    lie = honest.replace(struct.pack("<L", 25_600), struct.pack("<L", 1))
    assert lie != honest
    with pytest.raises(IntakeError, match="damaged"):
        take_in_files([File("a.zip", lie)], tmp_path / "s")
    assert names(tmp_path) == []


def test_more_images_than_a_slide_may_have_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_FILES", 2)
    with pytest.raises(IntakeError, match="more than 2 images"):
        take_in_files([File(f"{number}.jpg") for number in range(3)], tmp_path / "s")


def test_two_images_of_one_name_are_refused_whatever_their_capitals(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="two images are called"):
        take_in_files([File("a.jpg"), archive(A__jpg=b"", **{"A.JPG": b"1"})], tmp_path / "s")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"not a zip"])
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(IntakeError, match="damaged or encrypted"):
        take_in_files([File("a.zip", content)], tmp_path / "s")


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_an_archive_with_an_image_damaged_in_the_middle_is_refused(
    tmp_path: Path, compression: int, where: float
) -> None:
    # Of few values: what does not compress would be stored, also in a deflated member.
    noise = np.random.default_rng(5).integers(0, 4, 20_000, np.uint8).tobytes()
    whole = packed({"fine.jpg": b"1", "noise.jpg": noise}, compression).getvalue()
    middle = int(where * len(whole))
    damaged = whole[:middle] + bytes(byte ^ 0xFF for byte in whole[middle : middle + 8]) + whole[middle + 8 :]
    with pytest.raises(IntakeError, match=r"a\.zip is damaged"):
        take_in_files([File("a.zip", damaged)], tmp_path / "s")
    assert names(tmp_path) == []


def test_a_disk_that_fails_amid_an_archive_is_not_taken_for_a_damaged_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.jobs.intake.os.fsync", fill)
    with pytest.raises(OutputError, match="No space left"):
        take_in_files([packed({"1.jpg": b"1"})], tmp_path / "s")
    assert names(tmp_path) == []


def test_what_holds_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no image"):
        take_in_files([File("notes.txt")], tmp_path / "s")
    assert names(tmp_path) == []


def test_what_is_refused_once_the_files_are_there_takes_them_away_and_nothing_else(tmp_path: Path) -> None:
    take_in_files([File("a.jpg")], tmp_path / "other")
    seen: list[list[str]] = []

    def refuse() -> None:
        seen.append(names(tmp_path / "s"))
        raise IntakeError("no")

    with pytest.raises(IntakeError, match="no"):
        take_in_files([File("a.jpg"), File("b.jpg")], tmp_path / "s", after_moving=refuse)
    assert seen == [["a.jpg", "b.jpg"]]
    assert names(tmp_path) == ["other"]
    # A folder of somebody else is never taken away: nothing is asked of who comes second.
    with pytest.raises(IntakeError, match="already here"):
        take_in_files([File("a.jpg")], tmp_path / "other", after_moving=refuse)
    assert names(tmp_path / "other") == ["a.jpg"]


def test_more_fields_come_beside_those_that_are_there(tmp_path: Path) -> None:
    take_in_files([File("1.jpg", b"old")], tmp_path / "s")
    assert add_files([File("2.jpg")], tmp_path / "s", before_moving=nothing).images == ("2.jpg",)
    assert names(tmp_path / "s") == ["1.jpg", "2.jpg"]
    assert names(tmp_path) == ["s"]


def test_where_a_file_cannot_be_moved_in_none_of_those_with_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in_files([File("1.jpg", b"old")], tmp_path / "s")
    link = Path.hardlink_to

    def fail_at_the_third(self: Path, target: Path) -> None:
        if self == tmp_path / "s" / "3.jpg":
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", fail_at_the_third)
    with pytest.raises(OutputError, match="Disk quota exceeded"):
        add_files([File("2.jpg"), File("3.jpg"), File("4.jpg")], tmp_path / "s", before_moving=nothing)
    assert names(tmp_path / "s") == ["1.jpg"]
    assert names(tmp_path) == ["s"]


def test_a_field_that_was_read_is_never_replaced(tmp_path: Path) -> None:
    take_in_files([File("1.jpg", b"old")], tmp_path / "s")
    with pytest.raises(IntakeError, match="already has fields called"):
        add_files([File("2.jpg"), File("1.JPG", b"new")], tmp_path / "s", before_moving=nothing)
    assert names(tmp_path / "s") == ["1.jpg"]
    assert (tmp_path / "s" / "1.jpg").read_bytes() == b"old"


class Slow(File):
    """`meanwhile` happens before its first byte is read."""

    def __init__(self, name: str, meanwhile: Callable[[], object]) -> None:
        super().__init__(name)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return super().read(size)


def test_of_two_people_who_upload_a_slide_of_one_name_at_once_neither_gets_images_of_the_other(
    tmp_path: Path,
) -> None:
    """Such images would be read as another patient's."""

    def upload_bens() -> None:
        take_in_files([File("ben.png")], tmp_path / "s")

    with pytest.raises(IntakeError, match="already here"):
        take_in_files([File("anna1.png"), Slow("anna2.png", upload_bens)], tmp_path / "s")
    assert names(tmp_path) == ["s"]
    assert names(tmp_path / "s") == ["ben.png"]


def test_two_people_who_add_fields_to_a_slide_at_once_both_do(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    take_in_files([File("1.png")], folder)

    def add_bens() -> None:
        add_files([File("ben.png")], folder, before_moving=nothing)

    add_files([File("anna1.png"), Slow("anna2.png", add_bens)], folder, before_moving=nothing)
    assert names(tmp_path) == ["s"]
    assert names(folder) == ["1.png", "anna1.png", "anna2.png", "ben.png"]


def test_a_field_that_somebody_else_adds_under_the_same_name_meanwhile_is_not_replaced(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "s"
    take_in_files([File("1.png")], folder)

    def add_bens(_: Path) -> None:
        add_files([File("9.png", b"Ben's")], folder, before_moving=nothing)

    with pytest.raises(OutputError, match="File exists"):
        add_files([File("2.png"), File("9.png", b"Anna's")], folder, before_moving=add_bens)
    assert names(folder) == ["1.png", "9.png"]
    assert (folder / "9.png").read_bytes() == b"Ben's"
