/* Products of factors that are rounded to bfloat16, with sums in float32.

   bfloat16 is the upper half of a float32: 8 bits of mantissa. The product of two is exact in float32, so an element
   of C is one chain of additions

       c = I;  c += a[1] * b[1];  c += a[0] * b[0];  c += a[3] * b[3];  ...

   in the order of VDPBF16PS, which multiplies pairs. A run of odd length (of k, in each r and s) ends with a zero.
   Processors without the instruction multiply the same rounded factors in the same order, as float32: the same bits,
   without the gain. (Only sums below 1.2e-38 differ, which the instruction takes as zero.)

   The tile reads rounded factors as words of 32 bits: pairs for the instruction, else single factors, the odd one of
   a pair first. Weights of dense layers and of Winograd convolutions become words when they change, the rows that are
   multiplied with them once for all panels; all else is rounded where a panel is multiplied. */
#ifndef SKNN_BFLOAT16_H
#define SKNN_BFLOAT16_H
#include "tile.h"

#if defined(__AVX512F__) && !defined(SKNN_DOUBLE) && (defined(__clang__) || __GNUC__ >= 11)
#  define SKNN_PAIRS
#  include <immintrin.h>
#endif

/* How factors are rounded and multiplied. `rows` rounds L rows of n values, `stride` apart: word w of column j goes to
   to[w * n + j]. `columns` rounds m rows of L contiguous values: word w of row i goes to to[i * to_stride + w]. */
typedef struct Rounding {
    ptrdiff_t words_per_pair;
    void (*rows)(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t n, real *to);
    void (*columns)(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t m, real *to, ptrdiff_t to_stride);
    TileTable tiles;
} Rounding;

/* ---- single factors ---- */

/* To the nearest, ties to even; NaN stays NaN, subnormal numbers become zero. */
SKNN_INLINE real
nearest_bfloat16(real x)
{
    float f = (float)x;
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    const uint32_t magnitude = u & 0x7fffffffu, nearest = (u + 0x7fffu + (u >> 16 & 1u)) & 0xffff0000u;
    u = magnitude > 0x7f800000u ? u | 0x400000u : magnitude < 0x800000u ? u & 0x80000000u : nearest;
    memcpy(&f, &u, sizeof f);
    return f;
}

static void
single_rows(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t n, real *to)
{
    for (ptrdiff_t k = 0; k < L; k += 2, from += 2 * stride, to += 2 * n) {
        if (k + 1 < L)
            for (ptrdiff_t j = 0; j < n; j++) to[j] = nearest_bfloat16(from[stride + j]);
        else
            for (ptrdiff_t j = 0; j < n; j++) to[j] = 0;
        for (ptrdiff_t j = 0; j < n; j++) to[n + j] = nearest_bfloat16(from[j]);
    }
}

static void
single_columns(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t m, real *to, ptrdiff_t to_stride)
{
    for (ptrdiff_t i = 0; i < m; i++, from += stride, to += to_stride) {
        for (ptrdiff_t k = 0; k < L - 1; k += 2) {
            to[k] = nearest_bfloat16(from[k + 1]);
            to[k + 1] = nearest_bfloat16(from[k]);
        }
        if (L % 2) {
            to[L - 1] = 0;
            to[L] = nearest_bfloat16(from[L - 1]);
        }
    }
}

static const Rounding single_factors = {2, single_rows, single_columns, tiles};

/* ---- pairs ---- */

#ifdef SKNN_PAIRS
#  define SKNN_BF16 __attribute__((target("avx512bf16")))

SKNN_INLINE SKNN_BF16 void
pair_tile(const int MR, const int NR, const real *A, ptrdiff_t am, const real *B, const Contraction *inner,
          const real *I, ptrdiff_t im, real *C, ptrdiff_t cm, const char *fetch, ptrdiff_t fetch_step)
{
    const ptrdiff_t ak = inner->ak, bk = inner->bk;
    __m512 c[32];
    SKNN_UNROLL
    for (int m = 0; m < MR; m++)
        SKNN_UNROLL
        for (int n = 0; n < NR; n++)
            c[m * NR + n] = I ? _mm512_loadu_ps(I + m * im + n * SKNN_V) : _mm512_setzero_ps();
    for (ptrdiff_t k = 0; k < inner->K; k++, A += ak, B += bk) {
        __m512bh b[4];
        SKNN_UNROLL
        for (int n = 0; n < NR; n++) b[n] = (__m512bh)_mm512_loadu_ps(B + n * SKNN_V);
        SKNN_UNROLL
        for (int m = 0; m < MR; m++) {
            const __m512bh a = (__m512bh)_mm512_set1_ps(A[m * am]);
            SKNN_UNROLL
            for (int n = 0; n < NR; n++) c[m * NR + n] = _mm512_dpbf16_ps(c[m * NR + n], a, b[n]);
        }
        SKNN_PREFETCH(fetch);
        fetch += fetch_step;
    }
    SKNN_UNROLL
    for (int m = 0; m < MR; m++)
        SKNN_UNROLL
        for (int n = 0; n < NR; n++) _mm512_storeu_ps(C + m * cm + n * SKNN_V, c[m * NR + n]);
}

