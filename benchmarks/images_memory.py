"""Memory: a fit on 50,000 x 32 x 32 x 3 uint8 images needs at most 100 MB beside the pixels.

``CNNClassifier(layers=SimpleCNN(), max_iter=1).fit`` on random pixels, which are loaded into memory as a
user's would be. It runs in a process of its own that is watched as in memory.py. The claim is about the
fit's own memory: the highest *RssAnon* (with RssShmem) during the fit less what there was before it. (The
interpreter with scikit-learn imported takes more than 100 MB by itself; the table shows that too.) A copy of
the pixels, whole or in part, as floats or as bytes, would show.
"""

import sys
from pathlib import Path

import numpy as np
from _common import finish, parse_arguments
from memory import fit_when_told, judged, watch_on

SHAPE, N_CLASSES = (32, 32, 3), 10


def write_images(folder, n):
    """Write X.npy and y.npy; returns the size of the pixels in bytes."""
    rng = np.random.default_rng(0)
    X = rng.integers(256, size=(n, *SHAPE), dtype=np.uint8)
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", rng.integers(N_CLASSES, size=n))
    return X.nbytes


def child(folder):
    """Load the images and fit."""
    from sknn import CNNClassifier
    from sknn.presets import SimpleCNN

    X, y = (np.load(Path(folder) / name) for name in ("X.npy", "y.npy"))
    fit_when_told(CNNClassifier(layers=SimpleCNN(), max_iter=1, random_state=0), X, y)


def main():
    """Write the images, watch a fit on them."""
    options = parse_arguments(__doc__)
    n = 10_000 if options.quick else 50_000
    pixels, before, peak, seconds = watch_on(__file__, write_images, n)
    highest = peak["RssAnon"] + peak["RssShmem"]
    rows = [
        {"what": "pixels", "MB": pixels},
        {"what": "before the fit, beside the pixels", "MB": before["RssAnon"] - pixels},
        {"what": "during the fit, peak, beside the pixels", "MB": highest - pixels},
        {"what": "of which the fit's own", "MB": highest - before["RssAnon"]},
        {"what": "VmHWM less the pixels (includes library code)", "MB": peak["VmHWM"] - pixels},
    ]
    finish(options, __file__, judged(rows, seconds, "peak of the fit alone", 3, 100), rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
