/* Batch normalization of images of some pixels of c channels. Formulas: ops/batch_norm.pxi.

   A block of channels at a time passes over all pixels, with its statistics and its sums in registers: four vectors,
   then two, then one, then scalars. Sums of values for mean and variance are in double precision. */
#ifndef SKNN_BATCH_NORM_H
#define SKNN_BATCH_NORM_H
#include "norm.h"

/* As many doubles as a vector holds, and the reals that become them. */
#if !defined(SKNN_DOUBLE) && (defined(__GNUC__) || defined(__clang__))
typedef double wide __attribute__((vector_size(SKNN_VECTOR_BYTES), aligned(8), may_alias));
typedef float narrow __attribute__((vector_size(SKNN_VECTOR_BYTES / 2), aligned(4), may_alias));
#  define WIDENED(p) __builtin_convertvector(*(const narrow *)(p), wide)
#  define SKNN_WIDE (SKNN_V / 2)
#else
#  ifdef SKNN_DOUBLE
typedef vec wide;
#  else
typedef double wide;
#  endif
#  define WIDENED(p) ((wide)CONST_VEC(p))
#  define SKNN_WIDE SKNN_V
#endif

/* FUNCTION(N, k, …) for blocks of N vectors of `lanes` channels from k on; `k` ends at the scalars. */
#define SKNN_CHANNEL_BLOCKS(lanes, FUNCTION, ...)                                                    \
    ptrdiff_t k = 0;                                                                                 \
    for (; k + 4 * (lanes) <= c; k += 4 * (lanes)) FUNCTION(4, k, __VA_ARGS__);                      \
    for (; k + 2 * (lanes) <= c; k += 2 * (lanes)) FUNCTION(2, k, __VA_ARGS__);                      \
    for (; k + (lanes) <= c; k += (lanes)) FUNCTION(1, k, __VA_ARGS__);

SKNN_INLINE void
add_values_of(const int N, ptrdiff_t k, const real *x, ptrdiff_t pixels, ptrdiff_t c, double weight, double *total)
{
    wide sum[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++) sum[n] = (wide){0};
    for (ptrdiff_t i = 0; i < pixels; i++)
        SKNN_UNROLL
        for (int n = 0; n < N; n++) sum[n] += WIDENED(x + i * c + k + n * SKNN_WIDE);
    SKNN_UNROLL
    for (int n = 0; n < N; n++) *(wide *)(total + k + n * SKNN_WIDE) += weight * sum[n];
}

/* total += weight * sum of x over the pixels */
static void
add_values(const real *x, ptrdiff_t pixels, ptrdiff_t c, double weight, double *total)
{
    SKNN_CHANNEL_BLOCKS(SKNN_WIDE, add_values_of, x, pixels, c, weight, total)
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (ptrdiff_t j = k; j < c; j++) total[j] += weight * x[i * c + j];
}

SKNN_INLINE void
add_squares_of(const int N, ptrdiff_t k, const real *x, ptrdiff_t pixels, ptrdiff_t c, double weight,
               const double *mean, double *total)
{
    wide sum[4], m[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++) sum[n] = (wide){0}, m[n] = *(const wide *)(mean + k + n * SKNN_WIDE);
    for (ptrdiff_t i = 0; i < pixels; i++)
        SKNN_UNROLL
        for (int n = 0; n < N; n++) {
            const wide d = WIDENED(x + i * c + k + n * SKNN_WIDE) - m[n];
            sum[n] += d * d;
        }
    SKNN_UNROLL
    for (int n = 0; n < N; n++) *(wide *)(total + k + n * SKNN_WIDE) += weight * sum[n];
}

/* total += weight * sum of (x - mean)^2 over the pixels */
static void
add_squares(const real *x, ptrdiff_t pixels, ptrdiff_t c, double weight, const double *mean, double *total)
{
    SKNN_CHANNEL_BLOCKS(SKNN_WIDE, add_squares_of, x, pixels, c, weight, mean, total)
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (ptrdiff_t j = k; j < c; j++) total[j] += weight * (x[i * c + j] - mean[j]) * (x[i * c + j] - mean[j]);
}

