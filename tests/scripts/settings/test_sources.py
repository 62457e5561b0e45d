"""Entries of `sources:`: names, and a laboratory's own fields by their path from the configuration."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

from scripts.settings.configuration import (
    ClassifierSettings,
    ConfigurationError,
    DetectorSettings,
    read_settings,
)
from scripts.settings.sources import (
    OwnSource,
    SourceError,
    fields_of,
    has_fields,
    malaria_fields_of,
    malaria_free_fields_of,
    name_of,
    names_of,
    own_states,
    provenance_of,
)
from tests.drawn_own_fields import CLASSES, save_coco, save_picture
from tests.scripts.settings.test_configuration import DETECTOR, GOOD

OURS = {"name": "our_laboratory", "path": "lab", "format": "coco", "classes": CLASSES}
UNCHANGED: Mapping[str, object] = MappingProxyType({})


def configured(folder: Path, text: str = DETECTOR, changed: Mapping[str, object] = UNCHANGED) -> Path:
    """A shipped configuration with an entry for own fields, beside them."""
    content = yaml.safe_load(text)
    content["sources"] = [{**OURS, **changed}, *content["sources"]]
    config = folder / "detector.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config


def own_source(folder: Path, changed: Mapping[str, object] = UNCHANGED) -> OwnSource:
    settings = read_settings(configured(folder, changed=changed))
    assert isinstance(settings, DetectorSettings)
    (own, *_) = settings.sources
    assert isinstance(own, OwnSource)
    return own


def test_own_fields_are_found_from_the_folder_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_coco(tmp_path / "lab")
    source = own_source(tmp_path)
    monkeypatch.chdir("/")
    fields = fields_of(source, Path("no data"))
    assert len(fields) == 3
    assert {field.source for field in fields} == {"our_laboratory"}
    assert has_fields(source)


def test_names_stand_beside_own_fields(tmp_path: Path) -> None:
    settings = read_settings(configured(tmp_path, GOOD))
    assert isinstance(settings, ClassifierSettings)
    assert names_of(settings.sources) == ("our_laboratory", "nih_cells", "westlake_cells", "iml_malaria")
    assert not has_fields("nih_cells")
    assert has_fields("md2019")
    assert name_of("md2019") == "md2019"


def test_the_settings_that_a_run_keeps_find_the_fields_from_elsewhere(tmp_path: Path) -> None:
    settings = read_settings(configured(tmp_path))
    kept = tmp_path / "run" / "settings.yaml"
    kept.parent.mkdir()
    kept.write_text(yaml.safe_dump(settings.model_dump(mode="json")), encoding="utf-8")
    assert read_settings(kept) == settings


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "nih_cells"}, "sources.0.name: 'nih_cells' is the name of a published set"),
        ({"name": "a/b"}, "name: String should match pattern"),
        ({"format": "xlsx"}, "sources.our_laboratory.format: Input should be 'coco'"),
        ({"classes": {"ring": "sick"}}, "sources.our_laboratory.classes.ring"),
        ({"slide_from": "*"}, "slide_from: '*' must hold {slide} once"),
        ({"in_part": "perhaps"}, "in_part: Input should be a valid boolean"),
        ({"marked": "all"}, "sources.our_laboratory.marked: no such key"),
    ],
)
def test_what_an_entry_cannot_say_is_refused_by_its_key(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(configured(tmp_path, changed=changed))
    assert said in str(caught.value)


def test_an_entry_without_a_path_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "detector.yaml"
    config.write_text(DETECTOR.replace("[iml_malaria", "[{name: ours, format: coco}"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"sources\.ours\.path: missing"):
        read_settings(config)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    content = yaml.safe_load(configured(tmp_path).read_text())
    content["sources"].append({**OURS, "path": "elsewhere"})
    (tmp_path / "detector.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="'our_laboratory' is the name of 2 sources"):
        read_settings(tmp_path / "detector.yaml")


def test_a_name_that_is_no_set_hints_at_own_fields(tmp_path: Path) -> None:
    config = tmp_path / "detector.yaml"
    config.write_text(DETECTOR.replace("iml_malaria", "annotated"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"no set 'annotated'.*or give name, path and format of your own"
    ):
        read_settings(config)


def test_own_fields_without_a_parasite_are_no_source_of_infected_cells(tmp_path: Path) -> None:
    save_coco(tmp_path / "lab", {"a.png": [("rbc", 5.0, 5.0, 20.0, 20.0)]})
    source = own_source(tmp_path)
    assert len(malaria_free_fields_of(source, tmp_path)) == 1
    with pytest.raises(SourceError, match="no infected cell is marked on the 1 fields of our_laboratory"):
        malaria_fields_of(source, tmp_path)


def test_own_fields_with_parasites_are_not_malaria_free(tmp_path: Path) -> None:
    save_coco(tmp_path / "lab")
    source = own_source(tmp_path)
    assert len(malaria_fields_of(source, tmp_path)) == 3
    with pytest.raises(SourceError, match="2 infected cells are marked in our_laboratory"):
        malaria_free_fields_of(source, tmp_path)


def test_own_fields_say_where_they_come_from_and_what_they_can_measure(tmp_path: Path) -> None:
    whole, in_part = own_source(tmp_path), own_source(tmp_path, {"in_part": True})
    assert provenance_of(whole).measures
    assert not provenance_of(in_part).measures
    assert "our_laboratory (coco, marked in part)" in provenance_of(in_part).citation
    assert str(tmp_path) not in provenance_of(whole).citation
    assert provenance_of("nih_cells").licence.startswith("public domain")


def test_a_change_of_the_fields_changes_their_state_and_published_sets_have_none(tmp_path: Path) -> None:
    save_coco(tmp_path / "lab")
    source = own_source(tmp_path)
    before = own_states([source, "nih_cells"])
    assert before == own_states([source])
    save_picture(tmp_path / "lab" / "images" / "c.png")
    assert own_states([source]) != before
