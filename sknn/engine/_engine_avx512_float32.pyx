# The engine in float32 for the instruction set "avx512"; see engine.pxi.
ctypedef float real
include "engine.pxi"
