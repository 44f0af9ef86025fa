"""Scorers of the user's: what the estimator that they are handed has, and that it is theirs."""

import pytest

from tests.estimators.samples import X, Y, classifier, regressor, tabular, tabular_regressor


class Recorder:
    """A scorer that notes what it sees; raises in one of its calls where asked to."""

    def __init__(self, see, fails_in=None, error=None):
        self.see, self.fails_in, self.error = see, fails_in, error
        self.seen = []

    def __call__(self, estimator, X, y):
        self.seen.append(self.see(estimator))
        if len(self.seen) == self.fails_in:
            raise self.error
        return estimator.score(X, y)


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_scorer_sees_the_epoch_that_it_scores(make, solver):
    scorer = Recorder(lambda e: (e.n_iter_, len(e.loss_curve_), e.loss_))
    net = make(solver=solver, scoring=scorer, early_stopping="auto").fit(X, Y, X_val=X, y_val=Y)
    epochs = range(1, net.n_iter_ + 1)
    assert scorer.seen == list(zip(epochs, epochs, net.loss_curve_, strict=True))


@pytest.mark.parametrize("make", [tabular, tabular_regressor])
def test_a_scorer_sees_the_epoch_of_a_member(make):
    scorer = Recorder(lambda e: (e.n_iter_, e.best_epochs_, len(e.members_[0].loss_curve)))
    make(n_members=1, scoring=scorer).fit(X, Y)
    assert scorer.seen == [(epoch, [epoch], epoch) for epoch in (1, 2, 3, 4)]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_epoch_without_a_score_does_not_count(solver):
    scorer = Recorder(lambda e: e.n_iter_, fails_in=3, error=KeyboardInterrupt)
    net = classifier(solver=solver, scoring=scorer, early_stopping="auto")
    with pytest.warns(UserWarning, match="interrupted"):
        net.fit(X, Y, X_val=X, y_val=Y)
    assert scorer.seen == [1, 2, 3]
    assert net.n_iter_ == len(net.loss_curve_) == len(net.validation_scores_) == 2
    assert net.t_ == (2 * len(X) if solver == "adam" else 0)
