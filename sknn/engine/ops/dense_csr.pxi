# The first dense layer on CSR rows: y_i = b + sum over stored j of x_ij W_j, and dW_j += x_ij dy_i. Only
# stored values are read; input dropout is applied to them on the fly.

cdef void csr_forward(const Op* op, const Parameter* p, const real* packed, const Input* x,
                      const Py_ssize_t* samples, const Masks* masks, Matrix y,
                      Py_ssize_t rows) noexcept nogil:
    cdef Py_ssize_t i, j, k
    cdef long long e
    cdef const real* w
    cdef const real* data = <const real*>x.data
    cdef real* out
    cdef real value
    cdef u32 key
    cdef double rate = op.drop_rate * masks.factor
    cdef Panel panel
    for i in range(rows):
        key = mask_key(masks, samples[i], op.mask)
        for k in range(panel_count(p.vectors)):
            panel = get_panel(p.n_in, p.vectors, k)
            out = y.at + i * y.stride + panel.begin
            for j in range(panel.width):
                out[j] = packed[p.bias + panel.begin + j]
            for e in range(x.indptr[samples[i]], x.indptr[samples[i] + 1]):
                value = csr_value(rate, data[e], x.indices[e], key)
                w = packed + p.weight + panel.offset + x.indices[e] * panel.width
                for j in range(panel.width):
                    out[j] += value * w[j]


cdef inline real csr_value(double rate, real value, int column, u32 key) noexcept nogil:
    if rate == 0:
        return value
    if element_hash(key, <u32>column) < drop_below(rate):
        return 0
    return value * <real>(1.0 / (1.0 - rate))


# dW[first:last] (+)= x[:, first:last]^T dy in one panel of dW. `cursors[i]` is the first stored value of
# row i in a column >= first. Columns are sorted and tasks come in order, so cursors only advance.
cdef void csr_weight_gradient(const Op* op, Panel panel, const Input* x,
                              const Py_ssize_t* samples, const Masks* masks, Matrix dy,
                              Py_ssize_t rows, Py_ssize_t first, Py_ssize_t last, long long* cursors,
                              real* dW, bint accumulate) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef long long e, end
    cdef const real* data = <const real*>x.data
    cdef const real* d
    cdef real* row
    cdef real value
    cdef u32 key
    cdef double rate = op.drop_rate * masks.factor
    if not accumulate:
        for j in range((last - first) * panel.width):
            dW[j] = 0
    for i in range(rows):
        e = cursors[i]
        end = x.indptr[samples[i] + 1]
        if e == end or x.indices[e] >= last:
            continue
        key = mask_key(masks, samples[i], op.mask)
        d = dy.at + i * dy.stride + panel.begin
        while e < end and x.indices[e] < last:
            value = csr_value(rate, data[e], x.indices[e], key)
            row = dW + (x.indices[e] - first) * panel.width
            for j in range(panel.width):
                row[j] += value * d[j]
            e += 1
        cursors[i] = e


cdef void csr_cursors(const Input* x, const Py_ssize_t* samples, Py_ssize_t rows,
                      Py_ssize_t column, long long* cursors) noexcept nogil:
    cdef Py_ssize_t i
    cdef long long low, high, middle
    for i in range(rows):
        low = x.indptr[samples[i]]
        high = x.indptr[samples[i] + 1]
        while low < high:
            middle = (low + high) // 2
            if x.indices[middle] < column:
                low = middle + 1
            else:
                high = middle
        cursors[i] = low


# ---- the op ----------------------------------------------------------------------------------------

cdef void csr_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    csr_forward(op, parameter_of(t, op), t.weights.packed, t.input, t.samples, &t.ws.masks, y, t.rows)


cdef void csr_task(const WeightTask* t, const Op* op) noexcept nogil:
    if t.restarts:
        csr_cursors(t.input, t.samples, t.rows, t.first, t.cursors)
    csr_weight_gradient(op, t.panel, t.input, t.samples, t.masks, t.d, t.rows, t.first, t.last, t.cursors,
                        t.gradient, t.accumulate)


kind = new_kind("dense_csr")
kind.weights = FROM_BLOCK
kind.fitted = kind.is_matrix = kind.sparse_input = True
kind.reads = reads_its_source
kind.problem = problem_of_dense
kind.forward = csr_op
kind.task_gradient = csr_task
kind.work = work_of_dense
