"""The kernels, a module each, and lists of all of them."""

from __future__ import annotations

from kernels import (
    account,
    bank,
    barrier,
    bounded_buffer,
    cache,
    circular_buffer,
    connection,
    counter,
    deadlock01,
    dining,
    emptiness,
    executor,
    flag_queue,
    lazy01,
    missed_signal,
    module_global,
    reorder,
    safestack,
    stack,
    twostage,
    uneven,
    work_steal_queue,
)
from kernels.kernel import Kernel

MODULES = (
    counter, account, lazy01, deadlock01, dining, reorder, twostage, circular_buffer, flag_queue, stack,
    work_steal_queue, safestack, bounded_buffer, missed_signal, cache, uneven, bank, emptiness, executor,
    barrier, module_global, connection,
)  # fmt: skip

ALL: tuple[Kernel, ...] = tuple(kernel for module in MODULES for kernel in module.KERNELS)
BY_NAME = {kernel.name: kernel for kernel in ALL}
RACY = tuple(kernel for kernel in ALL if kernel.racy)
CORRECT = tuple(kernel for kernel in ALL if not kernel.racy)
# Safestack needs some 100,000 schedules: it is the benchmark's.
FINDABLE = tuple(kernel for kernel in RACY if kernel.name != "safestack")

assert len(BY_NAME) == len(ALL), "two kernels have one name"
