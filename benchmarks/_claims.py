"""What is claimed, and the command that measures it: the suite runs this table, benchmarks/README.md shows it.

A command is what a user types. Words in capitals stand for what a machine may lack: folders, and Pythons with the
packages of others.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from _records import ROOT

# variable -> a file that its folder must have, or a package that its Python must have
NEEDS = {
    "SKNN_DATA": "load.py",
    "SKNN_SRBENCH": "published.csv",
    "SKNN_TORCH_PYTHON": "torch",
    "SKNN_RIVALS_PYTHON": "sklearn",
}


@dataclass(frozen=True)
class Benchmark:
    """One row: the name of its record, the claim, the command, and packages that it needs in this environment."""

    name: str
    claim: str
    command: str
    packages: tuple = ()

    def needs(self):
        """Variables that stand for the words in capitals; ``--torch-python PATH`` may be given as SKNN_TORCH_PYTHON."""
        folders = re.findall(r"(\w+)=FOLDER", self.command)
        pythons = re.findall(r"--(\w+)-python PATH", self.command)
        return [*folders, *(f"SKNN_{name.upper()}_PYTHON" for name in pythons)]

    def lacks(self, environment):
        """Why it cannot run here, in words; "" if it can."""
        reasons = [absent(variable, environment.get(variable)) for variable in self.needs()]
        reasons += [
            f"no package {name}" for name in self.packages if importlib.util.find_spec(name) is None
        ]
        return ", ".join(filter(None, reasons))

    def arguments(self):
        """(variables, command) for ``subprocess``; those of `needs` stay in the environment."""
        words = shlex.split(re.sub(r"\w+=FOLDER|--\w+-python PATH", "", self.command))
        start = words.index("python")
        variables = dict(word.split("=", 1) for word in words[:start])
        return variables, [sys.executable, str(ROOT / words[start + 1]), *words[start + 2 :]]


def absent(variable, value):
    """What is wrong with the value of a variable of `NEEDS`; None if nothing is."""
    needed = NEEDS[variable]
    if not value:
        return f"no {variable}"
    if not variable.endswith("_PYTHON"):
        return None if Path(value, needed).exists() else f"no {needed} in {variable}"
    program = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({needed!r}) is None)"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    try:
        asked = subprocess.run([value, "-c", program], env=clean, check=False)
    except OSError:
        return f"no Python at {variable}"
    return f"no {needed} in {variable}" if asked.returncode else None


BENCHMARKS = [
    Benchmark(
        "train",
        "training: geometric mean ≥ 2× PyTorch's best (none < 1.3×), ≥ 4× scikit-learn's MLP (none < 2×)",
        "python benchmarks/train.py --torch-python PATH",
    ),
    Benchmark(
        "fit",
        "whole fits: ≥ 10× scikit-learn's MLP on iris, wine, breast cancer, ≥ 5× on digits, faster than a random forest",
        "python benchmarks/fit.py",
    ),
    Benchmark(
        "search",
        "`GridSearchCV` on digits: ≥ 5× as fast as with scikit-learn's MLP, two jobs never slower than one",
        "python benchmarks/search.py",
    ),
    Benchmark(
        "predict",
        "prediction: one row ≤ 25 µs; 10,000 rows ≥ 1.5× PyTorch",
        "python benchmarks/predict.py --torch-python PATH",
    ),
    Benchmark(
        "memory",
        "memory: a fit on a 1,000,000 × 100 float32 memmap needs ≤ 150 MB beside the mapped data",
        "python benchmarks/memory.py",
    ),
    Benchmark(
        "predict_tables",
        "prediction with a default tabular ensemble: one row of an array ≤ 150 µs, of a frame ≤ 1 ms, 100,000 rows/s in one thread; forest and boosting beside it",
        "python benchmarks/predict_tables.py",
        ("pandas",),
    ),
    Benchmark(
        "tables_memory",
        "memory: a tabular fit on 1,000,000 × 20 numbers needs ≤ 1 GB beside the data",
        "python benchmarks/tables_memory.py",
    ),
    Benchmark(
        "images_train",
        "training image networks: ≥ 2.5× (LeNet-5), 2×, 1.7×, 1×, 1.5× (MLP-Mixer) PyTorch's best; two threads ≥ 1.85× one",
        "python benchmarks/images_train.py --torch-python PATH",
    ),
    Benchmark(
        "images_predict",
        "predicting 10,000 images: ≥ 1.5×, 1.3×, 1× PyTorch's best; one image with LeNet-5 ≤ 60 µs",
        "python benchmarks/images_predict.py --torch-python PATH",
    ),
    Benchmark(
        "images_roofline",
        "one training step of the 32-64-64 network, kernel by kernel: ≥ 65 % of the measured peak; two threads ≥ 1.85× one",
        "python benchmarks/images_roofline.py",
    ),
    Benchmark(
        "threads",
        "a second thread: 1.7 times one from batches of 128 on, at most a third lost beside a busy process; a model of 8 and 16 cores",
        "python benchmarks/threads.py",
    ),
    Benchmark(
        "bfloat16",
        "mixed precision beside float32, and beside PyTorch's best of float32 and bfloat16, on processors with AVX512_BF16; goals 1.6× (784-100-10 and MLP-Mixer 1.3×) and 2×",
        "python benchmarks/bfloat16.py --torch-python PATH",
    ),
    Benchmark(
        "bfloat16_accuracy",
        "mixed precision is as accurate as float32, to less than what seeds differ, and fits are 1.3 times faster, ensembles 1.5 times: MNIST, CIFAR-10, tabular data",
        "SKNN_DATA=FOLDER python benchmarks/bfloat16_accuracy.py",
    ),
    Benchmark(
        "images_memory",
        "memory: a fit on 50,000 × 32 × 32 × 3 bytes needs ≤ 100 MB beside the pixels",
        "python benchmarks/images_memory.py",
    ),
    Benchmark(
        "images_accuracy",
        "accuracy and fit times on digits, MNIST, CIFAR-10, compared with forests, boosting and the MLP",
        "SKNN_DATA=FOLDER python benchmarks/images_accuracy.py",
    ),
    Benchmark(
        "images_strong",
        "the strong preset compared with PyTorch, same network, recipe and start, for a short schedule: as accurate (within 1 %) and no slower",
        "SKNN_DATA=FOLDER python benchmarks/images_strong.py --torch-python PATH",
    ),
    Benchmark(
        "images_rivals",
        "the same pixels for forest, gradient boosting and the MLP alone",
        "SKNN_DATA=FOLDER python benchmarks/images_accuracy.py --rivals",
    ),
    Benchmark(
        "forest",
        "compared with a random forest on tabular data and images: score, times, size, lines of code; the CNN never worse on images, the MLP smaller",
        "SKNN_DATA=FOLDER python benchmarks/forest.py",
        ("pandas",),
    ),
    Benchmark(
        "strips",
        "strips of three MNIST digits that touch: LeNet-5 as a sliding window reads ≥ 90 % of 1,000 correctly",
        "SKNN_DATA=FOLDER python benchmarks/strips.py",
    ),
    Benchmark(
        "tables",
        "tabular data, default parameters: error 15 % (regression 12 %) below a random forest's, 10 % (6 %) below boosting's, not above CatBoost's and RealMLP's; best mean rank, log-loss, AUC; `effort=\"fast\"` below the forest's within 1.5× its time",
        "SKNN_DATA=FOLDER python benchmarks/tables.py --rivals-python PATH",
        ("pandas",),
    ),
    Benchmark(
        "tables_errors",
        "the same, the error of every split and no times (a busy machine will do)",
        "SKNN_DATA=FOLDER OMP_NUM_THREADS=1 python benchmarks/tables.py --errors --rivals-python PATH",
        ("pandas",),
    ),
    Benchmark(
        "tables_uncut",
        "the same, data sets of more than 10,000 samples uncut",
        "SKNN_DATA=FOLDER python benchmarks/tables.py --all-rows --models forest,boosting,sknn",
        ("pandas",),
    ),
    Benchmark(
        "srbench",
        "`TabularRegressor` among the published results of SRBench, data that no default was chosen by: mean rank ≤ 3.8 and first, median fit ≤ 5 s",
        "SKNN_SRBENCH=FOLDER python benchmarks/srbench.py",
        ("pandas",),
    ),
    Benchmark(
        "tables_ablation",
        "what each part of the tabular estimators is worth, left out alone",
        "SKNN_DATA=FOLDER python benchmarks/tables_ablation.py",
        ("pandas",),
    ),
    Benchmark(
        "trees",
        "extra trees beside the networks, in scikit-learn's `VotingClassifier`: what they change",
        "SKNN_DATA=FOLDER python benchmarks/trees.py",
        ("pandas",),
    ),
    Benchmark(
        "categories",
        "categories that few samples have: `target_statistics` not worse than embeddings, than leaving the feature out, than boosting",
        "python benchmarks/categories.py",
        ("pandas",),
    ),
    Benchmark(
        "monotonic",
        "monotonic constraints: no step the wrong way; what they cost, beside HistGradientBoosting's",
        "SKNN_DATA=FOLDER python benchmarks/monotonic.py",
        ("pandas",),
    ),
    Benchmark(
        "elo",
        "a leaderboard of the tables, by TabArena's arithmetic: Elo 100 above CatBoost's",
        "python benchmarks/elo.py",
        ("pandas", "bencheval"),
    ),
    Benchmark(
        "dask_workers",
        "one network trained by 2, 4, 8 dask workers: at most 0.3 points less accurate than in one process, MNIST and adult; bytes sent, projected speed-up",
        "SKNN_DATA=FOLDER python benchmarks/dask_workers.py",
        ("dask", "distributed"),
    ),
    Benchmark(
        "install",
        "install: the build and the comparison of README's first command, from a fresh clone",
        "python benchmarks/install.py",
    ),
    Benchmark(
        "imports",
        "import: `import sknn` ≤ 50 ms more than `import sklearn.neural_network`",
        "python benchmarks/imports.py",
    ),
]
