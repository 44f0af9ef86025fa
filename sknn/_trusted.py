"""The types that a file of skops may hold of sknn."""

from sknn import augmentation, estimators, layers, optimizers, presets, schedules
from sknn.ensemble.members import Member
from sknn.ensemble.networks import Architecture
from sknn.inputs.table.encoder import TableEncoder
from sknn.inputs.table.features import CategoricalFeature, NumericalFeature
from sknn.teaching.neuron import McCullochPittsNeuron
from sknn.teaching.perceptron import PerceptronClassifier

#: what fit leaves on an estimator, beside arrays
FITTED = [Architecture, CategoricalFeature, Member, NumericalFeature, TableEncoder]


def trusted_types() -> list[str]:
    """Get the names of the types that a file of skops may hold of sknn: `trusted` of ``skops.io.load``.

    They are the estimators, what a user gives them (layers, optimizers, schedules, an augmentation), and what
    fit leaves on them. None of them runs code of the file when it is loaded. Types of your own, a scorer or a
    transformer, are not among them.

    Returns
    -------
    names : list of str
        Full names, sorted.

    Examples
    --------
    >>> import sknn
    >>> "sknn.estimators.mlp_classifier.MLPClassifier" in sknn.trusted_types()
    True
    """
    modules = estimators, layers, optimizers, schedules, augmentation, presets
    given = [item for module in modules for item in vars(module).values() if _is_of(item, module)]
    neurons = [McCullochPittsNeuron, PerceptronClassifier]
    return sorted({f"{cls.__module__}.{cls.__name__}" for cls in [*given, *neurons, *FITTED]})


def _is_of(item, module):
    """Whether it is a class of that module or package, not one that is imported there."""
    return isinstance(item, type) and item.__module__.startswith(module.__name__)
