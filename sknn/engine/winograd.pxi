# Winograd convolution (see winograd.h) of all tiles of some images. For each of the 36 positions p:
#
#   forward          V = input map of x;           M[p] = V[p] U[p];       y = b + output map of M
#   input gradient   W = output map back of dy;    W[p] U[p]^T;            dx = its input map back
#   weight gradient                                dU[p] = V[p]^T W[p];    dW = weight map back of dU
#
# The register tile multiplies matrices (tiles, c), (c, oc), (tiles, oc). A tile with fewer than 4 outputs
# along an axis does not need the last point there: only the fourth output does. So outputs are split evenly,
# 13 into 3 + 3 + 3 + 4. U and its transposes are derived from the weights (9 c, oc). A thread sums dU over
# its rows of a lane, then adds dW to the lane.

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
    TILES = 42
    # The weight gradient reads and writes all of dU for the tiles that pass at once, which must pay off.
    FEW_TILES = 12
    # Cost of a map for one vector of channels of a tile, in multiply-adds of vectors.
    MAP_STEPS = 240


# Memory of a thread: the values of the positions before and after the product.
cdef struct Positions:
    real* inputs
    real* outputs
    real* outside               # stands for pixels outside the image
    real* factors               # the rows of one position, rounded
    Py_ssize_t inputs_plane, outputs_plane


# A tile of at most 4 x 4 outputs of an image.
cdef struct Tile:
    Py_ssize_t image, top, left
    int height, width

# Some tiles in four groups: narrow ones (fewer than 4 columns), whole ones, low ones (fewer than 4 rows), and
# those that are both. So the tiles that have a position follow one another. `ends` are those of the groups.
cdef struct Tiles:
    Tile each[TILES]
    Py_ssize_t ends[4]
    Py_ssize_t place[TILES]     # of the tiles of an image one after the other
    Py_ssize_t n


cdef inline Py_ssize_t tiles_along(Py_ssize_t outputs) noexcept nogil:
    return (outputs + SKNN_OUT - 1) // SKNN_OUT


# Points of all tiles along an axis: tiles have 3 outputs, or less, and 5 points, or 4 and 6.
cdef inline Py_ssize_t points_along(Py_ssize_t outputs) noexcept nogil:
    cdef Py_ssize_t tiles = tiles_along(outputs)
    return (SKNN_IN - 1) * tiles + max(0, outputs - (SKNN_OUT - 1) * tiles)


cdef inline Py_ssize_t tiles_of_image(const Geometry* geom) noexcept nogil:
    return tiles_along(geom.oh) * tiles_along(geom.ow)


# Number of parts; tiles are split evenly.
cdef inline Py_ssize_t parts_of(Py_ssize_t tiles) noexcept nogil:
    return (tiles + TILES - 1) // TILES


