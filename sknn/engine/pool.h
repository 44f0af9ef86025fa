/* Max-pooling by vectors of channels. The last vector of a pixel may stand over into the next one, which is
   written later and takes its place. */
#ifndef SKNN_POOL_H
#define SKNN_POOL_H
#include "tile.h"

#if defined(__GNUC__) || defined(__clang__)
typedef sint mask __attribute__((vector_size(SKNN_VECTOR_BYTES), may_alias));
SKNN_INLINE vec vec_choose(mask m, vec a, vec b) { return (vec)(((mask)a & m) | ((mask)b & ~m)); }
#else
typedef int mask;
static inline vec vec_choose(mask m, vec a, vec b) { return m ? a : b; }
#endif

/* Where the window of one output lies: kh rows of kw pixels of c values, `row` from one to the next. */
typedef struct {
    ptrdiff_t kh, kw, row, c;
    ptrdiff_t first, step; /* number of its first tap, and from one row of taps to the next */
} PoolWindow;

/* y = the largest value of each channel, and which tap it was: the first of several. NaN wins, and stays. */
static void
max_pool_window(const real *x, const PoolWindow *window, real *y, real *winners)
{
    for (ptrdiff_t k = 0; k < window->c; k += SKNN_V) {
        vec best = *(const vec *)(x + k), won = (vec){0} + (real)window->first;
        for (ptrdiff_t i = 0; i < window->kh; i++)
            for (ptrdiff_t j = 0; j < window->kw; j++) {
                const vec v = *(const vec *)(x + i * window->row + j * window->c + k);
                const vec tap = (vec){0} + (real)(window->first + i * window->step + j);
                const mask wins = (mask)(v > best) | (mask)(v != v);
                best = vec_choose(wins, v, best);
                won = vec_choose(wins, tap, won);
            }
        *(vec *)(y + k) = best;
        *(vec *)(winners + k) = won;
    }
}

/* dx = dy where this tap won, else 0 */
static void
max_pool_spread(const real *dy, const real *winners, ptrdiff_t tap, ptrdiff_t c, real *dx)
{
    const vec number = (vec){0} + (real)tap, zero = (vec){0};
    for (ptrdiff_t k = 0; k < c; k += SKNN_V) {
        const mask won = (mask)(*(const vec *)(winners + k) == number);
        *(vec *)(dx + k) = vec_choose(won, *(const vec *)(dy + k), zero);
    }
}
#endif
