/* The register tile: one kernel for all matrix products and convolutions. (Factors in bfloat16 have one of the same
   shapes, see bfloat16.h.)

       C[m][n] = I[m][n] + sum_r sum_s sum_k A[m*am + r*ar + s*as + k*ak] * B[r*br + s*bs + k*bk + n]

   MR rows by NR vectors of C stay in registers for the whole sum. Elements of A are broadcast, with any strides;
   rows of B and C are contiguous. I initializes the sum: C itself (accumulate), a bias (row stride im = 0) or NULL
   (zero). Each element of C is one chain of multiply-adds in the order of (r, s, k), for all MR and NR. How rows are
   split into tiles or among threads never changes a bit. A matrix product has R = S = 1. In a convolution, r and s
   are rows and columns of the kernel; in its weight gradient, they are images and image rows.

   Rows of C are stored whole and in order: if a row is wider than the stride, the next row overwrites the overhang.

   GCC's and Clang's vector extensions serve every vector width from one source. Other compilers use one element per
   vector. */
#ifndef SKNN_TILE_H
#define SKNN_TILE_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef SKNN_DOUBLE
typedef double real;
typedef int64_t sint;
typedef uint64_t natural;
#else
typedef float real;
typedef int32_t sint;
typedef uint32_t natural;
#endif

#if defined(__GNUC__) || defined(__clang__)
#  define SKNN_INLINE static inline __attribute__((always_inline))
#  if defined(__clang__)
#    define SKNN_UNROLL _Pragma("unroll")
#  else
#    define SKNN_UNROLL _Pragma("GCC unroll 32")
#  endif
#  define SKNN_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#  define SKNN_ALIGNED __attribute__((aligned(64)))
#  define SKNN_NOINLINE __attribute__((noinline))
#  if defined(__AVX512F__)
#    define SKNN_VECTOR_BYTES 64
#  elif defined(__AVX2__)
#    define SKNN_VECTOR_BYTES 32
#  else
#    define SKNN_VECTOR_BYTES 16
#  endif
/* Without it GCC's -O3 unrolls a loop over one vector's elements before it could vectorize it: five times slower. */
#  define SKNN_VECTORIZE _Pragma("GCC unroll 1")
#  ifdef SKNN_DOUBLE
typedef double vec __attribute__((vector_size(SKNN_VECTOR_BYTES), aligned(8), may_alias));
#  else
typedef float vec __attribute__((vector_size(SKNN_VECTOR_BYTES), aligned(4), may_alias));
#  endif
/* the result of comparisons; a where it is true, else b */
typedef sint mask __attribute__((vector_size(SKNN_VECTOR_BYTES), may_alias));
SKNN_INLINE vec vec_choose(mask m, vec a, vec b) { return (vec)(((mask)a & m) | ((mask)b & ~m)); }
#else
#  define SKNN_INLINE static inline
#  define SKNN_UNROLL
#  define SKNN_VECTORIZE
#  define SKNN_PREFETCH(address)
#  define SKNN_ALIGNED
#  define SKNN_NOINLINE
#  define SKNN_VECTOR_BYTES ((int)sizeof(real))
typedef real vec;
typedef int mask;
SKNN_INLINE vec vec_choose(mask m, vec a, vec b) { return m ? a : b; }
#endif

#define SKNN_V ((ptrdiff_t)(SKNN_VECTOR_BYTES / sizeof(real)))   /* elements of a vector */
#define SKNN_LINE ((ptrdiff_t)(64 / sizeof(real)))               /* elements of a cache line */

/* Sizes and strides of the inner dimensions, over which a tile sums. `rounding` is how factors are rounded (NULL: not
   at all), `words` whether A and B hold rounded ones; see bfloat16.h. */
struct Rounding;
typedef struct {
    ptrdiff_t R, S, K;
    ptrdiff_t ar, as, ak;
    ptrdiff_t br, bs, bk;
    const struct Rounding *rounding;
    int words;
} Contraction;

