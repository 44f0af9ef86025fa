"""What ``python -m sknn`` runs: sknn beside scikit-learn's estimators on its bundled data.

``registry`` says what is compared (a line per data set and per model), ``measure`` takes the
figures, ``table`` and ``figure`` show them. Nothing else in sknn imports this package.
"""
