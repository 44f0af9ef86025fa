"""Learning-rate schedules: their factors and rates, scikit-learn's and PyTorch's numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sknn.schedules import (
    SCHEDULES,
    Adaptive,
    Constant,
    Cosine,
    CosLog,
    FlatCosine,
    InverseScaling,
    OneCycle,
)

# Rates by PyTorch 2.13.0, SGD(lr=1.0): 10 steps of CosineAnnealingLR(T_max=10, eta_min=0.1); every
# second of 21 steps of OneCycleLR(max_lr=1.0, total_steps=21, pct_start=5 / 21), which has its peak
# at step 5 / 21 * 21 - 1 = 4 and its end at step 20.
TORCH_COSINE = [
    1.0, 0.9779754323328191, 0.9140576474687264, 0.8145033635316129, 0.6890576474687264,
    0.55, 0.4109423525312737, 0.2854966364683871, 0.18594235253127366, 0.12202456766718093,
]  # fmt: skip
TORCH_ONE_CYCLE = [
    0.040000000000000036, 0.52, 1.0, 0.9619399184965783, 0.8535539763797113, 0.6913429508156802,
    0.500002, 0.30866104918431986, 0.14645002362028864, 0.03806408150342165, 4e-06,
]  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_defaults(name):
    schedule = clone(SCHEDULES[name]())
    schedule.validate()
    factors = schedule.factors(np.linspace(0, 1, 101)[:-1])
    assert factors.shape == (100,)
    assert np.all((factors >= 0) & (factors <= 1))
    assert schedule.per_step == bool((factors != 1).any())


@pytest.mark.parametrize("name", SCHEDULES)
def test_only_adaptive_goes_on_after_a_plateau(name):
    assert (SCHEDULES[name]().on_plateau(0.1) is None) == (name != "adaptive")


@pytest.mark.parametrize("name", SCHEDULES)
def test_only_inverse_scaling_changes_after_an_epoch(name):
    assert (SCHEDULES[name]().after_epoch(0.1, 0.1, 100) == 0.1) == (name != "invscaling")


def test_constant():
    np.testing.assert_array_equal(Constant().factors(np.linspace(0, 0.9, 7)), 1)


def test_inverse_scaling():
    """η₀ / (t + 1)^power_t, from the initial rate whatever the current one."""
    assert InverseScaling().after_epoch(0.7, 0.1, 99) == pytest.approx(0.1 / 10)
    assert InverseScaling(power_t=2).after_epoch(0.7, 0.1, 9) == pytest.approx(0.1 / 100)
    assert InverseScaling(power_t=0).after_epoch(0.7, 0.1, 9) == 0.1


def test_adaptive():
    assert Adaptive().on_plateau(0.1) == pytest.approx(0.02)
    assert Adaptive(divisor=2).on_plateau(0.1) == pytest.approx(0.05)
    assert Adaptive().on_plateau(1.1e-6) is not None
    assert Adaptive().on_plateau(1e-6) is None
    assert Adaptive(smallest=0.2).on_plateau(0.1) is None


def test_cosine():
    np.testing.assert_allclose(Cosine(final=0.1).factors(np.arange(10) / 10), TORCH_COSINE)
    assert Cosine().factors(1.0) == pytest.approx(0, abs=1e-15)


def test_one_cycle():
    schedule = OneCycle(peak_at=0.25, start=0.1, final=0.01)
    ends = schedule.factors(np.array([0, 0.125, 0.25, 0.625, 1.0]))
    np.testing.assert_allclose(ends, [0.1, 0.55, 1, 0.505, 0.01])


def test_coslog_comes_to_rest_after_every_wave():
    rests = (2.0 ** np.arange(5) - 1) / 15
    peaks = (2.0 ** (np.arange(4) + 0.5) - 1) / 15
    np.testing.assert_allclose(CosLog().factors(rests), 0, atol=1e-12)
    np.testing.assert_allclose(CosLog().factors(peaks), 1)
    np.testing.assert_allclose(
        CosLog(cycles=1).factors([0.0, 1.0, 2**0.5 - 1]), [0, 0, 1], atol=1e-12
    )


def test_flat_cosine():
    factors = FlatCosine(flat=0.6).factors(np.array([0, 0.3, 0.6, 0.8, 0.9, 1.0]))
    np.testing.assert_allclose(factors[:4], [1, 1, 1, 0.5])
    np.testing.assert_allclose(factors[4:], [(1 + np.cos(0.75 * np.pi)) / 2, 0], atol=1e-12)


def test_one_cycle_of_torch():
    factors = OneCycle(peak_at=0.2).factors(np.arange(0, 21, 2) / 20)
    np.testing.assert_allclose(factors, TORCH_ONE_CYCLE, rtol=1e-9)


@given(
    peak=st.floats(0.05, 0.95),
    start=st.floats(0, 1),
    final=st.floats(0, 1),
)
def test_one_cycle_rises_and_falls(peak, start, final):
    progress = np.linspace(0, 1, 201)
    factors = OneCycle(peak_at=peak, start=start, final=final).factors(progress)
    slopes = np.diff(factors)
    assert np.all(slopes[progress[1:] < peak] >= -1e-12)
    assert np.all(slopes[progress[:-1] >= peak] <= 1e-12)
    assert factors.max() <= 1 + 1e-12


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        (InverseScaling(power_t=-1), "power_t"),
        (Adaptive(divisor=1), "divisor"),
        (Adaptive(smallest=0), "smallest"),
        (Cosine(final=1.5), "final"),
        (OneCycle(peak_at=0), "peak_at"),
        (OneCycle(peak_at=1), "peak_at"),
        (OneCycle(start=-0.1), "start"),
        (OneCycle(final="low"), "final"),
    ],
)
def test_parameters_out_of_range(schedule, name):
    with pytest.raises(
        InvalidParameterError, match=f"'{name}' parameter of {type(schedule).__name__}"
    ):
        schedule.validate()
