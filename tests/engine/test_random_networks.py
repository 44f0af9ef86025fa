"""Three hundred random networks, or with ``-m full`` ten thousand, see random_networks.py."""

import pytest

from tests.engine.random_networks import check_seeds

BLOCK = 30


@pytest.mark.parametrize("first", range(0, 300, BLOCK))
def test_random_networks(first):
    check_seeds(range(first, first + BLOCK))


@pytest.mark.full
@pytest.mark.parametrize("first", range(300, 10_000, 100))
def test_more_random_networks(first):
    check_seeds(range(first, min(first + 100, 10_000)))
