/* OpenMP, or a single thread without it; and a clock. */
#ifndef SKNN_THREADS_H
#define SKNN_THREADS_H
#ifdef _OPENMP
#  include <omp.h>
static inline int thread_count(void) { return omp_get_num_threads(); }
static inline int thread_number(void) { return omp_get_thread_num(); }
static inline int max_threads(void) { return omp_get_max_threads(); }
static inline int has_openmp(void) { return 1; }
#else
static inline int thread_count(void) { return 1; }
static inline int thread_number(void) { return 0; }
static inline int max_threads(void) { return 1; }
static inline int has_openmp(void) { return 0; }
#endif

/* A barrier for the threads of a parallel region. OpenMP's barrier spins for about a millisecond, so steps of 50 us
   take milliseconds when another process occupies a core. This one spins for a few microseconds, then yields. */
typedef struct {
    int arrived;
    unsigned generation; /* may wrap around */
} Barrier;

#if defined(_OPENMP) && (defined(__GNUC__) || defined(__clang__))
#  ifdef _WIN32
#    include <windows.h>
#    define SKNN_YIELD() SwitchToThread()
#  else
#    include <sched.h>
#    define SKNN_YIELD() sched_yield()
#  endif
#  if defined(__x86_64__) || defined(__i386__)
#    define SKNN_PAUSE() __builtin_ia32_pause()
#  elif defined(__aarch64__)
#    define SKNN_PAUSE() __asm__ __volatile__("yield")
#  else
#    define SKNN_PAUSE()
#  endif
static inline void thread_barrier(Barrier *barrier, int n_threads)
{
    if (n_threads == 1) return;
    const unsigned generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == n_threads) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int spin = 0; __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) == generation; spin++) {
        if (spin < 200)
            SKNN_PAUSE();
        else
            SKNN_YIELD();
    }
}
#elif defined(_OPENMP)
static inline void thread_barrier(Barrier *barrier, int n_threads)
{
#  pragma omp barrier
}
#else
static inline void thread_barrier(Barrier *barrier, int n_threads) {}
#endif

#ifdef _WIN32
#  include <windows.h>
static inline double seconds(void)
{
    LARGE_INTEGER now, frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart / (double)frequency.QuadPart;
}
#else
#  include <time.h>
static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
#endif
#endif
