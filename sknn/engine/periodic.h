/* Periodic embeddings, one vector of features at a time, so that neighbours in memory fill the lanes. With K
   frequencies and J outputs the rows of the weights w, `row` elements apart, are

       K of frequencies f, K of phases b, K * J of the mixture m (k, j), J of its biases

   and of a feature x they make x itself and v[j] = bias[j] + sum_k m[k][j] cos(2 pi f[k] x + b[k]). */
#ifndef SKNN_PERIODIC_H
#define SKNN_PERIODIC_H
#include "real_math.h"

#define TWO_PI ((real)6.283185307179586)
#define PER_TURN ((real)0.15915494309189535)

typedef struct {
    ptrdiff_t K, J, row;
} Waves;

/* n values and zeros; what stands behind them can be read. */
SKNN_INLINE void load_vector(const real *at, ptrdiff_t n, real *to)
{
    for (ptrdiff_t i = 0; i < SKNN_V; i++) {
        const real value = at[i];
        to[i] = i < n ? value : 0;
    }
}

SKNN_INLINE void wave(const Waves *t, const real *w, ptrdiff_t k, const real *x, real *sine, real *cosine)
{
    const real *frequency = w + k * t->row, *phase = frequency + t->K * t->row;
    for (ptrdiff_t i = 0; i < SKNN_V; i++)
        real_sine_cosine(frequency[i] * x[i] + phase[i] * PER_TURN, sine + i, cosine + i);
}

/* v, J vectors, of the features x, one vector */
static void periodic_vector(const Waves *t, const real *w, const real *x, real *v)
{
    const real *mix = w + 2 * t->K * t->row, *bias = mix + t->K * t->J * t->row;
    real sine[SKNN_V], cosine[SKNN_V];
    for (ptrdiff_t j = 0; j < t->J; j++)
        for (ptrdiff_t i = 0; i < SKNN_V; i++) v[j * SKNN_V + i] = bias[j * t->row + i];
    for (ptrdiff_t k = 0; k < t->K; k++) {
        wave(t, w, k, x, sine, cosine);
        for (ptrdiff_t j = 0; j < t->J; j++, mix += t->row)
            for (ptrdiff_t i = 0; i < SKNN_V; i++) v[j * SKNN_V + i] += mix[i] * cosine[i];
    }
}

/* The slope along the argument of wave k: -sin(...) sum_j d[j] m[k][j] */
SKNN_INLINE void wave_slope(const Waves *t, const real *mix, const real *d, const real *sine, real *slope)
{
    for (ptrdiff_t i = 0; i < SKNN_V; i++) slope[i] = 0;
    for (ptrdiff_t j = 0; j < t->J; j++)
        for (ptrdiff_t i = 0; i < SKNN_V; i++) slope[i] -= d[j * SKNN_V + i] * mix[j * t->row + i];
    for (ptrdiff_t i = 0; i < SKNN_V; i++) slope[i] *= sine[i];
}

/* Adds to the gradient g, laid out as the weights, that of one vector of features with the slopes d of v. */
static void periodic_gradient(const Waves *t, const real *w, const real *x, const real *d, real *g)
{
    const ptrdiff_t K = t->K, J = t->J, row = t->row;
    real sine[SKNN_V], cosine[SKNN_V], slope[SKNN_V];
    real *mix = g + 2 * K * row, *bias = mix + K * J * row;
    for (ptrdiff_t j = 0; j < J; j++)
        for (ptrdiff_t i = 0; i < SKNN_V; i++) bias[j * row + i] += d[j * SKNN_V + i];
    for (ptrdiff_t k = 0; k < K; k++) {
        wave(t, w, k, x, sine, cosine);
        wave_slope(t, w + (2 * K + k * J) * row, d, sine, slope);
        for (ptrdiff_t j = 0; j < J; j++, mix += row)
            for (ptrdiff_t i = 0; i < SKNN_V; i++) mix[i] += d[j * SKNN_V + i] * cosine[i];
        for (ptrdiff_t i = 0; i < SKNN_V; i++) {
            g[(K + k) * row + i] += slope[i];
            g[k * row + i] += slope[i] * (TWO_PI * x[i]);
        }
    }
}

/* Adds to dx, one vector, what comes through the waves. */
static void periodic_slope(const Waves *t, const real *w, const real *x, const real *d, real *dx)
{
    real sine[SKNN_V], cosine[SKNN_V], slope[SKNN_V];
    for (ptrdiff_t k = 0; k < t->K; k++) {
        wave(t, w, k, x, sine, cosine);
        wave_slope(t, w + (2 * t->K + k * t->J) * t->row, d, sine, slope);
        for (ptrdiff_t i = 0; i < SKNN_V; i++) dx[i] += slope[i] * (TWO_PI * w[k * t->row + i]);
    }
}
#endif
