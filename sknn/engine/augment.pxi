# Augmentation. Each sample gets a new view of its image in each epoch. Views are drawn from counters, so
# any thread can compute them. They are taken before scaling: pixels outside are zero, or the image
# reflected at its edge (the edge not repeated). Cutout comes after scaling, where zero is the mean.

cdef struct Augmentation:
    bint active
    Py_ssize_t h, w, c
    int flip                    # 1: left-right at random; 2: at random in the first epoch, then alternating
    Py_ssize_t shift            # maximum, in pixels, in each direction
    bint reflect
    Py_ssize_t cutout           # side of the square, in pixels
    double rotation             # maximum, in radians, in each direction
    double scaling              # maximum relative change of size

# Parameters of one view.
cdef struct View:
    bint flipped
    Py_ssize_t dy, dx
    double cosine, sine         # of the angle, divided by the scale
    Py_ssize_t cut_y, cut_x


cdef enum:
    AUGMENT = 0x6175676d        # salts
    FLIP = 0x666c6970


# Uniform number in [0, 1) from 32 bits.
cdef inline double chance(u32 key, u32 number) noexcept nogil:
    return element_hash(key, number) * (1.0 / 4294967296.0)


# Integer from -most to most.
cdef inline Py_ssize_t step_of(Py_ssize_t most, double share) noexcept nogil:
    return <Py_ssize_t>(share * (2 * most + 1)) - most


cdef View draw_view(const Augmentation* a, u64 seed, u64 epoch, u64 epoch_key,
                    Py_ssize_t sample) noexcept nogil:
    cdef u32 key = row_key(epoch_key, sample, AUGMENT)
    cdef double angle = a.rotation * (2 * chance(key, 0) - 1)
    cdef double size = 1 + a.scaling * (2 * chance(key, 1) - 1)
    cdef View v
    v.flipped = a.flip == 1 and chance(key, 2) < 0.5
    if a.flip == 2:
        v.flipped = ((row_key(seed, sample, FLIP) & 1) ^ (epoch & 1)) == 1
    v.dy, v.dx = step_of(a.shift, chance(key, 3)), step_of(a.shift, chance(key, 4))
    v.cosine, v.sine = cos(angle) / size, sin(angle) / size
    v.cut_y = <Py_ssize_t>(chance(key, 5) * (a.h + a.cutout - 1)) - a.cutout + 1
    v.cut_x = <Py_ssize_t>(chance(key, 6) * (a.w + a.cutout - 1)) - a.cutout + 1
    return v


# Source index of row or column i, which may be outside; -1: zero.
cdef inline Py_ssize_t inside(Py_ssize_t i, Py_ssize_t n, bint reflect) noexcept nogil:
    if 0 <= i < n:
        return i
    if not reflect:
        return -1
    if n == 1:
        return 0
    i = (-i if i < 0 else i) % (2 * n - 2)
    return 2 * n - 2 - i if i >= n else i


cdef void shift_image(const Augmentation* a, const View* v, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t i, j, from_y, from_x, c = a.c
    for i in range(a.h):
        from_y = inside(i - v.dy, a.h, a.reflect)
        for j in range(a.w):
            from_x = inside((a.w - 1 - j if v.flipped else j) - v.dx, a.w, a.reflect)
            if from_y < 0 or from_x < 0:
                memset(y, 0, c * sizeof(real))
            else:
                memcpy(y, x + (from_y * a.w + from_x) * c, c * sizeof(real))
            y += c


# Rotates and scales around the center, with bilinear interpolation.
cdef void rotate_image(const Augmentation* a, const View* v, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t i, j, k, n, row, column, y0, x0, c = a.c
    cdef double my = 0.5 * (a.h - 1), mx = 0.5 * (a.w - 1), py, px, fy, fx
    cdef real weight
    for i in range(a.h):
        for j in range(a.w):
            py = i - v.dy - my
            px = (a.w - 1 - j if v.flipped else j) - v.dx - mx
            fy = my + v.cosine * py - v.sine * px
            fx = mx + v.sine * py + v.cosine * px
            y0, x0 = <Py_ssize_t>floor(fy), <Py_ssize_t>floor(fx)
            memset(y, 0, c * sizeof(real))
            for n in range(4):
                row = inside(y0 + n // 2, a.h, a.reflect)
                column = inside(x0 + n % 2, a.w, a.reflect)
                if row < 0 or column < 0:
                    continue
                weight = <real>(fabs(1 - n // 2 - (fy - y0)) * fabs(1 - n % 2 - (fx - x0)))
                for k in range(c):
                    y[k] += weight * x[(row * a.w + column) * c + k]
            y += c


cdef void take_view(const Augmentation* a, const View* v, real* image, real* scratch) noexcept nogil:
    if a.rotation == 0 and a.scaling == 0 and not v.flipped and v.dy == 0 and v.dx == 0:
        return
    memcpy(scratch, image, a.h * a.w * a.c * sizeof(real))
    if a.rotation == 0 and a.scaling == 0:
        shift_image(a, v, scratch, image)
    else:
        rotate_image(a, v, scratch, image)


cdef void cut_out(const Augmentation* a, const View* v, real* image) noexcept nogil:
    cdef Py_ssize_t i, left = max(0, v.cut_x), right = min(a.w, v.cut_x + a.cutout)
    if a.cutout == 0 or right <= left:
        return
    for i in range(max(0, v.cut_y), min(a.h, v.cut_y + a.cutout)):
        memset(image + (i * a.w + left) * a.c, 0, (right - left) * a.c * sizeof(real))
