"""The shape of the project: imports point one way, files stay small, nothing unsafe is loaded."""

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "core": {"core"},
    "datasets": {"datasets", "core"},
    "models": {"models", "core"},
    "scripts": {"scripts", "datasets", "models", "core"},
    "app": {"app", "datasets", "models", "core"},
}
STARTS_THE_APPLICATION = "scripts/app.py"
"""The one file of the command line that may know the application: a door to it, as the others are."""
OURS = {*MAY_IMPORT, "tests", "benchmarks"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
DECLARATIONS_ONLY = {
    "core/cells/classification.py": "what a classifier of cells is asked, and the arrays that it gives",
    "datasets/interchange/labelled.py": "the one form of labelled fields, which readers and writers share",
    "core/scoring/field_pictures.py": "what else makes pictures of a field is told, and of which cells",
}
"""Modules in which no function does anything, and what they declare: there is nothing to test."""
TESTED_THROUGH_OTHERS = {
    "core/store/migrations/env.py": "tests/core/store/test_database.py",
    "core/store/migrations/versions/field_readings.py": "tests/core/store/test_field_readings.py",
    "core/store/migrations/versions/first_tables.py": "tests/core/store/test_database.py",
    "core/store/migrations/versions/housekeeping.py": "tests/core/store/test_database_of_0_1_0.py",
    "core/store/migrations/versions/listed.py": "tests/core/store/test_database_of_0_1_0.py",
    "core/store/migrations/versions/models.py": "tests/core/store/test_database.py",
    "core/store/migrations/versions/notes.py": "tests/core/store/test_database.py",
    "core/store/migrations/versions/people.py": "tests/core/store/test_database.py",
    "core/store/migrations/versions/slide_settings.py": "tests/core/store/test_database.py",
    "core/training/exactness.py": "tests/test_on_cuda.py",
    "datasets/cell_sets.py": "tests/scripts/guided/test_image_sources.py",
    "datasets/malaria_fields.py": "tests/datasets/test_field_sets.py",
    "datasets/malaria_free_fields.py": "tests/datasets/test_field_sets.py",
}
"""Modules whose work shows in others alone, and the file whose tests fail where they are wrong."""
PATH_OF_ONE_MACHINE = re.compile(r"(?<![A-Za-z0-9._-])/(?:work|farm|root|home/[a-z]+)/")


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_modules(source: str) -> set[str]:
    """Dotted names of everything imported anywhere in the source, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def forbidden_imports(package: str, source: str) -> set[str]:
    """Modules of this project that a file of `package` imports and may not; relative imports count too."""
    return {
        name
        for name in imported_modules(source)
        if name.startswith(".") or (name.split(".")[0] in OURS - MAY_IMPORT[package])
    }


def unsafe_loads(source: str) -> set[str]:
    """Ways in the source to run code hidden in a data file."""
    found = {name for name in imported_modules(source) if name.split(".")[0] in UNSAFE_MODULES}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "torch":
            found.update(f"torch.{alias.name}" for alias in node.names if alias.name == "load")
        if isinstance(node, ast.Attribute):
            written = ast.unparse(node)
            if written in {
                "torch.load",
                "pandas.read_pickle",
                "pd.read_pickle",
                "yaml.load",
                "yaml.unsafe_load",
            }:
                found.add(written)
        if (
            isinstance(node, ast.keyword)
            and node.arg == "allow_pickle"
            and ast.unparse(node.value) != "False"
        ):
            found.add("allow_pickle")
    return found


def texts_of_unknown_encoding(source: str) -> set[str]:
    """Calls in the source that read or write text in whatever encoding the machine is set to."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
            continue
        written = ast.unparse(node.func)
        modes = [value.value for value in node.args if isinstance(value, ast.Constant)]
        if (
            written.rpartition(".")[2] in {"open", "read_text", "write_text"}
            and written not in {"os.open", "Image.open", "opened.open"}
            and not any(isinstance(mode, str) and "b" in mode for mode in modes)
            and not any(keyword.arg == "encoding" for keyword in node.keywords)
        ):
            found.add(ast.unparse(node))
    return found


def module_of(test_file: Path) -> Path | None:
    """The module that a test file is named after; None where it is named after none in its folder.

    The tests of ``app/jobs/start.py`` are ``tests/app/jobs/test_start.py`` and, where there are many,
    ``test_start_<aspect>.py`` beside it. Of two modules the one with the longer name has the file.
    """
    folder = ROOT / test_file.relative_to(ROOT / "tests").parent
    about = test_file.stem.removeprefix("test_")
    named = [path for path in folder.glob("*.py") if f"{about}_".startswith(f"{path.stem}_")]
    return max(named, key=lambda path: len(path.stem), default=None)


def functions_that_do_something(source: str) -> set[str]:
    """Names of the functions in the source that hold more than a docstring and an ellipsis."""
    return {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in node.body)
    }


