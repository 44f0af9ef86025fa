# Validation of what is passed with a plan: rows, weights, running statistics. See check.pxi for the plan
# itself and rows.pxi for the contents of CSR rows.

cdef int check_rows(const Plan* plan, Rows x) except -1:
    """Check width and type of the rows, which determine the addresses that are read."""
    cdef bint sparse = False
    cdef int i
    for i in range(plan.n_ops):
        sparse |= KINDS[plan.ops[i].kind].sparse_input
    if x.input.n_features != plan.buffers[0].width:
        raise ValueError(f"x has {x.input.n_features} features, the network has "
                         f"{plan.buffers[0].width}")
    if (x.input.kind == CSR) != sparse:
        raise ValueError(f"the network takes {'CSR' if sparse else 'dense'} rows")
    return 0


cdef int check_statistics(const Plan* plan, statistics) except -1:
    """Check running means and variances of all batch norms."""
    cdef const real[::1] mean, variance
    cdef int i, n = plan.n_segments - 1
    cdef Py_ssize_t c, k
    cdef bint wrong = False
    means, variances = statistics if statistics is not None else ((), ())
    if len(means) != n or len(variances) != n:
        raise ValueError(f"the network has {n} batch norms, got {len(means)} running means and "
                         f"{len(variances)} running variances")
    for i in range(n):
        c = plan.ops[plan.segments[i + 1].first].geometry.c
        if np.shape(means[i]) != (c,) or np.shape(variances[i]) != (c,):
            raise ValueError(f"batch norm {i} has {c} running means and variances, got "
                             f"{np.shape(means[i])} and {np.shape(variances[i])}")
        mean, variance = means[i], variances[i]
        for k in range(c):
            wrong |= is_not_finite(mean[k]) or not 0 <= variance[k] < INFINITY
        if wrong:
            raise ValueError(f"the running means and variances of batch norm {i} must be finite, the "
                             "latter >= 0")
    return 0


cdef int check_layers(const Plan* plan, coefs, intercepts) except -1:
    if len(coefs) != plan.n_parameters or len(intercepts) != plan.n_parameters:
        raise ValueError(f"the network has {plan.n_parameters} layers with weights")
    return 0


cdef int point_to(const Plan* plan, int k, coefs, intercepts, bint writable, real** w, real** b) except -1:
    """Check the weights and biases of layer k, and point to them; the arrays must outlive the pointers."""
    cdef const Parameter* p = plan.parameters + k
    weights, biases = coefs[k], intercepts[k]
    w[0] = values_of(weights, p.n_in, p.n_out, writable)
    b[0] = values_of(biases, 1, p.n_out, writable)
    if w[0] == NULL or b[0] == NULL:
        raise ValueError(
            f"layer {k} has weights ({p.n_in}, {p.n_out}) and biases ({p.n_out},), got "
            f"{np.shape(weights)} and {np.shape(biases)}"
        )
    return 0


# The values of a C-contiguous array of real (..., width) of so many rows; NULL: it has another shape. To
# predict one row, the memoryviews of all arrays would take longer than the products.
cdef real* values_of(array, Py_ssize_t rows, Py_ssize_t width, bint writable) except? NULL:
    cdef Py_buffer view
    cdef bint same
    cdef real* values
    cdef int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT
    PyObject_GetBuffer(array, &view, flags | PyBUF_WRITABLE if writable else flags)
    values = <real*>view.buf
    if view.ndim == 0 or view.shape[view.ndim - 1] != width or view.len != rows * width * view.itemsize:
        values = NULL
    same = view.itemsize == sizeof(real) and view.format[0] == (c'f' if sizeof(real) == 4 else c'd')
    PyBuffer_Release(&view)
    if not same:
        aligned = "" if array.flags.aligned else ", not aligned"
        raise ValueError(f"the dtype of weights is {array.dtype}{aligned}, "
                         f"the engine's float{8 * sizeof(real)}")
    return values
