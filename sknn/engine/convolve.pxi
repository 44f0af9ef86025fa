# Convolutions of images x (n, h, w, c) with W (kh, kw, c / groups, oc):
#
#   y[p] = b + sum over taps t of the kernel: x[p s + t d] W[t]             (n, oh, ow, oc)
#   dx   = the same of dy, spread out and surrounded by zeros, with the kernel turned round; or, where that
#          would multiply many zeros or waste lanes, the sum of the windows dx[p s + t] += dy[p] W[t]^T
#   dW[t] = sum over images and p: x[p s + t d]^T dy[p];    db = sum over images and p: dy[p]
#
# The window of one row of the kernel is contiguous in memory, so each is the register tile with other
# strides: no copy of the windows (im2col), and no product that is not wanted. x already has its padding
# (pad.pxi).

# The most pixels that are computed at once to fill a vector.
cdef enum:
    MAX_PIXELS = 16


# How many neighbouring outputs are best computed together: they share reads of a kernel that is wider by the
# steps between them.
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


# A convolution of images of `width` pixels of `groups * channels` values to `groups * oc`.
cdef Form convolution_form(Py_ssize_t width, Py_ssize_t channels, Py_ssize_t oh, Py_ssize_t ow,
                           Py_ssize_t oc, const Geometry* g, Py_ssize_t sh, Py_ssize_t sw) noexcept nogil:
    cdef Form f
    cdef Py_ssize_t c = g.groups * channels
    cdef bint contiguous = g.groups == 1 and g.dw == 1
    f.offset = f.bias = -1
    f.spread = False
    f.groups, f.channels, f.oc = g.groups, channels, g.groups * oc
    f.pixels = best_pixels(oc, ow, g.kw, sw) if contiguous else 1
    f.taps = g.kw + (f.pixels - 1) * sw
    f.rows = g.kh * f.taps * channels
    f.width = f.pixels * oc
    f.vectors = n_vectors(f.width)
    f.n_values = f.groups * f.rows * f.vectors * SKNN_V
    f.sum.R, f.sum.S, f.sum.K = g.kh, f.taps, channels
    if contiguous:
        f.sum.S, f.sum.K = 1, f.taps * channels
    f.sum.ar, f.sum.as_, f.sum.ak = g.dh * width * c, g.dw * c, 1
    f.am, f.row_step = f.pixels * sw * c, sh * width * c
    f.oh, f.steps = oh, ow // f.pixels
    if f.row_step == f.steps * f.am:    # kernels of one pixel: the image is one long row
        f.oh, f.steps = 1, f.oh * f.steps
    return f


# The input gradient as a sum of windows: a matrix (oc, kw * c) for each row of the kernel.
cdef Form spread_form(const Geometry* g) noexcept nogil:
    cdef Form f
    f.offset = f.bias = -1
    f.spread = True
    f.groups, f.channels, f.oc, f.pixels, f.taps = 1, g.oc, g.c, 1, g.kw
    f.rows, f.width = g.kh * g.oc, g.kw * g.c
    f.vectors = n_vectors(f.width)
    f.n_values = f.rows * f.vectors * SKNN_V
    f.sum = matrix_sum(g.oc, 1, 0)
    f.am = g.ow * g.oc
    f.row_step, f.oh, f.steps = g.oc, g.ow, g.oh    # columns of the image are the rows of the tile
    return f


