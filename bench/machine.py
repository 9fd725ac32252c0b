"""What it was measured on."""

import datetime
import os
import platform
import re
import shutil
from pathlib import Path

import psutil

from bench.processes import CORES, output
from bench.tools import program


def machine() -> str:
    """Return one line: cores, memory, versions, the date, and how busy it was before."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return (
        f"{len(CORES)} cores ({model[1] if model else platform.machine()}), "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, Linux {platform.release()}, "
        f"HAProxy {_version('haproxy')}, nginx {_version('nginx')}, "
        f"Python {platform.python_version()}; {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, "
        f"load average before: {os.getloadavg()[0]:.1f}"
    )


def _version(tool: str) -> str:
    """Return the version of a program; many measurements do without it."""
    if shutil.which(program(tool)) is None:
        return "none"
    found = re.search(r"\d+(\.\d+)+", output([program(tool), "-v"]))
    return found[0] if found else "unknown"