/* A matrix product with row stride bk of B and column stride ak of A. */
static inline Contraction
matrix_contraction(ptrdiff_t K, ptrdiff_t ak, ptrdiff_t bk)
{
    const Contraction inner = {1, 1, K, 0, 0, ak, 0, 0, bk, NULL, 0};
    return inner;
}

SKNN_INLINE void
tile(const int MR, const int NR, const real *A, ptrdiff_t am, const real *B, const Contraction *inner,
     const real *I, ptrdiff_t im, real *C, ptrdiff_t cm, const char *fetch, ptrdiff_t fetch_step)
{
    const ptrdiff_t S = inner->S, K = inner->K, ak = inner->ak, bk = inner->bk;
    vec c[32];
    if (I) {
        SKNN_UNROLL
        for (int m = 0; m < MR; m++)
            SKNN_UNROLL
            for (int n = 0; n < NR; n++) c[m * NR + n] = *(const vec *)(I + m * im + n * SKNN_V);
    } else {
        SKNN_UNROLL
        for (int i = 0; i < MR * NR; i++) c[i] = (vec){0};
    }
    for (ptrdiff_t r = 0; r < inner->R; r++)
        for (ptrdiff_t s = 0; s < S; s++) {
            const real *a = A + r * inner->ar + s * inner->as;
            const real *row = B + r * inner->br + s * inner->bs;
            for (ptrdiff_t k = 0; k < K; k++) {
                vec b[4];
                SKNN_UNROLL
                for (int n = 0; n < NR; n++) b[n] = *(const vec *)(row + n * SKNN_V);
                SKNN_UNROLL
                for (int m = 0; m < MR; m++) {
                    const real x = a[m * am];
                    SKNN_UNROLL
                    for (int n = 0; n < NR; n++) c[m * NR + n] += x * b[n];
                }
                a += ak;
                row += bk;
                SKNN_PREFETCH(fetch);
                fetch += fetch_step;
            }
        }
    SKNN_UNROLL
    for (int m = 0; m < MR; m++)
        SKNN_UNROLL
        for (int n = 0; n < NR; n++) *(vec *)(C + m * cm + n * SKNN_V) = c[m * NR + n];
}

/* All shapes whose accumulators, one row of B and one broadcast fit in the vector registers: MR*NR + NR + 1 <= 32
   (AVX-512, NEON) or 16 (AVX2, SSE). Rows of a matrix are split evenly into tiles, so no remainder loop is needed. */
typedef void (*tile_function)(const real *, ptrdiff_t, const real *, const Contraction *, const real *, ptrdiff_t,
                              real *, ptrdiff_t, const char *, ptrdiff_t);
#define SKNN_TILE(MR, NR)                                                                            \
    static void tile_##MR##x##NR(const real *A, ptrdiff_t am, const real *B, const Contraction *inner,\
                                 const real *I, ptrdiff_t im, real *C, ptrdiff_t cm,                 \
                                 const char *fetch, ptrdiff_t fetch_step)                            \
    { tile(MR, NR, A, am, B, inner, I, im, C, cm, fetch, fetch_step); }
#define SKNN_EACH_1_TO_2(X, N) X(1, N) X(2, N)
#define SKNN_EACH_1_TO_6(X, N) SKNN_EACH_1_TO_2(X, N) X(3, N) X(4, N) X(5, N) X(6, N)
#define SKNN_EACH_1_TO_9(X, N) SKNN_EACH_1_TO_6(X, N) X(7, N) X(8, N) X(9, N)
#define SKNN_EACH_1_TO_12(X, N) SKNN_EACH_1_TO_9(X, N) X(10, N) X(11, N) X(12, N)
#define SKNN_EACH_1_TO_14(X, N) SKNN_EACH_1_TO_12(X, N) X(13, N) X(14, N)
#define SKNN_NAME(MR, NR) tile_##MR##x##NR,

#if defined(__AVX512F__) || defined(__aarch64__)
#  define SKNN_TILE_COLUMNS 4
#  define SKNN_MOST_ROWS 14
#  define SKNN_EACH_TILE(X)                                                                          \
    SKNN_EACH_1_TO_14(X, 1) SKNN_EACH_1_TO_14(X, 2) SKNN_EACH_1_TO_9(X, 3) SKNN_EACH_1_TO_6(X, 4)
