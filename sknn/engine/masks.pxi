# Dropout masks. The mask of an element is a hash of (seed, epoch, sample, layer, element). Any thread can
# compute it, in any order, and the backward pass computes it again. Prediction has masks only for
# Monte-Carlo dropout: a draw has one mask for all rows, so that the result of a row does not depend on
# other rows.

ctypedef unsigned int u32
ctypedef unsigned long long u64


cdef inline u64 mix(u64 x) noexcept nogil:
    """Finalizer of splitmix64 (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> 30)) * <u64>0xbf58476d1ce4e5b9
    x = (x ^ (x >> 27)) * <u64>0x94d049bb133111eb
    return x ^ (x >> 31)


cdef inline u64 combine(u64 key, u64 value) noexcept nogil:
    return mix(key + <u64>0x9e3779b97f4a7c15 * (value + 1))


cdef inline u32 row_key(u64 epoch_key, Py_ssize_t sample, int layer) noexcept nogil:
    return <u32>(combine(combine(epoch_key, <u64>sample), <u64>layer) >> 32)


# Masks of one pass through the network.
cdef struct Masks:
    double factor       # multiplies all rates; 0: no dropout
    bint shared         # one mask for all rows
    u64 key             # of the epoch or the draw


cdef inline u32 mask_key(const Masks* masks, Py_ssize_t sample, int layer) noexcept nogil:
    return row_key(masks.key, 0 if masks.shared else sample, layer)


cdef inline u32 element_hash(u32 key, u32 element) noexcept nogil:
    """A 32-bit hash in operations that vectorize (constants of lowbias32, C. Wellons 2018)."""
    cdef u32 h = key + element * <u32>0x9e3779b9
    h = (h ^ (h >> 16)) * <u32>0x7feb352d
    h = (h ^ (h >> 15)) * <u32>0x846ca68b
    return h ^ (h >> 16)


cdef inline u32 drop_below(double rate) noexcept nogil:
    """Threshold: an element is dropped if its hash is below."""
    return <u32>(rate * 4294967296.0)
