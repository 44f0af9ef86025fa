# The Trainer: a Program with weights, an optimizer and data.

cdef enum:
    BLOCK_BYTES = 16 * 1024 * 1024      # target size of the activations and gradients of a block
    MAX_LANES = 16                      # maximum per block
    LANE_ROWS = 4                       # minimum rows per lane
    LANES_BYTES = 16 * 1024 * 1024      # maximum size of the gradients of all lanes

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
    """

    cdef Step step
    cdef readonly Program program
    cdef object x, y, sample_weight     # keeps memory alive that `step` points into
    cdef Py_ssize_t[::1] order
    cdef const Py_ssize_t[::1] samples
    cdef int n_threads
    cdef real* best
    cdef double* best_running
    cdef readonly bint has_best

    def __cinit__(self, Program program not None, Rows x not None, y, sample_weight,
                  const Py_ssize_t[::1] samples, Py_ssize_t batch_size, optimizer,
                  double alpha=0, double clip_norm=0, u64 seed=0, int n_threads=1, augmentation=None):
        cdef Step* s = &self.step
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
        s.seed = seed
        self.n_threads = n_threads
        s.plan = &program.plan
        s.x = x.input
        s.y = target_data(&program.plan.loss, y)
        if sample_weight is not None:
            w = sample_weight
            if not np.min(sample_weight) >= 0 or not np.isfinite(sample_weight).all():
                raise ValueError("sample_weight must be finite numbers >= 0")
            s.sample_weight = &w[0]
        s.order = &self.order[0]
        s.n_samples = samples.shape[0]
        s.batch_size = batch_size if optimizer is not None else s.n_samples
        s.alpha, s.clip_norm = alpha, clip_norm
        if augmentation is not None:
            self._take_augmentation(augmentation)
        self._take_optimizer(optimizer)
        self._allocate(optimizer is None or clip_norm > 0 or s.optimizer.kind == MUON)
        self._make_tasks()

    cdef _take_augmentation(self, parts):
        cdef Augmentation* a = &self.step.augmentation
        a.h, a.w, a.c, a.flip, a.shift, a.reflect, a.cutout, a.rotation, a.scaling = parts
        a.active = True
        if min(a.h, a.w, a.c) < 1 or min(a.shift, a.cutout) < 0 or (
                a.h * a.w * a.c != self.step.x.n_features) or self.step.x.kind == CSR:
            raise ValueError(f"images of {a.h} x {a.w} x {a.c} values in rows of "
                             f"{self.step.x.n_features}")

    cdef _take_optimizer(self, optimizer):
        cdef Step* s = &self.step
        cdef int i
        s.update_parameters = optimizer is not None
        if optimizer is None:
            return
        s.optimizer.kind, s.optimizer.n_slots, coefficients, s.optimizer.weight_decay = optimizer
        if s.optimizer.kind not in OPTIMIZERS.values() or not (
                0 <= s.optimizer.n_slots <= MAX_SLOTS and len(coefficients) <= MAX_COEFFICIENTS):
            raise ValueError(f"there is no optimizer {optimizer}")
        for i, value in enumerate(coefficients):
            s.optimizer.coefficients[i] = value

    cdef _allocate(self, bint whole_gradient):
        cdef Step* s = &self.step
        cdef const Plan* plan = s.plan
        cdef const Parameter* p
        cdef Py_ssize_t row_bytes = (plan.kept_values + plan.kept_gradients) * sizeof(real)
        cdef Py_ssize_t lanes
        cdef int i
        s.block_rows = min(max(BLOCK_BYTES // (row_bytes + 1), SUB_BLOCK), MOST_ROWS)
        if plan.n_segments > 1:         # a batch norm needs the whole batch
            s.block_rows = s.batch_size
        s.block_rows = min(s.block_rows, s.batch_size, s.n_samples)
        if s.block_rows < min(s.batch_size, s.n_samples):
            whole_gradient = True       # a step in several blocks accumulates the gradient
        s.sub_rows = rows_at_once(plan, True)
        lanes = MAX_LANES
        while lanes > 4 and lanes * plan.lane_values * <Py_ssize_t>sizeof(real) > LANES_BYTES:
            lanes //= 2
        s.lane_rows = max(LANE_ROWS, (s.block_rows + lanes - 1) // lanes)
        lanes = (s.block_rows + s.lane_rows - 1) // s.lane_rows
        if plan.lane_values > 0:
            s.sub_rows = min(s.sub_rows, s.lane_rows)
        s.scratch_size = TASK_ROWS * SKNN_SPARE
        for i in range(plan.n_ops):
            p = plan.parameters + plan.ops[i].parameter
            s.scratch_size = max(s.scratch_size, whole_lines(p.vectors * SKNN_V))
            if KINDS[plan.ops[i].kind].whole_panels:
                s.scratch_size = max(s.scratch_size, p.n_in * SKNN_SPARE)
        s.params = <real*>aligned_zeros(plan.n_values * sizeof(real))
        self.best = <real*>aligned_zeros(plan.n_values * sizeof(real))
        s.derived = <real*>aligned_zeros(plan.n_derived * sizeof(real))
        s.lanes = <real*>aligned_zeros(lanes * plan.lane_values * sizeof(real))
        s.moments = <double*>aligned_zeros(lanes * plan.moments * sizeof(double))
        s.fresh = <double*>aligned_zeros(self.n_threads * plan.moments * sizeof(double))
        s.running = <double*>aligned_zeros(plan.moments * sizeof(double))
        self.best_running = <double*>aligned_zeros(plan.moments * sizeof(double))
        s.scratch = <real*>aligned_zeros(self.n_threads * s.scratch_size * sizeof(real))
        s.cursors = <long long*>aligned_zeros(self.n_threads * s.block_rows * sizeof(long long))
        s.row_loss = <double*>aligned_zeros(s.block_rows * sizeof(double))
        s.threads = <Workspace*>calloc(self.n_threads, sizeof(Workspace))
        failed = (allocate_workspace(plan, &s.workspace, KEPT, s.block_rows, True, NULL) < 0
                  or s.params == NULL or self.best == NULL or s.derived == NULL or s.lanes == NULL
                  or s.moments == NULL or s.fresh == NULL or s.running == NULL
                  or self.best_running == NULL or s.scratch == NULL or s.cursors == NULL
                  or s.row_loss == NULL or s.threads == NULL)
        for i in range(self.n_threads):
            failed = failed or allocate_workspace(plan, s.threads + i, LOCAL, s.sub_rows,
                                                  True, &s.workspace) < 0
        if whole_gradient and not failed:
            s.gradient = <real*>aligned_zeros(plan.n_values * sizeof(real))
            failed = s.gradient == NULL
        for i in range(s.optimizer.n_slots):
            s.slots[i] = <real*>aligned_zeros(plan.n_values * sizeof(real))
            failed = failed or s.slots[i] == NULL
        if s.optimizer.kind == MUON and not failed:
            failed = allocate_matrices(&s.matrices, plan, <int>s.optimizer.coefficients[4]) < 0
        if failed:
            raise MemoryError("the network and its training state do not fit in memory; "
                              "use smaller layers")

    cdef _make_tasks(self):
        """Split weights, then biases, into tasks, and the tasks into shares, one per thread."""
        cdef Step* s = &self.step
        cdef const Plan* plan = s.plan
        cdef const Parameter* p
        cdef Task* task
        cdef Py_ssize_t first, k, lanes = (s.block_rows + s.lane_rows - 1) // s.lane_rows
        cdef Panel panel
        cdef double total = 0, so_far = 0
        cdef int i, t = 1, n = 0
        for i in range(plan.n_parameters):
            p = plan.parameters + i
            n += 1 + panel_count(p.vectors) * ((p.n_in + TASK_ROWS - 1) // TASK_ROWS)
        s.n_shares = self.n_threads
        s.tasks = <Task*>calloc(n + 1, sizeof(Task))
        s.shares = <int*>calloc(self.n_threads + 1, sizeof(int))
        if s.tasks == NULL or s.shares == NULL:
            raise MemoryError("the network does not fit in memory")
        for bias in (False, True):
            for i in range(plan.n_ops):
                if not has_weights(plan.ops + i):
                    continue
                p = plan.parameters + plan.ops[i].parameter
                if not (p.biased if bias else p.trained):
                    continue
                if bias:
                    task = s.tasks + s.n_tasks
                    task.op, task.bias, task.offset, task.lane = i, True, p.bias, p.lane >= 0
                    task.size = p.vectors * SKNN_V
                    task.cost = p.vectors * (lanes if task.lane else s.block_rows)
                    s.n_tasks += 1
                    continue
                for k in range(panel_count(p.vectors)):
                    panel = get_panel(p.n_in, p.vectors, k)
                    first = 0
                    while first < p.n_in:
                        task = s.tasks + s.n_tasks
                        task.op, task.panel, task.first, task.lane = i, panel, first, p.lane >= 0
                        task.last = min(first + rows_of_task(plan.ops + i, p), p.n_in)
                        task.offset = p.weight + panel.offset + first * panel.width
                        task.size = (task.last - first) * panel.width
                        task.cost = gradient_cost(p, panel, task.last - first) * s.block_rows
                        if task.lane:
                            task.cost = lanes * task.size // SKNN_V
                        s.n_tasks += 1
                        first = task.last
        for i in range(s.n_tasks):
            s.tasks[i].matrix = -1 if s.tasks[i].bias else matrix_of(&s.matrices, s.tasks[i].op)
            total += s.tasks[i].cost
        for i in range(s.n_tasks):
            while t < self.n_threads and so_far + 0.5 * s.tasks[i].cost >= total * t / self.n_threads:
                s.shares[t] = i
                t += 1
            so_far += s.tasks[i].cost
        for i in range(t, self.n_threads + 1):
            s.shares[i] = s.n_tasks

    def __dealloc__(self):
        cdef Step* s = &self.step
        cdef int i
        for i in range(self.n_threads if s.threads != NULL else 0):
            free_workspace(s.threads + i)
        free(s.threads)
        free_workspace(&s.workspace)
        for i in range(MAX_SLOTS):
            aligned_free(s.slots[i])
        aligned_free(s.params)
        aligned_free(self.best)
        aligned_free(self.best_running)
        aligned_free(s.derived)
        aligned_free(s.lanes)
        aligned_free(s.moments)
        aligned_free(s.fresh)
        aligned_free(s.running)
        aligned_free(s.gradient)
        aligned_free(s.scratch)
        aligned_free(s.cursors)
        aligned_free(s.row_loss)
        free_matrices(&s.matrices)
        free(s.tasks)
        free(s.shares)

    def load(self, coefs, intercepts):
        """Load weights and biases, arrays (n_in, n_out) and (n_out,)."""
        self.program.pack(self.step.params, coefs, intercepts)
        derive_all(self.step.plan, self.step.params, self.step.derived, True)

    def load_statistics(self, means, variances):
        """Load running means and variances of the batch norms, arrays (c,)."""
        self._copy_statistics(self.step.running, means, variances, True)

    def store_statistics(self, means, variances, bint best=False):
        """Copy the current (or the best) running statistics into arrays."""
        self._copy_statistics(self.best_running if best else self.step.running, means, variances, False)

    cdef _copy_statistics(self, double* running, means, variances, bint load):
        cdef const Op* op
        cdef int i
        cdef real[::1] part
        cdef Py_ssize_t k, offset
        if load:
            check_statistics(&self.program.plan, (means, variances))
        for i in range(1, self.step.plan.n_segments):
            op = self.step.plan.ops + self.step.plan.segments[i]
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
        self.program.unpack(self.best if best else self.step.params, coefs, intercepts)

    def keep_best(self):
        """Keep the current weights as the best so far."""
        memcpy(self.best, self.step.params, self.step.plan.n_values * sizeof(real))
        memcpy(self.best_running, self.step.running, self.step.plan.moments * sizeof(double))
        self.has_best = True

    cdef int _check_slot(self, int slot) except -1:
        if not 0 <= slot < self.step.optimizer.n_slots:
            raise ValueError(f"slot {slot} is none of {self.step.optimizer.n_slots}")
        return 0

    def load_slot(self, int slot, coefs, intercepts):
        """Load one array of the optimizer's state, shaped like the weights."""
        self._check_slot(slot)
        self.program.pack(self.step.slots[slot], coefs, intercepts)

    def store_slot(self, int slot, coefs, intercepts):
        """Copy one array of the optimizer's state, shaped like the weights."""
        self._check_slot(slot)
        self.program.unpack(self.step.slots[slot], coefs, intercepts)

    def begin_epoch(self, u64 epoch, bint shuffled):
        """Set the order of the samples and the masks of this epoch."""
        cdef Step* s = &self.step
        cdef u64 key = combine(self.step.seed, epoch)
        s.epoch, s.epoch_key = epoch, key
        s.loss = 0
        self.order[:] = self.samples
        # with one batch, the order only changes rounding
        if shuffled and s.batch_size < s.n_samples:
            with nogil:
                shuffle(<Py_ssize_t*>s.order, s.n_samples, mix(key))

    def run(self, const double[::1] rates not None, long long t, double deadline,
            const double[::1] decay_factors=None, const double[::1] dropout_factors=None):
        """Run the steps of the current epoch, after `t` earlier updates.

        `rates` are the learning rates of the steps. Optional factors, one per step, multiply the decoupled
        weight decay and (from 0 to 1) the dropout rates.

        Returns the number of finished steps: all, or fewer if the `clock` passed `deadline`. `loss` is the
        loss of the epoch so far. Raises KeyboardInterrupt on Ctrl-C.
        """
        self.step.rates = self._of_each_step(rates)
        self.step.decay_factors = self._of_each_step(decay_factors)
        self.step.dropout_factors = self._of_each_step(dropout_factors)
        if dropout_factors is not None and not 0 <= np.min(dropout_factors) <= np.max(dropout_factors) <= 1:
            raise ValueError("factors of dropout must be numbers from 0 to 1")
        self.step.t = t
        return self._run(self.n_steps, deadline)

    cdef const double* _of_each_step(self, const double[::1] values) except? NULL:
        if values is None:
            return NULL
        if values.shape[0] != self.n_steps:
            raise ValueError("one learning rate (and factor) for each step is needed")
        return &values[0]

    cdef Py_ssize_t _run(self, Py_ssize_t n_steps, double deadline) except -1:
        cdef Step* s = &self.step
        s.last_step = n_steps
        s.deadline = deadline
        s.next_poll = seconds() + 0.1
        s.steps_done = 0
        s.stop = False
        with nogil:
            run_steps(s, self.n_threads)
        if s.error != NULL:
            error = <object>s.error
            Py_DECREF(error)
            s.error = NULL
            raise error
        PyErr_CheckSignals()
        return s.steps_done

    def loss_and_gradient(self, gradient, double deadline=float("inf"), bint dropout=True):
        """Compute the loss of all samples in one batch and write its gradient to (coefs, intercepts).

        `dropout=False` disables dropout. Returns None if the `clock` passed `deadline`. Raises
        KeyboardInterrupt on Ctrl-C.
        """
        self.begin_epoch(0, False)
        self.step.dropout_factors = NULL if dropout else &NO_DROPOUT
        if self.step.gradient == NULL:
            raise ValueError("this Trainer keeps no whole gradient; make one without an optimizer")
        if self._run(1, deadline) == 0:
            return None
        self.program.unpack(self.step.gradient, gradient[0], gradient[1])
        return self.step.loss / self.step.n_samples

    @property
    def n_steps(self):
        """Steps per epoch."""
        return (self.step.n_samples + self.step.batch_size - 1) // self.step.batch_size

    @property
    def n_slots(self):
        """Number of state arrays of the optimizer."""
        return self.step.optimizer.n_slots

    @property
    def n_samples(self):
        """Samples per epoch."""
        return self.step.n_samples

    @property
    def loss(self):
        """Loss times rows, summed over the batches of this epoch."""
        return self.step.loss


def clock():
    """Time in seconds, on the clock of the deadlines."""
    return seconds()
