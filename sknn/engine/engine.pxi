# The source of the engine, in reading order. The stubs _engine_<instruction set>_<dtype>.pyx define `real`
# and include it; setup.py compiles each with the flags of its instruction set.
import numpy as np

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.exc cimport PyErr_CheckSignals
from cpython.ref cimport Py_DECREF, Py_INCREF
from cython.parallel cimport parallel
from libc.math cimport INFINITY, cos, exp, fabs, floor, log, sin, sqrt
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

include "types.pxi"
include "masks.pxi"
include "activation.pxi"
include "loss.pxi"
include "optimizer.pxi"
include "plan.pxi"

include "rounding.pxi"
include "winograd.pxi"
include "convolve.pxi"

include "kinds.pxi"
include "ops/dense.pxi"
include "ops/dense_csr.pxi"
include "ops/activation.pxi"
include "ops/dropout.pxi"
include "ops/conv.pxi"
include "ops/depthwise.pxi"
include "ops/pad.pxi"
include "ops/spread.pxi"
include "ops/pool.pxi"
include "ops/layer_norm.pxi"
include "ops/batch_norm.pxi"
include "ops/group_norm.pxi"
include "ops/scale.pxi"
include "ops/parametric.pxi"
include "ops/residual.pxi"
include "ops/transpose.pxi"
include "ops/copy.pxi"
include "ops/embedding.pxi"
include "ops/numeric.pxi"

include "muon.pxi"
include "augment.pxi"
include "rows.pxi"
include "check.pxi"
include "check_arrays.pxi"
include "segments.pxi"
include "program.pxi"
include "passes.pxi"
include "forward.pxi"
include "gradient.pxi"
include "pace.pxi"
include "state.pxi"
include "step.pxi"
include "training.pxi"
include "trainer.pxi"
include "profile.pxi"