SKNN_INLINE void
normalize_of(const int N, ptrdiff_t k, const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean,
             const real *scale, const real *gamma, const real *beta, real *y)
{
    vec m[4], slope[4], shift[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++) {
        m[n] = CONST_VEC(mean + k + n * SKNN_V);
        slope[n] = CONST_VEC(scale + k + n * SKNN_V) * CONST_VEC(gamma + k + n * SKNN_V);
        shift[n] = CONST_VEC(beta + k + n * SKNN_V);
    }
    for (ptrdiff_t i = 0; i < pixels; i++)
        SKNN_UNROLL
        for (int n = 0; n < N; n++) {
            const ptrdiff_t at = i * c + k + n * SKNN_V;
            VEC(y + at) = (CONST_VEC(x + at) - m[n]) * slope[n] + shift[n];
        }
}

/* y = (x - mean) scale gamma + beta */
static void
batch_norm_forward(const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean, const real *scale,
                   const real *gamma, const real *beta, real *y)
{
    SKNN_CHANNEL_BLOCKS(SKNN_V, normalize_of, x, pixels, c, mean, scale, gamma, beta, y)
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (ptrdiff_t j = k; j < c; j++) y[i * c + j] = (x[i * c + j] - mean[j]) * (scale[j] * gamma[j]) + beta[j];
}

SKNN_INLINE void
add_gradients_of(const int N, ptrdiff_t k, const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean,
                 const real *scale, const real *dy, real *dgamma, real *dbeta)
{
    vec m[4], s[4], sum_d[4], sum_dx[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++) {
        m[n] = CONST_VEC(mean + k + n * SKNN_V);
        s[n] = CONST_VEC(scale + k + n * SKNN_V);
        sum_d[n] = sum_dx[n] = (vec){0};
    }
    for (ptrdiff_t i = 0; i < pixels; i++)
        SKNN_UNROLL
        for (int n = 0; n < N; n++) {
            const vec d = CONST_VEC(dy + i * c + k + n * SKNN_V);
            sum_d[n] += d;
            sum_dx[n] += d * (CONST_VEC(x + i * c + k + n * SKNN_V) - m[n]);
        }
    SKNN_UNROLL
    for (int n = 0; n < N; n++) {
        VEC(dbeta + k + n * SKNN_V) += sum_d[n];
        VEC(dgamma + k + n * SKNN_V) += sum_dx[n] * s[n];
    }
}

/* dbeta += sum of dy, dgamma += sum of dy xhat */
static void
batch_norm_sums(const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean, const real *scale, const real *dy,
                real *dgamma, real *dbeta)
{
    SKNN_CHANNEL_BLOCKS(SKNN_V, add_gradients_of, x, pixels, c, mean, scale, dy, dgamma, dbeta)
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (ptrdiff_t j = k; j < c; j++) {
            dbeta[j] += dy[i * c + j];
            dgamma[j] += dy[i * c + j] * ((x[i * c + j] - mean[j]) * scale[j]);
        }
}

/* What turns dy into dx, for a vector of channels. */
typedef struct {
    vec mean, outer, constant, slope;
} InputGradient;

SKNN_INLINE InputGradient
input_gradient_at(ptrdiff_t k, const real *mean, const real *scale, const real *gamma, const real *dgamma,
                  const real *dbeta, real weight)
{
    const vec s = CONST_VEC(scale + k);
    return (InputGradient){CONST_VEC(mean + k), s * CONST_VEC(gamma + k), weight * CONST_VEC(dbeta + k),
                           weight * s * CONST_VEC(dgamma + k)};
}

SKNN_INLINE vec
input_gradient(const InputGradient *g, vec dy, vec x)
{
    return g->outer * (dy - g->constant - (x - g->mean) * g->slope);
}

SKNN_INLINE void
input_gradient_of(const int N, ptrdiff_t k, const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean,
                  const real *scale, const real *gamma, const real *dgamma, const real *dbeta, real weight, real *dy)
{
    InputGradient gradient[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++)
        gradient[n] = input_gradient_at(k + n * SKNN_V, mean, scale, gamma, dgamma, dbeta, weight);
    for (ptrdiff_t i = 0; i < pixels; i++)
        SKNN_UNROLL
        for (int n = 0; n < N; n++) {
            const ptrdiff_t at = i * c + k + n * SKNN_V;
            VEC(dy + at) = input_gradient(&gradient[n], CONST_VEC(dy + at), CONST_VEC(x + at));
        }
}

