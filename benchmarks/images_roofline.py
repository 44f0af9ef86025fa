"""Roofline of the 32-64-64 network: at least 65 % of the peak over a whole training step; two threads 1.85x one.

Convolutions of 32, 64 and 64 kernels (3 x 3, valid) with pooling after the first two, dense 64 and 10, on
32 x 32 x 3, float32, batches of 128, Adam. The peak is what the register tile reaches on one thread with a
panel in the first-level cache. The table shows every pass of every op on one thread: time, useful operations
(two for each multiply-add of the layer, no padding and no zeros counted) per second, and their share of
the peak. Kernels of 3 x 3 that are computed by Winograd's algorithm take a quarter of these operations and
may show more than the peak. What remains of a step is the gather, the loss, the update and the loops between.

The step is an epoch of a Trainer, shuffled; useful are 6 operations for each multiply-add, but 4 in the first
layer, whose input has no gradient. Peak, ops, one and two threads are measured in turn, round after round; a
goal is the median of the rounds' ratios.
"""

import math
import statistics
import time

import numpy as np
from _common import PAUSE, Goals, finish, parse_arguments, print_table, timed
from _images import N_CLASSES, NETS

from sknn.layers import Dense
from sknn.losses import Loss
from sknn.network import Network
from sknn.optimizers import Adam

BATCH, N_ROWS = 128, 2560
PASSES = ("forward", "dx", "dW")


class Machine:
    """The network with its data, ready to be measured."""

    def __init__(self):
        net = NETS["32-64-64"]
        X, y = net.make_data(N_ROWS)
        layers = [*net.estimator().layers, Dense(N_CLASSES, "identity")]
        self.network = Network(layers, net.shape, "float32")
        self.engine = self.network.engine
        self.program = self.network.program(Loss("softmax", (N_CLASSES,)), training=True)
        self.ops, _ = self.network.plan.in_training()
        self.weights = self.network.initial_weights(np.random.RandomState(0))
        self.X, self.y = X.reshape(N_ROWS, -1), y.astype(np.int32)[:, None]
        self.trainers = {threads: self.make_trainer(threads) for threads in (1, 2)}

    def make_trainer(self, threads):
        """Make a Trainer with the first weights."""
        trainer = self.engine.Trainer(
            self.program,
            self.engine.Rows(self.X),
            self.y,
            None,
            np.arange(N_ROWS),
            BATCH,
            Adam().lower(self.engine),
            alpha=1e-4,
            n_threads=threads,
        )
        trainer.load(*self.weights)
        return trainer

    def epoch(self, threads):
        """Train one epoch, at a rate that changes next to nothing; returns seconds per image."""
        trainer = self.trainers[threads]
        trainer.begin_epoch(0, True)
        rates = np.full(trainer.n_steps, 1e-6)
        return timed(lambda: trainer.run(rates, 0, math.inf))() / N_ROWS

    def round(self):
        """Measure everything once: the peak in operations, the others in seconds per image."""
        found = {"peak": self.engine.peak_flops(0.1)}
        for threads in self.trainers:
            time.sleep(PAUSE)
            found[threads] = self.epoch(threads)
        batch = self.engine.Rows(self.X[:BATCH])
        found["ops"] = self.engine.profile(self.program, batch, *self.weights, 10)
        return found

    def useful(self, op, number):
        """Count the useful operations of one pass (a number of PASSES) of an op, for one image."""
        if op.kind not in ("conv", "dense"):
            return 0
        parameter = self.network.plan.parameters[op.parameter]
        if PASSES[number] == "dx" and not parameter.needs_input_gradient:
            return 0
        return 2 * parameter.multiply_adds

    def useful_step(self):
        """Count those of all passes of all ops."""
        return sum(self.useful(op, number) for op in self.ops for number in range(len(PASSES)))

    def name(self, op):
        """Name an op, by the shape of its weights where it has some."""
        if op.kind not in {"conv", "dense"}:
            return op.kind
        return f"{op.kind} {' x '.join(map(str, self.network.plan.parameters[op.parameter].shape))}"


def kernels(machine, rounds):
    """Return one row of the table for each pass of each op, and one for the rest of the step."""
    rows = []
    for i, op in enumerate(machine.ops):
        for number, name in enumerate(PASSES):
            times = [found["ops"][i][2 + number] for found in rounds]
            if any(times):
                rows.append(make_row(machine, rounds, times, op, number, name))
    spent = sum(row["seconds"] for row in rows)
    step = statistics.median(found[1] for found in rounds)
    return [*rows, {"op": "the rest of the step", "pass": "", "seconds": step - spent}]


def make_row(machine, rounds, times, op, number, name):
    """Describe one pass of an op; the share is the median over the rounds."""
    useful = machine.useful(op, number)
    row = {"op": machine.name(op), "pass": name, "seconds": statistics.median(times)}
    if useful:
        row["flops"] = useful / row["seconds"]
        row["share"] = share_of_peak(useful, times, rounds)
    return row


def share_of_peak(useful, times, rounds):
    """Return the median of the rounds' shares."""
    pairs = zip(times, rounds, strict=True)
    return statistics.median(useful / seconds / found["peak"] for seconds, found in pairs)


def show(rows, step):
    """Print the table kernel by kernel."""
    head = ["op", "pass", "µs per image", "of the step", "GFLOP/s", "of the peak"]
    table = [
        [
            row["op"],
            row["pass"],
            f"{row['seconds'] * 1e6:.2f}",
            f"{row['seconds'] / step:.1%}",
            *([f"{row['flops'] / 1e9:.1f}", f"{row['share']:.1%}"] if "flops" in row else ["", ""]),
        ]
        for row in rows
    ]
    print_table(head, table)


def main():
    """Measure in rounds, print the table and the step."""
    options = parse_arguments(__doc__)
    machine = Machine()
    machine.round()  # warms up
    rounds = [machine.round() for _ in range(3 if options.quick else 9)]
    one, two = ([found[threads] for found in rounds] for threads in (1, 2))
    step, useful = statistics.median(one), machine.useful_step()
    rows = kernels(machine, rounds)
    show(rows, step)
    peak = statistics.median(found["peak"] for found in rounds)
    print(
        f"\npeak {peak / 1e9:.1f} GFLOP/s; step, one thread: {1 / step:.0f} images/s, "
        f"{useful / step / 1e9:.1f} GFLOP/s; two threads: {1 / statistics.median(two):.0f} images/s"
    )
    whole = {"op": "step", "seconds": step, "flops": useful / step, "peak": peak}
    ratio = statistics.median(a / b for a, b in zip(one, two, strict=True))
    goals = Goals()
    goals.at_least("step / peak, one thread", 100 * share_of_peak(useful, one, rounds), 65, "%")
    goals.at_least("two threads / one", ratio, 1.85)
    finish(options, __file__, goals, [*rows, whole])


if __name__ == "__main__":
    main()
