# Periodic embeddings of numbers (Gorishniy, Rubachev & Babenko 2022; with phases and x itself: Holzmueller,
# Grinsztajn & Steinwart 2024); formulas and kernels in periodic.h. A row of c features becomes planes of c
# values: x, then v[0], v[1], ...; neighbouring features stay neighbours, nothing is interleaved.

cdef extern from "periodic.h" nogil:
    ctypedef struct Waves:
        Py_ssize_t K, J, row
    void load_vector(const real* at, Py_ssize_t n, real* to) noexcept
    void periodic_vector(const Waves* t, const real* w, const real* x, real* v) noexcept
    void periodic_gradient(const Waves* t, const real* w, const real* x, const real* d, real* g) noexcept
    void periodic_slope(const Waves* t, const real* w, const real* x, const real* d, real* dx) noexcept


# x, its planes and its gradient: vectors that a thread holds.
cdef inline Py_ssize_t periodic_scratch(const Op* op) noexcept nogil:
    return (2 + op.geometry.oc // op.geometry.c) * SKNN_V


cdef inline Waves waves_of(const Op* op, Panel panel) noexcept nogil:
    return Waves(op.code, op.geometry.oc // op.geometry.c - 1, panel.width)


cdef inline Panel panel_with(const Parameter* p, Py_ssize_t vector) noexcept nogil:
    return get_panel(p.n_in, p.vectors, panel_of(p.vectors, vector))


cdef void periodic_forward(const Op* op, const Parameter* p, const real* packed, Matrix x, Matrix y,
                           Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r, j, n, k, c = op.geometry.c
    cdef real* values = scratch + SKNN_V
    cdef real* out
    cdef Panel panel
    cdef Waves t
    for v in range(p.vectors):
        panel, k = panel_with(p, v), v * SKNN_V
        t, n = waves_of(op, panel), min(SKNN_V, c - k)
        for r in range(rows):
            load_vector(x.at + r * x.stride + k, n, scratch)
            periodic_vector(&t, packed + p.weight + panel.offset + k - panel.begin, scratch, values)
            out = y.at + r * y.stride + k
            memcpy(out, scratch, n * sizeof(real))
            for j in range(t.J):
                memcpy(out + (j + 1) * c, values + j * SKNN_V, n * sizeof(real))


# The slopes of all planes but that of x itself, for one vector of features.
cdef inline void load_slopes(const Waves* t, const real* d, Py_ssize_t n, Py_ssize_t c,
                             real* slopes) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(t.J):
        load_vector(d + (j + 1) * c, n, slopes + j * SKNN_V)


# Of all rows of a panel.
cdef void periodic_weight_gradient(const Op* op, const Parameter* p, Panel panel, const real* packed,
                                   Matrix x, Matrix d, Py_ssize_t rows, real* g, bint accumulate,
                                   real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r, n, k, c = op.geometry.c
    cdef Waves t = waves_of(op, panel)
    if not accumulate:
        memset(g, 0, p.n_in * panel.width * sizeof(real))
    for v in range(panel.vectors):
        k = panel.begin + v * SKNN_V
        n = min(SKNN_V, c - k)
        for r in range(rows):
            load_vector(x.at + r * x.stride + k, n, scratch)
            load_slopes(&t, d.at + r * d.stride + k, n, c, scratch + SKNN_V)
            periodic_gradient(&t, packed + p.weight + panel.offset + v * SKNN_V, scratch, scratch + SKNN_V,
                              g + v * SKNN_V)


cdef void periodic_input_gradient(const Op* op, const Parameter* p, const real* packed, Matrix x, Matrix d,
                                  Matrix dx, Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Py_ssize_t v, r, n, k, c = op.geometry.c
    cdef real* sum
    cdef Panel panel
    cdef Waves t
    for v in range(p.vectors):
        panel, k = panel_with(p, v), v * SKNN_V
        t, n = waves_of(op, panel), min(SKNN_V, c - k)
        sum = scratch + (1 + t.J) * SKNN_V
        for r in range(rows):
            load_vector(x.at + r * x.stride + k, n, scratch)
            load_vector(d.at + r * d.stride + k, n, sum)
            load_slopes(&t, d.at + r * d.stride + k, n, c, scratch + SKNN_V)
            periodic_slope(&t, packed + p.weight + panel.offset + k - panel.begin, scratch, scratch + SKNN_V,
                           sum)
            memcpy(dx.at + r * dx.stride + k, sum, n * sizeof(real))
