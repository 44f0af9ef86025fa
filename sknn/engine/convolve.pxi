# Convolutions of images x (n, h, w, c) with W (kh, kw, c / groups, oc):
#
#   y[p] = b + sum over taps t: x[p s + t d] W[t]                           (n, oh, ow, oc)
#   dx: either a convolution of dy, with zeros around and between its pixels, with the flipped kernel; or, if
#       that multiplies many zeros or wastes lanes, a scatter-add: dx[p s + t] += dy[p] W[t]^T
#   dW[t] = sum over images and p: x[p s + t d]^T dy[p];    db = sum over images and p: dy[p]
#
# The window of one kernel row is contiguous in memory, so all of these are the register tile with other
# strides, without im2col. x already has its padding (pad.pxi).

# Maximum number of pixels that are computed together to fill a vector.
cdef enum:
    MAX_PIXELS = 16


# Best number of adjacent outputs to compute together. The kernel becomes wider by the strides between them.
cdef Py_ssize_t best_pixels(Py_ssize_t oc, Py_ssize_t ow, Py_ssize_t kw, Py_ssize_t sw) noexcept nogil:
    cdef Py_ssize_t pixels, best = 1
    cdef double use, best_use = 0
    for pixels in range(1, MAX_PIXELS + 1):
        if ow % pixels != 0 or (pixels > 1 and pixels * oc > SKNN_SPARE):
            continue
        use = <double>(pixels * oc * kw) / (n_vectors(pixels * oc) * SKNN_V * (kw + (pixels - 1) * sw))
        if use > 1.05 * best_use:
            best, best_use = pixels, use
    return best


# Convolution of images of `width` pixels with `groups * channels` values to `groups * oc` channels.
cdef ConvLayout conv_layout(Py_ssize_t width, Py_ssize_t channels, Py_ssize_t oh, Py_ssize_t ow,
                            Py_ssize_t oc, const Geometry* geom, Py_ssize_t sh, Py_ssize_t sw) noexcept nogil:
    cdef ConvLayout layout
    cdef Py_ssize_t c = geom.groups * channels
    cdef bint contiguous = geom.groups == 1 and geom.dw == 1
    layout.offset = layout.bias = -1
    layout.scatter = False
    layout.groups, layout.channels, layout.oc = geom.groups, channels, geom.groups * oc
    layout.pixels = best_pixels(oc, ow, geom.kw, sw) if contiguous else 1
    layout.taps = geom.kw + (layout.pixels - 1) * sw
    layout.rows = geom.kh * layout.taps * channels
    layout.width = layout.pixels * oc
    layout.vectors = n_vectors(layout.width)
    layout.n_values = layout.groups * layout.rows * layout.vectors * SKNN_V
    layout.inner.R, layout.inner.S, layout.inner.K = geom.kh, layout.taps, channels
    layout.inner.rounding, layout.inner.words = NULL, False
    if contiguous:
        layout.inner.S, layout.inner.K = 1, layout.taps * channels
    layout.inner.ar, layout.inner.as_, layout.inner.ak = geom.dh * width * c, geom.dw * c, 1
    layout.am, layout.row_step = layout.pixels * sw * c, sh * width * c
    layout.oh, layout.steps = oh, ow // layout.pixels
    if layout.row_step == layout.steps * layout.am:    # 1 x 1 kernels: the image is one long row
        layout.oh, layout.steps = 1, layout.oh * layout.steps
    return layout


# The input gradient by scatter-add: a matrix (oc, kw * c) for each kernel row.
cdef ConvLayout scatter_layout(const Geometry* geom) noexcept nogil:
    cdef ConvLayout layout
    layout.offset = layout.bias = -1
    layout.scatter = True
    layout.groups, layout.channels, layout.oc, layout.pixels, layout.taps = 1, geom.oc, geom.c, 1, geom.kw
    layout.rows, layout.width = geom.kh * geom.oc, geom.kw * geom.c
    layout.vectors = n_vectors(layout.width)
    layout.n_values = layout.rows * layout.vectors * SKNN_V
    layout.inner = matrix_contraction(geom.oc, 1, 0)
    layout.am = geom.ow * geom.oc
    # a row of the tile is a column of the image
    layout.row_step, layout.oh, layout.steps = geom.oc, geom.ow, geom.oh
    return layout


