"""Files of annotations below a folder, however their ending is written."""

from pathlib import Path


def files_below(folder: Path, ending: str) -> list[Path]:
    """The files with an ending such as ``.xml``, also as ``.XML``, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix.casefold() == ending and path.is_file())
