# Zero padding of an image. Image and padded image share one gradient buffer: convolutions write it without
# the border.

cdef void pad_image(const Geometry* geom, const real* x, real* y) noexcept nogil:
    cdef Py_ssize_t r, size = geom.w * geom.c
    for r in range(geom.h):
        memcpy(y + ((r + geom.top) * geom.ow + geom.left) * geom.c, x + r * size, size * sizeof(real))


cdef void pad_op(Pass* t, const Op* op, Matrix x, Matrix y) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(t.rows):
        pad_image(&op.geometry, x.at + r * x.stride, y.at + r * y.stride)


cdef problem_of_pad(const Plan* plan, const Op* op, tables):
    cdef const Geometry* geom = &op.geometry
    problem = problem_of_images(plan, op)
    if problem:
        return problem
    fits = geom.c == geom.oc and geom.top + geom.h <= geom.oh and geom.left + geom.w <= geom.ow
    return None if fits else "the image is not inside of the padded one"


kind = new_kind("pad")
kind.gradient_in_place = True
kind.reads = reads_nothing
kind.problem = problem_of_pad
kind.forward = pad_op
