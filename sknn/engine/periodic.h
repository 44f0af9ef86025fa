/* Periodic embeddings, one vector of features at a time: adjacent features fill the lanes. With K frequencies and
   J outputs, the rows of the weights w (stride `row`) are

       K of frequencies f, K of phases b, K * J of the mixture m (k, j), J of its biases

   and a feature x becomes x itself and v[j] = bias[j] + sum_k m[k][j] cos(2 pi f[k] x + b[k]). */
#ifndef SKNN_PERIODIC_H
#define SKNN_PERIODIC_H
#include "real_math.h"

#define TWO_PI ((real)6.283185307179586)
#define PER_TURN ((real)0.15915494309189535)

typedef struct {
    ptrdiff_t K, J, row;
} Periodic;

/* n values, then zeros. Reads a whole vector. */
SKNN_INLINE vec first_of(const real *at, ptrdiff_t n)
{
    if (n == SKNN_V) return *(const vec *)at;
    real values[SKNN_V];
    for (ptrdiff_t i = 0; i < SKNN_V; i++) {
        const real value = at[i];
        values[i] = i < n ? value : 0;
    }
    return *(const vec *)values;
}

SKNN_INLINE void load_vector(const real *at, ptrdiff_t n, real *to) { *(vec *)to = first_of(at, n); }

#define AT(place) (*(vec *)(place))
#define OF(place) (*(const vec *)(place))

/* Argument of the k-th cosine of the features x, in turns. */
SKNN_INLINE vec turns_of(const Periodic *t, const real *w, ptrdiff_t k, vec x)
{
    return OF(w + k * t->row) * x + OF(w + (t->K + k) * t->row) * PER_TURN;
}

SKNN_INLINE vec cosine_of(vec turns)
{
    real values[SKNN_V];
    AT(values) = turns;
    SKNN_VECTORIZE
    for (int i = 0; i < SKNN_V; i++) values[i] = real_cosine(values[i]);
    return OF(values);
}

SKNN_INLINE vec sine_of(vec turns)
{
    real values[SKNN_V];
    AT(values) = turns;
    SKNN_VECTORIZE
    for (int i = 0; i < SKNN_V; i++) values[i] = real_sine(values[i]);
    return OF(values);
}

/* v (J vectors) of one vector of features x */
static void periodic_vector(const Periodic *t, const real *w, const real *x, real *v)
{
    const real *mix = w + 2 * t->K * t->row, *bias = mix + t->K * t->J * t->row;
    for (ptrdiff_t j = 0; j < t->J; j++) AT(v + j * SKNN_V) = OF(bias + j * t->row);
    for (ptrdiff_t k = 0; k < t->K; k++) {
        const vec cosine = cosine_of(turns_of(t, w, k, OF(x)));
        for (ptrdiff_t j = 0; j < t->J; j++, mix += t->row) AT(v + j * SKNN_V) += OF(mix) * cosine;
    }
}

/* Gradient with respect to the k-th argument: -sin(...) sum_j d[j] m[k][j] */
SKNN_INLINE vec argument_gradient(const Periodic *t, const real *w, ptrdiff_t k, const real *d, vec turns)
{
    const real *mix = w + (2 * t->K + k * t->J) * t->row;
    vec sum = OF(d) * OF(mix);
    for (ptrdiff_t j = 1; j < t->J; j++) sum += OF(d + j * SKNN_V) * OF(mix + j * t->row);
    return -sum * sine_of(turns);
}

/* Adds the gradient of one vector of features to g, which is laid out as the weights. d is the gradient of v. */
static void periodic_gradient(const Periodic *t, const real *w, const real *x, const real *d, real *g)
{
    const ptrdiff_t K = t->K, J = t->J, row = t->row;
    const vec scaled_x = OF(x) * TWO_PI;
    real *mix = g + 2 * K * row, *bias = mix + K * J * row;
    for (ptrdiff_t j = 0; j < J; j++) AT(bias + j * row) += OF(d + j * SKNN_V);
    for (ptrdiff_t k = 0; k < K; k++) {
        const vec turns = turns_of(t, w, k, OF(x)), cosine = cosine_of(turns);
        const vec dt = argument_gradient(t, w, k, d, turns);
        for (ptrdiff_t j = 0; j < J; j++, mix += row) AT(mix) += OF(d + j * SKNN_V) * cosine;
        AT(g + k * row) += dt * scaled_x;
        AT(g + (K + k) * row) += dt;
    }
}

/* Adds the gradient through the cosines to dx (one vector). */
static void periodic_input_gradient(const Periodic *t, const real *w, const real *x, const real *d, real *dx)
{
    vec sum = OF(dx);
    for (ptrdiff_t k = 0; k < t->K; k++)
        sum += argument_gradient(t, w, k, d, turns_of(t, w, k, OF(x))) * (OF(w + k * t->row) * TWO_PI);
    AT(dx) = sum;
}

#undef AT
#undef OF
#endif
