"""Runs a command under what a service unit lets the kernel do for it, as far as that needs no systemd.

    python confined.py UNIT COMMAND [ARGUMENT]...

That is: no capability, no new privilege, the system calls and address families that the unit lists, and no
memory that can be written and executed. systemd does the same, with the same library.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.systemd.units import system_calls, value, values

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38  # prctl(2)
PROT_WRITE, PROT_EXEC = 2, 4  # mmap(2)
SHM_EXEC = 0o100000  # shmat(2)
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EPERM  # seccomp.h: SCMP_ACT_ALLOW, SCMP_ACT_ERRNO
NOT_EQUAL, MASKED_EQUAL = 1, 7  # seccomp.h: enum scmp_compare
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}


class Condition(ctypes.Structure):
    """seccomp.h: struct scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


class Filter:
    """One filter of system calls; `load` adds it to those that hold already."""

    def __init__(self, otherwise: int) -> None:
        self._lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._lib.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._lib.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, call: str, *conditions: Condition) -> None:
        """What is done with a call whose arguments meet the conditions; nothing if there is none such."""
        number = self._lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        array = (Condition * len(conditions))(*conditions)
        _check(
            self._lib.seccomp_rule_add_array(
                self._context, ctypes.c_uint32(action), number, len(conditions), array
            )
        )

    def load(self) -> None:
        """From now on it holds."""
        _check(self._lib.seccomp_load(self._context))


def _check(result: int) -> None:
    if result < 0:
        raise OSError(-result, os.strerror(-result))


def prctl(option: int, argument: int) -> int:
    """prctl(2); returns -1 where it fails."""
    return int(ctypes.CDLL(None).prctl(option, ctypes.c_ulong(argument), *(ctypes.c_ulong(0),) * 3))


def drop_capabilities() -> None:
    """Whoever is not root has none."""
    if os.geteuid() == 0:
        capability = 0
        while prctl(PR_CAPBSET_DROP, capability) == 0:
            capability += 1


def filters(unit: Path) -> Sequence[Filter]:
    """The filters that a unit asks for."""
    calls = Filter(DENY)
    for name in system_calls(values(unit, "SystemCallFilter")):
        calls.add(ALLOW, name)
    families = Filter(ALLOW)
    known = [FAMILIES[name] for name in value(unit, "RestrictAddressFamilies").split()]
    for family in set(range(64)) - set(known):
        families.add(DENY, "socket", Condition(0, 4, family, 0))  # SCMP_CMP_EQ
    assert value(unit, "MemoryDenyWriteExecute") == "yes"
    memory = Filter(ALLOW)
    both = PROT_WRITE | PROT_EXEC
    memory.add(DENY, "mmap", Condition(2, MASKED_EQUAL, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        memory.add(DENY, call, Condition(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))
    memory.add(DENY, "shmat", Condition(2, MASKED_EQUAL, SHM_EXEC, SHM_EXEC))
    return families, memory, calls


if __name__ == "__main__":
    chosen = filters(Path(sys.argv[1]))
    drop_capabilities()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for one in chosen:
        one.load()
    os.execvp(sys.argv[2], sys.argv[2:])
