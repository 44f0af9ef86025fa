"""Every engine module that this machine can run, side by side; with SKNN_ISA set only that one."""

import os
import zlib

import pytest

from sknn import engine
from tests.engine.machine import Machine

LEVELS = [engine.LEVEL] if os.environ.get("SKNN_ISA") else engine.available_levels()
DTYPES = ("float32", "float64")


@pytest.fixture(
    params=[f"{level}-{dtype}" for level in LEVELS for dtype in DTYPES], scope="session"
)
def machine(request):
    """Each instruction set in each dtype."""
    return Machine(*request.param.split("-"))


@pytest.fixture(params=LEVELS, scope="session")
def double(request):
    """Each instruction set in float64, for gradients."""
    return Machine(request.param, "float64")


@pytest.fixture(scope="session")
def best():
    """The fastest module, for what does not depend on the instruction set."""
    return Machine(LEVELS[0], "float32")


#: tests that run on every instruction set in each dtype; the others on two of these, see below
EVERYWHERE = {
    "test_equals_the_twin",
    "test_gradient_equals_the_twins",
    "test_equals_dense_rows",
    "test_steps_of_torch",
    "test_csr_parts_that_point_outside",
}


def chosen(name):
    """Two modules for a case, which differ in instruction set and dtype, by a fixed hash of its name."""
    number = zlib.crc32(name.encode())
    level, dtype = number % len(LEVELS), number // 8 % 2
    return f"{LEVELS[level]}-{DTYPES[dtype]}", f"{LEVELS[level - 1]}-{DTYPES[1 - dtype]}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A covering design: each case on two of the modules; what is left out is marked as ``full``."""
    for item in items:
        module = getattr(getattr(item, "callspec", None), "params", {}).get("machine")
        if module is None or item.originalname in EVERYWHERE:
            continue
        if module not in chosen(item.nodeid.replace(module, "")):
            item.add_marker(pytest.mark.full)
