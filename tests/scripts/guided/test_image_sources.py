"""Images with boxes and red cells in one form: splits, regions to guide by, and regions to measure with."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from datasets.boxed_images import BoxedImage
from scripts.guided import image_sources
from scripts.guided.image_sources import ImageSourceError, Part, read_source, split_of
from scripts.settings.guided_settings import FoldSettings, ImageSettings
from scripts.settings.sources import OwnSource
from tests.drawn_cells import disc_picture
from tests.drawn_classes import save_coloured_squares
from tests.drawn_own_fields import CLASSES, save_coco

PATIENTS, CELLS_A_PATIENT = 12, 4


def save_cells(root: Path) -> None:
    """Cells in the layout of the NIH set: of every patient healthy ones and infected ones with a dark dot."""
    root.mkdir()
    rows = ["path,infected,patient,field"]
    for patient in range(PATIENTS):
        for number in range(CELLS_A_PATIENT):
            infected = number % 2
            # Painted black about the cell.
            image = disc_picture(70, 70, [(35, 35)], 52, background=(0, 0, 0))
            if infected:
                cv2.circle(image, (42, 30), 4, (70, 20, 90), -1)
            name = f"{patient}_{number}.png"
            cv2.imwrite(str(root / name), image[..., ::-1])
            rows.append(f"{name},{infected},C{patient},F{patient}")
    (root / "index.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    save_coloured_squares(folder / "squares")
    save_cells(folder / "nih_cells")
    return folder


def settings(dataset: str, fold: FoldSettings | None = None) -> ImageSettings:
    return ImageSettings(dataset=dataset, classes="all", split_seed=0, size_px=48, fold=fold)


def as_they_are(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2).float() / 255


def everything(data: Path, dataset: str) -> Part:
    source = read_source(data, settings(dataset))
    return source.part(np.arange(len(source.groups()[0])), as_they_are)


def test_no_patient_is_in_two_parts(data: Path) -> None:
    source = read_source(data, settings("nih_cells"))
    groups = np.array(source.groups()[0])
    parts = split_of(source, settings("nih_cells"))
    patients = [set(groups[part].tolist()) for part in (parts.training, parts.validation, parts.test)]
    assert sum(map(len, patients)) == len(set.union(*patients)) == PATIENTS


@pytest.mark.parametrize("dataset", ["squares", "nih_cells"])
def test_every_image_is_tested_in_one_fold(data: Path, dataset: str) -> None:
    source = read_source(data, settings(dataset))
    folds = [split_of(source, settings(dataset, FoldSettings(number=n, of=3))) for n in (1, 2, 3)]
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested.tolist()) == list(range(len(source.groups()[0])))


def test_own_annotated_fields_give_their_red_cells_and_no_slide_is_in_two_parts(tmp_path: Path) -> None:
    pair = [("rbc", 20.0, 20.0, 24.0, 24.0), ("ring", 70.0, 40.0, 24.0, 24.0), ("?", 5.0, 60.0, 20.0, 20.0)]
    save_coco(tmp_path, {f"p{slide}/{number}.png": pair for slide in range(8) for number in range(2)})
    own = OwnSource.model_validate(
        {"name": "ours", "path": str(tmp_path), "format": "coco", "classes": CLASSES}
    )
    chosen = settings("squares").model_copy(update={"dataset": own})
    source = read_source(tmp_path / "no data", chosen)
    groups, classes = source.groups()
    assert sorted(set(groups)) == [f"p{slide}" for slide in range(8)]
    assert (list(classes).count("healthy"), list(classes).count("infected")) == (16, 16)
    parts = split_of(source, chosen)
    of_parts = [{groups[index] for index in part} for part in (parts.training, parts.validation, parts.test)]
    assert sum(map(len, of_parts)) == 8


def test_cells_are_healthy_or_infected_and_measured_by_their_disk(data: Path) -> None:
    part = everything(data, "nih_cells")
    assert read_source(data, settings("nih_cells")).class_names == ("healthy", "infected")
    assert [part.samples[index].class_index for index in range(4)] == [0, 1, 0, 1]
    assert part.samples[0].region[24, 24]
    assert 0.2 < float(part.samples[0].region.float().mean()) < 0.4
    assert part.paths[:2] == ("C0/0", "C0/1")
    assert not part.unseen.any()


def test_the_stain_guides_infected_cells_alone_and_within_the_disk(data: Path) -> None:
    source = read_source(data, settings("nih_cells"))
    indices = np.arange(4)
    drawn = source.drawn(indices, as_they_are, 0, "stain")(1)
    own = source.drawn(indices, as_they_are, 0, "own")(1)
    for index in range(4):
        stain, disk = drawn[index].region, own[index].region
        torch.testing.assert_close(drawn[index].image, own[index].image, rtol=0, atol=0)
        assert bool(stain.any()) == (drawn[index].class_index == 1)
        assert not (stain & ~disk).any()
        assert stain.sum() < disk.sum() / 4


@pytest.mark.parametrize("dataset", ["squares", "nih_cells"])
@pytest.mark.parametrize("regions", ["random", "shuffled", "centre"])
def test_controls_change_the_region_that_guides_and_not_the_image(
    data: Path, dataset: str, regions: str
) -> None:
    source = read_source(data, settings(dataset))
    indices = np.arange(len(source.groups()[0]))
    control = source.drawn(indices, as_they_are, 0, regions)(2)
    own = source.drawn(indices, as_they_are, 0, "own")(2)
    for index in range(0, len(indices), 6):
        torch.testing.assert_close(control[index].image, own[index].image, rtol=0, atol=0)
        assert control[index].class_index == own[index].class_index
    if not (dataset == "nih_cells" and regions == "shuffled"):  # drawn cells all have the same disk
        assert any((control[index].region != own[index].region).any() for index in range(6))


def test_what_a_set_does_not_have_is_refused(data: Path) -> None:
    source = read_source(data, settings("squares"))
    with pytest.raises(ImageSourceError, match="no stain"):
        source.drawn(np.arange(3), as_they_are, 0, "stain")
    cells = settings("nih_cells").model_copy(update={"classes": "in_14"})
    with pytest.raises(ImageSourceError, match="classes: all"):
        read_source(data, cells)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were decoded, in turn."""
    paths: list[Path] = []
    decode = BoxedImage.image

    def noted(image: BoxedImage) -> NDArray[np.uint8]:
        paths.append(image.path)
        return decode(image)

    monkeypatch.setattr(BoxedImage, "image", noted)
    return paths


