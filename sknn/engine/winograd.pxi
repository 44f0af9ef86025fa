# Winograd convolution (see winograd.h) of all tiles of some images. For each of the 36 positions p:
#
#   forward          V = input map of x;           M[p] = V[p] U[p];       y = b + output map of M
#   input gradient   W = output map back of dy;    W[p] U[p]^T;            dx = its input map back
#   weight gradient                                dU[p] = V[p]^T W[p];    dW = weight map back of dU
#
# The register tile multiplies matrices (tiles, c), (c, oc), (tiles, oc). Partial tiles at the right and at
# the bottom are padded with zeros. U and its transposes are derived from the weights (9 c, oc). A thread
# sums dU over its rows of a lane, then adds dW to the lane.

cdef extern from "winograd.h" nogil:
    enum:
        SKNN_OUT, SKNN_IN, SKNN_POSITIONS
    void winograd_input(real** pixel, Py_ssize_t vectors, real* v, Py_ssize_t plane) noexcept
    void winograd_input_back(const real* v, Py_ssize_t plane, Py_ssize_t vectors, real** pixel) noexcept
    void winograd_output(const real* m, Py_ssize_t plane, const real* bias, Py_ssize_t width,
                         real** pixel) noexcept
    void winograd_output_back(real** pixel, Py_ssize_t vectors, real* m, Py_ssize_t plane) noexcept
    void winograd_weights(const real* w, Py_ssize_t tap, real* u, Py_ssize_t plane) noexcept
    void winograd_weights_back(const real* u, Py_ssize_t plane, real* w, Py_ssize_t tap,
                               bint accumulate) noexcept

cdef enum:
    # Tiles per product: enough rows for the register tile, few enough for the L2 cache.
    TILES = 28
    # The weight gradient reads and writes all of dU for each few images, which must pay off.
    FEW_IMAGES = 8
    FEW_TILES = 12
    # Cost of a map for one vector of channels of a tile, in multiply-adds of vectors.
    MAP_STEPS = 200


# Memory of a thread: the values of the positions before and after the product.
cdef struct Positions:
    real* inputs
    real* outputs
    real* outside               # stands for pixels outside the image
    real* factors               # the rows of one position, rounded
    Py_ssize_t inputs_plane, outputs_plane


