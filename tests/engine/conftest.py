"""Every engine module that this machine can run, side by side; with SKNN_ISA set only that one."""

import os

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