cdef inline Tile tile_of(const Geometry* geom, Py_ssize_t number) noexcept nogil:
    cdef Py_ssize_t rows = tiles_along(geom.oh), columns = tiles_along(geom.ow)
    cdef Py_ssize_t row = number // columns % rows, column = number % columns
    cdef Py_ssize_t top = geom.oh * row // rows, left = geom.ow * column // columns
    return Tile(number // (rows * columns), top, left, <int>(geom.oh * (row + 1) // rows - top),
                <int>(geom.ow * (column + 1) // columns - left))


cdef inline int group_of(const Tile* tile) noexcept nogil:
    cdef bint low = tile.height < SKNN_OUT, narrow = tile.width < SKNN_OUT
    return 2 * low + (low == narrow)


# Part `number` of the tiles of so many images.
cdef void take_part(Tiles* tiles, const Geometry* geom, Py_ssize_t images, Py_ssize_t number) noexcept nogil:
    cdef Py_ssize_t n = images * tiles_of_image(geom), parts = parts_of(n), first = n * number // parts, t
    cdef Tile found[TILES]
    cdef Py_ssize_t at[4]
    cdef int group
    tiles.n = n * (number + 1) // parts - first
    memset(tiles.ends, 0, sizeof(tiles.ends))
    for t in range(tiles.n):
        found[t] = tile_of(geom, first + t)
        tiles.ends[group_of(found + t)] += 1
    at[0] = 0
    for group in range(1, 4):
        at[group] = tiles.ends[group - 1]
        tiles.ends[group] += tiles.ends[group - 1]
    for t in range(tiles.n):
        group = group_of(found + t)
        tiles.place[t] = at[group]
        tiles.each[at[group]] = found[t]
        at[group] += 1


# The tiles that have a position are [first, last).
cdef inline Py_ssize_t first_at(const Tiles* tiles, int position) noexcept nogil:
    return tiles.ends[0] if position % SKNN_IN == SKNN_IN - 1 else 0


cdef inline Py_ssize_t last_at(const Tiles* tiles, int position) noexcept nogil:
    if position // SKNN_IN == SKNN_IN - 1:
        return tiles.ends[1]
    return tiles.ends[2] if position % SKNN_IN == SKNN_IN - 1 else tiles.n


cdef bint prefers_winograd(const Parameter* p, const Geometry* geom) noexcept nogil:
    cdef Py_ssize_t product = points_along(geom.oh) * points_along(geom.ow) * geom.c * p.vectors
    cdef Py_ssize_t maps = tiles_of_image(geom) * (n_vectors(geom.c) + p.vectors) * MAP_STEPS
    if (geom.kh != 3 or geom.kw != 3 or geom.sh != 1 or geom.sw != 1 or geom.dh != 1 or geom.dw != 1
            or geom.groups != 1 or p.forward.pixels > 1):
        return False
    return product + maps < geom.oh * geom.ow * 9 * geom.c * p.vectors


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


# Pixels of the square of an image (h, w, c) that starts at (top, left): those of its first `height` rows and
# `width` columns; all others are outside.
cdef inline void square(real** pixel, int size, real* image, Py_ssize_t h, Py_ssize_t w, Py_ssize_t c,
                        Py_ssize_t top, Py_ssize_t left, int height, int width, real* outside) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(size):
        for j in range(size):
            pixel[i * size + j] = outside
            if i < height and j < width and 0 <= top + i < h and 0 <= left + j < w:
                pixel[i * size + j] = image + ((top + i) * w + left + j) * c


# Pixels of the outputs of a tile, in images y.
cdef inline void outputs_of(real** pixel, const Geometry* geom, Matrix y, const Tile* tile,
                            real* outside) noexcept nogil:
    square(pixel, SKNN_OUT, y.at + tile.image * y.stride, geom.oh, geom.ow, geom.oc, tile.top, tile.left,
           tile.height, tile.width, outside)


# Pixels that the outputs of a tile see, in images x (h, w, c), which are stored without their padding
# (top, left).
cdef inline void inputs_of(real** pixel, const Geometry* geom, Matrix x, Py_ssize_t h, Py_ssize_t w,
                           Py_ssize_t top, Py_ssize_t left, const Tile* tile, real* outside) noexcept nogil:
    square(pixel, SKNN_IN, x.at + tile.image * x.stride, h, w, geom.c, tile.top - top, tile.left - left,
           SKNN_IN, SKNN_IN, outside)


cdef void map_inputs(const Geometry* geom, const Positions* s, Matrix x,
                     const Tiles* tiles) noexcept nogil:
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, vectors = n_vectors(geom.c)
    for t in range(tiles.n):
        inputs_of(pixel, geom, x, geom.h, geom.w, 0, 0, tiles.each + t, s.outside)
        winograd_input(pixel, vectors, s.inputs + t * vectors * SKNN_V, s.inputs_plane)


cdef void map_gradients(const Geometry* geom, const Positions* s, Matrix d,
                        const Tiles* tiles) noexcept nogil:
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, vectors = n_vectors(geom.oc)
    for t in range(tiles.n):
        outputs_of(pixel, geom, d, tiles.each + t, s.outside)
        winograd_output_back(pixel, vectors, s.outputs + t * vectors * SKNN_V, s.outputs_plane)


# C[p] (tiles, vectors) = A[p] (tiles, K) B[p] (K, vectors) for all positions.
cdef void multiply_positions(const Parameter* p, real* A, Py_ssize_t a_plane, Py_ssize_t am, const real* B,
                             Py_ssize_t K, Py_ssize_t vectors, real* C, Py_ssize_t c_plane,
                             const Tiles* tiles, real* scratch) noexcept nogil:
    cdef Py_ssize_t first, m, k, cm = vectors * SKNN_V
    cdef int position
    cdef Factors factors
    cdef Panel panel
    cdef Contraction inner
    for position in range(SKNN_POSITIONS):
        first = first_at(tiles, position)
        m = last_at(tiles, position) - first
        factors = take_factors(p, Matrix(A + position * a_plane + first * am, am), K, m, scratch)
        for k in range(panel_count(vectors)):
            panel = get_panel(SKNN_POSITIONS * factors.K, vectors, k)
            inner = contraction_of(p, factors, panel.width)
            multiply_panel(factors.rows.at, factors.rows.stride,
                           B + panel.offset + position * factors.K * panel.width, &inner, NULL, 0,
                           C + position * c_plane + first * cm + panel.begin, cm, m, panel.vectors, NULL)


# Sets to zero what is no position of a tile.
cdef void clear_others(real* C, Py_ssize_t plane, Py_ssize_t cm, const Tiles* tiles) noexcept nogil:
    cdef Py_ssize_t first, last
    cdef int position
    for position in range(SKNN_POSITIONS):
        first, last = first_at(tiles, position), last_at(tiles, position)
        memset(C + position * plane, 0, first * cm * sizeof(real))
        memset(C + position * plane + last * cm, 0, (tiles.n - last) * cm * sizeof(real))


cdef void winograd_forward(const Parameter* p, const Geometry* geom, const real* u, const real* bias,
                           Matrix x, Matrix y, Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef Positions s = take_positions(geom, scratch)
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, number
    cdef Tiles tiles
    for number in range(parts_of(rows * tiles_of_image(geom))):
        take_part(&tiles, geom, rows, number)
        memset(s.outside, 0, outside_size(geom) * sizeof(real))
        map_inputs(geom, &s, x, &tiles)
        multiply_positions(p, s.inputs, s.inputs_plane, n_vectors(geom.c) * SKNN_V, u, geom.c, p.vectors,
                           s.outputs, s.outputs_plane, &tiles, s.factors)
        for t in range(tiles.n):
            outputs_of(pixel, geom, y, tiles.each + t, s.outside)
            winograd_output(s.outputs + t * p.vectors * SKNN_V, s.outputs_plane, bias, geom.oc, pixel)


# The input gradient, if there is a transposed U, and the weight gradient, if there is room for it: dy is
# mapped back once for both.
cdef void winograd_gradients(const Parameter* p, const Geometry* geom, const real* transposed, Matrix x,
                             Matrix d, Matrix dx, Py_ssize_t rows, real* du, bint accumulate,
                             real* scratch) noexcept nogil:
    cdef Positions s = take_positions(geom, scratch)
    cdef real* pixel[SKNN_POSITIONS]
    cdef Py_ssize_t t, k, number, width = n_vectors(geom.c) * SKNN_V
    cdef Tiles tiles
    for t in range(rows if transposed != NULL else 0):
        memset(dx.at + t * dx.stride, 0, geom.ih * geom.iw * geom.c * sizeof(real))
    for number in range(parts_of(rows * tiles_of_image(geom))):
        take_part(&tiles, geom, rows, number)
        memset(s.outside, 0, outside_size(geom) * sizeof(real))
        map_gradients(geom, &s, d, &tiles)
        if du != NULL:
            map_inputs(geom, &s, x, &tiles)
            add_products(p, geom, &s, &tiles, du, accumulate or number > 0)
        if transposed == NULL:
            continue
        multiply_positions(p, s.outputs, s.outputs_plane, p.vectors * SKNN_V, transposed, geom.oc,
                           n_vectors(geom.c), s.inputs, s.inputs_plane, &tiles, s.factors)
        clear_others(s.inputs, s.inputs_plane, width, &tiles)
        for t in range(tiles.n):    # which overlap: a sum has the same order in any part
            k = tiles.place[t]
            inputs_of(pixel, geom, dx, geom.ih, geom.iw, geom.top, geom.left, tiles.each + k, s.outside)
            winograd_input_back(s.inputs + k * width, s.inputs_plane, n_vectors(geom.c), pixel)


# dU[p] (+)= V[p]^T W[p] of some tiles.
cdef void add_products(const Parameter* p, const Geometry* geom, const Positions* s, const Tiles* tiles,
                       real* du, bint accumulate) noexcept nogil:
    cdef Py_ssize_t first, k, am = n_vectors(geom.c) * SKNN_V, bk = p.vectors * SKNN_V
    cdef int position
    cdef Contraction inner = matrix_contraction(0, am, bk)
    cdef Panel panel
    cdef real* w
    inner.rounding = p.rounding
    for position in range(SKNN_POSITIONS):
        first = first_at(tiles, position)
        inner.K = last_at(tiles, position) - first
        for k in range(panel_count(p.vectors)):
            panel = get_panel(SKNN_POSITIONS * geom.c, p.vectors, k)
            w = du + panel.offset + position * geom.c * panel.width
            multiply_panel(s.inputs + position * s.inputs_plane + first * am, 1,
                           s.outputs + position * s.outputs_plane + first * bk + panel.begin, &inner,
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
