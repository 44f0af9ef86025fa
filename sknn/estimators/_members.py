"""The members of an ensemble: networks trained side by side, one thread each.

A member is trained on some of the samples and looked at on others after every epoch; what is kept is
its best epoch. Which seeds and samples it gets is decided before any of them begins, so that the
result does not depend on how many are trained at once.
"""

import copy
import math
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from sknn.estimators._explain import importance_rows, importances
from sknn.training import CALLBACK, INTERRUPTED, History, OptimizerState, Options, train

#: samples that initial weights are fitted to
FITTED_ROWS = 1024
#: multiply-adds in a second that a slow machine does, and samples to look at if time is short
SLOWEST, FEWEST_ROWS = 2e9, 8


@dataclass
class Samples:
    """Encoded samples as the engine takes them."""

    X: np.ndarray
    rows: object
    targets: np.ndarray
    weights: np.ndarray | None

    def take(self, engine, chosen):
        """Some of them, copied."""
        X, weights = self.X[chosen], None if self.weights is None else self.weights[chosen]
        return Samples(X, engine.Rows(X), self.targets[chosen], weights)

    def narrowed(self, engine, width):
        """With the first columns of X alone."""
        X = np.ascontiguousarray(self.X[:, :width])
        return Samples(X, engine.Rows(X), self.targets, self.weights)


@dataclass
class Task:
    """What one member is trained on."""

    #: number of its network in the recipe
    kind: int
    training: Samples
    #: numbers of the samples of `training`
    samples: np.ndarray
    #: None: nothing is looked at, the last epoch is kept
    holdout: Samples | None
    #: numbers of the held-out samples in `training`; None where they come from elsewhere
    held_out: np.ndarray | None
    #: (logits) -> score; None for the negative loss
    score: object
    seed: int
    epochs: int
    #: epoch after which training stops; the schedules run as if it went on to `epochs`
    last_epoch: int


@dataclass
class Member:
    """A trained network."""

    kind: int
    coefs: list
    intercepts: list
    n_epochs: int
    best_epoch: int
    loss_curve: list
    validation_scores: list | None
    validation_losses: list | None
    #: outputs for the held-out samples, as the network gives them
    held_out: np.ndarray | None
    logits: np.ndarray | None
    #: rise of the loss when a column of the table is shuffled
    importances: np.ndarray | None
    reason: str
    #: its share in the mean, of all members' together
    weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """How a member is trained."""

    networks: list
    loss: object
    #: of held-out samples, without what only training wants
    validation_loss: object
    optimizer: object
    schedule: object
    #: (member) -> attributes of an estimator that has this member alone, for callbacks
    fitted: object
    learning_rate: float
    batch_size: int
    data_driven: bool
    #: columns of the table, as columns of an encoded row
    groups: list
    n_threads: int = 1
    verbose: bool = False
    #: schedules of the weight decay and of dropout
    decay: object = None
    dropout: object = None
    #: by the engine's clock, for all members together
    deadline: float = math.inf


