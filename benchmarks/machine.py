"""
The machine that is measured on: its cores, what a process has cost, and how it describes itself; what runs, it isn't told.
"""

import os
import platform
from pathlib import Path
from resource import RLIMIT_NOFILE, getpagesize, getrlimit, setrlimit


def cores() -> tuple[int, int]:
    """
    Choose a core for the server and one for the load; with one core only it is the same.
    """
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pin(core: int) -> None:
    """
    Keep this process, and what it starts, on one core.
    """
    os.sched_setaffinity(0, {core})


def cpuSeconds(pid: int) -> float:
    """
    Say how much CPU a process has taken until now, all its threads, user and system together, to the nanosecond.

    C{/proc/PID/stat} counts in hundredths of a second, which is too coarse for what is measured here.
    """
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            # That thread has ended meanwhile; what it took is lost, but no server here ends threads while it serves.
            continue
    return total / 1e9


def delayedSeconds(pid: int) -> float:
    """
    Say for how long a process could have run until now, and didn't, because others had the core.
    """
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def memoryBytes(pid: int) -> int:
    """
    Say how much memory a process has in use (RSS).
    """
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * getpagesize()


def openFiles(pid: int) -> int:
    """
    Say how many files a process has open, sockets among them.
    """
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def raiseOpenFiles() -> None:
    """
    Let this process, and what it starts, have as many open files as the system allows.
    """
    _, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (hard, hard))


def describe() -> str:
    """
    Describe the machine in one line: processor, cores, system and Python.
    """
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor() or "unknown processor",
    )
    memory = os.sysconf("SC_PHYS_PAGES") * getpagesize() / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {_system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def _system() -> str:
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"
    except OSError:
        # It says nowhere what it is.
        return kernel
