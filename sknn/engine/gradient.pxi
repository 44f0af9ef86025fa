# Slopes along the inputs: what the outputs' slopes become on their way back through a network that predicts.

# Of m rows whose values are in w. The moments hold no sums of a batch: a batch norm is then the linear map
# that it is in prediction. What the ops say of their weights goes to `unused`.
cdef void input_slopes(const Forward* f, const Workspace* w, const Py_ssize_t* samples, Py_ssize_t m,
                       real* unused) noexcept nogil:
    cdef const Plan* plan = f.plan
    cdef Lane lane = Lane(unused, False, False)
    cdef Matrix d = gradient_of(plan, w, plan.ops[plan.n_ops - 1].target, 0)
    cdef Py_ssize_t i, n = plan.loss.n_outputs
    cdef int segment
    for i in range(m):
        memcpy(d.at + i * d.stride, f.slopes + (samples[0] + i) * n, n * sizeof(real))
    for segment in range(plan.n_segments - 1, -1, -1):
        if segment + 1 < plan.n_segments:
            finish_batch_norm(plan, w, f.weights.packed, plan.ops + plan.segments[segment + 1], NULL, samples,
                              0, m)
        backward_rows(plan, w, f.weights, samples, plan.segments[segment], plan.segments[segment + 1], 0, m,
                      &lane)


def input_gradient(Program program not None, Rows x not None, coefs, intercepts,
                   const real[:, ::1] slopes not None, real[:, ::1] out not None, int n_threads=1,
                   statistics=None):
    """The gradient of ``sum(slopes * logits)`` along every row of x, as it enters the network, into `out`.

    The program must want the gradient of its input, train no weights and have no dropout. Everything else is
    as for `forward`.
    """
    cdef Forward f
    cdef ForwardWeights weights
    cdef Plan* plan = &program.plan
    check_rows(&program.plan, x)
    if plan.buffers[0].gradient < 0:
        raise ValueError("the network does not ask for the gradient of its input")
    if slopes.shape[0] != x.n_samples or slopes.shape[1] != plan.loss.n_outputs:
        raise ValueError(f"slopes must have the shape ({x.n_samples}, {plan.loss.n_outputs})")
    if out.shape[0] != x.n_samples or out.shape[1] != plan.buffers[0].width:
        raise ValueError(f"out must have the shape ({x.n_samples}, {plan.buffers[0].width})")
    if x.n_samples == 0:
        return True
    weights = ForwardWeights(program, coefs, intercepts, statistics, False, True)
    f = Forward(plan, &weights.weights, &x.input, 0, 0, plan.n_ops, False, False, &out[0, 0], NULL,
                plan.buffers[0].width, rows_at_once(plan, True), weights.moments,
                Masks(0, False, 0), &slopes[0, 0], False, True)
    run_slices(&f, x.n_samples, n_threads)
    return f.finite
