"""Nothing in the project calls what only POSIX systems have, but where Windows is given a way of its own."""

import ast
import itertools
from pathlib import Path

import pytest

from tests.test_architecture import MAY_IMPORT, ROOT, sources

_MODULES = "crypt curses fcntl grp nis posix pty pwd readline resource spwd syslog termios tty"
POSIX_MODULES = frozenset(_MODULES.split())
_NAMES = {
    "os": "chown chroot fchmod fchown fork forkpty getegid geteuid getgid getloadavg getpgid getpgrp "
    "getpriority getsid getuid killpg lchown mkfifo mknod nice O_CLOEXEC O_DIRECTORY O_DSYNC "
    "O_NOFOLLOW O_NONBLOCK O_SYNC openpty pathconf posix_fadvise posix_fallocate posix_spawn "
    "pread pwrite sched_getaffinity sched_setaffinity sendfile setgid setpgid setpriority setsid "
    "setuid statvfs sysconf uname wait wait3 wait4 WEXITSTATUS WIFSIGNALED WNOHANG",
    "select": "epoll kqueue poll",
    "socket": "AF_UNIX SO_REUSEPORT",
    "time": "clock_settime tzset",
    "signal": "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 SIG_BLOCK SIG_SETMASK "
    "SIG_UNBLOCK alarm pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending "
    "sigtimedwait sigwait",
}
POSIX_NAMES = frozenset(f"{module}.{name}" for module, line in _NAMES.items() for name in line.split())
POSIX_ARGUMENTS = {"pass_fds", "preexec_fn", "start_new_session", "dir_fd", "process_group", "umask"}
"""Of `subprocess.Popen` and of functions of `os`."""
POSIX_FILES = ("/dev/", "/etc/", "/proc/", "/sys/", "/tmp/", "/var/")  # noqa: S108 - looked for, not used


def posix_only(source: str) -> set[str]:
    """What in the source only POSIX systems have; what stands under a question for the system is left out."""
    return set(itertools.chain.from_iterable(map(_named, _without_questions(ast.parse(source)))))


def _without_questions(tree: ast.AST) -> list[ast.AST]:
    """Nodes but for what hangs on ``sys.platform``, ``os.name`` or ``hasattr(os, ...)``."""
    found: list[ast.AST] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If | ast.IfExp):
            question = ast.unparse(node.test)
            if any(
                asked in question for asked in ("sys.platform", "os.name", "hasattr(os", "hasattr(signal")
            ):
                continue
        found.append(node)
        waiting += ast.iter_child_nodes(node)
    return found


def _named(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names} & POSIX_MODULES
    if isinstance(node, ast.ImportFrom):
        imported = {f"{node.module}.{alias.name}" for alias in node.names}
        return (imported & POSIX_NAMES) | ({node.module or ""} & POSIX_MODULES)
    if isinstance(node, ast.Attribute):
        return {ast.unparse(node)} & POSIX_NAMES
    if isinstance(node, ast.Call):
        started = ast.unparse(node.func) == "multiprocessing.get_context"
        forked = started and any(ast.unparse(each) in ("'fork'", "'forkserver'") for each in node.args)
        named = {word.arg for word in node.keywords if word.arg is not None} & POSIX_ARGUMENTS
        return named | ({"fork"} if forked else set())
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {start for start in POSIX_FILES if node.value.startswith(start)}
    return set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import fcntl", {"fcntl"}),
        ("def f():\n    from resource import getrusage", {"resource"}),
        ("import os\npid = os.fork()", {"os.fork"}),
        ("from os import killpg", {"os.killpg"}),
        ("os.kill(pid, signal.SIGKILL)", {"signal.SIGKILL"}),
        ("multiprocessing.get_context('fork')", {"fork"}),
        ("Popen(command, start_new_session=True)", {"start_new_session"}),
        ("open('/proc/meminfo')", {"/proc/"}),
        ("if sys.platform != 'win32':\n    import fcntl", set()),
        ("if hasattr(os, 'sched_getaffinity'):\n    n = len(os.sched_getaffinity(0))", set()),
        ("multiprocessing.get_context('spawn')\nos.kill(pid, signal.SIGTERM)\nos.getpid()", set()),
    ],
)
def test_what_only_posix_has_is_found(source: str, expected: set[str]) -> None:
    assert posix_only(source) == expected


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_file_needs_what_only_posix_has(package: str) -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in sources(package)
        if (names := posix_only(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_two_files_of_the_project_have_one_name_to_windows() -> None:
    """It does not tell capitals from small letters, and has names of its own."""
    paths = [path.relative_to(ROOT) for package in MAY_IMPORT for path in (ROOT / package).rglob("*")]
    folded = [str(path).casefold() for path in paths if "__pycache__" not in path.parts]
    assert len(folded) == len(set(folded))
    reserved = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
    assert [path for path in paths if Path(path).stem.casefold() in reserved] == []
