# The state of training, in parts, and its memory: one allocation for all arrays except the workspaces and
# Muon's matrices.

cdef enum:
    BLOCK_BYTES = 16 * 1024 * 1024      # target size of the activations and gradients of a block
    MAX_LANES = 16                      # maximum per block
    FEW_LANES = 4                       # a block has more only where each is worth it:
    LANE_WORK = 4_000_000               # multiply-adds of a lane, as tiles of few rows are slow
    LANE_ROWS = 4                       # minimum rows per lane
    LANES_BYTES = 16 * 1024 * 1024      # maximum size of the gradients of all lanes

cdef extern from "tile.h" nogil:
    Py_ssize_t SKNN_GUARD_BYTES
    void guard_memory(char* at) noexcept

cdef struct Data:
    Input x
    const void* y
    const real* sample_weight           # NULL: all weights are 1
    const Py_ssize_t* order             # the samples of the epoch
    Py_ssize_t n_samples
    Augmentation augmentation

# How the rows of a step are split.
cdef struct Blocks:
    Py_ssize_t batch_size
    Py_ssize_t block_rows
    Py_ssize_t lane_rows

# What a step updates, and a copy of the best.
cdef struct Model:
    real* params
    real* derived                       # weights derived from them, see `derive`
    double* running                     # means and variances of the batch norms
    real* slots[MAX_SLOTS]
    real* lower                         # what parameters are kept within, see `keep_within`; NULL: all free
    real* upper
    real* best
    double* best_running

cdef struct Buffers:
    Workspace shared                    # buffers that hold a whole block
    Workspace* threads                  # and the others, of each thread
    real* lanes                         # the gradient of each lane
    double* moments                     # of each lane: moments of the inputs of the batch norms
    double* fresh                       # of each thread: the same of the current rows
    real* gradient                      # of all parameters; NULL: not needed as a whole
    real* scratch                       # of each thread: the gradient of a task
    Py_ssize_t scratch_size
    long long* cursors                  # of each thread and row of a block, for CSR rows
    double* row_loss

# Some rows of a panel of weights, or the biases, of one op.
cdef struct Task:
    int op
    bint bias
    bint lane                           # the gradient is the sum of the lanes
    Panel panel
    Py_ssize_t first, last
    Py_ssize_t offset, size             # in the flat parameter array
    int matrix                          # index of Muon's matrix; -1: none
    double cost
    double squares                      # of the weights, before the update
    double gradient_squares

cdef struct Tasks:
    Task* each
    int n
    int* shares                         # share k: tasks shares[k] to shares[k + 1]
    int n_shares                        # one per requested thread

cdef struct Epoch:
    u64 seed, number, key
    const double* rates                 # learning rate of each step
    const double* decay_factors         # of decoupled weight decay; NULL: all 1
    const double* dropout_factors       # of the dropout rates; NULL: all 1
    long long t                         # updates before
    Py_ssize_t n_steps, steps_done
    Py_ssize_t first, pause             # the steps until the threads join: `pace` says how many take the next
    Py_ssize_t batch_rows               # of the current step
    double loss                         # of the finished batches, weighted by their rows
    double deadline, next_poll
    bint stop                           # abandon the current step; set by one thread in phases 1 and 3
    void* error                         # exception of a signal handler, owned

cdef struct TrainingState:
    const Plan* plan
    Data data
    Blocks blocks
    Model model
    Buffers buffers
    Tasks tasks
    Optimizer optimizer
    Matrices matrices                   # of Muon
    double alpha, clip_norm
    bint update_parameters              # False: only compute the gradient
    bint bounded                        # whether some parameters have bounds
    Epoch epoch
    Pace pace
    Barrier barrier
    char* memory                        # of all arrays but the workspaces and matrices


