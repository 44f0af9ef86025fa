/* Depthwise convolution: each channel has its own kernel, so vectors of channels are multiplied elementwise. (The
   register tile sums over channels.) Four pixels at a time share each row of weights. */
#ifndef SKNN_DEPTHWISE_H
#define SKNN_DEPTHWISE_H
#include "tile.h"

typedef struct {
    ptrdiff_t kh, kw;
    ptrdiff_t row, column;    /* strides in x between taps */
    ptrdiff_t step, out_step; /* strides between output pixels, in x and in y */
} Taps2D;

#define SKNN_PIXELS 4

SKNN_INLINE void
depthwise_some(const int n, const real *x, const Taps2D *t, const real *w, ptrdiff_t w_tap, const real *bias,
               real *y)
{
    vec sum[SKNN_PIXELS];
    SKNN_UNROLL
    for (int p = 0; p < n; p++) sum[p] = bias ? *(const vec *)bias : (vec){0};
    for (ptrdiff_t i = 0; i < t->kh; i++)
        for (ptrdiff_t j = 0; j < t->kw; j++) {
            const real *at = x + i * t->row + j * t->column;
            const vec weight = *(const vec *)(w + (i * t->kw + j) * w_tap);
            SKNN_UNROLL
            for (int p = 0; p < n; p++) sum[p] += *(const vec *)(at + p * t->step) * weight;
        }
    SKNN_UNROLL
    for (int p = 0; p < n; p++) *(vec *)(y + p * t->out_step) = sum[p];
}

/* n pixels of a row: y = bias + sum over taps of x w */
static void
depthwise_row(const real *x, const Taps2D *t, const real *w, ptrdiff_t w_tap, const real *bias, real *y,
              ptrdiff_t n)
{
    for (; n >= SKNN_PIXELS; n -= SKNN_PIXELS) {
        depthwise_some(SKNN_PIXELS, x, t, w, w_tap, bias, y);
        x += SKNN_PIXELS * t->step;
        y += SKNN_PIXELS * t->out_step;
    }
    for (; n > 0; n--) {
        depthwise_some(1, x, t, w, w_tap, bias, y);
        x += t->step;
        y += t->out_step;
    }
}

SKNN_INLINE void
depthwise_gradient_some(const int taps, const real *x, const Taps2D *t, const real *d, ptrdiff_t n, real *dw,
                        ptrdiff_t w_tap)
{
    vec sum[SKNN_PIXELS];
    SKNN_UNROLL
    for (int j = 0; j < taps; j++) sum[j] = *(vec *)(dw + j * w_tap);
    for (ptrdiff_t p = 0; p < n; p++) {
        const vec dy = *(const vec *)(d + p * t->out_step);
        SKNN_UNROLL
        for (int j = 0; j < taps; j++) sum[j] += *(const vec *)(x + p * t->step + j * t->column) * dy;
    }
    SKNN_UNROLL
    for (int j = 0; j < taps; j++) *(vec *)(dw + j * w_tap) = sum[j];
}

/* dw += sum of x d over n pixels of a row, for each tap */
static void
depthwise_gradient_row(const real *x, const Taps2D *t, const real *d, ptrdiff_t n, real *dw, ptrdiff_t w_tap)
{
    for (ptrdiff_t i = 0; i < t->kh; i++) {
        ptrdiff_t j = 0;
        for (; j + SKNN_PIXELS <= t->kw; j += SKNN_PIXELS)
            depthwise_gradient_some(SKNN_PIXELS, x + i * t->row + j * t->column, t, d, n,
                                    dw + (i * t->kw + j) * w_tap, w_tap);
        if (t->kw - j == 3)
            depthwise_gradient_some(3, x + i * t->row + j * t->column, t, d, n, dw + (i * t->kw + j) * w_tap,
                                    w_tap);
        else
            for (; j < t->kw; j++)
                depthwise_gradient_some(1, x + i * t->row + j * t->column, t, d, n,
                                        dw + (i * t->kw + j) * w_tap, w_tap);
    }
}
#endif
