"""The sets, splits and models of ``tables.py``, and one measurement: a process of its own.

    python _tables.py '{"data": "adult", "split": 0, "model": "forest"}'

prints the figures as JSON. It imports only what the model needs, so that it runs in whichever
environment has that; ``tables.py`` asks for one after the other.
"""

import functools
import importlib.util
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import fetch_openml
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

MAX_ROWS = 10_000

# set -> (name in OpenML, version, whether the target is a number)
SETS = {
    "adult": ("adult", 2, False),
    "telco_churn": ("telco-customer-churn", 1, False),
    "credit_g": ("credit-g", 1, False),
    "letter": ("letter", 1, False),
    "spambase": ("spambase", 1, False),
    "magic": ("MagicTelescope", 1, False),
    "splice": ("splice", 1, False),
    "segment": ("segment", 1, False),
    "page_blocks": ("page-blocks", 1, False),
    "higgs_7500": ("higgs", 2, False),
    "titanic": ("titanic", 1, False),
    "vehicle": ("vehicle", 1, False),
    "hypothyroid": ("hypothyroid", 1, False),
    "california_housing": ("california_housing", 1, True),
    "abalone": ("abalone", 1, True),
    "concrete": ("Concrete_Data", 1, True),
    "kin8nm": ("kin8nm", 1, True),
    "bike_sharing": ("Bike_Sharing_Demand", 2, True),
    "diamonds": ("diamonds", 1, True),
    "cpu_act": ("cpu_act", 1, True),
}


def load(name):
    """A set as (frame, target): strings are categories, numbers may be missing."""
    openml, version, is_regression = SETS[name]
    folder = os.environ.get("SKNN_DATA")
    if folder is None:
        bunch = fetch_openml(openml, version=version, as_frame=True, parser="auto")
        X, y = bunch.data, bunch.target.to_numpy()
    else:
        spec = importlib.util.spec_from_file_location("load", Path(folder) / "load.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        columns, values, y = module.load_table(name)
        X = pd.DataFrame(values, columns=columns).infer_objects()
    for column in X.columns:
        if not pd.api.types.is_numeric_dtype(X[column].dtype):
            X[column] = X[column].astype("category")
        else:
            X[column] = X[column].astype(np.float64)
    return X, y.astype(np.float64) if is_regression else y.astype(str)


def split(name, number, all_rows=False):
    """(X_train, X_test, y_train, y_test): at most MAX_ROWS rows or all, a quarter of them to test."""
    X, y = load(name)
    if len(X) > MAX_ROWS and not all_rows:
        rows = np.random.default_rng(number).choice(len(X), MAX_ROWS, replace=False)
        X, y = X.iloc[rows], y[rows]
    return train_test_split(X, y, test_size=0.25, random_state=number)


# ---- models: functions of (is_regression, names of the categorical columns, seed) ----------------


def forest(is_regression, categorical, seed):
    """A random forest on ordinal codes and medians."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    model = RandomForestRegressor if is_regression else RandomForestClassifier
    return _on_codes(categorical, model(n_jobs=2, random_state=seed))


def _on_codes(categorical, model):
    """A pipeline: ordinal codes of categories and medians of missing numbers, then the model."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1
    )
    prepare = make_column_transformer(
        (codes, categorical), remainder=SimpleImputer(strategy="median")
    )
    return make_pipeline(prepare, model)


def boosting(is_regression, categorical, seed):
    """scikit-learn's gradient boosting; it sees the categories by their dtype."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    return model(random_state=seed)


def xgboost(is_regression, categorical, seed):
    """XGBoost with its own handling of categories."""
    from xgboost import XGBClassifier, XGBRegressor

    model = XGBRegressor if is_regression else XGBClassifier
    return _Coded(model(enable_categorical=True, random_state=seed), is_regression)


def lightgbm(is_regression, categorical, seed):
    """LightGBM; it sees the categories by their dtype."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    model = LGBMRegressor if is_regression else LGBMClassifier
    return model(random_state=seed, verbose=-1)


