"""The engine executes networks that Python describes.

    network, training
          |  plan: ops, buffers, parameters
          v
    load(dtype)  ->  _engine_<instruction set>_<dtype>    one compiled module per pair
                       Program   a lowered network; forward()
                       Trainer   its weights, optimizer and data; run(rates, t, deadline)

All these modules are compiled from ``engine.pxi``. At import, the best instruction set that was built
and that the processor supports is chosen; the environment variable ``SKNN_ISA`` (``baseline``,
``avx2``, ``avx512``) overrides the choice.
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

#: maximum number of threads per CPU, and the number that is always allowed; more threads only wait for each other
THREADS_PER_CPU, SOME_THREADS = 4, 16
#: address space per thread where it is limited: the stack and some memory for training
BYTES_PER_THREAD = 2**26
#: largest number of threads that has run at once
_started = 1


def available_levels() -> list[str]:
    """List the instruction sets that are built and supported by this processor, best first."""
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
    """Import the compiled engine for a dtype ("float32" or "float64")."""
    return importlib.import_module(f"sknn.engine._engine_{level or LEVEL}_{dtype}")


def effective_threads(n_threads: int | None = None) -> int:
    """Compute the number of threads to use; None is as in scikit-learn's OpenMP estimators.

    The default is OMP_NUM_THREADS or a limit set by threadpoolctl or joblib, else the number of physical
    cores that this process may use. A negative number counts back from the default. The result is at
    most four per CPU (16 on small machines) and at most what the system lets this process start. Fitted
    models do not depend on it.
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
    """Limit the number of threads to those that can start; OpenMP would abort the process."""
    global _started
    if resource is not None:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            wanted = max(1, min(wanted, (limit - _address_space()) // BYTES_PER_THREAD))
    if wanted > _started:
        _started = _count_startable(wanted)
    return min(wanted, _started)


def _address_space():
    """Bytes of address space in use; 0 outside Linux, where the limit is not enforced."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return 0


def _count_startable(wanted):
    """Count how many threads can run at once, given the limits of the user and the container."""
    end, threads = threading.Event(), []
    try:
        while len(threads) < wanted - 1:
            thread = threading.Thread(target=end.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except (RuntimeError, MemoryError):  # the limit is reached
        pass
    finally:
        end.set()
        for thread in threads:
            thread.join()
    return 1 + len(threads)


def _after_fork_in_child() -> None:
    """Use one thread in a forked child: OpenMP's threads do not survive a fork."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
