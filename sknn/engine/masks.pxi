# Masks of dropout. The mask of an element is a hash of (seed, epoch, sample, layer, element): any thread can
# compute it, in any order, and the backward pass computes it again instead of storing it. Prediction has
# masks for Monte-Carlo dropout only: one draw is one thinned network, whose mask is the same for all rows, so
# that what a row gets does not depend on the rows beside it.

ctypedef unsigned int u32
ctypedef unsigned long long u64


cdef inline u64 mix(u64 x) noexcept nogil:
    """The finalizer of splitmix64 (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> 30)) * <u64>0xbf58476d1ce4e5b9
    x = (x ^ (x >> 27)) * <u64>0x94d049bb133111eb
    return x ^ (x >> 31)


cdef inline u64 combine(u64 key, u64 value) noexcept nogil:
    return mix(key + <u64>0x9e3779b97f4a7c15 * (value + 1))


cdef inline u32 row_key(u64 epoch_key, Py_ssize_t sample, int layer) noexcept nogil:
    return <u32>(combine(combine(epoch_key, <u64>sample), <u64>layer) >> 32)


# The masks of a pass through the network.
cdef struct Masks:
    double factor       # of every rate; 0: nothing is dropped
    bint shared         # by all rows
    u64 key             # of the epoch, or of the draw


cdef inline u32 mask_key(const Masks* masks, Py_ssize_t sample, int layer) noexcept nogil:
    return row_key(masks.key, 0 if masks.shared else sample, layer)


cdef inline u32 element_hash(u32 key, u32 element) noexcept nogil:
    """32 bits in vector-friendly steps (the constants of the lowbias32 search, C. Wellons 2018)."""
    cdef u32 h = key + element * <u32>0x9e3779b9
    h = (h ^ (h >> 16)) * <u32>0x7feb352d
    h = (h ^ (h >> 15)) * <u32>0x846ca68b
    return h ^ (h >> 16)


cdef inline u32 drop_below(double rate) noexcept nogil:
    """An element is dropped where its hash is below this."""
    return <u32>(rate * 4294967296.0)
