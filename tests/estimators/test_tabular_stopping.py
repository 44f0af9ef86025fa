"""Members that are told to stop: Ctrl-C, errors, time, callbacks; what is kept, and what is as it was."""

import copy
import itertools
import pickle
import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sknn import TabularClassifier
from sknn.ensemble import members, passes
from sknn.schedules import CosLog
from tests.estimators.samples import X, Y
from tests.estimators.test_callbacks import Recorder, callback

EPOCHS = 6
SMALL = {"hidden_layer_sizes": 8, "max_iter": EPOCHS, "n_members": 2, "random_state": 0}


def classifier(**parameters):
    return TabularClassifier(**{**SMALL, **parameters})


def interrupt():
    """Ctrl-C, from whichever thread."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:  # Windows
        signal.raise_signal(signal.SIGINT)


class Score:
    """A scorer that does something when it is called for the nth time."""

    def __init__(self, number, what):
        self.number, self.what, self.lock, self.calls = number, what, threading.Lock(), 0

    def __call__(self, net, X, y):
        with self.lock:
            self.calls += 1
            mine = self.calls == self.number
        if mine:
            self.what()
        return net.score(X, y)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_what_there_is_when_interrupted_is_kept(n_threads):
    n_before = threading.active_count()
    net = classifier(n_threads=n_threads, max_iter=10**5, scoring=Score(3, interrupt))
    with pytest.warns(UserWarning, match="interrupted by user"):
        net.fit(X, Y)
    assert threading.active_count() == n_before
    assert 1 <= net.n_iter_ < 10**4
    assert len(net.estimators_) == len(net.best_epochs_) <= n_threads
    assert net.predict_proba(X).shape == (len(X), 3)


@pytest.mark.parametrize(
    ("owner", "name"), [(ThreadPoolExecutor, "submit"), (threading.Thread, "start")]
)
def test_interrupted_while_helpers_begin(monkeypatch, owner, name):
    """Ctrl-C reaches the calling thread before it, or the pool, knows that its helper works."""
    begin = getattr(owner, name)

    def interrupted(*arguments):
        begin(*arguments)
        begun.wait(60)
        raise KeyboardInterrupt

    begun = threading.Event()
    monkeypatch.setattr(owner, name, interrupted)
    net = classifier(n_threads=2, n_thresholds=0, max_iter=10**5, scoring=Score(2, begun.set))
    with pytest.warns(UserWarning, match="interrupted by user"):
        net.fit(X, Y)
    assert len(net.estimators_) == 1
    assert 1 <= net.n_iter_ < 10**5


def test_interrupted_while_it_waits_for_others():
    """The calling thread's member is done; the other one, which is slow, is told to end."""
    begun, done = threading.Event(), threading.Event()

    def score(net, X, y):
        if threading.current_thread() is threading.main_thread():
            begun.wait(60)
            score.calls += 1
            if score.calls == EPOCHS:
                done.set()
            return net.score(X, y)
        begun.set()
        if done.wait(60):
            time.sleep(0.3)  # until it waits, or until it has heard
            if not score.interrupted:
                score.interrupted = True
                interrupt()
        return net.score(X, y)

    score.calls, score.interrupted = 0, False
    with pytest.warns(UserWarning, match="interrupted by user"):
        net = classifier(n_threads=2, scoring=score).fit(X, Y)
    assert min(member.n_epochs for member in net.estimators_) < EPOCHS


@pytest.mark.parametrize("n_threads", [1, 2])
def test_interrupted_before_the_first_epoch(monkeypatch, n_threads):
    net = classifier(n_threads=n_threads).fit(X, Y)
    before = net.predict_proba(X)

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(members, "initial_weights", stopped)
    with pytest.raises(KeyboardInterrupt):
        net.fit(X[:, :3], Y)
    np.testing.assert_array_equal(net.predict_proba(X), before)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("number", [1, EPOCHS + 1, 2 * EPOCHS])
def test_an_error_in_any_member_leaves_everything_as_it_was(n_threads, number):
    def fail():
        raise RuntimeError("no score")

    net = classifier(n_threads=n_threads).fit(X, Y)
    before, state = net.predict_proba(X), set(vars(net))
    with pytest.raises(RuntimeError, match="no score"):
        net.set_params(scoring=Score(number, fail)).fit(X[:, :3], Y)
    assert set(vars(net)) == state
    np.testing.assert_array_equal(net.predict_proba(X), before)
    fresh = classifier(n_threads=n_threads, scoring=Score(number, fail))
    with pytest.raises(RuntimeError, match="no score"):
        fresh.fit(X, Y)
    assert not [name for name in vars(fresh) if name.endswith("_")]


def test_max_time_is_for_all_members_together():
    net = classifier(max_iter=10**6, n_members=3, n_threads=1, max_time=0.6)
    begin = time.monotonic()
    with pytest.warns(ConvergenceWarning, match="stopped after max_time"):
        net.fit(X, Y)
    assert time.monotonic() - begin < 6
    assert len(net.estimators_) == 3


