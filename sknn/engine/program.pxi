# The Program: a network lowered to buffers, parameters and ops. It holds no weights and, once made, never
# changes: the forward pass gets the fitted arrays and works in memory of its own, so any number of Python
# threads may predict with one Program. Trainer (training.pxi) adds the weights and the steps.

cdef struct Plan:
    int n_ops, n_buffers, n_gradients, n_parameters
    Op* ops
    Buffer* buffers
    Parameter* parameters
    Py_ssize_t* gradient_widths
    Py_ssize_t n_values                 # of the packed parameters
    Py_ssize_t n_transposed
    Py_ssize_t row_values               # elements of all value buffers of one row
    Py_ssize_t row_gradients
    Loss loss

# The activations (and their gradients) of a block of rows.
cdef struct Workspace:
    real* memory
    Matrix* values
    Matrix* gradients

# Where the forward pass finds its parameters: one packed array (in training with its transposed weights),
# or the fitted arrays themselves.
cdef struct Weights:
    const real* packed
    const real* transposed
    const real** unpacked
    real* tail


cdef int allocate_workspace(const Plan* plan, Workspace* w, Py_ssize_t rows,
                            bint training) noexcept nogil:
    cdef Py_ssize_t size = rows * (plan.row_values + (plan.row_gradients if training else 0))
    cdef real* at
    cdef int i
    w.memory = <real*>aligned_zeros(size * sizeof(real))
    w.values = <Matrix*>calloc(plan.n_buffers + plan.n_gradients + 1, sizeof(Matrix))
    if w.memory == NULL or w.values == NULL:
        return -1
    w.gradients = w.values + plan.n_buffers
    at = w.memory
    for i in range(plan.n_buffers):
        w.values[i].at = at
        w.values[i].stride = plan.buffers[i].stride
        at += rows * plan.buffers[i].stride
    if training:
        for i in range(plan.n_gradients):
            w.gradients[i].at = at
            w.gradients[i].stride = plan.gradient_widths[i]
            at += rows * plan.gradient_widths[i]
    return 0


cdef void free_workspace(Workspace* w) noexcept nogil:
    aligned_free(w.memory)
    free(w.values)
    w.memory = NULL
    w.values = NULL


cdef inline Matrix row_of(Matrix matrix, Py_ssize_t row) noexcept nogil:
    matrix.at += row * matrix.stride
    return matrix


# Copies the rows of these samples to the input buffer as `real`, the next row already on its way.
cdef void gather(const Input* x, const Py_ssize_t* samples, Py_ssize_t rows,
                 Matrix target) noexcept nogil:
    cdef Py_ssize_t i, j, size = x.stride * (8 if x.kind == FLOAT64 else 4)
    cdef const double* wide
    cdef const float* single
    cdef real* out
    for i in range(rows):
        if i + 1 < rows:
            prefetch_bytes(<const char*>x.data + samples[i + 1] * size, size)
        out = target.at + i * target.stride
        if x.kind == FLOAT32:
            single = <const float*>x.data + samples[i] * x.stride
            for j in range(x.n_features):
                out[j] = <real>single[j]
        else:
            wide = <const double*>x.data + samples[i] * x.stride
            for j in range(x.n_features):
                out[j] = <real>wide[j]


