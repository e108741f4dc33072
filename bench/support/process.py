"""A process, seen from outside."""

import os
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, with its ended threads (proc(5), fields 14 and 15 of stat)."""
    user, system = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