class MemberRun:
    """Trains one member in `max_time` seconds; `stop` is an event that ends all of them after their epoch."""

    def __init__(self, recipe, task, stop, callbacks, max_time=math.inf):
        self.recipe, self.task, self.stop, self.callbacks = recipe, task, stop, callbacks
        self.max_time = max_time
        self.network = recipe.networks[task.kind]
        self.engine = self.network.engine
        self.program = self.network.program(recipe.loss)
        self.validation_program = self.network.program(recipe.validation_loss)
        self.history = History(validation_scores=None, validation_losses=None, best_loss=math.inf)
        self.weights = self.network.empty_weights()
        #: by a callback or Ctrl-C, so that the others should stop, too
        self.asked_to_stop = False

    def run(self):
        """The Member; without an epoch where time was over before."""
        recipe, task = self.recipe, self.task
        started = self.engine.clock()
        random_state = np.random.RandomState(task.seed)
        coefs, intercepts = self.network.initial_weights(random_state)
        if recipe.data_driven:
            n_rows = self._affordable(FITTED_ROWS, self.network.multiply_adds)
            fit_to_data(self.network, self.program, coefs, intercepts, task, random_state, n_rows)
        self.trainer = self.engine.Trainer(
            self.program,
            task.training.rows,
            task.training.targets,
            task.training.weights,
            task.samples,
            min(recipe.batch_size, len(task.samples)),
            recipe.optimizer.lower(self.engine),
            seed=random_state.randint(np.iinfo(np.int32).max),
            n_threads=recipe.n_threads,
        )
        self.trainer.load(coefs, intercepts)
        validate = None
        if task.holdout is not None:
            validate = self._validate
            self.logits = np.empty(
                (task.holdout.rows.n_samples, recipe.loss.n_outputs), self.network.dtype
            )
            self.history.validation_scores, self.history.validation_losses = [], []
            self.history.best_score = -math.inf
        looked_at = task.holdout or task.training
        work = len(recipe.groups) * self.network.multiply_adds
        n_rows = self._affordable(importance_rows(looked_at, recipe.groups), work, least=0)
        # what comes after training is within the time, too
        rest = (n_rows * work + len(looked_at.X) * self.network.multiply_adds) / SLOWEST
        reason = self._train(validate, started, max(self.max_time - rest, 0.0))
        if self.history.n_iter == 0 and reason == INTERRUPTED:
            raise KeyboardInterrupt
        member = self._member(reason)
        member.importances = importances(
            self.network,
            self.validation_program,
            (member.coefs, member.intercepts),
            looked_at,
            recipe.groups,
            random_state,
            n_rows,
        )
        early = reason == CALLBACK and member.n_epochs < task.last_epoch
        ended = self.callbacks.end(lambda: recipe.fitted(member))
        self.asked_to_stop = early or reason == INTERRUPTED or ended
        return member

    def _affordable(self, n_rows, work_of_a_row, least=FEWEST_ROWS):
        """At most so many rows, for which a tenth of the time is enough; fewer than a few are none."""
        affordable = 0.1 * max(self.max_time, 0) * SLOWEST / max(work_of_a_row, 1)
        return int(min(n_rows, affordable if affordable >= FEWEST_ROWS else least))

    def _train(self, validate, started, max_time):
        recipe = self.recipe
        rate = recipe.learning_rate
        options = Options(
            max_iter=self.task.epochs,
            tol=0.0,
            n_iter_no_change=np.inf,
            shuffle=True,
            max_time=max_time,
            started=started,
            verbose=recipe.verbose,
            early_stopping=validate is not None,
            decay=recipe.decay,
            dropout=recipe.dropout,
        )
        state = OptimizerState(rate, rate)
        return train(
            self.trainer,
            self.engine.clock,
            recipe.schedule,
            state,
            options,
            self.history,
            validate=validate,
            callbacks=self,
            fitted=self._fitted,
        )

    # ---- what `train` calls --------------------------------------------------------------------

    def begin_epoch(self):
        """Before every epoch."""
        self.callbacks.begin_epoch()

    def end_epoch(self, fitted):
        """After every epoch; whether to stop."""
        asked = self.callbacks.end_epoch(fitted)
        return asked or self.stop.is_set() or self.history.n_iter >= self.task.last_epoch

    def _fitted(self):
        return self.recipe.fitted(self._member(CALLBACK))

    def _validate(self, deadline):
        """(score, loss) of the current weights on the held-out samples."""
        holdout = self.task.holdout
        self.trainer.store(*self.weights)
        self.engine.forward(
            self.program, holdout.rows, *self.weights, self.logits, n_threads=self.recipe.n_threads
        )
        loss = self.engine.loss_of(
            self.validation_program, self.logits, holdout.targets, holdout.weights
        )
        if not np.isfinite(self.logits).all():
            return math.nan, loss
        return -loss if self.task.score is None else self.task.score(self.logits, self), loss

    def snapshot(self):
        """A member with the weights that were validated last, which training does not change."""
        return copy.deepcopy(self._member_of(self.weights, self.history.n_iter, None, CALLBACK))

    def _member(self, reason):
        """What has been trained, at its best epoch."""
        history, task = self.history, self.task
        best = self.trainer.has_best and task.holdout is not None
        weights = self.network.empty_weights()
        self.trainer.store(*weights, best)
        logits = None
        if task.holdout is not None:
            logits = np.empty_like(self.logits)
            self.engine.forward(self.program, task.holdout.rows, *weights, logits)
        return self._member_of(
            weights, best_epoch(history) if best else history.n_iter, logits, reason
        )

    def _member_of(self, weights, epoch, logits, reason):
        """A member with the weights of an epoch."""
        history, task = self.history, self.task
        coefs, intercepts = weights
        return Member(
            task.kind,
            coefs,
            intercepts,
            history.n_iter,
            epoch,
            history.loss_curve,
            history.validation_scores,
            history.validation_losses,
            task.held_out,
            logits,
            None,
            reason,
        )


