"""Samples for a network: shapes, what the seed fixes, and images without a region."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from core.saliency.localisation import magtr
from datasets.augmentation import boxed_evaluation, boxed_training, region_evaluation, region_training
from datasets.boxed_images import BoxedImageError, tiny_imagenet
from datasets.cells import STORED_SIZE_PX, CellSet
from datasets.region_samples import BoxedSamples, CellSamples, batched
from tests.drawn_box_sets import save_tiny, tiny_rows


def halves(images: Tensor) -> Tensor:
    """A normalisation as backbones have one: (N, H, W, 3) uint8 to (N, 3, H, W)."""
    assert images.ndim == 4
    assert images.dtype == torch.uint8
    return images.permute(0, 3, 1, 2).float() / 510


@pytest.fixture
def samples(tmp_path: Path) -> BoxedSamples:
    images = tiny_imagenet(save_tiny(tmp_path, tiny_rows()))
    return BoxedSamples(images, ["n2", "n1"], boxed_evaluation(128), halves, seed=0)


def test_a_sample_by_hand(samples: BoxedSamples) -> None:
    first, second = samples[0], samples[1]
    assert (first.image.shape, first.image.dtype) == ((3, 128, 128), torch.float32)
    assert first.image[:, 5, 5].tolist() == pytest.approx([200 / 510, 20 / 510, 10 / 510], abs=0.01)
    assert (first.class_index, second.class_index) == (1, 0), "places in the list of classes"
    assert first.boxes.tolist() == [[2, 0, 107, 127]]
    assert first.region.dtype == torch.bool
    assert int(first.region.sum()) == 106 * 128
    assert first.region[:, 2:108].all()
    assert first.name.endswith("n1/a.JPEG")


def test_a_loader_puts_samples_together(samples: BoxedSamples) -> None:
    (batch,) = DataLoader(samples, batch_size=2, collate_fn=batched)
    assert (batch.images.shape, batch.regions.shape) == ((2, 3, 128, 128), (2, 128, 128))
    assert (batch.classes.tolist(), batch.classes.dtype) == ([1, 0], torch.int64)
    assert [len(boxes) for boxes in batch.boxes] == [1, 1]
    assert [Path(name).name for name in batch.names] == ["a.JPEG", "b.JPEG"]


def test_a_sample_depends_on_seed_epoch_and_index_alone(samples: BoxedSamples) -> None:
    drawn = replace(samples, transform=boxed_training(64))
    expected = drawn[1].image
    drawn.of_epoch(3)[0]
    torch.testing.assert_close(
        replace(drawn, transform=boxed_training(64))[1].image, expected, rtol=0, atol=0
    )
    assert (drawn.of_epoch(1)[1].image != expected).any()
    assert (replace(drawn, seed=1)[1].image != expected).any()


@pytest.mark.slow
def test_worker_processes_draw_the_same_samples(samples: BoxedSamples) -> None:
    drawn = replace(samples, transform=boxed_training(64)).of_epoch(2)
    (alone,) = DataLoader(drawn, batch_size=2, collate_fn=batched)
    (helped,) = DataLoader(drawn, batch_size=2, collate_fn=batched, num_workers=2)
    torch.testing.assert_close(helped.images, alone.images, rtol=0, atol=0)


def test_an_image_that_cannot_be_decoded_is_named(samples: BoxedSamples) -> None:
    samples.images[1].path.write_bytes(b"text")
    with pytest.raises(BoxedImageError, match=r"b.JPEG: cannot be decoded"):
        samples[1]


def cells(count: int = 4) -> CellSet:
    crops = np.random.default_rng(0).integers(0, 256, (count, STORED_SIZE_PX, STORED_SIZE_PX, 3), np.uint8)
    masks = np.zeros(crops.shape[:3], bool)
    masks[:, 20:40, 10:30] = True
    infected = np.arange(count) % 2 == 1
    return CellSet(
        crops=crops,
        masks=masks,
        colour=np.full((count, 3), 128, np.float32),
        infected=infected,
        source=np.full(count, "drawn"),
        group=np.array([f"p{number // 2}" for number in range(count)]),
    )


def test_a_cell_sample_by_hand() -> None:
    drawn = cells()
    sample = CellSamples(drawn, drawn.masks, region_evaluation(STORED_SIZE_PX), halves, seed=0)[3]
    np.testing.assert_array_equal(sample.image * 510, drawn.crops[3].transpose(2, 0, 1))
    np.testing.assert_array_equal(sample.region, drawn.masks[3])
    assert (sample.class_index, sample.name, sample.boxes.shape) == (1, "drawn/p1/3", (0, 4))


def test_a_cell_without_a_region_is_left_out_of_a_mean_over_the_batch() -> None:
    drawn = cells()
    regions = drawn.masks & drawn.infected[:, None, None]
    samples = CellSamples(drawn, regions, region_training(64), halves, seed=0)
    batch = batched([samples[index] for index in range(4)])
    measured = magtr(torch.ones(4, 64, 64), batch.regions)
    assert measured.isnan().tolist() == [True, False, True, False]
    assert measured.nanmean().item() == 1
    assert batch.classes.tolist() == [0, 1, 0, 1], "the class counts as ever"


def test_regions_of_other_crops_are_refused() -> None:
    drawn = cells()
    with pytest.raises(ValueError, match=r"regions \(4, 48, 48\) for crops \(4, 60, 60\)"):
        CellSamples(drawn, np.zeros((4, 48, 48), bool), region_evaluation(64), halves, seed=0)