def files_of_tests(package: str) -> list[Path]:
    return sorted((ROOT / "tests" / package).rglob("test_*.py"))


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are tracked is unknown")
    # The checkout may belong to another user than the one who runs the tests; reading its index is harmless.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("package", "source", "expected"),
    [
        ("core", "import models.detector", {"models.detector"}),
        ("core", "from datasets import cells", {"datasets"}),
        ("core", "def f():\n    from scripts.main import app", {"scripts.main"}),
        ("datasets", "import core.cells.located, models", {"models"}),
        ("models", "from app.page import show", {"app.page"}),
        ("scripts", "from app import page", {"app"}),
        ("core", "from . import cells", {"."}),
        ("core", "import numpy\nfrom core.cells.located import Cells\nimport modelscope", set()),
        ("scripts", "from models.load import load_models\nimport core, datasets.fields", set()),
    ],
)
def test_an_import_against_the_arrows_is_found(package: str, source: str, expected: set[str]) -> None:
    assert forbidden_imports(package, source) == expected


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_arrows(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): names
        for path in sources(package)
        if (names := forbidden_imports(package, path.read_text()))
    }
    assert {name.partition(".")[0] for name in wrong.pop(STARTS_THE_APPLICATION, set())} <= {"app"}
    assert wrong == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pickle", {"pickle"}),
        ("weights = torch.load(path)", {"torch.load"}),
        ("from torch import load", {"torch.load"}),
        ("numpy.load(path, allow_pickle=True)", {"allow_pickle"}),
        ("config = yaml.load(text)", {"yaml.load"}),
        ("numpy.load(path, allow_pickle=False)\nyaml.safe_load(text)\njson.load(file)", set()),
    ],
)
def test_an_unsafe_load_is_found(source: str, expected: set[str]) -> None:
    assert unsafe_loads(source) == expected


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_file_is_loaded_in_a_way_that_can_run_code(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): names
        for path in sources(package)
        if (names := unsafe_loads(path.read_text()))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("path.write_text(text)", {"path.write_text(text)"}),
        ("path.open('w', newline='')", {"path.open('w', newline='')"}),
        ("open(path)", {"open(path)"}),
        ("path.open('rb')\npath.read_text(encoding='utf-8')\npath.read_bytes()\nos.open(path, 0)", set()),
    ],
)
def test_a_text_of_unknown_encoding_is_found(source: str, expected: set[str]) -> None:
    assert texts_of_unknown_encoding(source) == expected


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_text_is_utf_8_whatever_the_machine_is_set_to(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): calls
        for path in sources(package)
        if (calls := texts_of_unknown_encoding(path.read_text()))
    }
    assert wrong == {}


def test_a_file_is_named_after_what_it_is_about() -> None:
    named = [path for package in OURS for path in sources(package)]
    assert [path for path in named if path.stem in {"utils", "helpers", "common", "misc"}] == []


@pytest.mark.parametrize(
    ("test_file", "module"),
    [
        ("app/jobs/test_start.py", "app/jobs/start.py"),
        ("app/jobs/test_comparison.py", "app/jobs/comparison.py"),
        ("app/jobs/test_comparison_process.py", "app/jobs/comparison_process.py"),
        ("app/jobs/test_scoring_process_after_a_switch.py", "app/jobs/scoring_process.py"),
        ("app/jobs/test_starting.py", None),
        ("app/whole/test_start.py", None),
    ],
)
def test_a_test_file_belongs_to_the_module_in_its_name(test_file: str, module: str | None) -> None:
    assert module_of(ROOT / "tests" / test_file) == (None if module is None else ROOT / module)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_the_tests_of_a_module_are_found_by_its_name(package: str) -> None:
    without = {ROOT / name for name in (*DECLARATIONS_ONLY, *TESTED_THROUGH_OTHERS)}
    found = {module_of(path) for path in files_of_tests(package)}
    modules = {path for path in sources(package) if path.stem != "__init__"}
    assert sorted(str(path.relative_to(ROOT)) for path in modules - found - without) == []