cdef void choose_blocks(TrainingState* s) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef Blocks* b = &s.blocks
    cdef Py_ssize_t row_bytes = plan.kept_values * sizeof(real), lanes
    b.block_rows = min(max(BLOCK_BYTES // (row_bytes + 1), SUB_BLOCK), MOST_ROWS)
    if plan.n_segments > 1:             # a batch norm needs the whole batch
        b.block_rows = b.batch_size
    b.block_rows = min(b.block_rows, b.batch_size, s.data.n_samples)
    lanes = MAX_LANES
    while lanes > FEW_LANES and lanes * plan.lane_values * <Py_ssize_t>sizeof(real) > LANES_BYTES:
        lanes //= 2
    lanes = min(lanes, max(FEW_LANES, b.block_rows * work_of_a_row(plan) // LANE_WORK))
    b.lane_rows = max(LANE_ROWS, (b.block_rows + lanes - 1) // lanes)


cdef inline Py_ssize_t n_lanes(const TrainingState* s, Py_ssize_t rows) noexcept nogil:
    return (rows + s.blocks.lane_rows - 1) // s.blocks.lane_rows


# Gradients of a step are kept as a whole if it needs their norm, takes several blocks, or updates nothing.
cdef bint keeps_gradient(const TrainingState* s) noexcept nogil:
    return (not s.update_parameters or s.clip_norm > 0 or s.optimizer.kind == MUON
            or s.blocks.block_rows < min(s.blocks.batch_size, s.data.n_samples))


# Whether so little work is in a step that one thread may be faster than several.
cdef inline bint has_short_steps(const TrainingState* s) noexcept nogil:
    return work_of_a_row(s.plan) * <double>min(s.blocks.batch_size, s.data.n_samples) < LONG_STEP


cdef Py_ssize_t task_scratch(const Plan* plan) noexcept nogil:
    cdef Py_ssize_t size = TASK_ROWS * SKNN_SPARE
    cdef const Parameter* p
    cdef int i
    for i in range(plan.n_ops):
        p = plan.parameters + plan.ops[i].parameter
        size = max(size, whole_lines(p.vectors * SKNN_V))
        if KINDS[plan.ops[i].kind].whole_panels:
            size = max(size, p.n_in * SKNN_SPARE)
    return size


# ---- memory ----------------------------------------------------------------------------------------

# Several arrays in one allocation. Without `memory` only their size is counted.
cdef struct Arena:
    char* memory
    Py_ssize_t used


# An array that starts a cache line. A guard follows that address sanitizers know.
cdef void* take(Arena* arena, Py_ssize_t count, Py_ssize_t size) noexcept nogil:
    cdef char* at = NULL
    cdef Py_ssize_t n_bytes = (count * size + 63) // 64 * 64
    if arena.memory != NULL:
        at = arena.memory + arena.used
        guard_memory(at + n_bytes)
    arena.used += n_bytes + SKNN_GUARD_BYTES
    return at


cdef void lay_out_state(TrainingState* s, Arena* arena) noexcept nogil:
    cdef const Plan* plan = s.plan
    cdef Model* model = &s.model
    cdef Buffers* b = &s.buffers
    cdef Py_ssize_t n = plan.n_values, lanes = n_lanes(s, s.blocks.block_rows)
    cdef int i, n_threads = s.tasks.n_shares
    model.params = <real*>take(arena, n, sizeof(real))
    model.best = <real*>take(arena, n, sizeof(real))
    for i in range(s.optimizer.n_slots):
        model.slots[i] = <real*>take(arena, n, sizeof(real))
    model.lower = <real*>take(arena, n, sizeof(real)) if s.bounded else NULL
    model.upper = <real*>take(arena, n, sizeof(real)) if s.bounded else NULL
    model.derived = <real*>take(arena, plan.n_derived, sizeof(real))
    model.running = <double*>take(arena, plan.moments, sizeof(double))
    model.best_running = <double*>take(arena, plan.moments, sizeof(double))
    b.threads = <Workspace*>take(arena, n_threads, sizeof(Workspace))
    b.lanes = <real*>take(arena, lanes * plan.lane_values, sizeof(real))
    b.moments = <double*>take(arena, lanes * plan.moments, sizeof(double))
    b.fresh = <double*>take(arena, n_threads * plan.moments, sizeof(double))
    b.gradient = <real*>take(arena, n, sizeof(real)) if keeps_gradient(s) else NULL
    b.scratch = <real*>take(arena, n_threads * b.scratch_size, sizeof(real))
    b.cursors = <long long*>take(arena, n_threads * s.blocks.block_rows, sizeof(long long))
    b.row_loss = <double*>take(arena, s.blocks.block_rows, sizeof(double))
    s.tasks.each = <Task*>take(arena, count_tasks(plan), sizeof(Task))
    s.tasks.shares = <int*>take(arena, n_threads + 1, sizeof(int))


# All memory of training; -1: there is not enough.
cdef int allocate_state(TrainingState* s, int n_threads) noexcept nogil:
    cdef Arena arena = Arena(NULL, 0)
    cdef Py_ssize_t rows
    cdef int i
    s.tasks.n_shares = n_threads
    choose_blocks(s)
    s.buffers.scratch_size = task_scratch(s.plan)
    lay_out_state(s, &arena)
    arena.memory = s.memory = <char*>aligned_zeros(arena.used)
    if s.memory == NULL:
        return -1
    arena.used = 0
    lay_out_state(s, &arena)
    if allocate_workspace(s.plan, &s.buffers.shared, KEPT, s.blocks.block_rows, True, NULL) < 0:
        return -1
    rows = s.blocks.lane_rows if s.plan.lane_values > 0 else s.blocks.block_rows
    for i in range(n_threads):
        if allocate_workspace(s.plan, s.buffers.threads + i, LOCAL, rows, True, &s.buffers.shared) < 0:
            return -1
    if s.optimizer.kind == MUON:
        return allocate_matrices(&s.matrices, s.plan, <int>s.optimizer.coefficients[4])
    return 0


cdef void free_state(TrainingState* s) noexcept nogil:
    cdef int i
    for i in range(s.tasks.n_shares if s.memory != NULL else 0):
        free_workspace(s.buffers.threads + i)
    free_workspace(&s.buffers.shared)
    free_matrices(&s.matrices)
    aligned_free(s.memory)


# ---- tasks -----------------------------------------------------------------------------------------

# An upper bound.
cdef Py_ssize_t count_tasks(const Plan* plan) noexcept nogil:
    cdef const Parameter* p
    cdef Py_ssize_t n = 1
    cdef int i
    for i in range(plan.n_parameters):
        p = plan.parameters + i
        n += 1 + panel_count(p.vectors) * ((p.n_in + TASK_ROWS - 1) // TASK_ROWS)
    return n


# All weights, then all biases.
cdef void make_tasks(TrainingState* s) noexcept nogil:
    cdef int i
    for i in range(s.plan.n_ops):
        if has_weights(s.plan.ops + i) and s.plan.parameters[s.plan.ops[i].parameter].trained:
            add_weight_tasks(s, i)
    for i in range(s.plan.n_ops):
        if has_weights(s.plan.ops + i) and s.plan.parameters[s.plan.ops[i].parameter].biased:
            add_bias_task(s, i)
    share_tasks(s)


cdef void add_weight_tasks(TrainingState* s, int op) noexcept nogil:
    cdef const Parameter* p = s.plan.parameters + s.plan.ops[op].parameter
    cdef Py_ssize_t first, k
    cdef Panel panel
    cdef Task* task
    for k in range(panel_count(p.vectors)):
        panel = get_panel(p.n_in, p.vectors, k)
        first = 0
        while first < p.n_in:
            task = s.tasks.each + s.tasks.n
            task.op, task.panel, task.first, task.lane = op, panel, first, p.lane >= 0
            task.last = min(first + rows_of_task(s.plan.ops + op, p), p.n_in)
            task.offset = p.weight + panel.offset + first * panel.width
            task.size = (task.last - first) * panel.width
            task.cost = gradient_cost(p, panel, task.last - first) * s.blocks.block_rows
            if task.lane:
                task.cost = n_lanes(s, s.blocks.block_rows) * task.size // SKNN_V
            task.matrix = matrix_of(&s.matrices, op)
            s.tasks.n += 1
            first = task.last


cdef void add_bias_task(TrainingState* s, int op) noexcept nogil:
    cdef const Parameter* p = s.plan.parameters + s.plan.ops[op].parameter
    cdef Task* task = s.tasks.each + s.tasks.n
    task.op, task.bias, task.offset, task.lane = op, True, p.bias, p.lane >= 0
    task.size = p.vectors * SKNN_V
    task.cost = p.vectors * (n_lanes(s, s.blocks.block_rows) if task.lane else s.blocks.block_rows)
    task.matrix = -1
    s.tasks.n += 1


# Consecutive tasks of about equal cost for each thread.
cdef void share_tasks(TrainingState* s) noexcept nogil:
    cdef const Task* tasks = s.tasks.each
    cdef double total = 0, so_far = 0
    cdef int i, t = 1, n_shares = s.tasks.n_shares
    for i in range(s.tasks.n):
        total += tasks[i].cost
    for i in range(s.tasks.n):
        while t < n_shares and so_far + 0.5 * tasks[i].cost >= total * t / n_shares:
            s.tasks.shares[t] = i
            t += 1
        so_far += tasks[i].cost
    for i in range(t, n_shares + 1):
        s.tasks.shares[i] = s.tasks.n
