# Gradients with respect to the inputs of a network in prediction mode.

# For m rows whose values are in `ws`. The moments hold no batch sums, so a batch norm is the linear map
# that it is in prediction. The weight gradients go to `unused`.
cdef void backward_to_input(const Forward* f, const Workspace* ws, const Py_ssize_t* samples, Py_ssize_t m,
                       real* unused) noexcept nogil:
    cdef const Plan* plan = f.plan
    cdef Lane lane = Lane(unused, False, False, m)
    cdef Matrix d = gradient_of(plan, ws, plan.ops[plan.n_ops - 1].target, 0)
    cdef Py_ssize_t i, n = plan.loss.n_outputs
    cdef int segment
    for i in range(m):
        memcpy(d.at + i * d.stride, f.output_gradients + (samples[0] + i) * n, n * sizeof(real))
    for segment in range(plan.n_segments - 1, -1, -1):
        if segment + 1 < plan.n_segments:
            finish_batch_norm(plan, ws, f.weights.packed, plan.ops + plan.segments[segment + 1].first, NULL,
                              samples, 0, m)
        backward_rows(plan, ws, f.weights, samples, plan.segments[segment].first,
                      plan.segments[segment + 1].first, 0, m, &lane)


def input_gradient(Program program not None, Rows x not None, coefs, intercepts,
                   const real[:, ::1] output_gradients not None, real[:, ::1] out not None, int n_threads=1,
                   statistics=None):
    """Gradient of ``sum(output_gradients * logits)`` with respect to x, written to `out`.

    The program must have a gradient of its input, no trained weights and no dropout. Other arguments are
    those of `forward`.
    """
    cdef Forward f
    cdef ForwardWeights weights
    cdef Plan* plan = &program.plan
    check_rows(&program.plan, x)
    if plan.buffers[0].gradient < 0:
        raise ValueError("the network does not ask for the gradient of its input")
    if output_gradients.shape[0] != x.n_samples or output_gradients.shape[1] != plan.loss.n_outputs:
        raise ValueError(f"output_gradients must have the shape ({x.n_samples}, {plan.loss.n_outputs})")
    if out.shape[0] != x.n_samples or out.shape[1] != plan.buffers[0].width:
        raise ValueError(f"out must have the shape ({x.n_samples}, {plan.buffers[0].width})")
    if x.n_samples == 0:
        return True
    weights = ForwardWeights(program, coefs, intercepts, statistics, False, True)
    f = Forward(plan, &weights.weights, &x.input, 0, 0, plan.n_ops, False, False, &out[0, 0], NULL,
                plan.buffers[0].width, rows_at_once(plan, True), weights.moments,
                Masks(0, False, 0), &output_gradients[0, 0], False, True)
    run_slices(&f, x.n_samples, n_threads)
    return f.finite
