# One factor for each channel.

# y = s x;  dx = s dy, ds = sum x dy
cdef void scale_forward(const Geometry* g, const real* x, const real* s, real* y) noexcept nogil:
    cdef Py_ssize_t i, k, c = g.c
    for i in range(g.h * g.w):
        for k in range(c):
            y[k] = s[k] * x[k]
        x += c
        y += c


# dy becomes dx. (Two loops: a compiler checks fewer pairs of arrays for overlap.)
cdef void scale_backward(const Geometry* g, const real* x, const real* s, real* dy, real* ds) noexcept nogil:
    cdef Py_ssize_t i, k, c = g.c
    for i in range(g.h * g.w):
        for k in range(c):
            ds[k] += x[k] * dy[k]
        for k in range(c):
            dy[k] *= s[k]
        x += c
        dy += c


# y = x + a (f(x) - x);  dx = ((1 - a) + a f'(x)) dy, da = sum (f(x) - x) dy, where f is an activation
cdef void parametric_forward(int code, const Geometry* g, const real* x, const real* a,
                             real* y) noexcept nogil:
    cdef Py_ssize_t i, k, c = g.c
    activation_forward(code, x, y, g.h * g.w * c)
    for i in range(g.h * g.w):
        for k in range(c):
            y[k] = x[k] + a[k] * (y[k] - x[k])
        x += c
        y += c


# dy becomes dx; `f` and `slope` hold an image each.
cdef void parametric_backward(int code, const Geometry* g, const real* x, const real* a, real* dy, real* da,
                              real* f, real* slope) noexcept nogil:
    cdef Py_ssize_t i, k, c = g.c, size = g.h * g.w * c
    activation_forward(code, x, f, size)
    memcpy(slope, dy, size * sizeof(real))
    activation_backward(code, x, f, slope, size)
    for i in range(g.h * g.w):
        for k in range(c):
            da[k] += (f[k] - x[k]) * dy[k]
        for k in range(c):
            dy[k] += a[k] * (slope[k] - dy[k])
        x += c
        dy += c
        f += c
        slope += c
