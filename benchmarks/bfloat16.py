"""Mixed precision beside sknn's own float32 (goal 1.6x) and PyTorch's best (2x): samples per second of training.

Two perceptrons, the 32-64-64 network and an MLP-Mixer, batches of 128 rows, 1 and 2 threads, Adam. sknn with
``dtype="mixed_bfloat16"`` beside its own float32, and PyTorch in float32 and with bfloat16 autocast, eager and
compiled, images channels-last. Measured as in train.py and images_train.py. What accuracy it costs is in
bfloat16_accuracy.py.

It needs a processor with AVX512_BF16 (Cooper Lake, Sapphire Rapids, Zen 4 or newer): others multiply the same rounded
factors as float32, which is slower, and there is nothing to compare.
"""

import functools
import sys
import warnings

import images_train
import train
from _common import Goals, finish, make_data, parse_arguments, timed
from _images import NETS
from _torch import Torch, perceptron
from _training import compare, show
from sklearn.exceptions import ConvergenceWarning

from sknn import MLPClassifier, engine

PERCEPTRONS = {"784-100-10": [784, 100, 10], "784-512-512-10": [784, 512, 512, 10]}
IMAGES = ("32-64-64", "MLP-Mixer")
BATCH = 128
ROWS = {"perceptron": 9984, "images": 2560}
#: what the gain is to reach
GAINS = {"784-512-512-10": 1.6, "32-64-64": 1.6}
VARIANTS = {
    f"torch {'compiled' if compiled else 'eager'}{' bf16' if autocast else ''}": {
        "compiled": compiled,
        "autocast": autocast,
        "channels_last": True,
    }
    for autocast in (False, True)
    for compiled in (False, True)
}
PEERS = {"float32": ("sknn float32",), "torch": tuple(VARIANTS)}


def case(name):
    """(data, maker of the estimator from epochs, threads and dtype, PyTorch's description)."""
    if name in PERCEPTRONS:
        layers = PERCEPTRONS[name]
        data = make_data(ROWS["perceptron"], layers[0], layers[-1])

        def estimator(epochs, threads, dtype):
            shared = train.parameters(layers, BATCH, epochs)
            return MLPClassifier(**shared, n_threads=threads, dtype=dtype)

        return data, estimator, perceptron(layers)
    net = NETS[name]

    def of_images(epochs, threads, dtype):
        return net.estimator(**images_train.parameters(BATCH, epochs, threads), dtype=dtype)

    return net.make_data(ROWS["images"]), of_images, net.description()


def compare_net(name, torch, quick):
    """Time one network; returns one row for each thread count."""
    (X, y), estimator, description = case(name)
    files = {"X": torch.save("X", X), "y": torch.save("y", y)} if torch else {}

    def fit(threads, dtype, epochs):
        return timed(lambda: estimator(epochs, threads, dtype).fit(X, y))()

    def prepare(threads):
        runners, reasons = torch.prepare(
            "train", VARIANTS, threads, batch=BATCH, alpha=train.ALPHA, **files, **description
        )
        runners["sknn"] = functools.partial(fit, threads, "mixed_bfloat16")
        runners["sknn float32"] = functools.partial(fit, threads, "float32")
        return runners, reasons

    rows = compare(name, BATCH, len(X), PEERS, prepare, quick)
    torch.forget()
    return rows


def main():
    """Compare all networks."""
    options = parse_arguments(__doc__, torch=True)
    if not engine.load("float32").has_pairs():
        sys.exit("this processor, or this build, has no AVX512_BF16: there is nothing to compare")
    # Nothing converges: that is what was asked for.
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows, goals = [], Goals()
    with Torch(options.torch_python) as torch:
        for name in (*PERCEPTRONS, *IMAGES):
            found = compare_net(name, torch, options.quick)
            rows += found
            gain = min(row["times float32"] for row in found)
            goals.at_least(f"{name}: mixed_bfloat16 / float32, lowest", gain, GAINS.get(name, 1.3))
            best = min(row["times torch"] for row in found)
            goals.at_least(f"{name}: mixed_bfloat16 / torch, lowest", best, 2.0)
            print(f"{name} done", flush=True)
        versions = torch.versions if torch else {"torch": "absent"}
    show(rows, PEERS)
    finish(options, __file__, goals, rows, versions)


if __name__ == "__main__":
    main()
