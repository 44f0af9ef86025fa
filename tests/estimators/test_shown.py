"""What a notebook and a terminal show: the diagram with its network, the summary, the lines of a fit."""

import re
import sys

import numpy as np
import pytest
import sklearn

from tests.estimators.samples import DIGITS, IMAGES, classifier, cnn, tabular

X = IMAGES[:, 0, :5]


def shown(estimator):
    """What Jupyter shows; both ways to it are the same."""
    html = estimator._repr_mimebundle_()["text/html"]
    with sklearn.config_context(display="diagram"):
        assert "<details>" in html or "<details>" not in estimator._repr_html_()
    return html


@pytest.mark.parametrize(
    ("net", "data"),
    [
        (classifier(max_iter=1), X),
        (cnn(max_iter=1), IMAGES),
        (tabular(n_members=2, max_iter=1), X),
    ],
    ids=["mlp", "cnn", "tabular"],
)
def test_the_diagram_shows_the_network_of_a_fitted_estimator(net, data):
    assert "output shape" not in shown(net)
    html = shown(net.fit(data, DIGITS))
    assert "output shape" in html
    assert re.search(r"<summary>.*[\d,]+ parameters in \d+ layers</summary>", html)
    assert html.count("<details>") == html.count("</details>")


def test_kinds_of_members_are_told_apart():
    net = tabular(n_members=3, max_iter=1).fit(X, DIGITS)
    counts = re.findall(r"<summary>(\d+) networks? of", shown(net))
    assert sum(map(int, counts)) == 3


def test_no_html_where_text_is_asked_for():
    with sklearn.config_context(display="text"):
        assert list(classifier(max_iter=1).fit(X, DIGITS)._repr_mimebundle_()) == ["text/plain"]


def test_a_summary_is_its_table():
    summary = classifier(max_iter=1).fit(X, DIGITS).summary()
    assert repr(summary) == str(summary)
    assert repr(summary).splitlines()[0].split()[:2] == ["layer", "output"]
    html = summary._repr_html_()
    assert html.count("<tr>") == len(summary.rows) + 3
    assert f"{summary.n_parameters:,}" in html


class Recorded:
    """A bar that keeps what it is told."""

    made: list = []

    def __init__(self, total, unit, delay):
        self.total, self.n, self.values, self.closed = total, 0, {}, 0
        self.made.append(self)

    def set_postfix(self, values, refresh):
        self.values = values

    def update(self):
        assert not self.closed
        self.n += 1

    def close(self):
        assert self.n == self.total
        self.closed += 1


@pytest.fixture
def bars(monkeypatch):
    Recorded.made = []
    monkeypatch.setattr("sknn.training.progress._tqdm", lambda: Recorded)
    return Recorded.made


def test_one_bar_counts_the_epochs_of_all_members(bars, capsys):
    net = tabular(n_members=3, max_iter=4, n_threads=2, verbose=1, refit=True).fit(X, DIGITS)
    assert len(bars) == 2  # the second is of the refit
    assert [bar.closed for bar in bars] == [1, 1]
    assert bars[0].n == 12
    assert bars[0].values.keys() == {"loss", "score"}
    assert bars[1].n == sum(member.n_epochs for member in net.estimators_)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_bar_ends_where_training_stops_early(bars, solver):
    net = classifier(verbose=True, solver=solver, max_iter=9, tol=10, n_iter_no_change=2)
    net.fit(X, DIGITS)
    (bar,) = bars
    assert bar.n == net.n_iter_ < 9
    assert bar.closed


def test_a_bar_is_closed_when_a_fit_fails(bars):
    net = classifier(verbose=True, max_iter=9, early_stopping=True, scoring=lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        net.fit(X, DIGITS)
    assert bars[0].closed


def test_no_bar_for_a_single_epoch(bars, capsys):
    classifier(verbose=True).partial_fit(X, DIGITS, classes=np.unique(DIGITS))
    assert not bars
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")


def test_bar_of_tqdm(capsys, monkeypatch):
    monkeypatch.setattr("sknn.training.progress.DELAY", 0)
    classifier(verbose=True, max_iter=5).fit(X, DIGITS)
    assert "5/5" in capsys.readouterr().err


def test_lines_where_tqdm_is_not_installed(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    classifier(verbose=True, max_iter=3).fit(X, DIGITS)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_lines_of_members_are_numbered_and_whole(capsys):
    net = tabular(n_members=3, max_iter=4, n_threads=2, verbose=2).fit(X, DIGITS)
    lines = capsys.readouterr().out.splitlines()
    pattern = r"Member (\d) of 3: Iteration (\d), loss = ([\d.]+), validation score = -?[\d.]+"
    found = [re.fullmatch(pattern, line) for line in lines]
    assert all(found), lines
    for number, member in enumerate(net.estimators_, start=1):
        losses = [float(line[3]) for line in found if int(line[1]) == number]
        np.testing.assert_allclose(losses, member.loss_curve, atol=1e-8)
