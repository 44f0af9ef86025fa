/* Max pooling by vectors of channels. The last vector of a pixel may overhang into the next one, which is written
   later. */
#ifndef SKNN_POOL_H
#define SKNN_POOL_H
#include "tile.h"

/* Adjacent windows of one shape: kh rows (stride `row`) of kw pixels of c values. Windows start `next` values apart. */
typedef struct {
    ptrdiff_t kh, kw, row, c, next;
    ptrdiff_t first, step; /* index of a window's first tap, and stride between rows of taps */
} PoolWindows;

/* 1, or -1 where a slope is negative. */
SKNN_INLINE vec
sign_of(const real *slope)
{
    const vec one = (vec){0} + (real)1;
    return slope ? vec_choose((mask)(*(const vec *)slope < (vec){0}), -one, one) : one;
}

/* y = maximum of each channel, and the index of its first tap. NaN wins. Channels with a negative slope take the
   minimum; no slopes (NULL): none does. */
SKNN_INLINE void
pool_maxima(const real *x, PoolWindows w, ptrdiff_t n, ptrdiff_t kh, ptrdiff_t kw, const real *slope, real *y,
            real *winners)
{
    for (; n > 0; n--, x += w.next, y += w.c, winners += w.c)
        for (ptrdiff_t k = 0; k < w.c; k += SKNN_V) {
            const vec sign = sign_of(slope ? slope + k : slope);
            vec best = sign * *(const vec *)(x + k), won = (vec){0} + (real)w.first;
            for (ptrdiff_t i = 0; i < kh; i++)
                for (ptrdiff_t j = 0; j < kw; j++) {
                    const vec v = sign * *(const vec *)(x + i * w.row + j * w.c + k);
                    const vec tap = (vec){0} + (real)(w.first + i * w.step + j);
                    const mask wins = (mask)(v > best) | (mask)(v != v);
                    best = vec_choose(wins, v, best);
                    won = vec_choose(wins, tap, won);
                }
            *(vec *)(y + k) = sign * best;
            *(vec *)(winners + k) = won;
        }
}

/* The same; the usual windows have their size as a constant. */
static void
max_pool_windows(const real *x, const PoolWindows *w, ptrdiff_t n, const real *slope, real *y, real *winners)
{
    if (w->kh == 2 && w->kw == 2 && !slope)
        pool_maxima(x, *w, n, 2, 2, NULL, y, winners);
    else
        pool_maxima(x, *w, n, w->kh, w->kw, slope, y, winners);
}

/* One row of taps of n windows of kw pixels, side by side: dx = dy where its tap won, else 0. */
static void
max_pool_scatter(const real *dy, const real *winners, ptrdiff_t first, ptrdiff_t n, ptrdiff_t kw, ptrdiff_t c,
                 real *dx)
{
    for (; n > 0; n--, dy += c, winners += c)
        for (ptrdiff_t j = 0; j < kw; j++, dx += c) {
            const vec tap = (vec){0} + (real)(first + j), zero = (vec){0};
            for (ptrdiff_t k = 0; k < c; k += SKNN_V) {
                const mask won = (mask)(*(const vec *)(winners + k) == tap);
                *(vec *)(dx + k) = vec_choose(won, *(const vec *)(dy + k), zero);
            }
        }
}
#endif
