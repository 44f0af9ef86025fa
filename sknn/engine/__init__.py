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
from types import ModuleType

from joblib import cpu_count

from sknn.engine import _cpu

LEVELS = ("avx512", "avx2", "baseline")
_forked = False


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
    physical cores that this process may use. A negative number counts back from that.
    """
    if _forked or not _cpu.has_openmp():
        return 1
    if n_threads is not None and n_threads > 0:
        return n_threads
    most = _cpu.openmp_threads()
    if "OMP_NUM_THREADS" not in os.environ:
        most = min(most, cpu_count(only_physical_cores=True))
    return most if n_threads is None else max(1, most + n_threads + 1)


def _after_fork_in_child() -> None:
    """OpenMP's threads do not survive a fork: the child works without them."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
