"""Where the training of a member begins: initial weights, and the engine's Trainer."""

import numpy as np

#: samples that initial weights are fitted to
FITTED_SAMPLES = 1024


def drawn_seed(random_state):
    """A seed of the engine's random numbers."""
    return random_state.randint(np.iinfo(np.int32).max)


def trainer_of(recipe, task, weights, seed):
    """A Trainer loaded with weights.

    Parameters
    ----------
    recipe : Recipe
    task : Task
    weights : (coefs, intercepts)
    seed : int
    """
    network, training = recipe.networks[task.kind], task.training
    trainer = network.engine.Trainer(
        network.program(recipe.loss, bfloat16=recipe.bfloat16),
        training.rows,
        training.targets,
        training.weights,
        task.samples,
        min(recipe.batch_size, len(task.samples)),
        recipe.optimizer.lower(network.engine),
        seed=seed,
        n_threads=recipe.n_threads,
        bounds=network.bounds,
    )
    trainer.load(*weights)
    return trainer


def initial_weights(recipe, task, random_state, n_samples=FITTED_SAMPLES):
    """(coefs, intercepts) that training begins with, fitted to some samples where the recipe says so."""
    network = recipe.networks[task.kind]
    coefs, intercepts = network.initial_weights(random_state)
    if recipe.data_driven:
        program = network.program(recipe.loss)
        fit_to_data(network, program, coefs, intercepts, task, random_state, n_samples)
    return coefs, intercepts


def fit_to_data(network, program, coefs, intercepts, task, random_state, n_samples=FITTED_SAMPLES):
    """Scales initial weights so that every unit has variance 1, with its breakpoint in the data range.

    For each dense layer in turn, with z = x W over some of the samples: ``W ← W / std(z)``, and
    ``b = −Σ λ_i z_i`` over five samples with random weights λ that sum to 1 (Holzmüller et al. 2024;
    Steinwart 2019, arXiv 1903.11482).
    """
    few = random_state.permutation(task.samples)[:n_samples]
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
