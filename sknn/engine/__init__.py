"""The engine: how it is computed. Python describes a network, the engine executes it.

    network.py, training.py
          |  ops, buffers, parameters                     (numbers and names, no objects)
          v
    load(dtype)  ->  _engine_<instruction set>_<dtype>    one compiled module per pair
                       Program   a lowered network; forward()
                       Trainer   its weights, optimizer and data; run(first, last)

All these modules come from one text, ``engine.pxi``. At import the best instruction set of the
processor is chosen among those that were built; the environment variable ``SKNN_ISA``
(``baseline``, ``avx2``, ``avx512``) overrides the choice.
"""

import importlib
import importlib.util
import os
import threading
from types import ModuleType

try:
    import resource
except ImportError:  # Windows, where the engine has no threads
    resource = None  # type: ignore[assignment]

from joblib import cpu_count

from sknn.engine import _cpu

LEVELS = ("avx512", "avx2", "baseline")
_forked = False

#: threads for each CPU that may be asked for, but so many in any case; more only wait for each other
THREADS_PER_CPU, SOME_THREADS = 4, 16
#: address space for each thread where it is limited: its stack, and as much again as training may want
BYTES_PER_THREAD = 2**26
#: so many have been running at once
_started = 1


def available_levels() -> list[str]:
    """Instruction sets that are both built and supported by this processor, best first."""
    return [
        level
        for level in _cpu.supported_levels()
        if importlib.util.find_spec(f"sknn.engine._engine_{level}_float32")
    ]


def _choose_level() -> str:
    available = available_levels()
    wanted = os.environ.get("SKNN_ISA", "")
    if not wanted:
        return available[0]
    if wanted not in available:
        raise ImportError(
            f"SKNN_ISA={wanted!r} cannot be used here; choose one of {', '.join(available)}."
        )
    return wanted


LEVEL = _choose_level()


def load(dtype, level: str | None = None) -> ModuleType:
    """The compiled engine for a dtype ("float32" or "float64") on the chosen instruction set."""
    return importlib.import_module(f"sknn.engine._engine_{level or LEVEL}_{dtype}")


def effective_threads(n_threads: int | None = None) -> int:
    """Number of threads to use; None means what scikit-learn's OpenMP estimators mean by it.

    That is: OMP_NUM_THREADS or a limit set by threadpoolctl or joblib if there is one, else the
    physical cores that this process may use. A negative number counts back from that. It is never more
    than four for each CPU (16 on small machines), nor than the system lets this process start; results
    do not depend on it.
    """
    if _forked or not _cpu.has_openmp():
        return 1
    if n_threads is not None and n_threads > 0:
        return _startable(min(int(n_threads), max(SOME_THREADS, THREADS_PER_CPU * cpu_count())))
    most = _cpu.openmp_threads()
    if "OMP_NUM_THREADS" not in os.environ:
        most = min(most, cpu_count(only_physical_cores=True))
    return _startable(most if n_threads is None else max(1, most + int(n_threads) + 1))


def _startable(wanted):
    """As many of these threads as can run: OpenMP's runtime ends the process where one cannot start."""
    global _started
    if resource is not None:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            wanted = max(1, min(wanted, (limit - _address_space()) // BYTES_PER_THREAD))
    if wanted > _started:
        _started = _count_startable(wanted)
    return min(wanted, _started)


def _address_space():
    """Bytes of address space in use; Linux alone has both OpenMP here and such a limit in force."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return 0


def _count_startable(wanted):
    """How many threads run at once when so many are started: limits of the user and the container."""
    end, threads = threading.Event(), []
    try:
        while len(threads) < wanted - 1:
            thread = threading.Thread(target=end.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except (RuntimeError, MemoryError):  # no more can be started, which is the answer
        pass
    finally:
        end.set()
        for thread in threads:
            thread.join()
    return 1 + len(threads)


def _after_fork_in_child() -> None:
    """OpenMP's threads do not survive a fork: the child works without them."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
