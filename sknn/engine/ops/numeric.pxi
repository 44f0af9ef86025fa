# Embeddings of numerical features: periodic (Gorishniy, Rubachev & Babenko 2022; with phases and x itself:
# Holzmueller, Grinsztajn & Steinwart 2024) or piecewise linear between fixed edges (Gorishniy et al.).
# Formulas and kernels are in periodic.h and piecewise.h. A row of c features becomes planes of c values: x,
# then v[0], v[1], ...; features are not interleaved.

cdef extern from "periodic.h" nogil:
    ctypedef struct Periodic:
        Py_ssize_t K, J, row
    void load_vector(const real* at, Py_ssize_t n, real* to) noexcept
    void periodic_vector(const Periodic* t, const real* w, const real* x, real* v) noexcept
    void periodic_gradient(const Periodic* t, const real* w, const real* x, const real* d, real* g) noexcept
    void periodic_input_gradient(const Periodic* t, const real* w, const real* x, const real* d,
                                 real* dx) noexcept

cdef extern from "piecewise.h" nogil:
    ctypedef struct Pieces:
        Py_ssize_t T, J, row, c, n
        const real* bins
    void piecewise_vector(const Pieces* p, const real* w, const real* x, real* v) noexcept
    void piecewise_gradient(const Pieces* p, const real* x, const real* d, real* g) noexcept
    void piecewise_input_gradient(const Pieces* p, const real* w, const real* x, const real* d,
                                  real* dx) noexcept


