"""Three hundred random networks, each on one instruction set; with ``-m full`` ten thousand on all of them."""

import pytest

from tests.engine.random_networks import check_seeds

BLOCK = 30


@pytest.mark.parametrize("first", range(0, 300, BLOCK))
def test_random_networks(first):
    check_seeds(range(first, first + BLOCK), everywhere=False)


@pytest.mark.full
@pytest.mark.parametrize("first", range(0, 10_000, 100))
def test_more_random_networks(first):
    check_seeds(range(first, first + 100))
