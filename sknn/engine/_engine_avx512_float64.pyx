# The engine in float64 for the instruction set "avx512"; see engine.pxi.
ctypedef double real
include "engine.pxi"
