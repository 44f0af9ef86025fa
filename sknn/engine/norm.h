/* Layer normalization of pixels of c channels, `stride` apart: whole vectors, then scalars. Formulas:
   ops/layer_norm.pxi. Sums over the channels of as many pixels as a vector has lanes are finished together. */
#ifndef SKNN_NORM_H
#define SKNN_NORM_H
#include "real_math.h"
#include "tile.h"

#define VEC(p) (*(vec *)(p))
#define CONST_VEC(p) (*(const vec *)(p))

/* One vector for each pixel of a group; the sum of its lanes is wanted. */
typedef struct {
    real of[SKNN_LANES * SKNN_LANES];
} SKNN_ALIGNED Parts;

/* sums[j] = sum of the lanes of parts[j] / c, always in the same order: halves, quarters, … */
SKNN_INLINE void
means_of_parts(const Parts *parts, ptrdiff_t c, real *means)
{
    Parts columns;
    transpose_block(parts->of, SKNN_LANES, columns.of, SKNN_LANES);
    SKNN_UNROLL
    for (int d = SKNN_LANES / 2; d > 0; d /= 2)
        SKNN_UNROLL
        for (int i = 0; i < d; i++)
            VEC(columns.of + i * SKNN_LANES) += CONST_VEC(columns.of + (i + d) * SKNN_LANES);
    VEC(means) = CONST_VEC(columns.of) / (real)c;
}

/* Mean and scale of m pixels, at most SKNN_LANES. */
static void
layer_norm_moments(const real *x, ptrdiff_t stride, ptrdiff_t m, ptrdiff_t c, real epsilon, real *mean, real *scale)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    Parts parts = {{0}};
    for (ptrdiff_t j = 0; j < m; j++) {
        const real *v = x + j * stride;
        vec sum = {0};
        for (ptrdiff_t k = 0; k < whole; k += SKNN_V) sum += CONST_VEC(v + k);
        VEC(parts.of + j * SKNN_LANES) = sum;
        for (ptrdiff_t k = whole; k < c; k++) parts.of[j * SKNN_LANES] += v[k];
    }
    means_of_parts(&parts, c, mean);
    for (ptrdiff_t j = 0; j < m; j++) {
        const real *v = x + j * stride;
        vec squares = {0};
        for (ptrdiff_t k = 0; k < whole; k += SKNN_V) {
            const vec d = CONST_VEC(v + k) - mean[j];
            squares += d * d;
        }
        VEC(parts.of + j * SKNN_LANES) = squares;
        for (ptrdiff_t k = whole; k < c; k++) parts.of[j * SKNN_LANES] += (v[k] - mean[j]) * (v[k] - mean[j]);
    }
    means_of_parts(&parts, c, scale);
    for (int j = 0; j < SKNN_LANES; j++) scale[j] = 1 / real_sqrt(scale[j] + epsilon);
}

static void
layer_norm_forward(const real *x, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t c, const real *gamma, const real *beta,
                   real epsilon, real *y, ptrdiff_t y_stride)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    real mean[SKNN_LANES], scale[SKNN_LANES];
    for (ptrdiff_t i = 0; i < n; i++, x += stride, y += y_stride) {
        const ptrdiff_t j = i % SKNN_LANES;
        if (j == 0)
            layer_norm_moments(x, stride, n - i < SKNN_LANES ? n - i : SKNN_LANES, c, epsilon, mean, scale);
        for (ptrdiff_t k = 0; k < whole; k += SKNN_V)
            VEC(y + k) = (CONST_VEC(x + k) - mean[j]) * scale[j] * CONST_VEC(gamma + k) + CONST_VEC(beta + k);
        for (ptrdiff_t k = whole; k < c; k++) y[k] = (x[k] - mean[j]) * scale[j] * gamma[k] + beta[k];
    }
}

/* Of m pixels, at most SKNN_LANES; dy becomes dx. */
static void
layer_norm_group(const real *x, ptrdiff_t stride, ptrdiff_t m, ptrdiff_t c, const real *gamma, real epsilon, real *dy,
                 ptrdiff_t dy_stride, real *dgamma, real *dbeta)
{
    const ptrdiff_t whole = c - c % SKNN_V;
    real mean[SKNN_LANES], scale[SKNN_LANES], mean_d[SKNN_LANES], mean_dx[SKNN_LANES];
    Parts d_parts = {{0}}, dx_parts = {{0}};
    layer_norm_moments(x, stride, m, c, epsilon, mean, scale);
    for (ptrdiff_t j = 0; j < m; j++) {
        const real *v = x + j * stride, *d = dy + j * dy_stride;
        vec sum_d = {0}, sum_dx = {0};
        for (ptrdiff_t k = 0; k < whole; k += SKNN_V) {
            const vec xhat = (CONST_VEC(v + k) - mean[j]) * scale[j], g = CONST_VEC(d + k) * CONST_VEC(gamma + k);
            VEC(dbeta + k) += CONST_VEC(d + k);
            VEC(dgamma + k) += CONST_VEC(d + k) * xhat;
            sum_d += g;
            sum_dx += g * xhat;
        }
        VEC(d_parts.of + j * SKNN_LANES) = sum_d;
        VEC(dx_parts.of + j * SKNN_LANES) = sum_dx;
        for (ptrdiff_t k = whole; k < c; k++) {
            const real xhat = (v[k] - mean[j]) * scale[j], g = d[k] * gamma[k];
            dbeta[k] += d[k];
            dgamma[k] += d[k] * xhat;
            d_parts.of[j * SKNN_LANES] += g;
            dx_parts.of[j * SKNN_LANES] += g * xhat;
        }
    }
    means_of_parts(&d_parts, c, mean_d);
    means_of_parts(&dx_parts, c, mean_dx);
    for (ptrdiff_t j = 0; j < m; j++) {
        const real *v = x + j * stride;
        real *d = dy + j * dy_stride;
        for (ptrdiff_t k = 0; k < whole; k += SKNN_V)
            VEC(d + k) = (CONST_VEC(d + k) * CONST_VEC(gamma + k) - mean_d[j]
                          - (CONST_VEC(v + k) - mean[j]) * scale[j] * mean_dx[j]) * scale[j];
        for (ptrdiff_t k = whole; k < c; k++)
            d[k] = (d[k] * gamma[k] - mean_d[j] - (v[k] - mean[j]) * scale[j] * mean_dx[j]) * scale[j];
    }
}

static void
layer_norm_backward(const real *x, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t c, const real *gamma, real epsilon,
                    real *dy, ptrdiff_t dy_stride, real *dgamma, real *dbeta)
{
    for (ptrdiff_t i = 0; i < n; i += SKNN_LANES)
        layer_norm_group(x + i * stride, stride, n - i < SKNN_LANES ? n - i : SKNN_LANES, c, gamma, epsilon,
                         dy + i * dy_stride, dy_stride, dgamma, dbeta);
}
#endif
