/* OpenMP where there is OpenMP, one thread where there is none; and a clock. */
#ifndef SKNN_THREADS_H
#define SKNN_THREADS_H
#ifdef _OPENMP
#  include <omp.h>
static inline int thread_count(void) { return omp_get_num_threads(); }
static inline int thread_number(void) { return omp_get_thread_num(); }
static inline int max_threads(void) { return omp_get_max_threads(); }
static inline int has_openmp(void) { return 1; }
/* binds to the innermost parallel region; outside of one it does nothing */
static inline void thread_barrier(void) {
#  pragma omp barrier
}
#else
static inline int thread_count(void) { return 1; }
static inline int thread_number(void) { return 0; }
static inline int max_threads(void) { return 1; }
static inline int has_openmp(void) { return 0; }
static inline void thread_barrier(void) {}
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
