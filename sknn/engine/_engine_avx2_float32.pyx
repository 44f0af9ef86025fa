# The engine in float32 for the instruction set "avx2"; see engine.pxi.
ctypedef float real
include "engine.pxi"
