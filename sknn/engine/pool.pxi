# Pooling of images (n, h, w, c) over windows; a window that hangs over the edge counts what lies inside.
#
# max:  y[p] = the largest x of the window;  dx = dy at the first place where it stands
# mean: y[p] = the mean of the window;       dx = dy / count at every place
# `winners` keeps which tap of the window won, as a number of type real beside every y.

cdef extern from "pool.h" nogil:
    ctypedef struct PoolWindow:
        Py_ssize_t kh, kw, row, c, first, step
    void max_pool_window(const real* x, const PoolWindow* window, real* y, real* winners) noexcept
    void max_pool_spread(const real* dy, const real* winners, Py_ssize_t tap, Py_ssize_t c, real* dx) noexcept

# The taps of the window of outputs (oy, ox): rows y0..y1 and columns x0..x1 of the kernel.
cdef struct Taps:
    Py_ssize_t y0, y1, x0, x1
    Py_ssize_t at               # the image's value under tap (0, 0), which may lie outside


cdef inline Taps window_taps(const Geometry* g, Py_ssize_t oy, Py_ssize_t ox) noexcept nogil:
    cdef Py_ssize_t y = oy * g.sh - g.top, x = ox * g.sw - g.left
    return Taps(max(0, -y), min(g.kh, g.h - y), max(0, -x), min(g.kw, g.w - x), (y * g.w + x) * g.c)


cdef void max_pool_forward(const Geometry* g, const real* x, real* y, real* winners) noexcept nogil:
    cdef Py_ssize_t oy, ox
    cdef Taps t
    cdef PoolWindow window = PoolWindow(0, 0, g.w * g.c, g.c, 0, g.kw)
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            window.kh, window.kw, window.first = t.y1 - t.y0, t.x1 - t.x0, t.y0 * g.kw + t.x0
            max_pool_window(x + t.at + (t.y0 * g.w + t.x0) * g.c, &window, y, winners)
            y += g.c
            winners += g.c


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
    cdef Py_ssize_t y, ox, j, x, i
    cdef const real* d
    cdef const real* won
    for y in range(g.h):
        if y // g.kh >= g.oh:
            break
        i = y % g.kh
        d = dy + y // g.kh * g.ow * g.c
        won = winners + y // g.kh * g.ow * g.c
        x = 0
        for ox in range(g.ow):
            for j in range(min(g.kw, g.w - x)):
                max_pool_spread(d, won, i * g.kw + j, g.c, dx)
                dx += g.c
                x += 1
            d += g.c
            won += g.c
        memset(dx, 0, (g.w - x) * g.c * sizeof(real))
        dx += (g.w - x) * g.c
    for y in range(g.oh * g.kh, g.h):
        memset(dx, 0, g.w * g.c * sizeof(real))
        dx += g.w * g.c


cdef void avg_pool_forward(const Geometry* g, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef const real* v
    cdef real share
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            share = <real>1 / <real>((t.y1 - t.y0) * (t.x1 - t.x0))
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


cdef void avg_pool_backward(const Geometry* g, const real* dy, real* dx) noexcept nogil:
    cdef Py_ssize_t oy, ox, i, j, k
    cdef Taps t
    cdef real* d
    cdef real share
    for k in range(g.h * g.w * g.c):
        dx[k] = 0
    for oy in range(g.oh):
        for ox in range(g.ow):
            t = window_taps(g, oy, ox)
            share = <real>1 / <real>((t.y1 - t.y0) * (t.x1 - t.x0))
            for i in range(t.y0, t.y1):
                for j in range(t.x0, t.x1):
                    d = dx + t.at + (i * g.w + j) * g.c
                    for k in range(g.c):
                        d[k] += share * dy[k]
            dy += g.c