def are_whole(members, tasks):
    """Whether there is a member of every task, and all of its epochs were run."""
    return [member.n_epochs for member in members] == [task.last_epoch for task in tasks]


def best_epoch(history):
    """Number from 1 of the epoch whose weights are kept: the best score, of equal ones the least loss."""
    scores = np.nan_to_num(np.array(history.validation_scores), nan=-np.inf)
    ties = np.flatnonzero(scores == scores.max())
    return 1 + int(ties[np.argmin(np.array(history.validation_losses)[ties])])


def fit_to_data(network, program, coefs, intercepts, task, random_state, n_rows=FITTED_ROWS):
    """Scales initial weights so that every unit has variance 1, and puts its kink among the samples.

    For each dense layer in turn, with z = x W over some of the samples: ``W ← W / std(z)``, and
    ``b = −Σ λ_i z_i`` over five samples with random weights λ that sum to 1 (Holzmüller et al. 2024;
    Steinwart 2019, arXiv 1903.11482).
    """
    few = random_state.permutation(task.samples)[:n_rows]
    rows = network.engine.Rows(task.training.X[few])
    for n_ops, op in enumerate(network.plan.ops, start=1):
        if op.kind != "dense":
            continue
        parameter = op.parameter
        units = network.coef_shapes[parameter][1]
        z = np.empty((len(few), units), network.dtype)
        network.engine.forward(program, rows, coefs, intercepts, z, n_ops)
        z -= intercepts[parameter]
        spread = z.std(axis=0, dtype=np.float64)
        scale = 1 / np.where(spread > 1e-6, spread, 1.0)
        coefs[parameter] = (coefs[parameter] * scale).astype(network.dtype)
        shares = random_state.dirichlet(np.ones(5), units)
        chosen = random_state.randint(len(few), size=(units, 5))
        picked = z[chosen, np.arange(units)[:, None]] * scale[:, None]
        intercepts[parameter] = -(shares * picked).sum(axis=1).astype(network.dtype)


def train_members(recipe, tasks, n_workers, callbacks):
    """The members of all tasks, in their order; those without an epoch are left out if others have some.

    The calling thread works, too: it is the one that Ctrl-C reaches, and it tells the others. They end
    after their epoch, and what there is of the members is kept; if nothing is, KeyboardInterrupt goes on.
    """
    members: list[Member | None] = [None] * len(tasks)
    errors, stop, lock = [], threading.Event(), threading.Lock()
    waiting = iter(range(len(tasks)))
    clock = recipe.networks[0].engine.clock

    def work():
        while not stop.is_set():
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            max_time = (recipe.deadline - clock()) / math.ceil((len(tasks) - number) / n_workers)
            if max_time < 0 < number:  # the first one is what there is, whatever it costs
                return
            try:
                run = MemberRun(recipe, tasks[number], stop, callbacks.of_member(), max_time)
                members[number] = run.run()
            except BaseException as error:
                errors.append(error)
                stop.set()
                return
            if run.asked_to_stop:
                stop.set()

    with ThreadPoolExecutor(max(n_workers - 1, 1)) as pool:
        helpers = []
        try:  # Ctrl-C may come while submit waits for a helper that is already far
            for _ in range(n_workers - 1):
                helpers.append(pool.submit(work))
            work()
            while wait(helpers, timeout=0.1).not_done:
                pass  # not in one go: some packages' handlers of signals keep Ctrl-C from ending it
        except KeyboardInterrupt as interrupt:  # while waiting
            errors.append(interrupt)
            stop.set()
    trained = [member for member in members if member is not None]
    trained = [member for member in trained if member.n_epochs > 0] or trained[:1]
    failures = [error for error in errors if not isinstance(error, KeyboardInterrupt)]
    if failures or (errors and not trained):
        raise (failures or errors)[0]
    if errors:
        for member in trained:
            member.reason = INTERRUPTED
    return trained