cdef ConvLayout flipped_layout(const Geometry* geom) noexcept nogil:
    return conv_layout(geom.iw + (geom.kw - 1) * geom.dw, geom.oc // geom.groups, geom.ih, geom.iw,
                       geom.c // geom.groups, geom, 1, 1)


# Whether scatter-add takes fewer operations, counting a load and a store as one each.
cdef bint prefers_scatter(const Geometry* geom) noexcept nogil:
    cdef ConvLayout flipped = flipped_layout(geom)
    cdef Py_ssize_t summed = geom.oh * geom.ow * geom.kh * (geom.oc + 2) * n_vectors(geom.kw * geom.c)
    if is_padded(geom):
        summed += 2 * geom.h * geom.w * geom.c // SKNN_V
    return (geom.groups == 1 and geom.dw == 1
            and summed < flipped.oh * flipped.steps * flipped.rows * flipped.vectors)


cdef inline bint is_padded(const Geometry* geom) noexcept nogil:
    return geom.h != geom.ih or geom.w != geom.iw


cdef inline bint is_derived(const ConvLayout* layout) noexcept nogil:
    """Whether the tile needs a layout other than the packed weights."""
    return layout.pixels > 1 or layout.groups > 1


# One image: y = bias + convolution of x. `scratch` holds a row of outputs of a panel.
cdef void convolve(const ConvLayout* layout, const real* weights, const real* bias, const real* x, real* y,
                   real* scratch) noexcept nogil:
    cdef Py_ssize_t group, k, r, i, size, step = layout.pixels * layout.oc, n = panel_count(layout.vectors)
    cdef Py_ssize_t group_width = layout.vectors * SKNN_V
    # The overhang of a tile row is overwritten by the next pixel. With several panels it would overwrite
    # columns of that pixel that are already there.
    cdef bint direct = layout.groups == 1 and (n == 1 or layout.width % SKNN_V == 0)
    cdef Panel panel
    cdef Contraction inner = layout.inner
    cdef const real* b
    cdef const real* a
    cdef real* out
    for group in range(layout.groups):
        for k in range(n):
            panel = get_panel(layout.rows, layout.vectors, k)
            inner.bk = panel.width
            inner.bs = inner.K * inner.bk
            inner.br = inner.S * inner.bs
            b = NULL
            if bias != NULL:
                b = bias + group * group_width + panel.begin
            size = min(panel.width, layout.width - panel.begin) * sizeof(real)
            for r in range(layout.oh):
                a = x + r * layout.row_step + group * layout.channels
                out = y + r * layout.steps * step + group * layout.width + panel.begin
                if direct:
                    multiply_panel(a, layout.am, weights + panel.offset, &inner, b, 0, out, step,
                                   layout.steps, panel.vectors, NULL)
                    continue
                multiply_panel(a, layout.am, weights + panel.offset, &inner, b, 0, scratch, panel.width,
                               layout.steps, panel.vectors, NULL)
                for i in range(layout.steps):
                    memcpy(out + i * step, scratch + i * panel.width, size)
        weights += layout.rows * group_width


cdef void conv_forward(const Parameter* p, const Geometry* geom, const Weights* weights, Matrix x, Matrix y,
                       Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef const ConvLayout* layout = &p.forward
    cdef const real* w = weights.packed + p.weight
    cdef const real* b = weights.packed + p.bias
    cdef Py_ssize_t i
    if p.winograd >= 0:
        winograd_forward(p, geom, weights.derived + (p.winograd if p.rounding == NULL else p.words), b, x, y,
                         rows, scratch)
        return
    if layout.offset >= 0:
        w, b = weights.derived + layout.offset, weights.derived + layout.bias
    for i in range(rows):
        convolve(layout, w, b, x.at + i * x.stride, y.at + i * y.stride, scratch)


# Copies dy of one image into `halo`, sh rows and sw pixels apart; the rest of `halo` is zero. Returns the
# image that the flipped kernel moves over.
cdef const real* surround(const Geometry* geom, const real* d, real* halo) noexcept nogil:
    cdef Py_ssize_t kh = (geom.kh - 1) * geom.dh, kw = (geom.kw - 1) * geom.dw    # zeros on each side
    cdef Py_ssize_t y, x, row, first = 0, last = geom.ow, width = geom.iw + kw
    cdef const real* out
    cdef real* at
    if halo == NULL:
        return d
    while first < last and kw - geom.left + first * geom.sw < 0:      # seen only by windows in the padding
        first += 1
    while last > first and kw - geom.left + (last - 1) * geom.sw >= width:
        last -= 1
    for y in range(geom.oh):
        row = kh - geom.top + y * geom.sh
        if row < 0 or row >= geom.ih + kh:
            continue
        at = halo + (row * width + kw - geom.left + first * geom.sw) * geom.oc
        out = d + (y * geom.ow + first) * geom.oc
        if geom.sw == 1:
            memcpy(at, out, (last - first) * geom.oc * sizeof(real))
            continue
        for x in range(last - first):
            memcpy(at + x * geom.sw * geom.oc, out + x * geom.oc, geom.oc * sizeof(real))
    return halo


# Memory of the input gradient beside dy and dx, in elements; 0: none.
cdef Py_ssize_t halo_size(const ConvLayout* layout, const Geometry* geom) noexcept nogil:
    cdef Py_ssize_t kh = (geom.kh - 1) * geom.dh, kw = (geom.kw - 1) * geom.dw
    if layout.scatter:
        return whole_lines(geom.h * geom.w * geom.c + SKNN_SPARE) if is_padded(geom) else 0
    # strides need it even if padding makes dy as large as x
    if kh == 0 and kw == 0 and geom.sh == 1 and geom.sw == 1 and geom.oh == geom.ih and geom.ow == geom.iw:
        return 0
    return whole_lines((geom.ih + kh) * (geom.iw + kw) * geom.oc)


cdef void conv_input_gradient(const Op* op, const Parameter* p, const real* derived, Matrix d,
                              Matrix dx, Py_ssize_t rows, real* halo, real* scratch) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        if p.backward.scatter:
            scatter_image(&p.backward, &op.geometry, derived + p.backward.offset, d.at + i * d.stride,
                          dx.at + i * dx.stride, halo)
            continue
        convolve(&p.backward, derived + p.backward.offset, NULL,
                 surround(&op.geometry, d.at + i * d.stride, halo), dx.at + i * dx.stride, scratch)


# For one kernel row, the windows of one output column form the rows of a product; they start in different
# image rows. The overhang of a vector adds zero.
cdef void scatter_image(const ConvLayout* layout, const Geometry* geom, const real* weights, const real* d,
                        real* dx, real* padded_dx) noexcept nogil:
    cdef Py_ssize_t i, k, x, r
    cdef real* image = dx if padded_dx == NULL else padded_dx
    cdef real* window
    cdef Panel panel
    cdef Contraction inner = layout.inner
    memset(image, 0, geom.h * geom.w * geom.c * sizeof(real))
    for k in range(panel_count(layout.vectors)):
        panel = get_panel(layout.rows, layout.vectors, k)
        inner.bk = panel.width
        for i in range(geom.kh):
            for x in range(geom.ow):
                window = image + (i * geom.dh * geom.w + x * geom.sw) * geom.c + panel.begin
                multiply_panel(d + x * geom.oc, layout.am, weights + panel.offset + i * geom.oc * panel.width,
                               &inner, window, geom.sh * geom.w * geom.c, window, geom.sh * geom.w * geom.c,
                               geom.oh, panel.vectors, NULL)
    if padded_dx != NULL:
        for r in range(geom.ih):
            memcpy(dx + r * geom.iw * geom.c, image + ((r + geom.top) * geom.w + geom.left) * geom.c,
                   geom.iw * geom.c * sizeof(real))


# dW in the forward layout, from all these images at once.
cdef void conv_weight_gradient(const Parameter* p, Matrix x, Matrix d, Py_ssize_t rows, real* dW,
                               bint accumulate) noexcept nogil:
    cdef const ConvLayout* layout = &p.forward
    cdef Py_ssize_t group, k, i, j, m = layout.inner.K, step = layout.pixels * layout.oc
    cdef Panel panel
    cdef Contraction inner = Contraction(rows, layout.oh, layout.steps, x.stride, layout.row_step, layout.am,
                                         d.stride, layout.steps * step, step, p.rounding, False)
    cdef const real* a
    cdef real* w
    for group in range(layout.groups):
        for k in range(panel_count(layout.vectors)):
            panel = get_panel(layout.rows, layout.vectors, k)
            for i in range(layout.inner.R):
                for j in range(layout.inner.S):
                    w = dW + panel.offset + (i * layout.inner.S + j) * m * panel.width
                    a = x.at + i * layout.inner.ar + j * layout.inner.as_ + group * layout.channels
                    multiply_panel(a, 1, d.at + group * layout.width + panel.begin, &inner,
                                   w if accumulate else NULL, panel.width, w, panel.width, m,
                                   panel.vectors, NULL)
        dW += layout.rows * layout.vectors * SKNN_V


# db (+)= sum over all pixels of dy. Sums image rows first, so that few channels still fill vectors.
cdef void image_bias_gradient(const Geometry* geom, Matrix d, Py_ssize_t rows, real* db, bint accumulate,
                              real* scratch) noexcept nogil:
    cdef Py_ssize_t i, y, j, size = geom.ow * geom.oc
    cdef const real* row
    for j in range(size):
        scratch[j] = 0
    for i in range(rows):
        for y in range(geom.oh):
            row = d.at + i * d.stride + y * size
            for j in range(size):
                scratch[j] += row[j]
    if not accumulate:
        for j in range(geom.oc):
            db[j] = 0
    for y in range(geom.ow):
        for j in range(geom.oc):
            db[j] += scratch[y * geom.oc + j]


# ---- packed weights and layouts --------------------------------------------------------------------

cdef inline Py_ssize_t packed_offset(const ConvLayout* layout, Py_ssize_t group, Py_ssize_t row,
                             Py_ssize_t column) noexcept nogil:
    cdef Panel panel = get_panel(layout.rows, layout.vectors, panel_of(layout.vectors, column // SKNN_V))
    return (group * layout.rows * layout.vectors * SKNN_V + panel.offset + row * panel.width
            + column - panel.begin)


# Offset of the weight in row (i, j, channel) and column `out` in the forward layout, for one pixel.
cdef inline Py_ssize_t forward_offset(const ConvLayout* layout, const Geometry* geom, Py_ssize_t row,
                                      Py_ssize_t out, Py_ssize_t pixel) noexcept nogil:
    cdef Py_ssize_t i = row // (geom.kw * layout.channels), oc = layout.oc // layout.groups
    cdef Py_ssize_t within = row - i * geom.kw * layout.channels + pixel * geom.sw * layout.channels
    return packed_offset(layout, out // oc, i * layout.taps * layout.channels + within, pixel * oc + out % oc)


# Updates the derived layouts from rows first..last of a panel.
cdef void derive_conv(const Parameter* p, const Geometry* geom, Panel panel, const real* packed,
                      real* derived, Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    cdef const ConvLayout* layout = &p.forward
    cdef Py_ssize_t row, out, pixel, end = min(panel.begin + panel.width, p.n_out)
    cdef const real* w
    for row in range(first, last):
        w = packed + p.weight + panel.offset + row * panel.width - panel.begin
        if layout.offset >= 0:
            for out in range(panel.begin, end):
                for pixel in range(layout.pixels):
                    derived[layout.offset + forward_offset(layout, geom, row, out, pixel)] = w[out]
        if backward and p.backward.offset >= 0:
            flip_row(p, geom, row, panel.begin, end, w, derived + p.backward.offset)


# Copies one row (i, j, channel) of the weights into the flipped kernel, where it is a column.
cdef void flip_row(const Parameter* p, const Geometry* geom, Py_ssize_t row, Py_ssize_t begin, Py_ssize_t end,
                   const real* w, real* flipped) noexcept nogil:
    cdef const ConvLayout* layout = &p.backward
    cdef Py_ssize_t channels = p.forward.channels
    cdef Py_ssize_t i = row // (geom.kw * channels), j = row // channels % geom.kw, channel = row % channels
    cdef Py_ssize_t pixel, out, column, tap, at
    cdef Panel panel
    for pixel in range(layout.pixels):
        column, tap = pixel * channels + channel, (geom.kh - 1 - i) * layout.taps + geom.kw - 1 - j + pixel
        if layout.scatter:
            column, tap = j * channels + channel, i
        panel = get_panel(layout.rows, layout.vectors, panel_of(layout.vectors, column // SKNN_V))
        at = panel.offset + column - panel.begin + tap * layout.channels * panel.width
        if layout.groups == 1:
            for out in range(begin, end):
                flipped[at + out * panel.width] = w[out]
            continue
        for out in range(begin, end):
            flipped[at + out // layout.channels * layout.rows * layout.vectors * SKNN_V
                   + out % layout.channels * panel.width] = w[out]


cdef void derive_bias(const Parameter* p, const real* packed, real* derived) noexcept nogil:
    cdef const ConvLayout* layout = &p.forward
    cdef Py_ssize_t out, pixel, oc = layout.oc // layout.groups
    if layout.offset < 0:
        return
    for out in range(p.n_out):
        for pixel in range(layout.pixels):
            derived[layout.bias + out // oc * layout.vectors * SKNN_V + pixel * oc + out % oc] = (
                packed[p.bias + out])
