"""How the share of parasites that lead the list falls with the pixels of a cell and with compression.

    python -m benchmarks.pixels_and_detail --data DATA --networks runs/validation/networks

Fields with parasites of two sets are shrunk so that a cell is so many pixels wide, enlarged again, or saved
as JPEG, and go through the chain as a slide does, under networks that had not seen the set (the validate
command leaves them in `networks`). `ph_thin` is printed too; nothing is chosen by it. Writes
`docs/validation/pixels_and_detail.json` and the two figures `docs/pictures/pixels_a_cell.svg` and
`jpeg_quality.svg`. Rows that stand in the table are not measured again.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from core.cells.crops import scaled
from core.cells.reference import RED_CELL_BOX_UM, NoCellsError, slide_reference
from core.cells.second_look import share_seen
from core.reports.line_chart import Line, line_chart
from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.fields import AnnotatedField
from datasets.located_objects import located_field
from models.cards import load_card
from models.checkpoint import load_classifier, load_detector, load_second_look
from scripts.cell_networks.train_second_look import Looks
from scripts.cell_networks.validate_lists import pooled, ranked
from scripts.settings.configuration import ClassifierSettings, read_settings

TABLE = Path("docs/validation/pixels_and_detail.json")
PICTURES = Path("docs/pictures")
CONFIG = Path("models/configs/classifier.yaml")
LEFT_OUT = {"iml_malaria": "iml_malaria", "md2019": "md2019", "ph_thin": "md2019"}
"""Sets, and the source that the networks they are measured with had not seen."""
FIELDS_A_SET = 30
ONE_IN = (1000, 100)
WIDTHS_PX = (24, 16, 36, 10, 12, 18, 20, 28, 48, 70)
QUALITIES = (10, 5, 20, 30, 50, 70, 90)
STYLE = (
    "<style>text{font:10px sans-serif}.title{font-weight:bold}.axis{stroke:#ddd}.line{fill:none;"
    "stroke-width:1.6}.mark{stroke:#888;stroke-dasharray:3}.iml_malaria{stroke:#0072b2}"
    ".md2019{stroke:#d55e00}.ph_thin{stroke:#999}circle{fill:#fff}.of{stroke-width:.4}</style>"
)


@dataclass(frozen=True)
class Change:
    """What is done to a picture; its own size and no compression where a value is None.

    Attributes
    ----------
    width_px
        Width that a cell is brought to.
    enlarged
        Whether the picture is then brought back to its own size.
    quality
        Of the JPEG file that it is saved as, at last.
    """

    width_px: int | None = None
    enlarged: bool = False
    quality: int | None = None


CHANGES = (
    Change(),
    *(Change(quality=quality) for quality in QUALITIES),
    *(Change(width_px=width_px) for width_px in WIDTHS_PX),
    Change(width_px=36, quality=10),
    Change(width_px=12, enlarged=True),
)


def changed(field: AnnotatedField, native_px: float, change: Change, folder: Path) -> AnnotatedField:
    """The field with its picture changed, in a file of its own, and its marks brought along."""
    image = field.image()
    own_height, own_width = image.shape[:2]
    if change.width_px is not None:
        image = scaled(image, change.width_px / native_px)
        if change.enlarged:
            own_size = (own_width, own_height)
            image = np.asarray(cv2.resize(image, own_size, interpolation=cv2.INTER_CUBIC), np.uint8)
    path = folder / f"{field.path.stem}.{'png' if change.quality is None else 'jpg'}"
    options = [] if change.quality is None else [cv2.IMWRITE_JPEG_QUALITY, change.quality]
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    by = image.shape[1] / own_width
    return replace(field, path=path, boxes=field.boxes * by, unsure=field.unsure * by)


def sample(name: str, data: Path) -> list[AnnotatedField]:
    """Fields of a set that show parasites, spread over it."""
    fields = [field for field in {**READERS, **MEASURED_ONLY}[name](data / name) if field.infected.any()]
    return [fields[round(place * len(fields) / FIELDS_A_SET)] for place in range(FIELDS_A_SET)][: len(fields)]


def looks_without(source: str, networks: Path, seed: int = 0) -> Looks:
    """Networks that have not seen a source; the detector is the same for all seeds of the looks."""
    settings = read_settings(CONFIG)
    if not isinstance(settings, ClassifierSettings):
        raise SystemExit(f"{CONFIG} does not describe a classifier")
    return Looks(
        load_detector(networks / f"detector_{source}_0.safetensors"),
        load_classifier(networks / f"classifier_{source}_{seed}.safetensors", settings.width),
        load_second_look(networks / f"second_look_{source}_{seed}.safetensors"),
    )


def native_widths(fields: Sequence[AnnotatedField], looks: Looks) -> dict[str, float]:
    """Width of a cell, in pixels, by slide."""
    return {
        slide: slide_reference(
            (field.as_scored() for field in fields if field.slide == slide), *_of(looks), None
        ).cell_diameter_px
        for slide in {field.slide for field in fields}
    }


def _of(looks: Looks) -> tuple[Any, Any, Any]:
    return looks.detector, looks.classifier, looks.second_look


def measured(
    fields: Sequence[AnnotatedField], widths: dict[str, float], looks: Looks, change: Change
) -> dict[str, Any]:
    """What the list of all fields is worth after a change."""
    with TemporaryDirectory() as folder:
        altered = [changed(field, widths[field.slide], change, Path(folder)) for field in fields]
        located = []
        for slide, native_px in widths.items():
            of_slide = [field for field in altered if field.slide == slide]
            width_px = native_px if change.enlarged else change.width_px or native_px
            shown = (field.as_scored() for field in of_slide)
            try:
                reference = slide_reference(shown, *_of(looks), RED_CELL_BOX_UM / width_px)
            except NoCellsError:
                continue
            share = share_seen(reference.objects_a_field * len(of_slide))
            located += [located_field(field, looks, reference, share) for field in of_slide]
    marked = sum(int(field.infected.sum()) for field in fields)
    if not located:
        return {"marked": marked, "located": 0, "auc": None, **{f"one_in_{number}": 0.0 for number in ONE_IN}}
    whole = pooled(ranked(located))
    return {
        "marked": marked,
        "located": int(whole.infected.sum()),
        "auc": whole.area_under_curve(),
        # Parasites of slides on which no cell was found are missed.
        **{f"one_in_{number}": whole.found(1 / number) / marked for number in ONE_IN},
    }


def rows(data: Path, networks: Path, known: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row a set and change that are not known yet."""
    done = {(row["set"], Change(row["width_px"], row["enlarged"], row["quality"])) for row in known}
    samples = {name: sample(name, data) for name in LEFT_OUT}
    looks = {name: looks_without(source, networks) for name, source in LEFT_OUT.items()}
    widths = {name: native_widths(samples[name], looks[name]) for name in LEFT_OUT}
    for change in CHANGES:
        for name in LEFT_OUT:
            if (name, change) not in done:
                middle = sorted(widths[name].values())[len(widths[name]) // 2]
                figures = measured(samples[name], widths[name], looks[name], change)
                yield {"set": name, "native_px": middle, **asdict(change), **figures}


def write_figures(table: list[dict[str, Any]]) -> None:
    """The two figures: against the width of a cell, and against the quality of a JPEG file."""
    whole = {row["set"]: row for row in table if not row["width_px"] and not row["quality"]}

    def line(name: str, key: str, **fixed: object) -> Line:
        here = [
            row
            for row in table
            if row["set"] == name and row[key] and all(row[k] == value for k, value in fixed.items())
        ]
        points = {row[key]: row["one_in_100"] for row in here}
        if key == "width_px":
            points[round(whole[name]["native_px"])] = whole[name]["one_in_100"]
        return Line(name, tuple(sorted(points.items())))

    sets = [name for name in LEFT_OUT if name in whole]
    charts = {
        "pixels_a_cell": line_chart(
            "Parasites in the first 1 %, by pixels a cell",
            [line(name, "width_px", quality=None, enlarged=False) for name in sets],
            mark=load_card("released").classifier.validity.cell_width_px.low,  # from here on a field counts
        ),
        "jpeg_quality": line_chart(
            "Parasites in the first 1 %, by JPEG quality",
            [line(name, "quality", width_px=None) for name in sets],
            mark=-1,
        ),
    }
    names = "".join(
        f'<text x="200" y="{150 - 13 * place}" class="of {name}">{name}</text>'
        for place, name in enumerate(reversed(sets))
    )
    for name, chart in charts.items():
        alone = (
            chart.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="480" ', 1)
            .replace(">", f">{STYLE}", 1)
            .replace("</svg>", f"{names}</svg>\n")
        )
        (PICTURES / f"{name}.svg").write_text(alone, encoding="utf-8")


def main() -> None:
    """Measure what is not measured yet, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    given = parser.parse_args()
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else []
    for row in rows(given.data, given.networks, list(table)):
        print(json.dumps(row), flush=True)
        table.append(row)
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    write_figures(table)


if __name__ == "__main__":
    main()