cdef bint all_finite(Matrix x, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef const real* row
    cdef sint bad = 0
    for i in range(rows):
        row = x.at + i * x.stride
        for j in range(width):
            bad |= is_not_finite(row[j])
    return bad == 0


# The first n_ops ops on rows [begin, begin + rows) of a workspace. `samples` are the numbers of these rows
# in x (for CSR rows and dropout masks); `next` is what to fetch during the first product.
cdef void forward_rows(const Plan* plan, const Workspace* w, const Weights* weights, const Input* x,
                       const Py_ssize_t* samples, u64 epoch_key, bint training, int n_ops,
                       Py_ssize_t begin, Py_ssize_t rows, const Ahead* next) noexcept nogil:
    cdef int i
    cdef Py_ssize_t r
    cdef const Op* op
    cdef const Parameter* p
    cdef Matrix source, target
    for i in range(n_ops):
        op = plan.ops + i
        source = row_of(w.values[op.source], begin)
        target = row_of(w.values[op.target], begin)
        p = plan.parameters + op.parameter
        if op.kind == DENSE:
            if weights.packed != NULL:
                dense_forward(p, weights.packed, weights.transposed, source, target, rows, next)
                next = NULL
            else:
                dense_forward_unpacked(weights.unpacked[2 * op.parameter],
                                       weights.unpacked[2 * op.parameter + 1], p.n_in, p.n_out,
                                       source, target, rows, weights.tail)
        elif op.kind == DENSE_CSR:
            csr_forward(op, p, weights.packed, x, samples, epoch_key, training, target, rows)
        elif op.kind == ACTIVATION:
            activation_forward(op.code, source.at, target.at, rows * target.stride)
        elif training:
            for r in range(rows):
                dropout_row(source.at + r * source.stride, target.at + r * target.stride,
                            plan.buffers[op.source].width,
                            row_key(epoch_key, samples[r], op.layer), op.rate)
        else:
            for r in range(rows):
                memcpy(target.at + r * target.stride, source.at + r * source.stride,
                       plan.buffers[op.source].width * sizeof(real))


# The gradients of all activations, from those of the logits (already in place) down to the first op.
cdef void backward_rows(const Plan* plan, const Workspace* w, const real* transposed,
                        const Py_ssize_t* samples, u64 epoch_key, Py_ssize_t begin,
                        Py_ssize_t rows) noexcept nogil:
    cdef int i
    cdef Py_ssize_t r
    cdef const Op* op
    cdef Matrix source, target, d
    for i in range(plan.n_ops - 1, -1, -1):
        op = plan.ops + i
        if plan.buffers[op.source].gradient < 0:
            continue
        d = row_of(w.gradients[plan.buffers[op.target].gradient], begin)
        if op.kind == DENSE:
            dense_input_gradient(plan.parameters + op.parameter, transposed, d,
                                 row_of(w.gradients[plan.buffers[op.source].gradient], begin), rows)
        elif op.kind == ACTIVATION:
            source = row_of(w.values[op.source], begin)
            target = row_of(w.values[op.target], begin)
            activation_backward(op.code, source.at, target.at, d.at, rows * d.stride)
        elif op.kind == DROPOUT:
            for r in range(rows):
                dropout_row(d.at + r * d.stride, d.at + r * d.stride,
                            plan.buffers[op.source].width,
                            row_key(epoch_key, samples[r], op.layer), op.rate)


cdef class Rows:
    """Samples as the engine reads them: a C-contiguous float32 or float64 array, or CSR parts."""

    cdef Input input
    cdef object owner
    cdef readonly Py_ssize_t n_samples

    def __cinit__(self, X, Py_ssize_t n_features=-1):
        cdef const float[:, ::1] single
        cdef const double[:, ::1] double_
        if isinstance(X, tuple):
            self._take_csr(X, n_features)
            return
        self.owner = X
        self.n_samples = X.shape[0]
        self.input.n_features = self.input.stride = X.shape[1]
        if X.dtype.char == "f":
            single = X
            self.input.kind = FLOAT32
            self.input.data = <const void*>&single[0, 0]
        else:
            double_ = X
            self.input.kind = FLOAT64
            self.input.data = <const void*>&double_[0, 0]

    cdef _take_csr(self, parts, Py_ssize_t n_features):
        cdef const real[::1] data
        cdef const int[::1] indices
        cdef const long long[::1] indptr
        data, indices, indptr = parts
        self.owner = parts
        self.n_samples = indptr.shape[0] - 1
        self.input.kind = CSR
        self.input.n_features = n_features
        self.input.indptr = &indptr[0]
        if data.shape[0] > 0:
            self.input.data = <const void*>&data[0]
            self.input.indices = &indices[0]


cdef const void* target_data(const Loss* loss, y) except NULL:
    """The first element of targets (n, n_groups) of int32, or (n, n_outputs) of real."""
    cdef const int[:, ::1] codes
    cdef const real[:, ::1] values
    cdef Py_ssize_t width = loss.n_groups if loss.kind == SOFTMAX else loss.n_outputs
    if y.ndim != 2 or y.shape[1] != width:
        raise ValueError(f"targets must have the shape (n, {width}), got {y.shape}")
    if loss.kind == SOFTMAX:
        if (np.min(y, axis=0) < 0).any() or (
                np.max(y, axis=0) >= [loss.group_sizes[i] for i in range(width)]).any():
            raise ValueError("class numbers must be below the number of classes")
        codes = y
        return <const void*>&codes[0, 0]
    values = y
    return <const void*>&values[0, 0]


cdef class Program:
    """A lowered network.

    Parameters
    ----------
    ops : list of (kind, source, target, parameter, code, layer, rate)
    buffers : list of (width, gradient)
        `gradient` numbers the gradient buffer; -1 where none is wanted.
    parameters : list of (n_in, n_out, needs_input_gradient)
    loss : (kind, group_sizes, option, value_scale, gradient_scale)
        `group_sizes` holds the classes of each softmax, or one number: the outputs.
    """

    cdef Plan plan

    def __cinit__(self, ops, buffers, parameters, loss):
        cdef Plan* plan = &self.plan
        cdef int i
        plan.n_ops = len(ops)
        plan.n_buffers = len(buffers)
        plan.n_parameters = len(parameters)
        plan.n_gradients = 1 + max(gradient for _, gradient in buffers)
        plan.ops = <Op*>calloc(plan.n_ops + 1, sizeof(Op))
        plan.buffers = <Buffer*>calloc(plan.n_buffers, sizeof(Buffer))
        plan.parameters = <Parameter*>calloc(plan.n_parameters + 1, sizeof(Parameter))
        plan.gradient_widths = <Py_ssize_t*>calloc(plan.n_gradients + 1, sizeof(Py_ssize_t))
        plan.loss.group_sizes = <Py_ssize_t*>calloc(len(loss[1]) + 1, sizeof(Py_ssize_t))
        if (plan.ops == NULL or plan.buffers == NULL or plan.parameters == NULL
                or plan.gradient_widths == NULL or plan.loss.group_sizes == NULL):
            raise MemoryError("the network does not fit in memory")
        for i, (kind, source, target, parameter, code, layer, rate) in enumerate(ops):
            plan.ops[i] = Op(kind, source, target, parameter, code, layer, rate)
        for i, (width, gradient) in enumerate(buffers):
            plan.buffers[i] = Buffer(width, row_stride(width), gradient)
            plan.row_values += plan.buffers[i].stride
            if gradient >= 0 and plan.gradient_widths[gradient] == 0:
                plan.gradient_widths[gradient] = plan.buffers[i].stride
                plan.row_gradients += plan.buffers[i].stride
        self._lay_out_parameters(parameters)
        self._take_loss(loss)

    cdef _lay_out_parameters(self, parameters):
        """Weights first, then biases: what decays is one slice."""
        cdef Plan* plan = &self.plan
        cdef Parameter* p
        cdef int i
        for i, (n_in, n_out, needs_input_gradient) in enumerate(parameters):
            p = plan.parameters + i
            p.n_in, p.n_out, p.vectors = n_in, n_out, n_vectors(n_out)
            p.weight = plan.n_values
            plan.n_values += whole_lines(p.n_in * p.vectors * SKNN_V)
            p.transposed = -1
            p.transposed_vectors = n_vectors(n_in)
            if needs_input_gradient:
                p.transposed = plan.n_transposed
                plan.n_transposed += p.vectors * SKNN_V * p.transposed_vectors * SKNN_V
        for i in range(plan.n_parameters):
            p = plan.parameters + i
            p.bias = plan.n_values
            plan.n_values += whole_lines(p.vectors * SKNN_V)

    cdef _take_loss(self, parts):
        cdef Loss* loss = &self.plan.loss
        kind, group_sizes, option, value_scale, gradient_scale = parts
        loss.kind = kind
        loss.n_groups = len(group_sizes)
        loss.n_outputs = sum(group_sizes)
        for i, size in enumerate(group_sizes):
            loss.group_sizes[i] = size
        loss.option = option
        loss.value_scale = value_scale
        loss.gradient_scale = gradient_scale

    def __dealloc__(self):
        free(self.plan.ops)
        free(self.plan.buffers)
        free(self.plan.parameters)
        free(self.plan.gradient_widths)
        free(self.plan.loss.group_sizes)

    cdef int check_rows(self, Rows x) except -1:
        """Rows of another width or kind would be read out of bounds."""
        sparse = any(self.plan.ops[i].kind == DENSE_CSR for i in range(self.plan.n_ops))
        if x.input.n_features != self.plan.buffers[0].width:
            raise ValueError(f"x has {x.input.n_features} features, the network has "
                             f"{self.plan.buffers[0].width}")
        if (x.input.kind == CSR) != sparse:
            raise ValueError(f"the network takes {'CSR' if sparse else 'dense'} rows")
        return 0

    cdef int check_shapes(self, coefs, intercepts) except -1:
        cdef Parameter* p
        cdef int k
        if len(coefs) != self.plan.n_parameters or len(intercepts) != self.plan.n_parameters:
            raise ValueError(f"the network has {self.plan.n_parameters} layers with weights")
        for k in range(self.plan.n_parameters):
            p = self.plan.parameters + k
            if coefs[k].shape != (p.n_in, p.n_out) or intercepts[k].shape != (p.n_out,):
                raise ValueError(
                    f"layer {k} has weights ({p.n_in}, {p.n_out}) and biases ({p.n_out},), got "
                    f"{coefs[k].shape} and {intercepts[k].shape}"
                )
        return 0

    cdef int pack(self, real* packed, coefs, intercepts) except -1:
        """Logical layout (n_in, n_out), (n_out,) to the packed one; the padding stays as it is (zero)."""
        cdef const real[:, ::1] w
        cdef const real[::1] b
        cdef Parameter* p
        cdef int k
        self.check_shapes(coefs, intercepts)
        for k in range(self.plan.n_parameters):
            p = self.plan.parameters + k
            w, b = coefs[k], intercepts[k]
            copy_packed(p, packed + p.weight, <real*>&w[0, 0], True)
            memcpy(packed + p.bias, &b[0], p.n_out * sizeof(real))
        return 0

    cdef int unpack(self, const real* packed, coefs, intercepts) except -1:
        """The packed layout back into arrays of the logical one."""
        cdef real[:, ::1] w
        cdef real[::1] b
        cdef Parameter* p
        cdef int k
        self.check_shapes(coefs, intercepts)
        for k in range(self.plan.n_parameters):
            p = self.plan.parameters + k
            w, b = coefs[k], intercepts[k]
            copy_packed(p, <real*>packed + p.weight, &w[0, 0], False)
            memcpy(&b[0], packed + p.bias, p.n_out * sizeof(real))
        return 0


# Between the packed panels and rows of n_out values.
cdef void copy_packed(const Parameter* p, real* packed, real* rows, bint pack) noexcept nogil:
    cdef Py_ssize_t i, k, size
    cdef Panel panel
    for k in range(panel_count(p.vectors)):
        panel = get_panel(p.n_in, p.vectors, k)
        size = min(panel.width, p.n_out - panel.begin) * sizeof(real)
        for i in range(p.n_in):
            if pack:
                memcpy(packed + panel.offset + i * panel.width, rows + i * p.n_out + panel.begin, size)
            else:
                memcpy(rows + i * p.n_out + panel.begin, packed + panel.offset + i * panel.width, size)
