"""All files of an output, to hold against those of another run."""

from pathlib import Path

NOT_COMPARED = ("run.json", "lock")


def contents(out: Path) -> dict[str, bytes]:
    """Files of an output by name, less what says how each run went and what it has scored in what order."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.name not in NOT_COMPARED
        and (".ledger" not in path.parts or path.name.startswith("."))
    }


def differences(expected: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """What is missing, left over or another."""
    return [
        *(f"{name} is missing" for name in expected.keys() - found.keys()),
        *(f"{name} is left over" for name in found.keys() - expected.keys()),
        *(f"{name} differs" for name in expected.keys() & found.keys() if expected[name] != found[name]),
    ]
