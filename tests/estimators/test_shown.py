"""What a notebook and a terminal show: the diagram with its network, the summary, the lines of a fit."""

import re

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


def test_lines_of_members_are_numbered_and_whole(capsys):
    net = tabular(n_members=3, max_iter=4, n_threads=2, verbose=True).fit(X, DIGITS)
    lines = capsys.readouterr().out.splitlines()
    pattern = r"Member (\d) of 3: Iteration (\d), loss = ([\d.]+), validation score = -?[\d.]+"
    found = [re.fullmatch(pattern, line) for line in lines]
    assert all(found), lines
    for number, member in enumerate(net.estimators_, start=1):
        losses = [float(line[3]) for line in found if int(line[1]) == number]
        np.testing.assert_allclose(losses, member.loss_curve, atol=1e-8)
