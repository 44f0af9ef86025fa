"""Every engine module that this machine can run, side by side; with SKNN_ISA set only that one."""

import os
import zlib
from collections import defaultdict

import pytest

from sknn import engine
from tests.engine.under_test import EngineUnderTest

LEVELS = [engine.LEVEL] if os.environ.get("SKNN_ISA") else engine.available_levels()
DTYPES = ("float32", "float64")


@pytest.fixture(
    params=[f"{level}-{dtype}" for level in LEVELS for dtype in DTYPES], scope="session"
)
def tested_engine(request):
    """Each instruction set in each dtype."""
    return EngineUnderTest(*request.param.split("-"))


@pytest.fixture(params=LEVELS, scope="session")
def double(request):
    """Each instruction set in float64, for gradients."""
    return EngineUnderTest(request.param, "float64")


@pytest.fixture(scope="session")
def best():
    """The fastest module, for what does not depend on the instruction set."""
    return EngineUnderTest(LEVELS[0], "float32")


#: tests that run on every module, if they have few cases; the others on two, see below
EVERYWHERE = {
    "test_equals_the_reference",
    "test_gradient_equals_the_reference",
    "test_equals_dense_rows",
    "test_steps_of_torch",
    "test_csr_parts_that_point_outside",
}
#: so many cases of one test are enough for all modules together
MANY = 40


def chosen(name, fixture, n):
    """Modules for a case, by a fixed hash of its name; two of them differ in instruction set and dtype."""
    number = zlib.crc32(name.encode())
    levels = [LEVELS[(number - k) % len(LEVELS)] for k in range(n)]
    if fixture == "double":
        return levels
    return [f"{level}-{DTYPES[(number // 8 + k) % 2]}" for k, level in enumerate(levels)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A covering design: each case on one or two of the modules; what is left out is marked as ``full``."""
    cases = defaultdict(list)
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        for fixture in {"tested_engine", "double"} & parameters.keys():
            cases[item.path, item.originalname, fixture].append((item, parameters[fixture]))
    for (_, test, fixture), found in cases.items():
        many = len({item.nodeid.replace(module, "") for item, module in found}) > MANY
        if test in EVERYWHERE and not many:
            continue
        n = 1 + (test in EVERYWHERE or not many)
        for item, module in found:
            if module not in chosen(item.nodeid.replace(module, ""), fixture, n):
                item.add_marker(pytest.mark.full)
