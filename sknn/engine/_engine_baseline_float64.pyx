# The engine in float64 for the instruction set "baseline"; see engine.pxi.
ctypedef double real
include "engine.pxi"
