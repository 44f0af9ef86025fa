"""Import: ``import sknn`` takes at most 50 ms more than ``import sklearn.neural_network``.

Each is the whole run of a fresh interpreter, in turn, after one round that warms the disk's cache;
``pass`` shows the share of the interpreter itself. Medians.
"""

import subprocess
import sys

from _common import Goals, finish, interleave, parse_arguments, print_table, summarise, timed

STATEMENTS = ("pass", "import sklearn.neural_network", "import sknn")


def start(statement):
    """Return a contender that runs one statement in a fresh interpreter."""
    return timed(lambda: subprocess.run([sys.executable, "-c", statement], check=True))


def main():
    """Time the imports."""
    options = parse_arguments(__doc__)
    contenders = {statement: start(statement) for statement in STATEMENTS}
    interleave(contenders, 1)  # warms up
    figures = summarise(interleave(contenders, 3 if options.quick else 21))
    rows = [{"statement": statement, **one} for statement, one in figures.items()]
    print_table(
        ["statement", "ms", "spread"],
        [[row["statement"], f"{row['seconds'] * 1e3:.0f}", f"{row['spread']:.0%}"] for row in rows],
    )
    more = figures["import sknn"]["seconds"] - figures["import sklearn.neural_network"]["seconds"]
    goals = Goals()
    goals.at_most("import sknn, beyond scikit-learn's", more * 1e3, 50, "ms")
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
