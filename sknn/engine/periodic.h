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

#define AT(place) (*(vec *)(place))
#define OF(place) (*(const vec *)(place))

/* Of wave k of the features x, in turns. */
SKNN_INLINE vec turns_of(const Waves *t, const real *w, ptrdiff_t k, vec x)
{
    return OF(w + k * t->row) * x + OF(w + (t->K + k) * t->row) * PER_TURN;
}

SKNN_INLINE vec cosine_of(vec turns)
{
    real values[SKNN_V];
    AT(values) = turns;
    for (int i = 0; i < SKNN_V; i++) values[i] = real_cosine(values[i]);
    return OF(values);
}

SKNN_INLINE vec sine_of(vec turns)
{
    real values[SKNN_V];
    AT(values) = turns;
    for (int i = 0; i < SKNN_V; i++) values[i] = real_sine(values[i]);
    return OF(values);
}

/* v, J vectors, of the features x, one vector */
static void periodic_vector(const Waves *t, const real *w, const real *x, real *v)
{
    const real *mix = w + 2 * t->K * t->row, *bias = mix + t->K * t->J * t->row;
    for (ptrdiff_t j = 0; j < t->J; j++) AT(v + j * SKNN_V) = OF(bias + j * t->row);
    for (ptrdiff_t k = 0; k < t->K; k++) {
        const vec cosine = cosine_of(turns_of(t, w, k, OF(x)));
        for (ptrdiff_t j = 0; j < t->J; j++, mix += t->row) AT(v + j * SKNN_V) += OF(mix) * cosine;
    }
}

/* The slope along the argument of wave k: -sin(...) sum_j d[j] m[k][j] */
SKNN_INLINE vec wave_slope(const Waves *t, const real *w, ptrdiff_t k, const real *d, vec turns)
{
    const real *mix = w + (2 * t->K + k * t->J) * t->row;
    vec sum = OF(d) * OF(mix);
    for (ptrdiff_t j = 1; j < t->J; j++) sum += OF(d + j * SKNN_V) * OF(mix + j * t->row);
    return -sum * sine_of(turns);
}

/* Adds to the gradient g, laid out as the weights, that of one vector of features with the slopes d of v. */
static void periodic_gradient(const Waves *t, const real *w, const real *x, const real *d, real *g)
{
    const ptrdiff_t K = t->K, J = t->J, row = t->row;
    const vec along_x = OF(x) * TWO_PI;
    real *mix = g + 2 * K * row, *bias = mix + K * J * row;
    for (ptrdiff_t j = 0; j < J; j++) AT(bias + j * row) += OF(d + j * SKNN_V);
    for (ptrdiff_t k = 0; k < K; k++) {
        const vec turns = turns_of(t, w, k, OF(x)), cosine = cosine_of(turns);
        const vec slope = wave_slope(t, w, k, d, turns);
        for (ptrdiff_t j = 0; j < J; j++, mix += row) AT(mix) += OF(d + j * SKNN_V) * cosine;
        AT(g + k * row) += slope * along_x;
        AT(g + (K + k) * row) += slope;
    }
}

/* Adds to dx, one vector, what comes through the waves. */
static void periodic_slope(const Waves *t, const real *w, const real *x, const real *d, real *dx)
{
    vec sum = OF(dx);
    for (ptrdiff_t k = 0; k < t->K; k++)
        sum += wave_slope(t, w, k, d, turns_of(t, w, k, OF(x))) * (OF(w + k * t->row) * TWO_PI);
    AT(dx) = sum;
}

#undef AT
#undef OF
#endif
