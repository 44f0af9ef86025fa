# The Trainer: a Program with weights, an optimizer and data.

cdef double NO_DROPOUT = 0              # factor of the dropout rates


cdef class Trainer:
    """Trains the weights of a Program on one data set.

    Parameters
    ----------
    program : Program
    x : Rows
    y : ndarray (n, n_outputs) of real, or (n, n_groups) of int32 for the softmax loss
    sample_weight : ndarray (n,) of real or None
    samples : ndarray of intp
        Indices of the training samples, in order.
    batch_size : int
    optimizer : (kind, n_slots, coefficients, weight_decay) or None
        None: compute only gradients, of all samples in one batch.
    alpha, clip_norm : float
    seed : int
    n_threads : int
    augmentation : (h, w, c, flip, shift, reflect, cutout, rotation, scaling) or None
        `flip` is 0 for never, 1 for random, 2 for alternating. Shift and cutout are in pixels, rotation is in
        radians.
    bounds : (lower, upper) or None
        Two pairs (coefs, intercepts), as `load` takes them, between which every step leaves the parameters.
    """

    cdef TrainingState state
    cdef readonly Program program
    cdef object x, y, sample_weight     # keeps memory alive that `step` points into
    cdef Py_ssize_t[::1] order
    cdef const Py_ssize_t[::1] samples
    cdef int n_threads
    cdef readonly bint has_best

    def __cinit__(self, Program program not None, Rows x not None, y, sample_weight,
                  const Py_ssize_t[::1] samples, Py_ssize_t batch_size, optimizer,
                  double alpha=0, double clip_norm=0, u64 seed=0, int n_threads=1, augmentation=None,
                  bounds=None):
        cdef TrainingState* s = &self.state
        cdef const real[::1] w
        check_rows(&program.plan, x)
        if samples.shape[0] == 0 or np.min(samples) < 0 or np.max(samples) >= x.n_samples:
            raise ValueError(f"samples must be numbers from 0 to {x.n_samples - 1}")
        if len(y) != x.n_samples or (sample_weight is not None
                                     and len(sample_weight) != x.n_samples):
            raise ValueError(f"x, y and sample_weight must all have {x.n_samples} rows")
        if batch_size < 1 or n_threads < 1:
            raise ValueError(f"batch_size={batch_size} and n_threads={n_threads} must be at least 1")
        if not x.sorted:
            raise ValueError("the column numbers of CSR rows must be sorted for training")
        self.program, self.x, self.y, self.sample_weight = program, x, y, sample_weight
        self.samples = samples
        self.order = samples.copy()
        s.epoch.seed = seed
        self.n_threads = n_threads
        s.plan = &program.plan
        s.data.x = x.input
        s.data.y = target_data(&program.plan.loss, y)
        if sample_weight is not None:
            w = sample_weight
            if not np.min(sample_weight) >= 0 or not np.isfinite(sample_weight).all():
                raise ValueError("sample_weight must be finite numbers >= 0")
            s.data.sample_weight = &w[0]
        s.data.order = &self.order[0]
        s.data.n_samples = samples.shape[0]
        s.blocks.batch_size = batch_size if optimizer is not None else s.data.n_samples
        s.alpha, s.clip_norm = alpha, clip_norm
        if augmentation is not None:
            self._take_augmentation(augmentation)
        self._take_optimizer(optimizer)
        s.bounded = bounds is not None
        if allocate_state(s, n_threads) < 0:
            raise MemoryError("the network and its training state do not fit in memory; use smaller layers")
        make_tasks(s)
        if s.bounded:
            lower, upper = bounds
            program.pack(s.model.lower, lower[0], lower[1])
            program.pack(s.model.upper, upper[0], upper[1])

    cdef _take_augmentation(self, parts):
        cdef Augmentation* a = &self.state.data.augmentation
        a.h, a.w, a.c, a.flip, a.shift, a.reflect, a.cutout, a.rotation, a.scaling = parts
        a.active = True
        if min(a.h, a.w, a.c) < 1 or min(a.shift, a.cutout) < 0 or (
                a.h * a.w * a.c != self.state.data.x.n_features) or self.state.data.x.kind == CSR:
            raise ValueError(f"images of {a.h} x {a.w} x {a.c} values in rows of "
                             f"{self.state.data.x.n_features}")

    cdef _take_optimizer(self, optimizer):
        cdef TrainingState* s = &self.state
        cdef int i
        s.update_parameters = optimizer is not None
        s.pace = new_pace()
        if optimizer is None:
            return
        s.optimizer.kind, s.optimizer.n_slots, coefficients, s.optimizer.weight_decay = optimizer
        if s.optimizer.kind not in OPTIMIZERS.values() or not (
                0 <= s.optimizer.n_slots <= MAX_SLOTS and len(coefficients) <= MAX_COEFFICIENTS):
            raise ValueError(f"there is no optimizer {optimizer}")
        for i, value in enumerate(coefficients):
            s.optimizer.coefficients[i] = value

    def __dealloc__(self):
        free_state(&self.state)

    def load(self, coefs, intercepts):
        """Load weights and biases, arrays (n_in, n_out) and (n_out,)."""
        self.program.pack(self.state.model.params, coefs, intercepts)
        derive_all(self.state.plan, self.state.model.params, self.state.model.derived, True)

    def load_statistics(self, means, variances):
        """Load running means and variances of the batch norms, arrays (c,)."""
        self._copy_statistics(self.state.model.running, means, variances, True)

    def store_statistics(self, means, variances, bint best=False):
        """Copy the current (or the best) running statistics into arrays."""
        self._copy_statistics(self.state.model.best_running if best else self.state.model.running, means,
                              variances, False)

    cdef _copy_statistics(self, double* running, means, variances, bint load):
        cdef const Op* op
        cdef int i
        cdef real[::1] part
        cdef Py_ssize_t k, offset
        if load:
            check_statistics(&self.program.plan, (means, variances))
        for i in range(1, self.state.plan.n_segments):
            op = self.state.plan.ops + self.state.plan.segments[i].first
            offset = op.moments
            for part in (means[i - 1], variances[i - 1]):
                for k in range(op.geometry.c):
                    if load:
                        running[offset + k] = part[k]
                    else:
                        part[k] = <real>running[offset + k]
                offset += op.geometry.c

    def store(self, coefs, intercepts, bint best=False):
        """Copy the current (or the best) weights into arrays."""
        self.program.unpack(self.state.model.best if best else self.state.model.params, coefs, intercepts)

    def keep_best(self):
        """Keep the current weights as the best so far."""
        memcpy(self.state.model.best, self.state.model.params, self.state.plan.n_values * sizeof(real))
        memcpy(self.state.model.best_running, self.state.model.running,
               self.state.plan.moments * sizeof(double))
        self.has_best = True

    cdef int _check_slot(self, int slot) except -1:
        if not 0 <= slot < self.state.optimizer.n_slots:
            raise ValueError(f"slot {slot} is none of {self.state.optimizer.n_slots}")
        return 0

    def load_slot(self, int slot, coefs, intercepts):
        """Load one array of the optimizer's state, shaped like the weights."""
        self._check_slot(slot)
        self.program.pack(self.state.model.slots[slot], coefs, intercepts)

    def store_slot(self, int slot, coefs, intercepts):
        """Copy one array of the optimizer's state, shaped like the weights."""
        self._check_slot(slot)
        self.program.unpack(self.state.model.slots[slot], coefs, intercepts)

    def begin_epoch(self, u64 epoch, bint shuffled):
        """Set the order of the samples and the masks of this epoch."""
        cdef TrainingState* s = &self.state
        cdef u64 key = combine(self.state.epoch.seed, epoch)
        s.epoch.number, s.epoch.key = epoch, key
        s.epoch.loss = 0
        self.order[:] = self.samples
        # with one batch, the order only changes rounding
        if shuffled and s.blocks.batch_size < s.data.n_samples:
            with nogil:
                shuffle(<Py_ssize_t*>s.data.order, s.data.n_samples, mix(key))

    def run(self, const double[::1] rates not None, long long t, double deadline,
            const double[::1] decay_factors=None, const double[::1] dropout_factors=None):
        """Run the steps of the current epoch, after `t` earlier updates.

        `rates` are the learning rates of the steps. Optional factors, one per step, multiply the decoupled
        weight decay and (from 0 to 1) the dropout rates.

        Returns the number of finished steps: all, or fewer if the `clock` passed `deadline`. `loss` is the
        loss of the epoch so far. Raises KeyboardInterrupt on Ctrl-C.
        """
        self.state.epoch.rates = self._of_each_step(rates)
        self.state.epoch.decay_factors = self._of_each_step(decay_factors)
        self.state.epoch.dropout_factors = self._of_each_step(dropout_factors)
        if dropout_factors is not None and not 0 <= np.min(dropout_factors) <= np.max(dropout_factors) <= 1:
            raise ValueError("factors of dropout must be numbers from 0 to 1")
        self.state.epoch.t = t
        return self._run(self.n_steps, deadline)

    cdef const double* _of_each_step(self, const double[::1] values) except? NULL:
        if values is None:
            return NULL
        if values.shape[0] != self.n_steps:
            raise ValueError("one learning rate (and factor) for each step is needed")
        return &values[0]

    cdef Py_ssize_t _run(self, Py_ssize_t n_steps, double deadline) except -1:
        cdef TrainingState* s = &self.state
        s.epoch.n_steps = n_steps
        s.epoch.deadline = deadline
        s.epoch.next_poll = seconds() + 0.1
        s.epoch.steps_done = 0
        s.epoch.stop = False
        with nogil:
            run_steps(s, self.n_threads)
        if s.epoch.error != NULL:
            error = <object>s.epoch.error
            Py_DECREF(error)
            s.epoch.error = NULL
            raise error
        PyErr_CheckSignals()
        return s.epoch.steps_done

    def loss_and_gradient(self, gradient, double deadline=float("inf"), bint dropout=True):
        """Compute the loss of all samples in one batch and write its gradient to (coefs, intercepts).

        `dropout=False` disables dropout. Returns None if the `clock` passed `deadline`. Raises
        KeyboardInterrupt on Ctrl-C.
        """
        self.begin_epoch(0, False)
        self.state.epoch.dropout_factors = NULL if dropout else &NO_DROPOUT
        if self.state.buffers.gradient == NULL:
            raise ValueError("this Trainer keeps no whole gradient; make one without an optimizer")
        if self._run(1, deadline) == 0:
            return None
        self.program.unpack(self.state.buffers.gradient, gradient[0], gradient[1])
        return self.state.epoch.loss / self.state.data.n_samples

    @property
    def n_steps(self):
        """Steps per epoch."""
        return (self.state.data.n_samples + self.state.blocks.batch_size - 1) // self.state.blocks.batch_size

    @property
    def tries_threads(self):
        """Whether steps are so short that training tries one thread, too."""
        return bool(has_short_steps(&self.state))

    @property
    def n_slots(self):
        """Number of state arrays of the optimizer."""
        return self.state.optimizer.n_slots

    @property
    def n_samples(self):
        """Samples per epoch."""
        return self.state.data.n_samples

    @property
    def loss(self):
        """Loss times rows, summed over the batches of this epoch."""
        return self.state.epoch.loss


def clock():
    """Time in seconds, on the clock of the deadlines."""
    return seconds()