#  define SKNN_TILE_TABLE(NAME)                                                                      \
    {{SKNN_EACH_1_TO_14(NAME, 1)}, {SKNN_EACH_1_TO_14(NAME, 2)}, {SKNN_EACH_1_TO_9(NAME, 3)},       \
     {SKNN_EACH_1_TO_6(NAME, 4)}}
static const int tile_rows[SKNN_TILE_COLUMNS] = {14, 14, 9, 6};
#else
#  define SKNN_TILE_COLUMNS 2
#  define SKNN_MOST_ROWS 12
#  define SKNN_EACH_TILE(X) SKNN_EACH_1_TO_12(X, 1) SKNN_EACH_1_TO_6(X, 2)
#  define SKNN_TILE_TABLE(NAME) {{SKNN_EACH_1_TO_12(NAME, 1)}, {SKNN_EACH_1_TO_6(NAME, 2)}}
static const int tile_rows[SKNN_TILE_COLUMNS] = {12, 6};
#endif
typedef const tile_function (*TileTable)[SKNN_MOST_ROWS];
SKNN_EACH_TILE(SKNN_TILE)
static const tile_function tiles[SKNN_TILE_COLUMNS][SKNN_MOST_ROWS] = SKNN_TILE_TABLE(SKNN_NAME);

/* Vectors of a single row that are computed at once, and how far ahead of them memory is fetched. */
#define SKNN_ROW_COLUMNS 8
#define SKNN_ROWS_AHEAD 8

/* Elements by which the last row of a panel may overhang. */
#define SKNN_SPARE (SKNN_TILE_COLUMNS * SKNN_V)

/* Memory that is needed next: up to three blocks of the same size. While a panel is computed, memory is idle; the
   blocks are fetched into the L2 cache. */
typedef struct {
    const void *at[3];
    ptrdiff_t count, bytes;
} Prefetch;

static inline Prefetch
no_prefetch(void)
{
    const Prefetch none = {{NULL, NULL, NULL}, 0, 0};
    return none;
}

/* C (m rows of nr vectors) = I + A.B for one column panel, with its rows split evenly into tiles of a table. */
static void
multiply_tiles(TileTable table, const real *A, ptrdiff_t am, const real *B, const Contraction *inner, const real *I,
               ptrdiff_t im, real *C, ptrdiff_t cm, ptrdiff_t m, ptrdiff_t nr, const Prefetch *next)
{
    const ptrdiff_t parts = (m + tile_rows[nr - 1] - 1) / tile_rows[nr - 1];
    const ptrdiff_t rows = parts > 1 ? m / parts : m, wider = m - rows * parts;
    const ptrdiff_t share = next ? next->count * next->bytes / parts : 0;
    const ptrdiff_t steps = inner->R * inner->S * inner->K;
    for (ptrdiff_t i = 0, part = 0; part < parts; part++) {
        const ptrdiff_t mr = rows + (part < wider);
        const char *fetch = (const char *)A;
        ptrdiff_t step = 0;
        if (share > 0 && steps > 0) {
            const ptrdiff_t at = part * share / next->bytes;
            fetch = (const char *)next->at[at] + (part * share - at * next->bytes);
            step = share / steps < 64 ? share / steps : 64;
        }
        table[nr - 1][mr - 1](A + i * am, am, B, inner, I ? I + i * im : NULL, im, C + i * cm, cm, fetch, step);
        i += mr;
    }
}

/* c (NR vectors) = I + a.B: K elements of a, B with row stride bk. */
SKNN_INLINE void
row_tile(const int NR, const real *a, ptrdiff_t K, const real *B, ptrdiff_t bk, const real *I, real *C)
{
    vec c[SKNN_ROW_COLUMNS];
    SKNN_UNROLL
    for (int n = 0; n < NR; n++) c[n] = *(const vec *)(I + n * SKNN_V);
    for (ptrdiff_t k = 0; k < K; k++, B += bk) {
        SKNN_UNROLL
        for (int n = 0; n < NR; n++) c[n] += a[k] * *(const vec *)(B + n * SKNN_V);
        SKNN_UNROLL
        for (int n = 0; n < NR; n += 64 / SKNN_VECTOR_BYTES) SKNN_PREFETCH(B + SKNN_ROWS_AHEAD * bk + n * SKNN_V);
    }
    SKNN_UNROLL
    for (int n = 0; n < NR; n++) *(vec *)(C + n * SKNN_V) = c[n];
}

