"""A cluster of processes on this machine, one for all tests of this folder."""

import warnings

import pytest


@pytest.fixture(scope="session")
def client():
    """A client of four workers, processes with one thread each."""
    distributed = pytest.importorskip("distributed", reason="distributed is absent")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster, which come from other threads too
        cluster = distributed.LocalCluster(
            n_workers=4,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=":0",
            memory_limit=0,
        )
        with cluster, distributed.Client(cluster) as client:
            yield client