cdef Form turned_form(const Geometry* g) noexcept nogil:
    return convolution_form(g.iw + (g.kw - 1) * g.dw, g.oc // g.groups, g.ih, g.iw, g.c // g.groups, g, 1, 1)


# Whether the sum of windows takes fewer steps, a load and a store counted as one each.
cdef bint prefers_spread(const Geometry* g) noexcept nogil:
    cdef Form turned = turned_form(g)
    cdef Py_ssize_t summed = g.oh * g.ow * g.kh * (g.oc + 2) * n_vectors(g.kw * g.c)
    if is_padded(g):
        summed += 2 * g.h * g.w * g.c // SKNN_V
    return (g.groups == 1 and g.dw == 1
            and summed < turned.oh * turned.steps * turned.rows * turned.vectors)


cdef inline bint is_padded(const Geometry* g) noexcept nogil:
    return g.h != g.ih or g.w != g.iw


cdef inline bint is_derived(const Form* f) noexcept nogil:
    """Whether the packed weights themselves are not what the tile takes."""
    return f.pixels > 1 or f.groups > 1


# One image: y = bias + the convolution of x. `scratch` holds a row of outputs of a panel.
cdef void convolve(const Form* f, const real* weights, const real* bias, const real* x, real* y,
                   real* scratch) noexcept nogil:
    cdef Py_ssize_t group, k, r, i, size, step = f.pixels * f.oc, n = panel_count(f.vectors)
    cdef Py_ssize_t group_width = f.vectors * SKNN_V
    # What stands over at the end of a row of the tile is overwritten by the next pixel; not so where other
    # columns of that pixel are there already.
    cdef bint direct = f.groups == 1 and (n == 1 or f.width % SKNN_V == 0)
    cdef Panel panel
    cdef Sum sum = f.sum
    cdef const real* b
    cdef const real* a
    cdef real* out
    for group in range(f.groups):
        for k in range(n):
            panel = get_panel(f.rows, f.vectors, k)
            sum.bk = panel.width
            sum.bs = sum.K * sum.bk
            sum.br = sum.S * sum.bs
            b = NULL
            if bias != NULL:
                b = bias + group * group_width + panel.begin
            size = min(panel.width, f.width - panel.begin) * sizeof(real)
            for r in range(f.oh):
                a = x + r * f.row_step + group * f.channels
                out = y + r * f.steps * step + group * f.width + panel.begin
                if direct:
                    multiply_panel(a, f.am, weights + panel.offset, &sum, b, 0, out, step, f.steps,
                                   panel.vectors, NULL)
                    continue
                multiply_panel(a, f.am, weights + panel.offset, &sum, b, 0, scratch, panel.width,
                               f.steps, panel.vectors, NULL)
                for i in range(f.steps):
                    memcpy(out + i * step, scratch + i * panel.width, size)
        weights += f.rows * group_width


cdef void conv_forward(const Parameter* p, const Geometry* g, const Weights* weights, Matrix x, Matrix y,
                       Py_ssize_t rows, real* scratch) noexcept nogil:
    cdef const Form* f = &p.forward
    cdef const real* w = weights.packed + p.weight
    cdef const real* b = weights.packed + p.bias
    cdef Py_ssize_t i
    if p.winograd >= 0:
        winograd_forward(p, g, weights.derived + p.winograd, b, x, y, rows, scratch)
        return
    if f.offset >= 0:
        w, b = weights.derived + f.offset, weights.derived + f.bias
    for i in range(rows):
        convolve(f, w, b, x.at + i * x.stride, y.at + i * y.stride, scratch)


# dy of one image, sh rows and sw pixels apart, into `halo`, which is zero everywhere else. Returns the image
# that the turned kernel moves over.
cdef const real* surround(const Geometry* g, const real* d, real* halo) noexcept nogil:
    cdef Py_ssize_t kh = (g.kh - 1) * g.dh, kw = (g.kw - 1) * g.dw    # zeros on each side
    cdef Py_ssize_t y, x, row, first = 0, last = g.ow, width = g.iw + kw
    cdef const real* out
    cdef real* at
    if halo == NULL:
        return d
    while first < last and kw - g.left + first * g.sw < 0:      # seen by windows in the padding only
        first += 1
    while last > first and kw - g.left + (last - 1) * g.sw >= width:
        last -= 1
    for y in range(g.oh):
        row = kh - g.top + y * g.sh
        if row < 0 or row >= g.ih + kh:
            continue
        at = halo + (row * width + kw - g.left + first * g.sw) * g.oc
        out = d + (y * g.ow + first) * g.oc
        if g.sw == 1:
            memcpy(at, out, (last - first) * g.oc * sizeof(real))
            continue
        for x in range(last - first):
            memcpy(at + x * g.sw * g.oc, out + x * g.oc, g.oc * sizeof(real))
    return halo


# Values of what the input gradient needs beside dy and dx; 0 where that is nothing.
cdef Py_ssize_t halo_size(const Form* f, const Geometry* g) noexcept nogil:
    cdef Py_ssize_t kh = (g.kh - 1) * g.dh, kw = (g.kw - 1) * g.dw
    if f.spread:
        return whole_lines(g.h * g.w * g.c + SKNN_SPARE) if is_padded(g) else 0
    # dy lies as x does: strides spread it even where padding gives it the size of x
    if kh == 0 and kw == 0 and g.sh == 1 and g.sw == 1 and g.oh == g.ih and g.ow == g.iw:
        return 0
    return whole_lines((g.ih + kh) * (g.iw + kw) * g.oc)


cdef void conv_input_gradient(const Op* op, const Parameter* p, const real* derived, Matrix d,
                              Matrix dx, Py_ssize_t rows, real* halo, real* scratch) noexcept nogil:
    cdef Py_ssize_t i
    if p.winograd >= 0:
        winograd_input_gradient(p, &op.geometry, derived + p.winograd_turned, d, dx, rows, scratch)
        return
    for i in range(rows):
        if p.backward.spread:
            spread_image(&p.backward, &op.geometry, derived + p.backward.offset, d.at + i * d.stride,
                         dx.at + i * dx.stride, halo)
            continue
        convolve(&p.backward, derived + p.backward.offset, NULL,
                 surround(&op.geometry, d.at + i * d.stride, halo), dx.at + i * dx.stride, scratch)


# The windows of all outputs of a column, for one row of the kernel, are rows of one product: they lie in
# different rows of the image. What a vector stands over adds zero to what is there.
cdef void spread_image(const Form* f, const Geometry* g, const real* turned, const real* d, real* dx,
                       real* padded_dx) noexcept nogil:
    cdef Py_ssize_t i, k, x, r
    cdef real* image = dx if padded_dx == NULL else padded_dx
    cdef real* window
    cdef Panel panel
    cdef Sum sum = f.sum
    memset(image, 0, g.h * g.w * g.c * sizeof(real))
    for k in range(panel_count(f.vectors)):
        panel = get_panel(f.rows, f.vectors, k)
        sum.bk = panel.width
        for i in range(g.kh):
            for x in range(g.ow):
                window = image + (i * g.dh * g.w + x * g.sw) * g.c + panel.begin
                multiply_panel(d + x * g.oc, f.am, turned + panel.offset + i * g.oc * panel.width, &sum,
                               window, g.sh * g.w * g.c, window, g.sh * g.w * g.c, g.oh, panel.vectors,
                               NULL)
    if padded_dx != NULL:
        for r in range(g.ih):
            memcpy(dx + r * g.iw * g.c, image + ((r + g.top) * g.w + g.left) * g.c,
                   g.iw * g.c * sizeof(real))


# dW, laid out as the form is, from all these images at once.
cdef void conv_weight_gradient(const Parameter* p, Matrix x, Matrix d, Py_ssize_t rows, real* dW,
                               bint accumulate) noexcept nogil:
    cdef const Form* f = &p.forward
    cdef Py_ssize_t group, k, i, j, m = f.sum.K, step = f.pixels * f.oc
    cdef Panel panel
    cdef Sum sum = Sum(rows, f.oh, f.steps, x.stride, f.row_step, f.am,
                       d.stride, f.steps * step, step)
    cdef real* w
    for group in range(f.groups):
        for k in range(panel_count(f.vectors)):
            panel = get_panel(f.rows, f.vectors, k)
            for i in range(f.sum.R):
                for j in range(f.sum.S):
                    w = dW + panel.offset + (i * f.sum.S + j) * m * panel.width
                    multiply_panel(x.at + i * f.sum.ar + j * f.sum.as_ + group * f.channels, 1,
                                   d.at + group * f.width + panel.begin, &sum,
                                   w if accumulate else NULL, panel.width, w, panel.width, m,
                                   panel.vectors, NULL)
        dW += f.rows * f.vectors * SKNN_V


# db (+)= sum over all pixels of dy: whole rows of the images first, which makes long vectors of few channels.
cdef void image_bias_gradient(const Geometry* g, Matrix d, Py_ssize_t rows, real* db, bint accumulate,
                              real* scratch) noexcept nogil:
    cdef Py_ssize_t i, y, j, size = g.ow * g.oc
    cdef const real* row
    for j in range(size):
        scratch[j] = 0
    for i in range(rows):
        for y in range(g.oh):
            row = d.at + i * d.stride + y * size
            for j in range(size):
                scratch[j] += row[j]
    if not accumulate:
        for j in range(g.oc):
            db[j] = 0
    for y in range(g.ow):
        for j in range(g.oc):
            db[j] += scratch[y * g.oc + j]


# ---- between the packed weights and the forms ------------------------------------------------------

cdef inline Py_ssize_t place(const Form* f, Py_ssize_t group, Py_ssize_t row,
                             Py_ssize_t column) noexcept nogil:
    cdef Panel panel = get_panel(f.rows, f.vectors, panel_of(f.vectors, column // SKNN_V))
    return (group * f.rows * f.vectors * SKNN_V + panel.offset + row * panel.width
            + column - panel.begin)


# The places of the weight of row (i, j, channel) and column `out` in the forward form, one for each pixel.
cdef inline Py_ssize_t forward_place(const Form* f, const Geometry* g, Py_ssize_t row,
                                     Py_ssize_t out, Py_ssize_t pixel) noexcept nogil:
    cdef Py_ssize_t i = row // (g.kw * f.channels), oc = f.oc // f.groups
    cdef Py_ssize_t within = row - i * g.kw * f.channels + pixel * g.sw * f.channels
    return place(f, out // oc, i * f.taps * f.channels + within, pixel * oc + out % oc)


# The derived forms of rows first..last of a panel of the packed weights.
cdef void derive_conv(const Parameter* p, const Geometry* g, Panel panel, const real* packed,
                      real* derived, Py_ssize_t first, Py_ssize_t last, bint backward) noexcept nogil:
    cdef const Form* f = &p.forward
    cdef Py_ssize_t row, out, pixel, end = min(panel.begin + panel.width, p.n_out)
    cdef const real* w
    for row in range(first, last):
        w = packed + p.weight + panel.offset + row * panel.width - panel.begin
        if f.offset >= 0:
            for out in range(panel.begin, end):
                for pixel in range(f.pixels):
                    derived[f.offset + forward_place(f, g, row, out, pixel)] = w[out]
        if backward and p.backward.offset >= 0:
            turn_row(p, g, row, panel.begin, end, w, derived + p.backward.offset)


# One row (i, j, channel) of the weights in the turned kernel, where it is a column.
cdef void turn_row(const Parameter* p, const Geometry* g, Py_ssize_t row, Py_ssize_t begin, Py_ssize_t end,
                   const real* w, real* turned) noexcept nogil:
    cdef const Form* f = &p.backward
    cdef Py_ssize_t channels = p.forward.channels
    cdef Py_ssize_t i = row // (g.kw * channels), j = row // channels % g.kw, channel = row % channels
    cdef Py_ssize_t pixel, out, column, tap, at
    cdef Panel panel
    for pixel in range(f.pixels):
        column, tap = pixel * channels + channel, (g.kh - 1 - i) * f.taps + g.kw - 1 - j + pixel
        if f.spread:
            column, tap = j * channels + channel, i
        panel = get_panel(f.rows, f.vectors, panel_of(f.vectors, column // SKNN_V))
        at = panel.offset + column - panel.begin + tap * f.channels * panel.width
        if f.groups == 1:
            for out in range(begin, end):
                turned[at + out * panel.width] = w[out]
            continue
        for out in range(begin, end):
            turned[at + out // f.channels * f.rows * f.vectors * SKNN_V
                   + out % f.channels * panel.width] = w[out]


cdef void derive_bias(const Parameter* p, const real* packed, real* derived) noexcept nogil:
    cdef const Form* f = &p.forward
    cdef Py_ssize_t out, pixel, oc = f.oc // f.groups
    if f.offset < 0:
        return
    for out in range(p.n_out):
        for pixel in range(f.pixels):
            derived[f.bias + out // oc * f.vectors * SKNN_V + pixel * oc + out % oc] = (
                packed[p.bias + out])