/* The product for a single row, whose tiles would wait for their own sums, and read memory in short runs: more
   columns at once. Each element is the same sum in the same order. */
static void
multiply_row(const real *a, ptrdiff_t K, const real *B, ptrdiff_t bk, const real *I, real *C, ptrdiff_t vectors)
{
    ptrdiff_t n = 0;
    for (; n + SKNN_ROW_COLUMNS <= vectors; n += SKNN_ROW_COLUMNS)
        row_tile(SKNN_ROW_COLUMNS, a, K, B + n * SKNN_V, bk, I + n * SKNN_V, C + n * SKNN_V);
    for (; n + 2 <= vectors; n += 2) row_tile(2, a, K, B + n * SKNN_V, bk, I + n * SKNN_V, C + n * SKNN_V);
    if (n < vectors) row_tile(1, a, K, B + n * SKNN_V, bk, I + n * SKNN_V, C + n * SKNN_V);
}

/* C[m][0..V) += A[m] * B, elementwise by vectors: partial scalar products of m rows with one row of at most
   SKNN_TILE_COLUMNS vectors. */
SKNN_INLINE void
dot_panel_of(const int NR, const real *A, ptrdiff_t am, const real *B, real *C, ptrdiff_t m)
{
    vec b[4];
    SKNN_UNROLL
    for (int k = 0; k < NR; k++) b[k] = *(const vec *)(B + k * SKNN_V);
    for (ptrdiff_t i = 0; i < m; i++) {
        vec c = *(vec *)(C + i * SKNN_V);
        SKNN_UNROLL
        for (int k = 0; k < NR; k++) c += *(const vec *)(A + i * am + k * SKNN_V) * b[k];
        *(vec *)(C + i * SKNN_V) = c;
    }
}

static void
dot_panel(const real *A, ptrdiff_t am, const real *B, real *C, ptrdiff_t m, ptrdiff_t vectors)
{
    if (vectors == 1) dot_panel_of(1, A, am, B, C, m);
    if (vectors == 2) dot_panel_of(2, A, am, B, C, m);
    if (vectors == 3) dot_panel_of(3, A, am, B, C, m);
    if (vectors == 4) dot_panel_of(4, A, am, B, C, m);
}

static inline void
prefetch_bytes(const char *at, ptrdiff_t size)
{
    for (ptrdiff_t i = 0; i < size; i += 64) SKNN_PREFETCH(at + i);
}

/* A matrix with n vectors per row is split into column panels of about equal width, at most SKNN_TILE_COLUMNS
   vectors. Packed matrices store one panel after the other, so that a tile reads contiguous memory. */
static inline ptrdiff_t
panel_count(ptrdiff_t n_vectors)
{
    return (n_vectors + SKNN_TILE_COLUMNS - 1) / SKNN_TILE_COLUMNS;
}

/* first vector of a panel; n_vectors for panel_count */
static inline ptrdiff_t
panel_begin(ptrdiff_t n_vectors, ptrdiff_t panel)
{
    const ptrdiff_t panels = panel_count(n_vectors), wider = n_vectors % panels;
    return panel * (n_vectors / panels) + (panel < wider ? panel : wider);
}

/* the panel that contains a vector */
static inline ptrdiff_t
panel_of(ptrdiff_t n_vectors, ptrdiff_t vector)
{
    ptrdiff_t panel = vector / SKNN_TILE_COLUMNS;
    while (panel_begin(n_vectors, panel + 1) <= vector) panel++;
    return panel;
}

