"""The data sets and the models that `forest.py` compares, a line for each."""

import importlib.util
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import sknn
from sknn import CNNClassifier, MLPClassifier, MLPRegressor

BUNDLED = ("iris", "wine", "breast_cancer", "diabetes")
CLASSIFICATION = ("titanic", "vehicle", "credit_g", "segment", "splice", "hypothyroid", "spambase")
CLASSIFICATION += ("page_blocks", "telco_churn", "higgs_7500", "magic", "letter", "adult")
REGRESSION = ("concrete", "abalone", "kin8nm", "cpu_act", "bike_sharing", "california_housing")
REGRESSION += ("diamonds",)
IMAGES = {"digits": (8, 8), "mnist": (28, 28), "cifar10_jpeg": (32, 32, 3)}
#: a class with fewer rows cannot be in every fold and in every part of it
SMALLEST_CLASS = 10


@dataclass(frozen=True)
class Table:
    """One loaded data set: a DataFrame, or images as flat rows."""

    name: str
    X: pd.DataFrame | np.ndarray
    y: np.ndarray
    is_regression: bool
    image_shape: tuple | None = None

    @property
    def kind(self):
        """What the models' recipes are made for."""
        if self.image_shape:
            return "images"
        is_mixed = bool(self.categories) or self.X.isna().any(axis=None)
        target = "numbers" if self.is_regression else "classes"
        return f"{target} from a table" if is_mixed else f"{target} from numbers"

    @property
    def categories(self):
        """Names of the columns of categories."""
        return list(self.X.select_dtypes("category"))

    @property
    def numbers(self):
        """Names of the columns of numbers."""
        return list(self.X.select_dtypes("number"))


# ---- what a user writes ----------------------------------------------------------------------------


def forest_classes(data, seed):
    """Numbers or pixels as they are."""
    return RandomForestClassifier(random_state=seed)


def forest_numbers(data, seed):
    """Numbers as they are."""
    return RandomForestRegressor(random_state=seed)


def forest_classes_from_table(data, seed):
    """Categories as codes; missing numbers stay, a forest splits on them."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((codes, data.categories), remainder="passthrough")
    return make_pipeline(columns, RandomForestClassifier(random_state=seed))


def forest_numbers_from_table(data, seed):
    """The same for numbers as targets."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((codes, data.categories), remainder="passthrough")
    return make_pipeline(columns, RandomForestRegressor(random_state=seed))


def mlp_classes(data, seed):
    """Numbers or pixels on one scale."""
    return make_pipeline(StandardScaler(), MLPClassifier(n_threads=1, random_state=seed))


def mlp_numbers(data, seed):
    """Numbers on one scale, the target too."""
    net = make_pipeline(StandardScaler(), MLPRegressor(n_threads=1, random_state=seed))
    return TransformedTargetRegressor(net, transformer=StandardScaler())


def mlp_classes_from_table(data, seed):
    """Categories as indicators, numbers without gaps and on one scale."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    indicators = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((numbers, data.numbers), (indicators, data.categories))
    return make_pipeline(columns, MLPClassifier(n_threads=1, random_state=seed))


def mlp_numbers_from_table(data, seed):
    """The same, with the target on one scale, too."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    indicators = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((numbers, data.numbers), (indicators, data.categories))
    net = make_pipeline(columns, MLPRegressor(n_threads=1, random_state=seed))
    return TransformedTargetRegressor(net, transformer=StandardScaler())


def cnn_images(data, seed):
    """Flat rows of pixels, and their shape."""
    return CNNClassifier(image_shape=data.image_shape, n_threads=1, random_state=seed)


def tabular_classes(data, seed):
    """The table as it is."""
    return sknn.TabularClassifier(n_threads=1, random_state=seed)


def tabular_numbers(data, seed):
    """The table as it is."""
    return sknn.TabularRegressor(n_threads=1, random_state=seed)


@dataclass(frozen=True)
class Model:
    """One column of the comparison: a label, and what a user writes for each kind of data."""

    label: str
    recipes: dict[str, Callable]

    def fits(self, data):
        """Tell whether there is a recipe for the data."""
        return data.kind in self.recipes

    def make(self, data, seed):
        """Make a new estimator."""
        return self.recipes[data.kind](data, seed)

    def lines(self, data):
        """Count the statements of the recipe, one a line."""
        source = inspect.getsource(self.recipes[data.kind])
        return len(source.strip().splitlines()) - 2  # its name and its docstring


MODELS = [
    Model(
        "random forest",
        {
            "images": forest_classes,
            "classes from numbers": forest_classes,
            "numbers from numbers": forest_numbers,
            "classes from a table": forest_classes_from_table,
            "numbers from a table": forest_numbers_from_table,
        },
    ),
    Model(
        "sknn MLP",
        {
            "images": mlp_classes,
            "classes from numbers": mlp_classes,
            "numbers from numbers": mlp_numbers,
            "classes from a table": mlp_classes_from_table,
            "numbers from a table": mlp_numbers_from_table,
        },
    ),
    Model("sknn CNN", {"images": cnn_images}),
]
if hasattr(sknn, "TabularClassifier"):
    MODELS.append(
        Model(
            "sknn tabular",
            {
                "classes from numbers": tabular_classes,
                "numbers from numbers": tabular_numbers,
                "classes from a table": tabular_classes,
                "numbers from a table": tabular_numbers,
            },
        )
    )


# ---- the data --------------------------------------------------------------------------------------


def names():
    """All data sets that are at hand: those of scikit-learn, and those of SKNN_DATA."""
    if "SKNN_DATA" in os.environ:
        return [*BUNDLED, *CLASSIFICATION, *REGRESSION, *IMAGES]
    return [*BUNDLED, "digits"]


def load(name, n_rows):
    """Load at most so many rows, every class in its share."""
    if name in BUNDLED:
        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        data = Table(name, bunch.data, bunch.target.to_numpy(), name == "diabetes")
    elif name in IMAGES:
        data = Table(name, *_images(name), False, IMAGES[name])
    else:
        data = Table(name, *_table(name), name in REGRESSION)
    return data if data.is_regression and len(data.y) <= n_rows else _limited(data, n_rows)


def _limited(data, n_rows):
    """Leave out classes that are too small, and rows beyond the limit."""
    rows, classes = np.arange(len(data.y)), None
    if not data.is_regression:
        _, numbers, counts = np.unique(data.y, return_inverse=True, return_counts=True)
        rows = rows[counts[numbers] >= SMALLEST_CLASS]
        classes = data.y[rows]
    if len(rows) > n_rows:
        rows, _ = train_test_split(rows, train_size=n_rows, stratify=classes, random_state=0)
    X = data.X.iloc[rows] if hasattr(data.X, "iloc") else data.X[rows]
    return Table(data.name, X, data.y[rows], data.is_regression, data.image_shape)


def _images(name):
    """Flat rows of pixels, and classes."""
    if name == "digits":
        return datasets.load_digits(return_X_y=True)
    X, y, *_ = _reader().load_images(name)
    return X.reshape(len(X), -1), y


def _table(name):
    """A DataFrame, and the target; columns with words become categories."""
    columns, X, y = _reader().load_table(name)
    frame = pd.DataFrame(X, columns=columns)
    for column in columns:
        words = frame[column].map(lambda value: isinstance(value, str)).any()
        frame[column] = frame[column].astype("category" if words else float)
    return frame, y


def _reader():
    """The module that reads the folder that SKNN_DATA names."""
    spec = importlib.util.spec_from_file_location("load", Path(os.environ["SKNN_DATA"]) / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
