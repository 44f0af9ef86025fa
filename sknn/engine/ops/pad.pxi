# Zeros around an image. Its gradient lies in the middle of that of the padded image: convolutions write it
# there without its border, and both are one buffer.

cdef void pad_image(const Geometry* g, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t r, size = g.w * g.c
    for r in range(g.h):
        memcpy(y + ((r + g.top) * g.ow + g.left) * g.c, x + r * size, size * sizeof(real))


cdef void pad_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        pad_image(&op.geometry, x.at + r * x.stride, y.at + r * y.stride)


cdef problem_of_pad(const Plan* plan, const Op* op, tables):
    cdef const Geometry* g = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    fits = g.c == g.oc and g.top + g.h <= g.oh and g.left + g.w <= g.ow
    return None if fits else "the image is not inside of the padded one"


kind = new_kind("pad")
kind.gradient_in_place = True
kind.reads = reads_nothing
kind.problem = problem_of_pad
kind.forward = pad_op