def test_an_image_is_decoded_once_for_all_epochs_runs_and_regions(data: Path, decoded: list[Path]) -> None:
    source = read_source(data, settings("squares"))
    indices = np.arange(5)
    for regions in ("own", "shuffled"):
        for epoch in (1, 2):
            drawn = source.drawn(indices, as_they_are, 0, regions)(epoch)
            _ = [drawn[index] for index in range(5)]
        part = source.part(indices, as_they_are)
        _ = [part.samples[index] for index in range(5)]
    assert len(decoded) == len(set(decoded)) == 5


@pytest.mark.parametrize("dataset", ["squares", "nih_cells"])
def test_what_is_kept_is_what_is_read(data: Path, dataset: str) -> None:
    part = everything(data, dataset)
    again = everything(data, dataset)
    assert len(part.samples) == len(part.paths)
    for index in (3, 0):
        first = part.samples[index]
        assert part.samples[index] is first
        fresh = again.samples[index]
        assert torch.equal(first.image, fresh.image)
        assert torch.equal(first.region, fresh.region)
        assert torch.equal(first.boxes, fresh.boxes)
        assert (first.class_index, first.name) == (fresh.class_index, fresh.name)
    assert not torch.equal(part.samples[0].image, part.samples[3].image)


def test_no_more_is_kept_than_there_is_room_for(
    data: Path, decoded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_pixels, of_samples = 40 * 40 * 3, 48 * 48 * (3 * 4 + 1)
    monkeypatch.setattr(image_sources, "LARGEST_KEPT_BYTES", 2 * of_samples + 1)
    part = everything(data, "squares")
    samples = [[part.samples[index] for index in range(30)] for _ in range(2)]
    assert [one is other for one, other in zip(*samples, strict=True)] == [True] * 2 + [False] * 28
    assert all(torch.equal(one.image, other.image) for one, other in zip(*samples, strict=True))
    kept = (2 * of_samples + 1) // of_pixels
    # Twice those that fitted into neither, once those that fitted into one.
    assert len(decoded) == 30 + (30 - kept)


def test_processes_that_read_beside_the_training_keep_nothing_and_read_the_same(data: Path) -> None:
    part = everything(data, "squares")
    loader = DataLoader(part.samples, batch_size=None, num_workers=1)
    images = [sample.image for sample in loader]
    assert not part.samples._kept
    assert all(torch.equal(image, part.samples[index].image) for index, image in enumerate(images))
