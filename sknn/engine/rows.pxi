# Samples and targets in the form that the engine reads.

cdef inline Py_ssize_t item_size(int kind) noexcept nogil:
    return 8 if kind == FLOAT64 else 1 if kind == UINT8 else 4


# Converts one row to `real`. Large values are centered first, in double precision.
cdef inline void convert_row(const Input* x, Py_ssize_t sample, real* out) noexcept nogil:
    cdef Py_ssize_t j
    cdef double value
    cdef const double* wide = <const double*>x.data + sample * x.stride
    cdef const float* single = <const float*>x.data + sample * x.stride
    cdef const unsigned char* bytes_ = <const unsigned char*>x.data + sample * x.stride
    if x.center != NULL:
        for j in range(x.n_features):
            value = wide[j] if x.kind == FLOAT64 else single[j] if x.kind == FLOAT32 else bytes_[j]
            out[j] = <real>(value - x.center[j])
    elif x.kind == FLOAT32:
        for j in range(x.n_features):
            out[j] = <real>single[j]
    elif x.kind == FLOAT64:
        for j in range(x.n_features):
            out[j] = <real>wide[j]
    else:
        for j in range(x.n_features):
            out[j] = <real>bytes_[j]


# Converts an image from (c, pixels) to (pixels, c). `scratch` holds one image.
cdef void channels_last(real* image, Py_ssize_t pixels, Py_ssize_t c, real* scratch) noexcept nogil:
    cdef Py_ssize_t i, j
    memcpy(scratch, image, pixels * c * sizeof(real))
    for j in range(c):
        for i in range(pixels):
            image[i * c + j] = scratch[j * pixels + i]


# Scales one row.
cdef inline void scale_row(const Input* x, real* out) noexcept nogil:
    cdef Py_ssize_t j
    if x.scale == NULL:
        return
    if x.n_scales == 1:
        for j in range(x.n_features):
            out[j] = out[j] * x.scale[0] + x.shift[0]
        return
    for j in range(x.n_features):
        out[j] = out[j] * x.scale[j] + x.shift[j]


