"""Parts hold the classes alike, cut through no group, and depend on nothing but names and the seed."""

from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.boxed_images import BoxedImage
from datasets.splits import Split, SplitError, folds, image_groups, split


def named(counts: dict[str, int]) -> tuple[list[str], list[str]]:
    """Each sample a group of its own."""
    names = [f"{name}/{number}" for name, count in counts.items() for number in range(count)]
    return names, [name.split("/")[0] for name in names]


def parts_of(found: Split) -> list[list[int]]:
    return [part.tolist() for part in (found.training, found.validation, found.test)]


@pytest.mark.parametrize(
    ("count", "sizes"), [(500, (350, 75, 75)), (60, (42, 9, 9)), (50, (35, 8, 7)), (5, (3, 1, 1))]
)
def test_each_class_is_split_70_15_15(count: int, sizes: tuple[int, int, int]) -> None:
    groups, classes = named({"cat": count, "dog": count})
    for part, size in zip(parts_of(split(groups, classes, seed=0)), sizes, strict=True):
        assert Counter(classes[index] for index in part) == {"cat": size, "dog": size}


@given(st.permutations(range(30)), st.integers(0, 5))
def test_the_order_of_the_files_changes_nothing(order: list[int], seed: int) -> None:
    groups, classes = named({"cat": 20, "dog": 10})
    shuffled = split([groups[index] for index in order], [classes[index] for index in order], seed)
    expected = split(groups, classes, seed)
    for found, part in zip(parts_of(shuffled), parts_of(expected), strict=True):
        assert sorted(order[index] for index in found) == part


def test_a_split_is_the_same_on_every_machine_and_another_for_another_seed() -> None:
    groups, classes = named({"cat": 20})
    assert split(groups, classes, seed=0).test.tolist() == [8, 12, 14]
    assert len({tuple(split(groups, classes, seed).test.tolist()) for seed in range(10)}) > 5


@given(st.lists(st.integers(1, 9), min_size=12, max_size=30), st.integers(0, 3))
def test_no_group_is_cut_and_every_sample_is_in_one_part(sizes: list[int], seed: int) -> None:
    groups = [str(group) for group, size in enumerate(sizes) for _ in range(size)]
    parts = parts_of(split(groups, ["cell"] * len(groups), seed))
    assert sorted(chain(*parts)) == list(range(len(groups)))
    held = [{groups[index] for index in part} for part in parts]
    assert held[0].isdisjoint(held[1] | held[2])
    assert held[1].isdisjoint(held[2])


def test_patients_of_many_cells_are_shared_out_so_that_both_classes_come_near_their_shares() -> None:
    random = np.random.default_rng(0)
    groups, classes = [], []
    for patient in range(120):
        for _ in range(int(random.integers(20, 300))):
            groups.append(str(patient))
            classes.append("infected" if patient < 90 and random.random() < 0.7 else "healthy")
    total = Counter(classes)
    for seed in range(5):
        for part, share in zip(parts_of(split(groups, classes, seed)), (0.70, 0.15, 0.15), strict=True):
            for name, count in Counter(classes[index] for index in part).items():
                assert count / total[name] == pytest.approx(share, abs=0.03)


def test_the_seed_tells_where_groups_go_even_if_no_two_are_of_one_size() -> None:
    groups = [str(group) for group in range(30) for _ in range(20 + group)]
    tested = {tuple(split(groups, ["cell"] * len(groups), seed).test.tolist()) for seed in range(10)}
    assert len(tested) > 5


def test_a_class_that_some_patients_have_far_more_of_does_not_all_go_to_training() -> None:
    # As in a published set: about as many healthy cells of each patient, infected ones from 0 to hundreds.
    groups, classes = [], []
    for patient in range(160):
        infected = 600 // (1 + patient // 4) if patient < 120 else 0
        groups += [str(patient)] * (68 + infected)
        classes += ["healthy"] * 68 + ["infected"] * infected
    total = classes.count("infected")
    for seed in range(5):
        for part, share in zip(parts_of(split(groups, classes, seed)), (0.70, 0.15, 0.15), strict=True):
            found = sum(classes[index] == "infected" for index in part)
            assert found / total == pytest.approx(share, abs=0.05)


def test_in_cross_validation_each_sample_is_tested_once_and_chosen_by_once() -> None:
    groups, classes = named({"cat": 50, "dog": 23})
    splits = folds(groups, classes, count=5, seed=0)
    assert sorted(np.concatenate([each.test for each in splits])) == list(range(73))
    assert sorted(np.concatenate([each.validation for each in splits])) == list(range(73))
    for each in splits:
        assert sorted(chain(*parts_of(each))) == list(range(73))
        assert Counter(classes[index] for index in each.test)["cat"] == 10
        assert Counter(classes[index] for index in each.test)["dog"] in {4, 5}


def test_a_class_too_small_for_a_part_is_named() -> None:
    groups, classes = named({"cat": 20, "dog": 2})
    with pytest.raises(SplitError, match="class dog: 2 samples in 2 groups, none left for validation"):
        split(groups, classes, seed=0)
    with pytest.raises(SplitError, match="class dog: 2 samples in 2 groups, none left for fold"):
        folds(groups, classes, count=5, seed=0)
    with pytest.raises(SplitError, match="2 folds; give 3 or more"):
        folds(groups, classes, count=2, seed=0)


def image(path: str) -> BoxedImage:
    return BoxedImage(Path(path), "n1", "cat", np.zeros((1, 4), np.int64), 4, 6)


def test_images_are_split_by_class_and_file_name_wherever_they_lie() -> None:
    assert image_groups([image("here/n1/a.JPEG")]) == image_groups([image("there/train/n1/a.JPEG")])
    assert image_groups([image("here/a.JPEG")]) == (["n1/a.JPEG"], ["n1"])
    with pytest.raises(SplitError, match=r"val/a.JPEG: a second n1/a.JPEG"):
        image_groups([image("train/a.JPEG"), image("val/a.JPEG")])
