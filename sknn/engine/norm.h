/* Layer normalization of one pixel of c channels: whole vectors, then scalars. Formulas: ops/layer_norm.pxi. */
#ifndef SKNN_NORM_H
#define SKNN_NORM_H
#include "real_math.h"
#include "tile.h"

#define VEC(p) (*(vec *)(p))
#define CONST_VEC(p) (*(const vec *)(p))

SKNN_INLINE real
sum_of_lanes(vec v)
{
    real lanes[SKNN_LANES];
    VEC(lanes) = v;
    SKNN_UNROLL
    for (int d = SKNN_LANES / 2; d > 0; d /= 2)
        SKNN_UNROLL
        for (int i = 0; i < d; i++) lanes[i] += lanes[i + d];
    return lanes[0];
}

SKNN_INLINE void
layer_norm_moments(const real *x, ptrdiff_t c, real epsilon, real *mean, real *scale)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    vec sum = {0}, squares = {0};
    real rest = 0;
    for (ptrdiff_t k = 0; k < whole; k += SKNN_V) sum += CONST_VEC(x + k);
    for (ptrdiff_t k = whole; k < c; k++) rest += x[k];
    const real m = (sum_of_lanes(sum) + rest) / c;
    rest = 0;
    for (ptrdiff_t k = 0; k < whole; k += SKNN_V) {
        const vec v = CONST_VEC(x + k) - m;
        squares += v * v;
    }
    for (ptrdiff_t k = whole; k < c; k++) rest += (x[k] - m) * (x[k] - m);
    *mean = m;
    *scale = 1 / real_sqrt((sum_of_lanes(squares) + rest) / c + epsilon);
}

static void
layer_norm_pixel(const real *x, const real *gamma, const real *beta, real *y, ptrdiff_t c, real epsilon)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    real mean, scale;
    layer_norm_moments(x, c, epsilon, &mean, &scale);
    for (ptrdiff_t k = 0; k < whole; k += SKNN_V)
        VEC(y + k) = (CONST_VEC(x + k) - mean) * scale * CONST_VEC(gamma + k) + CONST_VEC(beta + k);
    for (ptrdiff_t k = whole; k < c; k++) y[k] = (x[k] - mean) * scale * gamma[k] + beta[k];
}

/* dy becomes dx. */
static void
layer_norm_pixel_backward(const real *x, const real *gamma, real *dy, real *dgamma, real *dbeta, ptrdiff_t c,
                          real epsilon)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    vec sum_d = {0}, sum_dx = {0};
    real rest_d = 0, rest_dx = 0, mean, scale;
    layer_norm_moments(x, c, epsilon, &mean, &scale);
    for (ptrdiff_t k = 0; k < whole; k += SKNN_V) {
        const vec xhat = (CONST_VEC(x + k) - mean) * scale, d = CONST_VEC(dy + k);
        const vec g = d * CONST_VEC(gamma + k);
        VEC(dbeta + k) += d;
        VEC(dgamma + k) += d * xhat;
        sum_d += g;
        sum_dx += g * xhat;
    }
    for (ptrdiff_t k = whole; k < c; k++) {
        const real xhat = (x[k] - mean) * scale, g = dy[k] * gamma[k];
        dbeta[k] += dy[k];
        dgamma[k] += dy[k] * xhat;
        rest_d += g;
        rest_dx += g * xhat;
    }
    const real mean_d = (sum_of_lanes(sum_d) + rest_d) / c, mean_dx = (sum_of_lanes(sum_dx) + rest_dx) / c;
    for (ptrdiff_t k = 0; k < whole; k += SKNN_V)
        VEC(dy + k) = (CONST_VEC(dy + k) * CONST_VEC(gamma + k) - mean_d
                       - (CONST_VEC(x + k) - mean) * scale * mean_dx) * scale;
    for (ptrdiff_t k = whole; k < c; k++)
        dy[k] = (dy[k] * gamma[k] - mean_d - (x[k] - mean) * scale * mean_dx) * scale;
}
#endif
