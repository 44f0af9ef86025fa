"""Features of this machine."""
cdef extern from *:
    """
    #if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
    static int cpu_has_avx2(void)
    {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
    static int cpu_has_avx512(void)
    {
        return cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    }
    #else
    static int cpu_has_avx2(void) { return 0; }
    static int cpu_has_avx512(void) { return 0; }
    #endif
    """
    bint cpu_has_avx2() noexcept nogil
    bint cpu_has_avx512() noexcept nogil

cdef extern from "threads.h" nogil:
    int c_max_threads "max_threads"() noexcept
    int c_has_openmp "has_openmp"() noexcept


def supported_levels():
    """List the instruction sets that processor and operating system support, best first."""
    levels = ["baseline"]
    if cpu_has_avx2():
        levels.insert(0, "avx2")
    if cpu_has_avx512():
        levels.insert(0, "avx512")
    return levels


def has_openmp():
    """Whether the engine was built with OpenMP."""
    return bool(c_has_openmp())


def openmp_threads():
    """Number of threads OpenMP would use: OMP_NUM_THREADS, threadpoolctl, number of processors."""
    return c_max_threads()