#define SKNN_PAIR_TILE(MR, NR)                                                                       \
    static SKNN_BF16 void pair_tile_##MR##x##NR(                                                     \
        const real *A, ptrdiff_t am, const real *B, const Contraction *inner, const real *I, ptrdiff_t im, \
        real *C, ptrdiff_t cm, const char *fetch, ptrdiff_t fetch_step)                              \
    { pair_tile(MR, NR, A, am, B, inner, I, im, C, cm, fetch, fetch_step); }
#define SKNN_PAIR_NAME(MR, NR) pair_tile_##MR##x##NR,
SKNN_EACH_TILE(SKNN_PAIR_TILE)
static const tile_function pair_tiles[SKNN_TILE_COLUMNS][SKNN_MOST_ROWS] = SKNN_TILE_TABLE(SKNN_PAIR_NAME);

/* The first `n` of 16 lanes. */
SKNN_INLINE __mmask16
first_lanes(ptrdiff_t n)
{
    return n >= 16 ? 0xffff : n > 0 ? (__mmask16)((1u << n) - 1) : 0;
}

/* 16 pairs of a value of `low` and one of `high`. */
SKNN_INLINE SKNN_BF16 __m512i
pairs_across(__m512 low, __m512 high)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i halves = _mm512_or_si512(lane, _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), 16));
    return _mm512_permutexvar_epi16(halves, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

static SKNN_BF16 void
pair_rows(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t n, real *to)
{
    for (ptrdiff_t k = 0; k < L; k += 2, to += n) {
        const real *even = from + k * stride, *odd = even + stride;
        ptrdiff_t j = 0;
        for (; j + 16 <= n && k + 1 < L; j += 16)
            _mm512_storeu_si512(to + j, pairs_across(_mm512_loadu_ps(even + j), _mm512_loadu_ps(odd + j)));
        for (; j < n; j += 16) {
            const __mmask16 lanes = first_lanes(n - j);
            _mm512_mask_storeu_epi32(to + j, lanes,
                                     pairs_across(_mm512_maskz_loadu_ps(lanes, even + j),
                                                  _mm512_maskz_loadu_ps(k + 1 < L ? lanes : 0, odd + j)));
        }
    }
}

static SKNN_BF16 void
pair_columns(const real *from, ptrdiff_t stride, ptrdiff_t L, ptrdiff_t m, real *to, ptrdiff_t to_stride)
{
    for (ptrdiff_t i = 0; i < m; i++, from += stride, to += to_stride) {
        ptrdiff_t k = 0;
        for (; k + 32 <= L; k += 32)
            _mm512_storeu_si512(to + k / 2, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + k + 16),
                                                                         _mm512_loadu_ps(from + k)));
        if (k < L)
            _mm512_mask_storeu_epi32(
                to + k / 2, first_lanes((L - k + 1) / 2),
                (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(first_lanes(L - k - 16), from + k + 16),
                                             _mm512_maskz_loadu_ps(first_lanes(L - k), from + k)));
    }
}

static const Rounding pairs_of_factors = {1, pair_rows, pair_columns, pair_tiles};
#endif

/* ---- the one of this processor ---- */

static inline int
has_pairs(void)
{
#ifdef SKNN_PAIRS
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return 0;
#endif
}

/* In pairs, if that is wanted and the processor can. */
static inline const Rounding *
rounding_of(int pairs)
{
#ifdef SKNN_PAIRS
    if (pairs && has_pairs()) return &pairs_of_factors;
#endif
    (void)pairs;
    return &single_factors;
}