cdef inline void read_row(const Input* x, Py_ssize_t sample, real* out, real* scratch) noexcept nogil:
    convert_row(x, sample, out)
    if x.channels > 0:
        channels_last(out, x.n_features // x.channels, x.channels, scratch)


# Copies the rows of these samples to the input buffer and prefetches the next row.
cdef void gather(const Input* x, const Py_ssize_t* samples, Py_ssize_t rows, Matrix target,
                 real* scratch) noexcept nogil:
    cdef Py_ssize_t i, size = item_size(x.kind)
    for i in range(rows):
        if i + 1 < rows:
            prefetch_bytes(<const char*>x.data + samples[i + 1] * x.stride * size, x.n_features * size)
        read_row(x, samples[i], target.at + i * target.stride, scratch)
        scale_row(x, target.at + i * target.stride)


# Copies an augmented view of each sample.
cdef void gather_views(const Input* x, const Augmentation* a, u64 seed, u64 epoch, u64 epoch_key,
                       const Py_ssize_t* samples, Py_ssize_t rows, Matrix target,
                       real* scratch) noexcept nogil:
    cdef Py_ssize_t i
    cdef View view
    cdef real* out
    for i in range(rows):
        out = target.at + i * target.stride
        view = draw_view(a, seed, epoch, epoch_key, samples[i])
        read_row(x, samples[i], out, scratch)
        take_view(a, &view, out, scratch)
        scale_row(x, out)
        cut_out(a, &view, out)


# Whether the network can read the rows without a copy.
cdef inline bint used_in_place(const Plan* plan, const Input* x) noexcept nogil:
    cdef int own = FLOAT32 if sizeof(real) == 4 else FLOAT64
    return x.kind == own and x.scale == NULL and x.center == NULL and x.channels == 0 and not plan.images


cdef bint all_finite(Matrix x, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef const real* row
    cdef sint bad = 0
    for i in range(rows):
        row = x.at + i * x.stride
        for j in range(width):
            bad |= is_not_finite(row[j])
    return bad == 0


cdef class Rows:
    """Samples in the form that the engine reads.

    Parameters
    ----------
    X : ndarray (n, n_features), or (data, indices, indptr)
        Of float32, float64 or uint8, whose rows are contiguous: the first columns of a wider array need no
        copy; or CSR parts.
    n_features : int
        Number of columns of CSR parts.
    scale, shift : ndarray (c,) of real or None
        A value v of channel k enters the network as ``v * scale[k] + shift[k]``.
    center : ndarray (c,) of float64 or None
        Subtracted from the values first, in double precision.
    channels_first : int
        Number of channels of images stored as (c, h, w); 0 for (h, w, c).
    """

    cdef Input input
    cdef object owner
    cdef readonly Py_ssize_t n_samples
    cdef readonly bint sorted       # column indices of all CSR rows are sorted, as training requires

    def __cinit__(self, X, Py_ssize_t n_features=-1, *, scale=None, shift=None, center=None,
                  Py_ssize_t channels_first=0):
        self.sorted = True
        if isinstance(X, tuple):
            self._take_csr(X, n_features)
            return
        self.n_samples = X.shape[0]
        self.input.n_features = self.input.stride = X.shape[1]
        self.input.channels = channels_first
        if channels_first < 0 or (channels_first > 0 and self.input.n_features % channels_first):
            raise ValueError(f"{self.input.n_features} values are no images of {channels_first} channels")
        self._take_dense(X)
        self.owner = [X]
        if scale is not None:
            self._take_scale(scale, shift)
        if center is not None:
            self._take_center(center)

    cdef _take_dense(self, X):
        cdef const float[:, :] single
        cdef const double[:, :] double_
        cdef const unsigned char[:, :] bytes_
        cdef Py_ssize_t row, item, size = X.itemsize
        if self.n_samples == 0:     # no first element
            return
        if X.ndim != 2:
            raise ValueError(f"rows must have two dimensions, got {X.ndim}")
        row, item = X.strides
        if (self.input.n_features > 1 and item != size) or (self.n_samples > 1 and row % size):
            raise ValueError("rows must be contiguous")
        if self.n_samples > 1:
            self.input.stride = row // size
        if X.dtype.char == "f":
            single = X
            self.input.kind = FLOAT32
            self.input.data = <const void*>&single[0, 0]
        elif X.dtype.char == "B":
            bytes_ = X
            self.input.kind = UINT8
            self.input.data = <const void*>&bytes_[0, 0]
        else:
            double_ = X
            self.input.kind = FLOAT64
            self.input.data = <const void*>&double_[0, 0]

    cdef _take_scale(self, scale, shift):
        """Repeat the factors for each value of a row, so that one loop scales it."""
        cdef const real[::1] scales, shifts
        pixels, rest = divmod(self.input.n_features, max(len(scale), 1))
        if rest or len(scale) != len(shift) or len(scale) == 0:
            raise ValueError(f"{len(scale)} scales and {len(shift)} shifts for rows of "
                             f"{self.input.n_features} values")
        self.input.n_scales = len(scale)
        if len(scale) > 1:
            scale, shift = np.tile(scale, pixels), np.tile(shift, pixels)
        scales, shifts = scale, shift
        self.owner += [scales, shifts]
        self.input.scale, self.input.shift = &scales[0], &shifts[0]

    cdef _take_center(self, center):
        """Repeat the center for each value of a row, in storage order."""
        cdef const double[::1] centers
        pixels, rest = divmod(self.input.n_features, len(center))
        if rest:
            raise ValueError(f"{len(center)} centers for rows of {self.input.n_features} values")
        centers = np.repeat(center, pixels) if self.input.channels > 0 else np.tile(center, pixels)
        self.owner.append(centers)
        self.input.center = &centers[0]

    cdef _take_csr(self, parts, Py_ssize_t n_features):
        cdef const real[::1] data
        cdef const int[::1] indices
        cdef const long long[::1] indptr
        data, indices, indptr = parts
        self._check_csr(indices, indptr, min(data.shape[0], indices.shape[0]), n_features)
        self.owner = parts
        self.n_samples = indptr.shape[0] - 1
        self.input.kind = CSR
        self.input.n_features = n_features
        self.input.indptr = &indptr[0]
        if min(data.shape[0], indices.shape[0]) > 0:
            self.input.data = <const void*>&data[0]
            self.input.indices = &indices[0]

    cdef int _check_csr(self, const int[::1] indices, const long long[::1] indptr, Py_ssize_t size,
                        Py_ssize_t n_features) except -1:
        """Check the indices; SciPy does not."""
        cdef Py_ssize_t i, k
        cdef bint wrong, falls = False
        if indptr.shape[0] < 1 or indptr[0] != 0 or indptr[indptr.shape[0] - 1] > size:
            raise ValueError(f"indptr of a CSR matrix must go from 0 to at most {size}, the values that are "
                             "stored")
        for i in range(indptr.shape[0] - 1):
            if indptr[i] > indptr[i + 1]:
                raise ValueError(f"indptr of a CSR matrix falls after row {i}")
        with nogil:
            wrong = False
            for i in range(indptr.shape[0] - 1):
                for k in range(indptr[i], indptr[i + 1]):
                    wrong |= indices[k] < 0 or indices[k] >= n_features
                    falls |= k > indptr[i] and indices[k] < indices[k - 1]
        if wrong:
            raise ValueError(f"indices of a CSR matrix must be column numbers from 0 to {n_features - 1}")
        self.sorted = not falls
        return 0


cdef const void* target_data(const Loss* loss, y) except NULL:
    """Pointer to targets (n, n_groups) of int32 or (n, n_outputs) of real."""
    cdef const int[:, ::1] codes
    cdef const real[:, ::1] values
    cdef Py_ssize_t width = loss.n_groups if loss.kind == SOFTMAX else loss.n_outputs
    if y.ndim != 2 or y.shape[1] != width:
        raise ValueError(f"targets must have the shape (n, {width}), got {y.shape}")
    if loss.kind == SOFTMAX:
        if (np.min(y, axis=0) < 0).any() or (
                np.max(y, axis=0) >= [loss.group_sizes[i] for i in range(width)]).any():
            raise ValueError("class numbers must be below the number of classes")
        codes = y
        return <const void*>&codes[0, 0]
    values = y
    return <const void*>&values[0, 0]
