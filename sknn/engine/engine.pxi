# The engine's text, in reading order. The stubs _engine_<instruction set>_<dtype>.pyx say what `real` is
# and include it; setup.py compiles each with the flags of its instruction set.
import numpy as np

from cpython.exc cimport PyErr_CheckSignals
from cpython.ref cimport Py_DECREF, Py_INCREF
from cython.parallel cimport parallel
from libc.math cimport exp, log, sqrt
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

include "types.pxi"
include "activation.pxi"
include "dropout.pxi"
include "dense.pxi"
include "sparse.pxi"
include "loss.pxi"
include "optimizer.pxi"
include "program.pxi"
include "forward.pxi"
include "training.pxi"
include "trainer.pxi"

OPS = {"dense": DENSE, "dense_csr": DENSE_CSR, "activation": ACTIVATION, "dropout": DROPOUT}
