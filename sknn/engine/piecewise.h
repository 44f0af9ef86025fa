/* Piecewise linear embeddings, one vector of features at a time as in periodic.h. With T + 1 edges b, a feature x has
   T components

       e[t] = (x - b[t]) / (b[t + 1] - b[t]), clipped to [0, 1] except below the first and above the last edge,

   and J outputs v[j] = bias[j] + sum_t m[t][j] e[t]. The rows of the weights w (stride `row`) are T * J of the mixture
   m (t, j) and J of its biases. `bins` has T rows of lower edges and T of 1 / width, with c features each. */
#ifndef SKNN_PIECEWISE_H
#define SKNN_PIECEWISE_H
#include "periodic.h"

typedef struct {
    ptrdiff_t T, J, row, c, n;      /* features of the layer, and of this vector */
    const real *bins;               /* of the first feature */
} Pieces;

#define AT(place) (*(vec *)(place))
#define OF(place) (*(const vec *)(place))

/* Component t of the features x and its derivative: 0 where it is clipped, that of the upper bin at an edge. */
SKNN_INLINE void piece_of(const Pieces *p, ptrdiff_t t, const real *x, real *e, real *de)
{
    const vec edge = first_of(p->bins + t * p->c, p->n), steep = first_of(p->bins + (p->T + t) * p->c, p->n);
    const vec zero = {0}, low = zero + (t == 0 ? (real)-INFINITY : 0);
    const vec high = zero + (t == p->T - 1 ? (real)INFINITY : 1);
    const vec inside = (OF(x) - edge) * steep;
    const mask below = (mask)(inside < low), above = (mask)(inside >= high);        /* NaN is neither */
    AT(e) = vec_choose(above, high, vec_choose(below, low, inside));
    AT(de) = vec_choose(below | above, zero, steep);
}

/* v (J vectors) of one vector of features x */
static void piecewise_vector(const Pieces *p, const real *w, const real *x, real *v)
{
    const real *mix = w, *bias = w + p->T * p->J * p->row;
    real e[SKNN_V], de[SKNN_V];
    for (ptrdiff_t j = 0; j < p->J; j++) AT(v + j * SKNN_V) = OF(bias + j * p->row);
    for (ptrdiff_t t = 0; t < p->T; t++) {
        piece_of(p, t, x, e, de);
        for (ptrdiff_t j = 0; j < p->J; j++, mix += p->row) AT(v + j * SKNN_V) += OF(mix) * OF(e);
    }
}

/* Adds the gradient of one vector of features to g, which is laid out as the weights. d is the gradient of v. */
static void piecewise_gradient(const Pieces *p, const real *x, const real *d, real *g)
{
    real *mix = g, *bias = g + p->T * p->J * p->row;
    real e[SKNN_V], de[SKNN_V];
    for (ptrdiff_t j = 0; j < p->J; j++) AT(bias + j * p->row) += OF(d + j * SKNN_V);
    for (ptrdiff_t t = 0; t < p->T; t++) {
        piece_of(p, t, x, e, de);
        for (ptrdiff_t j = 0; j < p->J; j++, mix += p->row) AT(mix) += OF(d + j * SKNN_V) * OF(e);
    }
}

/* Adds the gradient through the components to dx (one vector). */
static void piecewise_input_gradient(const Pieces *p, const real *w, const real *x, const real *d, real *dx)
{
    vec sum = OF(dx);
    real e[SKNN_V], de[SKNN_V];
    for (ptrdiff_t t = 0; t < p->T; t++) {
        piece_of(p, t, x, e, de);
        for (ptrdiff_t j = 0; j < p->J; j++, w += p->row) sum += OF(d + j * SKNN_V) * OF(w) * OF(de);
    }
    AT(dx) = sum;
}

#undef AT
#undef OF
#endif
