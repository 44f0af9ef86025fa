"""The process of one checkout for pair.py: says where its sknn is, then answers each line with samples per second."""

import json
import sys
import time
import warnings

import images_train
import train
from _common import make_data
from _images import NETS
from sklearn.exceptions import ConvergenceWarning

import sknn
from sknn import MLPClassifier

BATCH, EPOCHS = 128, 2
#: rows of an image network and of a perceptron
N_IMAGES, N_ROWS = 1280, 4992


def prepare(net, threads, dtype):
    """An estimator and its data."""
    if net in NETS:
        X, y = NETS[net].make_data(N_IMAGES)
        parameters = images_train.parameters(BATCH, EPOCHS, threads)
        return NETS[net].estimator(dtype=dtype, **parameters), X, y
    sizes = [int(size) for size in net.split("-")]
    X, y = make_data(N_ROWS, sizes[0], sizes[-1])
    parameters = train.parameters(sizes, BATCH, EPOCHS)
    return MLPClassifier(dtype=dtype, n_threads=threads, **parameters), X, y


def main():
    """Answer until the input ends."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(sknn.__file__, flush=True)
    prepared = {}
    for line in sys.stdin:
        if line not in prepared:
            prepared[line] = prepare(**json.loads(line))
        estimator, X, y = prepared[line]
        start = time.perf_counter()
        estimator.fit(X, y)
        print(len(y) * EPOCHS / (time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
