# Validation of what is passed with a plan: rows, weights, running statistics. See check.pxi for the plan
# itself and rows.pxi for the contents of CSR rows.

cdef int check_rows(const Plan* plan, Rows x) except -1:
    """Check width and type of the rows, which determine the addresses that are read."""
    sparse = any(KINDS[plan.ops[i].kind].sparse_input for i in range(plan.n_ops))
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
        c = plan.ops[plan.segments[i + 1]].geometry.c
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


cdef int check_shapes(const Plan* plan, coefs, intercepts) except -1:
    cdef Parameter* p
    cdef int k
    if len(coefs) != plan.n_parameters or len(intercepts) != plan.n_parameters:
        raise ValueError(f"the network has {plan.n_parameters} layers with weights")
    for k in range(plan.n_parameters):
        p = plan.parameters + k
        if (coefs[k].ndim == 0 or coefs[k].shape[coefs[k].ndim - 1] != p.n_out
                or coefs[k].size != p.n_in * p.n_out or intercepts[k].shape != (p.n_out,)):
            raise ValueError(
                f"layer {k} has weights ({p.n_in}, {p.n_out}) and biases ({p.n_out},), got "
                f"{coefs[k].shape} and {intercepts[k].shape}"
            )
    return 0