/* T[j][i] = A[i][j] for i, j < LANES, in registers: log2(LANES) rounds of exchanges between rows d apart. */
#if defined(__has_builtin)
#  if __has_builtin(__builtin_shufflevector) && SKNN_VECTOR_BYTES > 16
#    define SKNN_SHUFFLES
#  endif
#endif
#ifdef SKNN_DOUBLE
#  define SKNN_LANES (SKNN_VECTOR_BYTES / 8)
#else
#  define SKNN_LANES (SKNN_VECTOR_BYTES / 4)
#endif
#ifdef SKNN_SHUFFLES
#  define LOW(l, d) ((l) & (d) ? SKNN_LANES + (l) - (d) : (l))
#  define HIGH(l, d) ((l) & (d) ? SKNN_LANES + (l) : (l) + (d))
#  define LANES_4(f, d, l) f(l, d), f(l + 1, d), f(l + 2, d), f(l + 3, d)
#  define LANES_8(f, d, l) LANES_4(f, d, l), LANES_4(f, d, l + 4)
#  define LANES_16(f, d, l) LANES_8(f, d, l), LANES_8(f, d, l + 8)
#  define ROUND_OF_EXCHANGES(LANES, d)                                                               \
    SKNN_UNROLL                                                                                      \
    for (int i = 0; i < SKNN_LANES; i++)                                                             \
        if (!(i & (d))) {                                                                            \
            const vec a = r[i], b = r[i + (d)];                                                      \
            r[i] = __builtin_shufflevector(a, b, LANES(LOW, d, 0));                                  \
            r[i + (d)] = __builtin_shufflevector(a, b, LANES(HIGH, d, 0));                           \
        }
#endif
SKNN_INLINE void
transpose_block(const real *A, ptrdiff_t a_stride, real *T, ptrdiff_t t_stride)
{
#ifdef SKNN_SHUFFLES
    vec r[SKNN_LANES];
    SKNN_UNROLL
    for (int i = 0; i < SKNN_LANES; i++) r[i] = *(const vec *)(A + i * a_stride);
#  if SKNN_VECTOR_BYTES == 64 && !defined(SKNN_DOUBLE)
    ROUND_OF_EXCHANGES(LANES_16, 8) ROUND_OF_EXCHANGES(LANES_16, 4)
    ROUND_OF_EXCHANGES(LANES_16, 2) ROUND_OF_EXCHANGES(LANES_16, 1)
#  elif SKNN_VECTOR_BYTES == 32 && defined(SKNN_DOUBLE)
    ROUND_OF_EXCHANGES(LANES_4, 2) ROUND_OF_EXCHANGES(LANES_4, 1)
#  else
    ROUND_OF_EXCHANGES(LANES_8, 4) ROUND_OF_EXCHANGES(LANES_8, 2) ROUND_OF_EXCHANGES(LANES_8, 1)
#  endif
    SKNN_UNROLL
    for (int i = 0; i < SKNN_LANES; i++) *(vec *)(T + i * t_stride) = r[i];
#else
    for (int i = 0; i < SKNN_V; i++)
        for (int j = 0; j < SKNN_V; j++) T[j * t_stride + i] = A[i * a_stride + j];
#endif
}

/* Marks the end of an array inside a larger allocation, so that address sanitizers see reads and writes past it. */
#define SKNN_GUARD_BYTES ((ptrdiff_t)64)
#ifdef __has_feature
#  if __has_feature(address_sanitizer)
#    define SKNN_ASAN
#  endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(SKNN_ASAN)
#  include <sanitizer/asan_interface.h>
static inline void guard_memory(char *at) { ASAN_POISON_MEMORY_REGION(at, SKNN_GUARD_BYTES); }
#else
static inline void guard_memory(char *at) { (void)at; }
#endif

/* Zeroed memory, aligned to a cache line. */
static void *
aligned_zeros(size_t bytes)
{
    char *base = (char *)calloc(1, bytes + 64 + sizeof(void *));
    if (!base) return NULL;
    char *start = base + sizeof(void *);
    start += (64 - (uintptr_t)start % 64) % 64;
    memcpy(start - sizeof(void *), &base, sizeof(void *));
    return start;
}

static void
aligned_free(void *start)
{
    void *base;
    if (!start) return;
    memcpy(&base, (char *)start - sizeof(void *), sizeof(void *));
    free(base);
}
#endif
