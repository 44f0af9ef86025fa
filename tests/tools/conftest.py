"""What the tests with other packages share. They skip what is not installed; the extra ``tools`` brings all."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    *("scikit-learn", "pandas", "mypy", "pyright", "skops", "mlflow", "optuna", "shap", "crepes"),
    *("skrub", "imbalanced-learn", "rich", "matplotlib"),
)


def pytest_report_header():
    return "tools: " + ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "(absent)"
