# Pooling of images (n, h, w, c) over windows, which may hang over the edge.
#
# max:  y[p] = the largest x of the window;  dx = dy at the first place where it stands
# mean: y[p] = the mean of the window;       dx = dy / count at every place; count is what lies inside of the
#       image, or of the image and its padding
# `winners` keeps which tap of the window won, as a number of type real beside every y.

cdef extern from "pool.h" nogil:
    ctypedef struct PoolWindows:
        Py_ssize_t kh, kw, row, c, ahead, first, step
    void max_pool_windows(const real* x, const PoolWindows* w, Py_ssize_t n, real* y, real* winners) noexcept
    void max_pool_spread(const real* dy, const real* winners, Py_ssize_t first, Py_ssize_t n, Py_ssize_t kw,
                         Py_ssize_t c, real* dx) noexcept

# The taps of the window of outputs (oy, ox): rows y0..y1 and columns x0..x1 of the kernel.
cdef struct Taps:
    Py_ssize_t y0, y1, x0, x1
    Py_ssize_t at               # the image's value under tap (0, 0), which may lie outside


cdef inline Taps window_taps(const Geometry* g, Py_ssize_t oy, Py_ssize_t ox) noexcept nogil:
    cdef Py_ssize_t y = oy * g.sh - g.top, x = ox * g.sw - g.left
    return Taps(max(0, -y), min(g.kh, g.h - y), max(0, -x), min(g.kw, g.w - x), (y * g.w + x) * g.c)