/* oh x ow windows of kh x kw pixels, side by side, in an image of h x w pixels. */
typedef struct {
    ptrdiff_t h, w, oh, ow, kh, kw;
} Windows;

SKNN_INLINE void
pooled_gradient_of(const int N, ptrdiff_t k, const real *x, const Windows *at, ptrdiff_t c, const real *mean,
                   const real *scale, const real *gamma, const real *dgamma, const real *dbeta, real weight,
                   const real *winners, const real *dy, real *dx)
{
    InputGradient gradient[4];
    SKNN_UNROLL
    for (int n = 0; n < N; n++)
        gradient[n] = input_gradient_at(k + n * SKNN_V, mean, scale, gamma, dgamma, dbeta, weight);
    for (ptrdiff_t i = 0; i < at->h; i++)
        for (ptrdiff_t j = 0, window = i / at->kh * at->ow; j < at->w; window++) {
            const int inside = i < at->oh * at->kh && j < at->ow * at->kw;
            const ptrdiff_t last = j + at->kw < at->w ? j + at->kw : at->w;
            for (real tap = (real)(i % at->kh * at->kw); j < last; j++, tap++)
                SKNN_UNROLL
                for (int n = 0; n < N; n++) {
                    const ptrdiff_t from = window * c + k + n * SKNN_V, to = (i * at->w + j) * c + k + n * SKNN_V;
                    vec d = {0};
                    if (inside)
                        d = vec_choose((mask)(CONST_VEC(winners + from) == (vec){0} + tap), CONST_VEC(dy + from), d);
                    VEC(dx + to) = input_gradient(&gradient[n], d, CONST_VEC(x + to));
                }
        }
}

/* The same where max pooling follows: dy is the gradient of its output, and nothing but winners get any. */
static void
pooled_norm_backward(const real *x, const Windows *at, ptrdiff_t c, const real *mean, const real *scale,
                     const real *gamma, const real *dgamma, const real *dbeta, real weight, const real *winners,
                     const real *dy, real *dx)
{
    SKNN_CHANNEL_BLOCKS(SKNN_V, pooled_gradient_of, x, at, c, mean, scale, gamma, dgamma, dbeta, weight, winners,
                        dy, dx)
    for (ptrdiff_t i = 0; i < at->h; i++)
        for (ptrdiff_t j = 0; j < at->w; j++)
            for (ptrdiff_t q = k; q < c; q++) {
                const ptrdiff_t from = (i / at->kh * at->ow + j / at->kw) * c + q, to = (i * at->w + j) * c + q;
                const real tap = (real)(i % at->kh * at->kw + j % at->kw);
                const int won = i < at->oh * at->kh && j < at->ow * at->kw && winners[from] == tap;
                dx[to] = scale[q] * gamma[q]
                         * ((won ? dy[from] : 0) - weight * (dbeta[q] + (x[to] - mean[q]) * scale[q] * dgamma[q]));
            }
}

/* dy becomes dx = gamma scale (dy - weight (dbeta + xhat dgamma)), with means for dgamma and dbeta */
static void
batch_norm_backward(const real *x, ptrdiff_t pixels, ptrdiff_t c, const real *mean, const real *scale,
                    const real *gamma, const real *dgamma, const real *dbeta, real weight, real *dy)
{
    SKNN_CHANNEL_BLOCKS(SKNN_V, input_gradient_of, x, pixels, c, mean, scale, gamma, dgamma, dbeta, weight, dy)
    for (ptrdiff_t i = 0; i < pixels; i++)
        for (ptrdiff_t j = k; j < c; j++)
            dy[i * c + j] = scale[j] * gamma[j]
                            * (dy[i * c + j] - weight * (dbeta[j] + (x[i * c + j] - mean[j]) * scale[j] * dgamma[j]));
}
#endif