cdef inline Py_ssize_t tiles_of_image(const Geometry* geom) noexcept nogil:
    return ((geom.oh + SKNN_OUT - 1) // SKNN_OUT) * ((geom.ow + SKNN_OUT - 1) // SKNN_OUT)


# Number of parts; tiles are split evenly.
cdef inline Py_ssize_t parts_of(Py_ssize_t tiles) noexcept nogil:
    return (tiles + TILES - 1) // TILES


cdef bint prefers_winograd(const Parameter* p, const Geometry* geom) noexcept nogil:
    cdef Py_ssize_t product = SKNN_POSITIONS * geom.c * p.vectors
    cdef Py_ssize_t maps = (n_vectors(geom.c) + p.vectors) * MAP_STEPS
    if (geom.kh != 3 or geom.kw != 3 or geom.sh != 1 or geom.sw != 1 or geom.dh != 1 or geom.dw != 1
            or geom.groups != 1 or p.forward.pixels > 1):
        return False
    return tiles_of_image(geom) * (product + maps) < geom.oh * geom.ow * 9 * geom.c * p.vectors


cdef Positions take_positions(const Geometry* geom, real* scratch) noexcept nogil:
    cdef Positions s
    s.inputs_plane = row_stride(TILES * n_vectors(geom.c) * SKNN_V)
    s.outputs_plane = row_stride(TILES * n_vectors(geom.oc) * SKNN_V)
    s.inputs = scratch
    s.outputs = s.inputs + SKNN_POSITIONS * s.inputs_plane
    s.outside = s.outputs + SKNN_POSITIONS * s.outputs_plane
    s.factors = s.outside + outside_size(geom)
    return s


cdef Py_ssize_t outside_size(const Geometry* geom) noexcept nogil:
    return whole_lines(max(n_vectors(geom.c), n_vectors(geom.oc)) * SKNN_V)


cdef Py_ssize_t winograd_scratch(const Parameter* p, const Geometry* geom) noexcept nogil:
    cdef Positions s = take_positions(geom, NULL)
    return (SKNN_POSITIONS * (s.inputs_plane + s.outputs_plane) + outside_size(geom)
            + factors_size(p, max(geom.c, geom.oc), TILES))


# Pixels of a square of an image (h, w, c) that starts at (top, left).
cdef inline void square(real** pixel, int size, real* image, Py_ssize_t h, Py_ssize_t w, Py_ssize_t c,
                        Py_ssize_t top, Py_ssize_t left, real* outside) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(size):
        for j in range(size):
            pixel[i * size + j] = outside
            if 0 <= top + i < h and 0 <= left + j < w:
                pixel[i * size + j] = image + ((top + i) * w + left + j) * c


# Pixels of one tile of the images x (h, w, c), which are stored without their padding (top, left).
cdef inline void pixels_of_tile(real** pixel, int size, const Geometry* geom, Matrix x, Py_ssize_t h,
                                Py_ssize_t w, Py_ssize_t c, Py_ssize_t top, Py_ssize_t left,
                                Py_ssize_t tile, real* outside) noexcept nogil:
    cdef Py_ssize_t columns = (geom.ow + SKNN_OUT - 1) // SKNN_OUT, of_image = tiles_of_image(geom)
    cdef Py_ssize_t image = tile // of_image, number = tile % of_image
    square(pixel, size, x.at + image * x.stride, h, w, c, number // columns * SKNN_OUT - top,
           number % columns * SKNN_OUT - left, outside)


cdef void map_inputs(const Geometry* geom, const Positions* s, Matrix x, Py_ssize_t first,
                     Py_ssize_t last) noexcept nogil:
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, vectors = n_vectors(geom.c)
    for t in range(last - first):
        pixels_of_tile(pixel, SKNN_IN, geom, x, geom.h, geom.w, geom.c, 0, 0, first + t, s.outside)
        winograd_input(pixel, vectors, s.inputs + t * vectors * SKNN_V, s.inputs_plane)


cdef void map_gradients(const Geometry* geom, const Positions* s, Matrix d, Py_ssize_t first,
                        Py_ssize_t last) noexcept nogil:
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, vectors = n_vectors(geom.oc)
    for t in range(last - first):
        pixels_of_tile(pixel, SKNN_OUT, geom, d, geom.oh, geom.ow, geom.oc, 0, 0, first + t, s.outside)
        winograd_output_back(pixel, vectors, s.outputs + t * vectors * SKNN_V, s.outputs_plane)


# C[p] (m, vectors) = A[p] (m, K) B[p] (K, vectors) for all positions.
cdef void multiply_positions(const Parameter* p, real* A, Py_ssize_t a_plane, Py_ssize_t am, const real* B,
                             Py_ssize_t K, Py_ssize_t vectors, real* C, Py_ssize_t c_plane, Py_ssize_t m,
                             real* scratch) noexcept nogil:
    cdef Py_ssize_t position, k
    cdef Factors factors
    cdef Panel panel
    cdef Contraction inner
    for position in range(SKNN_POSITIONS):
        factors = take_factors(p, Matrix(A + position * a_plane, am), K, m, scratch)
        for k in range(panel_count(vectors)):
            panel = get_panel(SKNN_POSITIONS * factors.K, vectors, k)
            inner = contraction_of(p, factors, panel.width)
            multiply_panel(factors.rows.at, factors.rows.stride,
                           B + panel.offset + position * factors.K * panel.width, &inner, NULL, 0,
                           C + position * c_plane + panel.begin, vectors * SKNN_V, m, panel.vectors, NULL)


cdef void winograd_forward(const Parameter* p, const Geometry* geom, const real* u, const real* bias,
                           Matrix x, Matrix y, Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Positions s = take_positions(geom, scratch)
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, part, first, last, n = rows * tiles_of_image(geom)
    for part in range(parts_of(n)):
        first, last = n * part // parts_of(n), n * (part + 1) // parts_of(n)
        memset(s.outside, 0, outside_size(geom) * sizeof(real))
        map_inputs(geom, &s, x, first, last)
        multiply_positions(p, s.inputs, s.inputs_plane, n_vectors(geom.c) * SKNN_V, u, geom.c, p.vectors,
                           s.outputs, s.outputs_plane, last - first, s.factors)
        for t in range(last - first):
            pixels_of_tile(pixel, SKNN_OUT, geom, y, geom.oh, geom.ow, geom.oc, 0, 0, first + t, s.outside)
            winograd_output(s.outputs + t * p.vectors * SKNN_V, s.outputs_plane, bias, geom.oc, pixel)


# The input gradient, if there is a transposed U, and the weight gradient, if there is room for it: dy is
# mapped back once for both.
cdef void winograd_gradients(const Parameter* p, const Geometry* geom, const real* transposed, Matrix x,
                             Matrix d, Matrix dx, Py_ssize_t rows, real* du, bint accumulate,
                             real* scratch) noexcept nogil:
    cdef Positions s = take_positions(geom, scratch)
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, part, first, last, n = rows * tiles_of_image(geom), vectors = n_vectors(geom.c)
    for t in range(rows if transposed != NULL else 0):
        memset(dx.at + t * dx.stride, 0, geom.ih * geom.iw * geom.c * sizeof(real))
    for part in range(parts_of(n)):
        first, last = n * part // parts_of(n), n * (part + 1) // parts_of(n)
        memset(s.outside, 0, outside_size(geom) * sizeof(real))
        map_gradients(geom, &s, d, first, last)
        if du != NULL:
            map_inputs(geom, &s, x, first, last)
            add_products(p, geom, &s, last - first, du, accumulate or first > 0)
        if transposed == NULL:
            continue
        multiply_positions(p, s.outputs, s.outputs_plane, p.vectors * SKNN_V, transposed, geom.oc, vectors,
                           s.inputs, s.inputs_plane, last - first, s.factors)
        for t in range(last - first):
            pixels_of_tile(pixel, SKNN_IN, geom, dx, geom.ih, geom.iw, geom.c, geom.top, geom.left, first + t,
                           s.outside)
            winograd_input_back(s.inputs + t * vectors * SKNN_V, s.inputs_plane, vectors, pixel)


# dU[p] (+)= V[p]^T W[p] of some tiles.
cdef void add_products(const Parameter* p, const Geometry* geom, const Positions* s, Py_ssize_t tiles,
                       real* du, bint accumulate) noexcept nogil:
    cdef Py_ssize_t position, k, width = p.vectors * SKNN_V
    cdef Contraction inner = matrix_contraction(tiles, n_vectors(geom.c) * SKNN_V, width)
    cdef Panel panel
    cdef real* w
    inner.rounding = p.rounding
    for position in range(SKNN_POSITIONS):
        for k in range(panel_count(p.vectors)):
            panel = get_panel(SKNN_POSITIONS * geom.c, p.vectors, k)
            w = du + panel.offset + position * geom.c * panel.width
            multiply_panel(s.inputs + position * s.inputs_plane, 1,
                           s.outputs + position * s.outputs_plane + panel.begin, &inner,
                           w if accumulate else NULL, panel.width, w, panel.width, geom.c, panel.vectors,
                           NULL)


# Adds to dW the weight map back of dU.
cdef void winograd_lane(const Parameter* p, const Geometry* geom, const real* du, real* dW,
                        bint accumulate) noexcept nogil:
    cdef Py_ssize_t k, channel, v
    cdef Panel panel, of_u
    for k in range(panel_count(p.vectors)):
        panel, of_u = get_panel(p.n_in, p.vectors, k), get_panel(SKNN_POSITIONS * geom.c, p.vectors, k)
        for channel in range(geom.c):
            for v in range(panel.vectors):
                winograd_weights_back(du + of_u.offset + channel * panel.width + v * SKNN_V,
                                      geom.c * panel.width,
                                      dW + panel.offset + channel * panel.width + v * SKNN_V,
                                      geom.c * panel.width, accumulate)


# U and its transpose, or their words, for channels first..last; `first` is even.
cdef void derive_winograd(const Parameter* p, const Geometry* geom, const real* packed, real* derived,
                          Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    cdef Py_ssize_t k, channel, v, position, out, vectors = n_vectors(geom.c), depth = depth_of(p, geom.oc)
    cdef real* u
    cdef const real* row
    cdef real* transposed
    cdef real words[64]                 # longest panel: 64 elements
    cdef Panel panel, of_u, across
    for k in range(panel_count(p.vectors)):
        panel, of_u = get_panel(p.n_in, p.vectors, k), get_panel(SKNN_POSITIONS * geom.c, p.vectors, k)
        for channel in range(first, last):
            u = derived + p.winograd + of_u.offset + channel * panel.width
            for v in range(panel.vectors):
                winograd_weights(packed + p.weight + panel.offset + channel * panel.width + v * SKNN_V,
                                 geom.c * panel.width, u + v * SKNN_V, geom.c * panel.width)
            if not backward or p.winograd_transposed < 0:
                continue
            across = get_panel(SKNN_POSITIONS * depth, vectors, panel_of(vectors, channel // SKNN_V))
            for position in range(SKNN_POSITIONS):
                transposed = derived + p.winograd_transposed + across.offset + channel - across.begin
                transposed += (position * depth + depth_of(p, panel.begin)) * across.width
                row = u + position * geom.c * panel.width
                if p.rounding != NULL:
                    p.rounding.columns(row, 0, panel.width, 1, words, 0)
                    row = words
                for out in range(depth_of(p, min(panel.width, geom.oc - panel.begin))):
                    transposed[out * across.width] = row[out]
        if p.rounding != NULL:
            round_positions(p, geom, panel, of_u, derived, first, last)


# The words of U for channels first..last of a panel.
cdef void round_positions(const Parameter* p, const Geometry* geom, Panel panel, Panel of_u, real* derived,
                          Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t position, depth = depth_of(p, geom.c)
    cdef Panel of_words = get_panel(SKNN_POSITIONS * depth, p.vectors,
                                    panel_of(p.vectors, panel.begin // SKNN_V))
    for position in range(SKNN_POSITIONS):
        p.rounding.rows(derived + p.winograd + of_u.offset + (position * geom.c + first) * panel.width,
                        panel.width, last - first, panel.width,
                        derived + p.words + of_words.offset
                        + (position * depth + depth_of(p, first)) * panel.width)
