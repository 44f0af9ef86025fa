# The engine in float32 for the instruction set "baseline"; see engine.pxi.
ctypedef float real
include "engine.pxi"
