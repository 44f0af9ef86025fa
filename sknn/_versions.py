"""The version, and what a bug report needs."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("sknn")
except PackageNotFoundError:  # a source tree on the path, not installed
    __version__ = "0+unknown"


def show_versions() -> None:
    """Print the versions of sknn and what it stands on, and what its engine uses here.

    Examples
    --------
    >>> import sknn
    >>> sknn.show_versions()  # doctest: +ELLIPSIS
    <BLANKLINE>
    ...
    """
    from sklearn import show_versions as show_sklearn_versions

    from sknn import engine

    show_sklearn_versions()
    print("\nsknn:")
    print(f"            version: {__version__}")
    print(f"    instruction set: {engine.LEVEL}")
    print(f"          available: {', '.join(engine.available_levels())}")
    print(f"           bfloat16: {'fast' if engine.load('float32').has_pairs() else 'slow'}")
    print(f"             OpenMP: {'yes' if engine._cpu.has_openmp() else 'no'}")
    print(f"            threads: {engine.effective_threads()}")
