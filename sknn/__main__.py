"""The main job: ``python -m sknn`` compares sknn with scikit-learn's usual estimators."""

import argparse
import os
import sys
import time
from pathlib import Path

from sknn.comparison.figure import draw
from sknn.comparison.measure import N_FOLDS, measure
from sknn.comparison.registry import DATA, MODELS
from sknn.comparison.table import Progress, footer, group, heading


def build_parser():
    """Describe the command line; the choices come from the registry."""
    lines = [f"  {name:<14} {model.description}" for name, model in MODELS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m sknn",
        description="Compare sknn's estimators with scikit-learn's on its bundled data sets: "
        f"{N_FOLDS}-fold cross-validated score, fit time, predict time and model size, as a "
        "table on the standard output and a PNG with the comparison and the learning curves.",
        epilog="models:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        nargs="+",
        choices=list(DATA),
        default=list(DATA),
        metavar="NAME",
        help=f"data sets to use, of: {', '.join(DATA)} (default: all)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        choices=list(MODELS),
        default=list(MODELS),
        metavar="NAME",
        help="models to compare, of those listed below (default: all)",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="seed of the folds and of the models (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=_output,
        default=Path("sknn-comparison.png"),
        metavar="FILE",
        help="where the PNG goes (default: %(default)s)",
    )
    return parser


def _seed(text):
    """Read a seed that numpy accepts: an integer from 0 to 2**32 - 1."""
    seed = int(text)
    if not 0 <= seed < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 2**32 - 1")
    return seed


def _output(text):
    """Read a path to write to, and notice now, not after the work, when that cannot be done."""
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .png")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    target = path if path.exists() else path.parent
    if not os.access(target, os.W_OK):
        raise argparse.ArgumentTypeError(f"no permission to write to {str(target)!r}")
    return path


def main(argv=None):
    """Run the comparison; returns the exit status."""
    parser = build_parser()
    options = parser.parse_args(argv)
    start = time.perf_counter()
    pairs = _pairs(dict.fromkeys(options.data), dict.fromkeys(options.models))
    if not pairs:
        parser.error(f"no data set of --data suits a model of {', '.join(options.models)}")
    try:
        results = _compare(pairs, options.seed)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    print(footer(results, time.perf_counter() - start))
    try:
        draw(results, options.output)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        print(
            "no PNG: it needs matplotlib, which is not installed;"
            ' python -m pip install "sknn[plot]" brings it'
        )
    else:
        print(f"figure: {options.output}")
    return 0


def _pairs(data_names, model_names):
    """A list of (data, names of the models that suit it) for the data sets that have any."""
    loaded = [DATA[name].load() for name in data_names]
    suiting = [[name for name in model_names if MODELS[name].fits(data)] for data in loaded]
    return [(data, names) for data, names in zip(loaded, suiting, strict=True) if names]


def _compare(pairs, seed):
    """Measure every model on every data set that it suits; print the table data set by data set."""
    results = {}
    print(heading(seed))
    with Progress(sum(len(names) for _, names in pairs) * N_FOLDS) as progress:
        for data, names in pairs:
            results[data.name] = {
                name: measure(MODELS[name], data, seed, progress) for name in names
            }
            progress.clear()
            print(group(data, results[data.name]), flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