def test_a_refit_has_the_time_that_is_left():
    late = Score(2 * EPOCHS, lambda: time.sleep(1))
    net = classifier(refit=True, n_threads=1, max_time=0.9, scoring=late, learning_rate="cosine")
    with pytest.warns(ConvergenceWarning, match="The refit stopped early"):
        net.fit(X, Y)
    assert [member.n_epochs for member in net.estimators_] == [EPOCHS] * 2
    assert net.estimators_[0].held_out is not None
    assert net.predict_proba(X).shape == (len(X), 3)


# ---- partial_fit ---------------------------------------------------------------------------------


def broken(number, what):
    """MemberPass.run that does something after the nth member's pass."""
    run, lock, calls = passes.MemberPass.run, threading.Lock(), []

    def run_and_break(self):
        member = run(self)
        with lock:
            calls.append(1)
            mine = len(calls) == number
        if mine:
            what()
        return member

    return run_and_break


def fail():
    raise RuntimeError("no member")


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("what", "error"), [(fail, RuntimeError), (interrupt, KeyboardInterrupt)], ids=["fail", "^C"]
)
def test_a_call_that_fails_changes_nothing(monkeypatch, n_threads, number, what, error):
    net = classifier(n_threads=n_threads).partial_fit(X, Y, classes=[0, 1, 2])
    state, wanted = pickle.dumps(net), copy.deepcopy(net).partial_fit(X, Y)
    with monkeypatch.context() as context:
        context.setattr(passes.MemberPass, "run", broken(number, what))
        with pytest.raises(error):
            net.partial_fit(X[:, ::-1], Y)
            threading.Event().wait(5)  # Ctrl-C from another thread may come late
    assert pickle.dumps(net) == state
    assert pickle.dumps(net.partial_fit(X, Y)) == pickle.dumps(wanted)
    fresh = classifier(n_threads=n_threads)
    monkeypatch.setattr(passes.MemberPass, "run", broken(number, fail))
    with pytest.raises(RuntimeError):
        fresh.partial_fit(X, Y, classes=[0, 1, 2])
    assert not [name for name in vars(fresh) if name.endswith("_")]


# ---- callbacks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 2])
def test_every_epoch_of_every_member_is_told(n_threads):
    recorder = Recorder()
    net = classifier(n_threads=n_threads).set_callbacks(recorder).fit(X, Y)
    assert len(recorder.scores) == sum(member.n_epochs for member in net.estimators_) == 2 * EPOCHS
    assert recorder.ended


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_callback_may_stop(n_threads):
    net = classifier(n_threads=n_threads, max_iter=10**5, refit=True)
    net.set_callbacks(Recorder(stop_after=4)).fit(X, Y)
    assert net.n_iter_ < 10**4
    assert net.estimators_[0].held_out is not None  # nothing is begun anew


def test_scikit_learns_own_callbacks():
    monitor = callback.ScoringMonitor(scoring="accuracy")
    net = classifier(n_threads=2).set_callbacks(monitor, callback.ProgressBar()).fit(X, Y)
    logs = monitor.get_logs(select="most_recent")
    assert sum(row["task_name"] == "epoch" for row in logs.data) == 2 * EPOCHS
    assert len(net.estimators_) == 2


def test_an_earlier_fit_leaves_no_temperature_and_no_predictions_behind():
    """The estimator that a scorer sees has not been calibrated yet."""
    seen = []

    def scorer(estimator, X, y):
        seen.append(estimator.temperature_)
        return estimator.score(X, y)

    net = classifier(store_oof_predictions=True).fit(X, Y)
    assert net.temperature_ != 1
    net.set_params(store_oof_predictions=False, scoring=scorer).fit(X, Y)
    assert set(seen) == {1.0}
    assert not hasattr(net, "oof_predictions_")


# ---- as long as it pays ----------------------------------------------------------------------------


def falling_after(best):
    """A scorer of epochs: the first ones rise up to epoch `best`, later ones fall."""
    calls = itertools.count(1)
    return lambda estimator, X, y: -abs(next(calls) - best)


@pytest.mark.parametrize(
    ("best", "n_epochs"), [(2, 14), (6, 14), (7, 30), (14, 30), (15, 30), (30, 30)]
)
def test_a_member_stops_after_a_cycle_that_brought_nothing(best, n_epochs):
    net = classifier(n_members=1, max_iter=30, scoring=falling_after(best)).fit(X, Y)
    assert net.n_iter_ == n_epochs  # cycles of 2, 4, 8 and 16 epochs
    assert net.best_epochs_ == [best]
    assert len(net.validation_scores_[0]) == n_epochs


def test_more_cycles_stop_later_and_other_schedules_not_at_all():
    def epochs(schedule, best):
        net = classifier(n_members=1, max_iter=62, scoring=falling_after(best))
        return net.set_params(learning_rate=schedule).fit(X, Y).n_iter_

    assert [epochs(CosLog(5), best) for best in (6, 7, 14, 15, 30, 31)] == [14, 30, 30, 62, 62, 62]
    assert epochs("cosine", 1) == 62


def test_a_stopped_member_is_refitted_and_gives_no_warning():
    net = classifier(n_members=2, max_iter=30, refit=True, scoring=falling_after(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, Y)
    assert all(member.held_out is None for member in net.estimators_)