def catboost(is_regression, categorical, seed):
    """CatBoost, told which columns are categories; a missing one is a category."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    model = CatBoostRegressor if is_regression else CatBoostClassifier
    model = model(cat_features=categorical, random_seed=seed, verbose=0, allow_writing_files=False)
    return _Strings(model, categorical)


def realmlp(is_regression, categorical, seed):
    """RealMLP-TD of pytabkit."""
    return _pytabkit("RealMLP_TD", is_regression, seed)


def tabm(is_regression, categorical, seed):
    """TabM-D of pytabkit: 32 networks that share most of their weights."""
    return _pytabkit("TabM_D", is_regression, seed)


def _pytabkit(name, is_regression, seed):
    """A PyTorch network on the processor; medians for missing numbers, which it refuses."""
    import pytabkit

    model = getattr(pytabkit, f"{name}_{'Regressor' if is_regression else 'Classifier'}")
    threads = os.environ.get("OMP_NUM_THREADS")  # which it would not look at
    threads = None if threads is None else int(threads)
    return _Medians(model(device="cpu", random_state=seed, n_threads=threads))


def tabular(is_regression, categorical, seed, **parameters):
    """sknn's estimator of tables."""
    from sknn import TabularClassifier, TabularRegressor

    if parameters.get("scoring") == "last epoch":
        parameters["scoring"] = LastEpoch()
    model = TabularRegressor if is_regression else TabularClassifier
    return model(random_state=seed, **parameters)


def with_trees(is_regression, categorical, seed):
    """The mean of sknn's estimator and of extra trees, by scikit-learn."""
    from sklearn import ensemble

    trees = ensemble.ExtraTreesRegressor if is_regression else ensemble.ExtraTreesClassifier
    models = [
        ("networks", tabular(is_regression, categorical, seed)),
        ("trees", _on_codes(categorical, trees(300, min_samples_leaf=2, random_state=seed))),
    ]
    if is_regression:
        return ensemble.VotingRegressor(models)
    return ensemble.VotingClassifier(models, voting="soft")


def with_weighted_trees(is_regression, categorical, seed):
    """The same with the weight that is best for out-of-fold predictions of both."""
    from sklearn import ensemble

    trees = ensemble.ExtraTreesRegressor if is_regression else ensemble.ExtraTreesClassifier
    options = {"min_samples_leaf": 2, "bootstrap": True, "oob_score": True, "random_state": seed}
    networks = tabular(is_regression, categorical, seed, store_oof_predictions=True)
    return _WeightedTrees(networks, _on_codes(categorical, trees(300, **options)), is_regression)


class _WeightedTrees:
    """Networks and trees; trees see other samples than those that they are weighed by, too: out of bag."""

    def __init__(self, networks, trees, is_regression):
        self.networks, self.trees, self.is_regression = networks, trees, is_regression

    def fit(self, X, y):
        from scipy.optimize import minimize_scalar

        self.networks.fit(X, y)
        self.trees.fit(X, y)
        forest = self.trees[-1]
        if self.is_regression:
            pair, loss = (self.networks.oof_predictions_, forest.oob_prediction_), squared_error
        else:
            self.classes_ = self.networks.classes_
            pair = self.networks.oof_predictions_, forest.oob_decision_function_
            loss = functools.partial(log_loss, labels=self.classes_)
        known = np.all([np.isfinite(one).reshape(len(y), -1).all(axis=1) for one in pair], axis=0)
        nets, trees = (np.asarray(one)[known] for one in pair)
        self.weight = minimize_scalar(
            lambda w: loss(y[known], (1 - w) * nets + w * trees), bounds=(0, 1), method="bounded"
        ).x
        return self

    def _mean(self, name, X):
        nets, trees = (getattr(one, name)(X) for one in (self.networks, self.trees))
        return (1 - self.weight) * nets + self.weight * trees

    def predict_proba(self, X):
        return self._mean("predict_proba", X)

    def predict(self, X):
        if self.is_regression:
            return self._mean("predict", X)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def squared_error(y, predicted):
    """Mean squared error."""
    return np.mean((y - predicted) ** 2)


class LastEpoch:
    """A scorer for which every epoch is better than those before."""

    def __init__(self):
        self.calls = 0

    def __call__(self, estimator, X, y):
        self.calls += 1
        return self.calls