/* Words of K factors. */
static inline ptrdiff_t rounded_words(const Rounding *r, ptrdiff_t K) { return (K + 1) / 2 * r->words_per_pair; }

/* ---- rounding on the way ---- */

/* Words of a chunk for each row of A and each column of B; rows of A and C. */
enum { SKNN_CHUNK_WORDS = 128, SKNN_CHUNK_ROWS = 96 };

typedef struct {
    real a[SKNN_CHUNK_ROWS * SKNN_CHUNK_WORDS];
    real b[SKNN_CHUNK_WORDS * SKNN_SPARE];
    real c[SKNN_CHUNK_ROWS * SKNN_SPARE];
} SKNN_ALIGNED Chunk;

/* A place in the sums of a contraction. */
typedef struct {
    ptrdiff_t r, s, k;
} Place;

/* Rounds factors from `at` on until the chunk is full or the sums are over; returns the number of words. One of the
   strides of A is 1. */
static ptrdiff_t
round_chunk(const Contraction *inner, Place *at, const real *A, ptrdiff_t am, ptrdiff_t m, const real *B,
            ptrdiff_t columns, Chunk *chunk)
{
    const Rounding *rounding = inner->rounding;
    ptrdiff_t words = 0;
    while (at->r < inner->R && words < SKNN_CHUNK_WORDS) {
        const ptrdiff_t space = 2 * (SKNN_CHUNK_WORDS - words) / rounding->words_per_pair;
        const ptrdiff_t L = inner->K - at->k < space ? inner->K - at->k : space;
        const real *a = A + at->r * inner->ar + at->s * inner->as + at->k * inner->ak;
        const real *b = B + at->r * inner->br + at->s * inner->bs + at->k * inner->bk;
        if (am == 1)
            rounding->rows(a, inner->ak, L, m, chunk->a + words * m);
        else
            rounding->columns(a, am, L, m, chunk->a + words, SKNN_CHUNK_WORDS);
        rounding->rows(b, inner->bk, L, columns, chunk->b + words * columns);
        words += rounded_words(rounding, L);
        at->k += L;
        if (at->k == inner->K) {
            at->k = 0;
            if (++at->s == inner->S) at->s = 0, at->r++;
        }
    }
    return words;
}

/* At most SKNN_CHUNK_ROWS rows of a panel. Between chunks, sums stay in the chunk's C: in C itself, the overhang of a
   row would spoil the next one. Not inlined: other products need no chunk on their stack. */
static SKNN_NOINLINE void
multiply_chunks(const real *A, ptrdiff_t am, const real *B, const Contraction *inner, const real *I, ptrdiff_t im,
                real *C, ptrdiff_t cm, ptrdiff_t m, ptrdiff_t nr, const Prefetch *next)
{
    const ptrdiff_t columns = nr * SKNN_V;
    Chunk chunk;
    Place at = {0, 0, 0};
    do {
        const ptrdiff_t words = round_chunk(inner, &at, A, am, m, B, columns, &chunk);
        const int last = at.r == inner->R;
        const Contraction packed = matrix_contraction(words, am == 1 ? m : 1, columns);
        multiply_tiles(inner->rounding->tiles, chunk.a, am == 1 ? 1 : SKNN_CHUNK_WORDS, chunk.b, &packed, I, im,
                       last ? C : chunk.c, last ? cm : columns, m, nr, next);
        I = chunk.c;
        im = columns;
        next = NULL;
    } while (at.r < inner->R);
}

/* C (m rows of nr vectors) = I + A.B for one column panel. */
static void
multiply_panel(const real *A, ptrdiff_t am, const real *B, const Contraction *inner, const real *I, ptrdiff_t im,
               real *C, ptrdiff_t cm, ptrdiff_t m, ptrdiff_t nr, const Prefetch *next)
{
    if (!inner->rounding || inner->words) {
        multiply_tiles(inner->rounding ? inner->rounding->tiles : tiles, A, am, B, inner, I, im, C, cm, m, nr, next);
        return;
    }
    for (ptrdiff_t i = 0; i < m; i += SKNN_CHUNK_ROWS) {
        const ptrdiff_t rows = m - i < SKNN_CHUNK_ROWS ? m - i : SKNN_CHUNK_ROWS;
        multiply_chunks(A + i * am, am, B, inner, I ? I + i * im : NULL, im, C + i * cm, cm, rows, nr,
                        i == 0 ? next : NULL);
    }
}
#endif