def test_what_needs_no_test_file_of_its_name_is_there_and_has_none() -> None:
    without = {ROOT / name for name in (*DECLARATIONS_ONLY, *TESTED_THROUGH_OTHERS)}
    found = {module_of(path) for package in MAY_IMPORT for path in files_of_tests(package)}
    assert sorted(str(path) for path in without if not path.is_file() or path in found) == []
    assert [name for name in TESTED_THROUGH_OTHERS.values() if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class Detector(Protocol):\n    def locate(self) -> Cells:\n        'Objects.'\n        ...", set()),
        ("@dataclass\nclass Field:\n    name: str\nLIMIT = 3", set()),
        ("class Cells:\n    def __len__(self) -> int:\n        return len(self.boxes)", {"__len__"}),
        ("def check(value):\n    if value < 0:\n        raise ValueError", {"check"}),
    ],
)
def test_a_function_that_does_something_is_found(source: str, expected: set[str]) -> None:
    assert functions_that_do_something(source) == expected


@pytest.mark.parametrize("module", DECLARATIONS_ONLY)
def test_in_a_module_of_declarations_no_function_does_anything(module: str) -> None:
    assert functions_that_do_something((ROOT / module).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_what_cuts_across_modules_stands_in_a_folder_of_its_own(package: str) -> None:
    named_after_none = [path for path in files_of_tests(package) if module_of(path) is None]
    assert [str(path) for path in named_after_none if path.parent.name != "whole"] == []


@pytest.mark.parametrize("package", [*MAY_IMPORT, "benchmarks"])
def test_no_file_is_longer_than_400_lines(package: str) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(package)}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_no_tracked_file_holds_a_path_of_one_machine() -> None:
    wrong = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        wrong += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in PATH_OF_ONE_MACHINE.finditer(text)]
    assert wrong == []


def rooms_of_core() -> dict[str, set[str]]:
    """What each room of core, a folder or a file, imports of the others."""
    rooms: dict[str, set[str]] = {}
    for path in sources("core"):
        room = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
        parts = [name.split(".") for name in imported_modules(path.read_text())]
        rooms.setdefault(room, set()).update(name[1] for name in parts if name[0] == "core" and len(name) > 1)
    return {room: others - {room} for room, others in rooms.items() if room != "__init__"}


def rooms_as_documented() -> dict[str, set[str]]:
    """The table of docs/ARCHITECTURE.md, in its order."""
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.partition("## The rooms of core")[2].partition("## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]*)\|$", table, re.MULTILINE)
    return {room: {name.strip() for name in others.split(",")} - {""} for room, others in rows}


def test_the_rooms_of_core_import_what_the_page_on_architecture_says() -> None:
    assert rooms_as_documented() == rooms_of_core()


def test_no_room_of_core_imports_one_that_stands_below_it() -> None:
    rooms = rooms_as_documented()
    order = list(rooms)
    back = [
        (room, other) for room in rooms for other in rooms[room] if order.index(other) > order.index(room)
    ]
    assert back == []


def test_each_arrow_of_the_picture_is_an_import() -> None:
    picture = (ROOT / "docs" / "pictures" / "architecture.svg").read_text(encoding="utf-8")
    drawn, rooms = re.findall(r'<path id="(\w+)-(\w+)"', picture), rooms_of_core()
    assert len(drawn) >= 10
    assert [pair for pair in drawn if pair[0] not in rooms[pair[1]] and pair[1] not in rooms[pair[0]]] == []
    assert set(re.findall(r'<g id="(\w+)"', picture)) == rooms.keys() - {"wording", "errors", "files"}


def test_each_place_that_the_page_on_architecture_names_is_there() -> None:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:core|app|scripts)/[\w/.]+)`", page)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def is_there(dotted: str) -> bool:
    """Whether a dotted name leads to a module, or to something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for name in parts[length:]:
            if not hasattr(found, name):
                return name in getattr(found, "__annotations__", {})
            found = getattr(found, name)
        return True
    return False


def test_each_dotted_name_that_a_docstring_or_page_mentions_is_there() -> None:
    mention = re.compile(rf"`((?:{'|'.join(MAY_IMPORT)})(?:\.\w+)+)`")
    texts = [path for path in tracked_files() if path.suffix in {".py", ".md"}]
    mentioned = {name: path for path in texts for name in mention.findall(path.read_text(encoding="utf-8"))}
    assert len(mentioned) > 50
    assert not is_there("core.cells.no_such_name")
    assert {name: str(path) for name, path in mentioned.items() if not is_there(name)} == {}
