"""GeoJSON: what QuPath has written in its versions, and the ways in which a file is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.fields import AnnotationError
from datasets.interchange.geojson import read_geojson
from datasets.interchange.labelled import LabelledObject

SQUARE = [[[10, 20], [40, 20], [40, 45], [10, 45], [10, 20]]]


def feature(coordinates: object = SQUARE, kind: str = "Polygon", **properties: object) -> dict[str, Any]:
    said = {"objectType": "annotation", "classification": {"name": "ring"}} | properties
    return {
        "type": "Feature",
        "id": "PathAnnotationObject",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": said,
    }


def written(folder: Path, content: object) -> Path:
    (folder / "a.png.geojson").write_text(json.dumps(content), encoding="utf-8")
    return folder


def collection(*features: object, **more: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


@pytest.mark.parametrize(
    "content",
    [
        collection(feature()),
        [feature()],  # QuPath 0.2
        [collection(feature())],
    ],
)
def test_an_object_of_qupath_is_taken_over(content: object, tmp_path: Path) -> None:
    (field,) = read_geojson(written(tmp_path, content)).fields
    assert (field.name, field.width_px, field.all_marked) == ("a.png", 0, True)
    assert field.objects == (LabelledObject(10, 20, 30, 25, "ring"),)


@pytest.mark.parametrize(
    ("properties", "label", "more"),
    [
        ({"measurements": {"Area": 3.5, "rank": 2}}, "ring", {"Area": "3.5"}),
        (
            {"measurements": [{"name": "Area", "value": 3.5}, {"name": "rank", "value": 2}]},
            "ring",
            {"Area": "3.5"},
        ),
        ({"metadata": {"rank": "2", "by": "Anna"}}, "ring", {"by": "Anna"}),
        ({"name": "cell 7", "metadata": {"rank": "2"}}, "ring", {"name": "cell 7"}),
        ({"classification": {"names": ["RBC", "ring"]}, "measurements": {"rank": 2}}, "RBC: ring", {}),
        ({"classification": "WBC", "measurements": {"rank": 2}}, "WBC", {}),
        ({"classification": None, "measurements": {"rank": 2}}, "", {}),
    ],
)
def test_classes_and_measurements_are_taken_over_as_any_version_writes_them(
    properties: dict[str, Any], label: str, more: dict[str, str], tmp_path: Path
) -> None:
    (field,) = read_geojson(written(tmp_path, collection(feature(**properties)))).fields
    assert field.objects == (LabelledObject(10, 20, 30, 25, label, rank=2, more=more),)


def test_outlines_give_their_box_and_points_are_counted(tmp_path: Path) -> None:
    disk = [[[10, 30], [25, 20], [40, 30], [25, 45], [10, 30]]]
    features = (
        feature(disk),
        feature([disk, SQUARE], "MultiPolygon"),
        feature([3, 4], "Point"),
        feature([[3, 4], [5, 6]], "LineString"),
    )
    found = read_geojson(written(tmp_path, collection(*features)))
    assert found.fields[0].objects == (LabelledObject(10, 20, 30, 25, "ring"),) * 2
    assert [(field.all_marked, field.shapes_lost) for field in found.fields] == [(False, 2)]
    assert found.not_taken_over == {"outlines, of which the box is kept": 2, "points and lines": 2}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (collection(feature(), crs={"type": "name"}), "places are on the earth"),
        (collection(feature(), feature(unit="µm")), "its 2 objects are in other units than pixels"),
        (collection(feature(), units="microns"), "its 1 objects are in other units"),
        (
            collection(feature([[[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]]), feature([[[0.1, 0.2], [0.3, 0.2]]])),
            "its 2 objects are 0.2 wide in the middle",
        ),
        (collection(feature([3, 4], "Point"), feature([3, 4], "Point")), "its 2 objects are points or lines"),
        (collection(feature([["a", "b"]])), "export it anew"),
        (collection(feature([])), "export it anew"),
        (collection(feature(3)), "export it anew"),
        (collection(feature([[[1, None], [3, 4]]])), "None is no number"),
        (collection("cell"), "'cell' is no feature"),
        ({"type": "Topology", "features": []}, "no FeatureCollection"),
        (feature(), "no FeatureCollection"),
        (collection(smearscope={"width": "wide"}), "size"),
    ],
)
def test_a_fault_is_named_with_the_number_of_objects(content: object, fault: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=rf"a\.png\.geojson: .*{fault}"):
        read_geojson(written(tmp_path, content))