# Per thread: vectors of x, its outputs and its gradient.
cdef inline Py_ssize_t numeric_scratch(const Op* op) noexcept nogil:
    return (2 + op.geometry.oc // op.geometry.c) * SKNN_V


# One vector of features of an op, with its weights.
cdef struct Features:
    bint periodic
    Py_ssize_t first, n, c, J
    const real* weights
    Periodic frequencies
    Pieces pieces


cdef inline Features features_of(const Op* op, const Parameter* p, Py_ssize_t vector,
                                 const real* packed) noexcept nogil:
    cdef Features f
    cdef Panel panel = get_panel(p.n_in, p.vectors, panel_of(p.vectors, vector))
    memset(&f, 0, sizeof(Features))
    f.periodic, f.c, f.J = op.bins == NULL, op.geometry.c, op.geometry.oc // op.geometry.c - 1
    f.first = vector * SKNN_V
    f.n = min(SKNN_V, f.c - f.first)
    f.weights = packed + p.weight + panel.offset + f.first - panel.begin
    if f.periodic:
        f.frequencies = Periodic(op.n_frequencies, f.J, panel.width)
    else:
        f.pieces = Pieces(p.n_in // f.J - 1, f.J, panel.width, f.c, f.n, op.bins + f.first)
    return f


cdef void numeric_forward(const Op* op, const Parameter* p, const real* packed, Matrix x, Matrix y,
                          Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r, j
    cdef real* values = scratch + SKNN_V
    cdef real* out
    cdef Features f
    for v in range(p.vectors):
        f = features_of(op, p, v, packed)
        for r in range(rows):
            load_vector(x.at + r * x.stride + f.first, f.n, scratch)
            if f.periodic:
                periodic_vector(&f.frequencies, f.weights, scratch, values)
            else:
                piecewise_vector(&f.pieces, f.weights, scratch, values)
            out = y.at + r * y.stride + f.first
            memcpy(out, scratch, f.n * sizeof(real))
            for j in range(f.J):
                memcpy(out + (j + 1) * f.c, values + j * SKNN_V, f.n * sizeof(real))


# The gradients of all planes except x itself, for one vector of features.
cdef inline void load_gradients(const Features* f, const real* d, real* dv) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(f.J):
        load_vector(d + (j + 1) * f.c, f.n, dv + j * SKNN_V)


# For all rows of a panel.
cdef void numeric_weight_gradient(const Op* op, const Parameter* p, Panel panel, const real* packed,
                                  Matrix x, Matrix d, Py_ssize_t rows, real* g, bint accumulate,
                                  real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r
    cdef real* dv = scratch + SKNN_V
    cdef Features f
    if not accumulate:
        memset(g, 0, p.n_in * panel.width * sizeof(real))
    for v in range(panel.vectors):
        f = features_of(op, p, panel.begin // SKNN_V + v, packed)
        for r in range(rows):
            load_vector(x.at + r * x.stride + f.first, f.n, scratch)
            load_gradients(&f, d.at + r * d.stride + f.first, dv)
            if f.periodic:
                periodic_gradient(&f.frequencies, f.weights, scratch, dv, g + v * SKNN_V)
            else:
                piecewise_gradient(&f.pieces, scratch, dv, g + v * SKNN_V)


cdef void numeric_input_gradient(const Op* op, const Parameter* p, const real* packed, Matrix x, Matrix d,
                                 Matrix dx, Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r
    cdef real* dv = scratch + SKNN_V
    cdef real* total
    cdef Features f
    for v in range(p.vectors):
        f = features_of(op, p, v, packed)
        total = dv + f.J * SKNN_V
        for r in range(rows):
            load_vector(x.at + r * x.stride + f.first, f.n, scratch)
            load_vector(d.at + r * d.stride + f.first, f.n, total)
            load_gradients(&f, d.at + r * d.stride + f.first, dv)
            if f.periodic:
                periodic_input_gradient(&f.frequencies, f.weights, scratch, dv, total)
            else:
                piecewise_input_gradient(&f.pieces, f.weights, scratch, dv, total)
            memcpy(dx.at + r * dx.stride + f.first, total, f.n * sizeof(real))


# ---- the ops ---------------------------------------------------------------------------------------

cdef void numeric_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    numeric_forward(op, parameter_of(t, op), t.weights.packed, x, y, t.rows, t.ws.scratch)


cdef void numeric_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                           Matrix dx) noexcept nogil:
    numeric_input_gradient(op, parameter_of(t, op), t.weights.packed, x, d, dx, t.rows,
                           t.ws.scratch)


cdef void numeric_task(const WeightTask* t, const Op* op) noexcept nogil:
    numeric_weight_gradient(op, t.p, t.panel, t.params, t.x, t.d, t.rows, t.gradient, t.accumulate, t.scratch)


cdef int reserve_numeric(Plan* plan, Op* op) except -1:
    plan.scratch = max(plan.scratch, numeric_scratch(op))
    return 0


cdef Py_ssize_t work_of_periodic(const Parameter* p, const Op* op) noexcept nogil:
    return 8 * work_of_dense(p, op)     # a cosine costs about 8 multiply-adds


cdef problem_of_numeric(const Plan* plan, const Op* op):
    """Return what is wrong with an op apart from its weights, or None."""
    cdef const Geometry* geom = &op.geometry
    problem = problem_of_columns(plan, op)
    if problem:
        return problem
    if geom.oc // geom.c < 2 or geom.oc % geom.c or max(geom.first, geom.to) > 0:
        return f"{geom.c} columns become {geom.oc}"
    return None


cdef problem_of_periodic(const Plan* plan, const Op* op, tables):
    cdef Py_ssize_t J
    problem = problem_of_numeric(plan, op)
    if problem:
        return problem
    J = op.geometry.oc // op.geometry.c - 1
    if op.n_frequencies < 1:
        return "it has no frequencies"
    return problem_of_weights(plan.parameters + op.parameter, (2 + J) * op.n_frequencies + J, op.geometry.c)


cdef problem_of_piecewise(const Plan* plan, const Op* op, tables):
    cdef Py_ssize_t J, T
    problem = problem_of_numeric(plan, op)
    if problem:
        return problem
    J = op.geometry.oc // op.geometry.c - 1
    if not 0 <= op.table < len(tables):
        return f"table {op.table} is none of {len(tables)}"
    T = len(tables[op.table]) // 2
    if tables[op.table].shape != (2 * T, op.geometry.c) or T < 1:
        return f"its table has the shape {tables[op.table].shape}"
    return problem_of_weights(plan.parameters + op.parameter, T * J + J, op.geometry.c)


kind = new_kind("periodic")
kind.weights = FROM_BLOCK
kind.on_columns = kind.whole_panels = True
kind.reads = reads_its_source
kind.problem = problem_of_periodic
kind.forward = numeric_op
kind.backward = numeric_backward
kind.task_gradient = numeric_task
kind.reserve = reserve_numeric
kind.work = work_of_periodic

kind = new_kind("piecewise")
kind.weights = FROM_BLOCK
kind.on_columns = kind.whole_panels = kind.has_table = True
kind.reads = reads_its_source
kind.problem = problem_of_piecewise
kind.forward = numeric_op
kind.backward = numeric_backward
kind.task_gradient = numeric_task
kind.reserve = reserve_numeric
kind.work = work_of_dense
