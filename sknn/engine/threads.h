/* OpenMP, or a single thread without it; and a clock. */
#ifndef SKNN_THREADS_H
#define SKNN_THREADS_H
#include <limits.h>
#include <math.h>
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

/* A barrier for the threads of a parallel region. OpenMP's barrier spins for about a millisecond, so steps of 50 us
   take milliseconds when another program occupies a core. This one spins for a few microseconds, then yields. A yield
   that takes long says that a core is shared with such a program, to which every yield gives a slice of milliseconds:
   then the next waits sleep instead, which frees a core for the thread that is waited for. Where no core is shared
   sleeping is not worth it, as waking a core takes longer than a wait. */
typedef struct {
    int arrived;
    unsigned generation; /* may wrap around */
    int sleeping;        /* threads */
    int crowded;         /* waits that still are to sleep */
} Barrier;

#if defined(_OPENMP) && (defined(__GNUC__) || defined(__clang__))
#  ifdef _WIN32
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
#  ifdef __linux__
#    include <linux/futex.h>
#    include <sys/syscall.h>
#    include <unistd.h>
#    define SKNN_SLEEPS 128          /* waits that sleep before one yields again */
#    define SKNN_LONG_YIELD 1e-3     /* seconds; one that finds nobody takes less than a microsecond */
static inline void sleep_until_next(Barrier *barrier, unsigned generation)
{
    __atomic_add_fetch(&barrier->sleeping, 1, __ATOMIC_SEQ_CST);
    /* returns at once where the generation is another one by now */
    syscall(SYS_futex, &barrier->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
    __atomic_sub_fetch(&barrier->sleeping, 1, __ATOMIC_SEQ_CST);
}
static inline void wake_threads(Barrier *barrier)
{
    if (__atomic_load_n(&barrier->sleeping, __ATOMIC_SEQ_CST) > 0)
        syscall(SYS_futex, &barrier->generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
#  else
#    define SKNN_SLEEPS 0
#    define SKNN_LONG_YIELD INFINITY
static inline void sleep_until_next(Barrier *barrier, unsigned generation) {}
static inline void wake_threads(Barrier *barrier) {}
#  endif

static inline int is_next(const Barrier *barrier, unsigned generation)
{
    return __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) != generation;
}

static inline void wait_for_next(Barrier *barrier, unsigned generation)
{
    for (int spin = 0; spin < 200; spin++) {
        if (is_next(barrier, generation)) return;
        SKNN_PAUSE();
    }
    const int crowded = __atomic_load_n(&barrier->crowded, __ATOMIC_RELAXED);
    if (crowded > 0)
        __atomic_store_n(&barrier->crowded, crowded - 1, __ATOMIC_RELAXED);
    while (!is_next(barrier, generation)) {
        if (crowded > 0) {
            sleep_until_next(barrier, generation);
            continue;
        }
        const double before = seconds();
        SKNN_YIELD();
        if (seconds() - before > SKNN_LONG_YIELD)
            __atomic_store_n(&barrier->crowded, SKNN_SLEEPS, __ATOMIC_RELAXED);
    }
}

static inline void thread_barrier(Barrier *barrier, int n_threads)
{
    if (n_threads == 1) return;
    const unsigned generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == n_threads) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_SEQ_CST);
        wake_threads(barrier);
    } else {
        wait_for_next(barrier, generation);
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
#endif
