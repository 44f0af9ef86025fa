"""Warnings that name a line of the user's program, however deep below it they arise."""

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn

#: folders whose frames stand between a warning and the line that it is about
LIBRARIES = tuple(
    str(folder) + os.sep
    for folder in (
        Path(__file__).parent,
        Path(sklearn.__file__).parent,
        Path(joblib.__file__).parent,
    )
)


def warn(message, category=UserWarning):
    """Warn about the innermost line outside of this package, scikit-learn and joblib."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(LIBRARIES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
