# The engine's text, in reading order. The stubs _engine_<instruction set>_<dtype>.pyx say what `real` is
# and include it; setup.py compiles each with the flags of its instruction set.
import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from cpython.ref cimport Py_DECREF, Py_INCREF
from cython.parallel cimport parallel
from libc.math cimport INFINITY, cos, exp, fabs, floor, log, sin, sqrt
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

include "types.pxi"
include "activation.pxi"
include "dropout.pxi"
include "dense.pxi"
include "sparse.pxi"
include "pool.pxi"
include "norm.pxi"
include "scale.pxi"
include "transpose.pxi"
include "loss.pxi"
include "optimizer.pxi"
include "plan.pxi"
include "winograd.pxi"
include "conv.pxi"
include "depthwise.pxi"
include "columns.pxi"
include "numeric.pxi"
include "muon.pxi"
include "augment.pxi"
include "rows.pxi"
include "check.pxi"
include "check_arrays.pxi"
include "program.pxi"
include "ops.pxi"
include "forward.pxi"
include "gradient.pxi"
include "step.pxi"
include "training.pxi"
include "trainer.pxi"
include "profile.pxi"