class _Adapter:
    """A model, and what is done to its table first."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        self.model.fit(self.prepare(X), y)
        self.classes_ = getattr(self.model, "classes_", None)
        return self

    def predict(self, X):
        return np.asarray(self.model.predict(self.prepare(X))).ravel()

    def predict_proba(self, X):
        return self.model.predict_proba(self.prepare(X))


class _Strings(_Adapter):
    def __init__(self, model, categorical):
        super().__init__(model)
        self.categorical = categorical

    def prepare(self, X):
        X = X.copy()
        for column in self.categorical:
            X[column] = X[column].astype(object).where(X[column].notna(), "missing").astype(str)
        return X


class _Medians(_Adapter):
    def fit(self, X, y):
        self.medians = X.median(numeric_only=True)
        return super().fit(X, y)

    def prepare(self, X):
        return X.fillna(self.medians)


class _Coded(_Adapter):
    """For models that take classes as numbers from 0 on."""

    def __init__(self, model, is_regression):
        super().__init__(model)
        self.is_regression = is_regression

    def prepare(self, X):
        return X

    def fit(self, X, y):
        if self.is_regression:
            return super().fit(X, y)
        classes, codes = np.unique(y, return_inverse=True)
        super().fit(X, codes)
        self.classes_ = classes
        return self

    def predict(self, X):
        found = super().predict(X)
        return found if self.is_regression else self.classes_[found.astype(int)]


MODELS = {
    "forest": forest,
    "boosting": boosting,
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "realmlp": realmlp,
    "tabm": tabm,
    "sknn": tabular,
    "sknn fast": functools.partial(tabular, effort="fast"),
    "sknn best": functools.partial(tabular, effort="best"),
    "sknn and trees": with_trees,
    "sknn and weighted trees": with_weighted_trees,
}


# ---- one measurement -----------------------------------------------------------------------------


def cpu_seconds():
    """Processor time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(function):
    """(result, seconds, processor seconds)."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    result = function()
    return result, time.perf_counter() - wall, cpu_seconds() - cpu


def scores_of_classes(model, X, y):
    """Error, log-loss and (for two classes) AUC; a class that was not in training has p = 0."""
    proba, labels = model.predict_proba(X), np.asarray(model.predict(X))
    classes = np.union1d(np.asarray(model.classes_).astype(str), y)
    full = np.zeros((len(y), len(classes)))
    full[:, np.searchsorted(classes, np.asarray(model.classes_).astype(str))] = proba
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows that do not quite sum to 1 in float32
        loss = log_loss(y, full, labels=classes)
    auc = roc_auc_score(y == classes[1], full[:, 1]) if len(classes) == 2 else None
    return {"error": 1 - accuracy_score(y, labels.astype(str)), "log_loss": loss, "auc": auc}


def measure(data, split_number, model, parameters, all_rows=False):
    """All figures of one fit."""
    X_train, X_test, y_train, y_test = split(data, split_number, all_rows)
    is_regression = SETS[data][2]
    categorical = [c for c in X_train.columns if X_train[c].dtype == "category"]
    make = MODELS[model]
    estimator = make(is_regression, categorical, split_number, **parameters)
    _, fit_seconds, fit_cpu = timed(lambda: estimator.fit(X_train, y_train))
    predicted, predict_seconds, _ = timed(lambda: estimator.predict(X_test))
    if is_regression:
        rmse = float(np.sqrt(np.mean((np.asarray(predicted).ravel() - y_test) ** 2)))
        scores = {"error": rmse / float(np.std(y_test))}
    else:
        scores = scores_of_classes(estimator, X_test, y_test)
    return {
        **scores,
        "train_rows": len(X_train),
        "fit_seconds": fit_seconds,
        "fit_cpu": fit_cpu,
        "predict_seconds": predict_seconds,
    }


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    try:
        answer = measure(
            request["data"],
            request["split"],
            request["model"],
            request.get("parameters", {}),
            request.get("all_rows", False),
        )
    except ImportError as error:
        answer = {"absent": str(error)}
    print("\n" + json.dumps(answer))
