# Pooling of images (n, h, w, c); windows may be partial.
#
# max:  y[p] = maximum of the window;  dx = dy at its first occurrence mean: y[p] = mean of the window;
# dx = dy / count for each pixel of the window; count is the number of its
#       pixels inside the image, or inside the padded image
# `winners` stores the index of the winning tap of each y, as a real.

cdef extern from "pool.h" nogil:
    ctypedef struct PoolWindows:
        Py_ssize_t kh, kw, row, c, next, first, step
    void max_pool_windows(const real* x, const PoolWindows* w, Py_ssize_t n, const real* slope, real* y,
                          real* winners) noexcept
    void max_pool_scatter(const real* dy, const real* winners, Py_ssize_t first, Py_ssize_t n, Py_ssize_t kw,
                          Py_ssize_t c, real* dx) noexcept

# Taps of a window inside the image: kernel rows y0..y1, columns x0..x1.
cdef struct Taps:
    Py_ssize_t y0, y1, x0, x1
    Py_ssize_t at               # position of tap (0, 0) in the image, possibly outside


cdef inline bint windows_are_apart(const Geometry* geom) noexcept nogil:
    return geom.sh == geom.kh and geom.sw == geom.kw and geom.top == 0 and geom.left == 0


cdef inline Taps window_taps(const Geometry* geom, Py_ssize_t oy, Py_ssize_t ox) noexcept nogil:
    cdef Py_ssize_t y = oy * geom.sh - geom.top, x = ox * geom.sw - geom.left
    return Taps(max(0, -y), min(geom.kh, geom.h - y), max(0, -x), min(geom.kw, geom.w - x),
                (y * geom.w + x) * geom.c)


cdef void max_pool_forward(const Geometry* geom, const real* x, const real* slope, real* y,
                           real* winners) noexcept nogil:
    cdef Py_ssize_t oy, ox, n
    # end of the whole windows
    cdef Py_ssize_t last = min(geom.ow, (geom.w + geom.left - geom.kw) // geom.sw + 1)
    cdef Taps t
    cdef PoolWindows windows = PoolWindows(0, 0, geom.w * geom.c, geom.c, geom.sw * geom.c, 0, geom.kw)
    for oy in range(geom.oh):
        ox = 0
        while ox < geom.ow:
            t = window_taps(geom, oy, ox)
            windows.kh, windows.kw, windows.first = t.y1 - t.y0, t.x1 - t.x0, t.y0 * geom.kw + t.x0
            n = last - ox if windows.kw == geom.kw else 1
            max_pool_windows(x + t.at + (t.y0 * geom.w + t.x0) * geom.c, &windows, n, slope, y,
                             winners)
            ox += n
            y += n * geom.c
            winners += n * geom.c


cdef void max_pool_backward(const Geometry* geom, const real* dy, const real* winners,
                            real* dx) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef real* d
    cdef real tap, zero = 0
    if windows_are_apart(geom):
        max_pool_backward_apart(geom, dy, winners, dx)
        return
    memset(dx, 0, geom.h * geom.w * geom.c * sizeof(real))
    for oy in range(geom.oh):
        for ox in range(geom.ow):
            t = window_taps(geom, oy, ox)
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    d = dx + t.at + (i * geom.w + j) * geom.c
                    tap = i * geom.kw + j
                    for k in range(geom.c):
                        d[k] += dy[k] if winners[k] == tap else zero
            dy += geom.c
            winners += geom.c


# Windows that do not overlap: each pixel is written once, in memory order.
cdef void max_pool_backward_apart(const Geometry* geom, const real* dy, const real* winners,
                                  real* dx) noexcept nogil:
    cdef Py_ssize_t y, first, at, whole = min(geom.ow, geom.w // geom.kw), covered = min(geom.w,
                                                                                         geom.ow * geom.kw)
    for y in range(min(geom.h, geom.oh * geom.kh)):
        first = y % geom.kh * geom.kw
        at = y // geom.kh * geom.ow * geom.c
        max_pool_scatter(dy + at, winners + at, first, whole, geom.kw, geom.c, dx)
        at += whole * geom.c
        dx += whole * geom.kw * geom.c
        if whole < geom.ow:    # partial window at the edge
            max_pool_scatter(dy + at, winners + at, first, 1, geom.w - whole * geom.kw, geom.c, dx)
        dx += (covered - whole * geom.kw) * geom.c
        memset(dx, 0, (geom.w - covered) * geom.c * sizeof(real))
        dx += (geom.w - covered) * geom.c
    for y in range(geom.oh * geom.kh, geom.h):
        memset(dx, 0, geom.w * geom.c * sizeof(real))
        dx += geom.w * geom.c


# Weight of a pixel in the mean of window (oy, ox).
cdef inline real share_of_mean(const Geometry* geom, const Taps* t, Py_ssize_t oy, Py_ssize_t ox,
                               bint counts_padding) noexcept nogil:
    cdef Py_ssize_t y = oy * geom.sh - geom.top, x = ox * geom.sw - geom.left
    if counts_padding:
        return <real>1 / <real>(min(geom.kh, geom.h + geom.bottom - y) * min(geom.kw,
                                                                             geom.w + geom.right - x))
    return <real>1 / <real>((t.y1 - t.y0) * (t.x1 - t.x0))


cdef void avg_pool_forward(const Geometry* geom, const real* x, real* y, bint counts_padding) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef const real* v
    cdef real share
    for oy in range(geom.oh):
        for ox in range(geom.ow):
            t = window_taps(geom, oy, ox)
            share = share_of_mean(geom, &t, oy, ox, counts_padding)
            for k in range(geom.c):
                y[k] = 0
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    v = x + t.at + (i * geom.w + j) * geom.c
                    for k in range(geom.c):
                        y[k] += v[k]
            for k in range(geom.c):
                y[k] *= share
            y += geom.c


cdef void avg_pool_backward(const Geometry* geom, const real* dy, real* dx,
                            bint counts_padding) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef real* d
    cdef real share
    for k in range(geom.h * geom.w * geom.c):
        dx[k] = 0
    for oy in range(geom.oh):
        for ox in range(geom.ow):
            t = window_taps(geom, oy, ox)
            share = share_of_mean(geom, &t, oy, ox, counts_padding)
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    d = dx + t.at + (i * geom.w + j) * geom.c
                    for k in range(geom.c):
                        d[k] += share * dy[k]
            dy += geom.c


# ---- the ops ---------------------------------------------------------------------------------------

cdef void max_pool_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Matrix winners = value_of(t.plan, t.ws, op.other, t.begin)
    cdef Py_ssize_t r
    for r in range(t.rows):
        max_pool_forward(&op.geometry, x.at + r * x.stride, NULL, y.at + r * y.stride,
                         winners.at + r * winners.stride)


cdef void max_pool_op_backward(const Pass* t, const Op* op, Matrix x, Matrix y, Matrix d,
                               Matrix dx) noexcept nogil:
    cdef Matrix winners = value_of(t.plan, t.ws, op.other, t.begin)
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
    """Whether each of n windows, possibly partial, covers part of an axis of this size."""
    return min(kernel, stride) >= 1 and before < kernel and (n - 1) * stride - before < size


cdef problem_of_pool(const Plan* plan, const Op* op, tables):
    cdef const Geometry* geom = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    if geom.c != geom.oc or not (pools_fit(geom.h, geom.oh, geom.kh, geom.sh, geom.top)
                                 and pools_fit(geom.w, geom.ow, geom.kw, geom.sw, geom.left)):
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