cdef void max_pool_forward(const Geometry* g, const real* x, real* y, real* winners) noexcept nogil:
    cdef Py_ssize_t oy, ox, n, last = min(g.ow, (g.w + g.left - g.kw) // g.sw + 1)  # whole windows end there
    cdef Taps t
    cdef PoolWindows windows = PoolWindows(0, 0, g.w * g.c, g.c, g.sw * g.c, 0, g.kw)
    for oy in range(g.oh):
        ox = 0
        while ox < g.ow:
            t = window_taps(g, oy, ox)
            windows.kh, windows.kw, windows.first = t.y1 - t.y0, t.x1 - t.x0, t.y0 * g.kw + t.x0
            n = last - ox if windows.kw == g.kw else 1
            max_pool_windows(x + t.at + (t.y0 * g.w + t.x0) * g.c, &windows, n, y, winners)
            ox += n
            y += n * g.c
            winners += n * g.c


cdef void max_pool_backward(const Geometry* g, const real* dy, const real* winners, real* dx) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef real* d
    cdef real tap, zero = 0
    if g.sh == g.kh and g.sw == g.kw and g.top == 0 and g.left == 0:
        max_pool_backward_apart(g, dy, winners, dx)
        return
    memset(dx, 0, g.h * g.w * g.c * sizeof(real))
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    d = dx + t.at + (i * g.w + j) * g.c
                    tap = i * g.kw + j
                    for k in range(g.c):
                        d[k] += dy[k] if winners[k] == tap else zero
            dy += g.c
            winners += g.c


# Windows that do not overlap: every pixel is written once, in the order of memory.
cdef void max_pool_backward_apart(const Geometry* g, const real* dy, const real* winners,
                                  real* dx) noexcept nogil:
    cdef Py_ssize_t y, first, at, whole = min(g.ow, g.w // g.kw), covered = min(g.w, g.ow * g.kw)
    for y in range(min(g.h, g.oh * g.kh)):
        first = y % g.kh * g.kw
        at = y // g.kh * g.ow * g.c
        max_pool_spread(dy + at, winners + at, first, whole, g.kw, g.c, dx)
        at += whole * g.c
        dx += whole * g.kw * g.c
        if whole < g.ow:    # the last window hangs over the edge
            max_pool_spread(dy + at, winners + at, first, 1, g.w - whole * g.kw, g.c, dx)
        dx += (covered - whole * g.kw) * g.c
        memset(dx, 0, (g.w - covered) * g.c * sizeof(real))
        dx += (g.w - covered) * g.c
    for y in range(g.oh * g.kh, g.h):
        memset(dx, 0, g.w * g.c * sizeof(real))
        dx += g.w * g.c


# One of the values of which outputs (oy, ox) are the mean.
cdef inline real share_of_mean(const Geometry* g, const Taps* t, Py_ssize_t oy, Py_ssize_t ox,
                               bint counts_padding) noexcept nogil:
    cdef Py_ssize_t y = oy * g.sh - g.top, x = ox * g.sw - g.left
    if counts_padding:
        return <real>1 / <real>(min(g.kh, g.h + g.bottom - y) * min(g.kw, g.w + g.right - x))
    return <real>1 / <real>((t.y1 - t.y0) * (t.x1 - t.x0))


cdef void avg_pool_forward(const Geometry* g, const real* x, real* y, bint counts_padding) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef const real* v
    cdef real share
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            share = share_of_mean(g, &t, oy, ox, counts_padding)
            for k in range(g.c):
                y[k] = 0
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    v = x + t.at + (i * g.w + j) * g.c
                    for k in range(g.c):
                        y[k] += v[k]
            for k in range(g.c):
                y[k] *= share
            y += g.c


cdef void avg_pool_backward(const Geometry* g, const real* dy, real* dx, bint counts_padding) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef real* d
    cdef real share
    for k in range(g.h * g.w * g.c):
        dx[k] = 0
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            share = share_of_mean(g, &t, oy, ox, counts_padding)
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    d = dx + t.at + (i * g.w + j) * g.c
                    for k in range(g.c):
                        d[k] += share * dy[k]
            dy += g.c


# ---- the ops ---------------------------------------------------------------------------------------

cdef void max_pool_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Matrix winners = value_of(t.plan, t.w, op.other, t.begin)
    cdef Py_ssize_t r
    for r in range(t.rows):
        max_pool_forward(&op.geometry, x.at + r * x.stride, y.at + r * y.stride,
                         winners.at + r * winners.stride)


cdef void max_pool_op_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                               Matrix dx) noexcept nogil:
    cdef Matrix winners = value_of(t.plan, t.w, op.other, t.begin)
    cdef Py_ssize_t r
    for r in range(t.rows):
        max_pool_backward(&op.geometry, d.at + r * d.stride, winners.at + r * winners.stride,
                          dx.at + r * dx.stride)


cdef void avg_pool_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        avg_pool_forward(&op.geometry, x.at + r * x.stride, y.at + r * y.stride, op.counts_padding)


cdef void avg_pool_op_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                               Matrix dx) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        avg_pool_backward(&op.geometry, d.at + r * d.stride, dx.at + r * dx.stride, op.counts_padding)


cdef bint pools_fit(Py_ssize_t size, Py_ssize_t n, Py_ssize_t kernel, Py_ssize_t stride,
                    Py_ssize_t before) noexcept nogil:
    """Whether each of n windows, which may overhang, sees some of that many places."""
    return min(kernel, stride) >= 1 and before < kernel and (n - 1) * stride - before < size


cdef problem_of_pool(const Plan* plan, const Op* op, tables):
    cdef const Geometry* g = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    if g.c != g.oc or not (pools_fit(g.h, g.oh, g.kh, g.sh, g.top)
                           and pools_fit(g.w, g.ow, g.kw, g.sw, g.left)):
        return "its windows do not fit on the image"
    return None


cdef problem_of_max_pool(const Plan* plan, const Op* op, tables):
    if not is_buffer(plan, op.other) or op.other in (0, op.source, op.target) or (
            plan.buffers[op.other].width != plan.buffers[op.target].width):
        return f"buffer {op.other} cannot hold its winners"
    return problem_of_pool(plan, op, tables)


kind = new_kind("max_pool")
kind.other = WRITES_OTHER
kind.reads = reads_nothing
kind.problem = problem_of_max_pool
kind.forward = max_pool_op
kind.backward = max_pool_op_backward

kind = new_kind("avg_pool")
kind.reads = reads_nothing
kind.problem = problem_of_pool
kind.forward = avg_pool_op
kind.backward = avg_pool_op_backward
