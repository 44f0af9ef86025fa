/* Winograd's convolution F(4 x 4, 3 x 3): a tile of 4 x 4 outputs of a 3 x 3 kernel takes 36 multiplications instead
   of 144 (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks"). Along one axis, from 6 inputs x
   and 3 weights w,

       y = At [(G w) * (Bt x)]     * element by element

   is the product of two polynomials, known from their values at the points 0, a, -a, b, -b and infinity; along both
   axes At [(G w Gt) * (Bt x B)] A. With a = 5/8 and b = 11/8, exact in binary, the rounding errors in float32 are
   about twice those of the sum itself; with the usual 1 and 2 they are three times as large as this. The transposes of
   the three maps are the gradients.

   What is transformed are vectors of channels; the 36 positions of a tile lie `plane` elements apart. */
#ifndef SKNN_WINOGRAD_H
#define SKNN_WINOGRAD_H
#include "tile.h"

#define SKNN_OUT 4
#define SKNN_IN 6
#define SKNN_POSITIONS 36
#define A1 ((real)0.625)
#define B1 ((real)1.375)
#define A2 (A1 * A1)
#define B2 (B1 * B1)

/* Bt, in place on v[0], v[step], ... */
SKNN_INLINE void
input_map(vec *v, const int step)
{
    const vec x0 = v[0], x1 = v[step], x2 = v[2 * step], x3 = v[3 * step], x4 = v[4 * step], x5 = v[5 * step];
    const vec even_a = x4 - B2 * x2, odd_a = x3 - B2 * x1, even_b = x4 - A2 * x2, odd_b = x3 - A2 * x1;
    v[0] = A2 * B2 * x0 - (A2 + B2) * x2 + x4;
    v[step] = even_a + A1 * odd_a;
    v[2 * step] = even_a - A1 * odd_a;
    v[3 * step] = even_b + B1 * odd_b;
    v[4 * step] = even_b - B1 * odd_b;
    v[5 * step] = A2 * B2 * x1 - (A2 + B2) * x3 + x5;
}

/* B */
SKNN_INLINE void
input_map_back(vec *v, const int step)
{
    const vec sum_a = v[step] + v[2 * step], sum_b = v[3 * step] + v[4 * step];
    const vec odd_a = A1 * (v[step] - v[2 * step]), odd_b = B1 * (v[3 * step] - v[4 * step]);
    const vec v0 = v[0], v5 = v[5 * step];
    v[0] = A2 * B2 * v0;
    v[step] = A2 * B2 * v5 - B2 * odd_a - A2 * odd_b;
    v[2 * step] = -(A2 + B2) * v0 - B2 * sum_a - A2 * sum_b;
    v[3 * step] = odd_a + odd_b - (A2 + B2) * v5;
    v[4 * step] = v0 + sum_a + sum_b;
}

/* At */
SKNN_INLINE void
output_map(vec *v, const int step)
{
    const vec sum_a = v[step] + v[2 * step], sum_b = v[3 * step] + v[4 * step];
    const vec odd_a = A1 * (v[step] - v[2 * step]), odd_b = B1 * (v[3 * step] - v[4 * step]);
    v[0] += sum_a + sum_b;
    v[step] = odd_a + odd_b;
    v[2 * step] = A2 * sum_a + B2 * sum_b;
    v[3 * step] = A2 * odd_a + B2 * odd_b + v[5 * step];
}

/* A */
SKNN_INLINE void
output_map_back(vec *v, const int step)
{
    const vec y0 = v[0], y1 = v[step], y2 = v[2 * step], y3 = v[3 * step];
    const vec even_a = y0 + A2 * y2, odd_a = A1 * (y1 + A2 * y3), even_b = y0 + B2 * y2, odd_b = B1 * (y1 + B2 * y3);
    v[step] = even_a + odd_a;
    v[2 * step] = even_a - odd_a;
    v[3 * step] = even_b + odd_b;
    v[4 * step] = even_b - odd_b;
    v[5 * step] = y3;
}

/* G: the divisors are those of Lagrange's polynomials */
#define SHARE_0 (1 / (A2 * B2))
#define SHARE_A (1 / (2 * A2 * (A2 - B2)))
#define SHARE_B (1 / (2 * B2 * (B2 - A2)))
SKNN_INLINE void
weight_map(vec *v, const int step)
{
    const vec w0 = v[0], w1 = v[step], w2 = v[2 * step];
    const vec even_a = SHARE_A * (w0 + A2 * w2), odd_a = SHARE_A * A1 * w1;
    const vec even_b = SHARE_B * (w0 + B2 * w2), odd_b = SHARE_B * B1 * w1;
    v[0] = SHARE_0 * w0;
    v[step] = even_a + odd_a;
    v[2 * step] = even_a - odd_a;
    v[3 * step] = even_b + odd_b;
    v[4 * step] = even_b - odd_b;
    v[5 * step] = w2;
}

/* Gt */
SKNN_INLINE void
weight_map_back(vec *v, const int step)
{
    const vec sum_a = SHARE_A * (v[step] + v[2 * step]), sum_b = SHARE_B * (v[3 * step] + v[4 * step]);
    v[0] = SHARE_0 * v[0] + sum_a + sum_b;
    v[step] = SHARE_A * A1 * (v[step] - v[2 * step]) + SHARE_B * B1 * (v[3 * step] - v[4 * step]);
    v[2 * step] = A2 * sum_a + B2 * sum_b + v[5 * step];
}

/* A map along both axes of a tile, from `from` x `from` values to `to` x `to`. */
#define ALONG_BOTH(map, from, to)                                                                    \
    SKNN_UNROLL                                                                                      \
    for (int j = 0; j < (from); j++) map(t + j, SKNN_IN);                                            \
    SKNN_UNROLL                                                                                      \
    for (int i = 0; i < (to); i++) map(t + i * SKNN_IN, 1);

/* V = Bt x B of a tile from its 6 x 6 pixels */
static void
winograd_input(real *const *pixel, ptrdiff_t vectors, real *v, ptrdiff_t plane)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V) {
        vec t[SKNN_POSITIONS];
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) t[p] = *(const vec *)(pixel[p] + k);
        ALONG_BOTH(input_map, SKNN_IN, SKNN_IN)
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) *(vec *)(v + p * plane + k) = t[p];
    }
}

/* B V Bt is added to the 6 x 6 pixels of a tile */
static void
winograd_input_back(const real *v, ptrdiff_t plane, ptrdiff_t vectors, real *const *pixel)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V) {
        vec t[SKNN_POSITIONS];
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) t[p] = *(const vec *)(v + p * plane + k);
        ALONG_BOTH(input_map_back, SKNN_IN, SKNN_IN)
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) *(vec *)(pixel[p] + k) += t[p];
    }
}

/* The 4 x 4 pixels of a tile = bias + At M A; of the last vector only what belongs to `width` channels */
static void
winograd_output(const real *m, ptrdiff_t plane, const real *bias, ptrdiff_t width, real *const *pixel)
{
    for (ptrdiff_t k = 0; k < width; k += SKNN_V) {
        const vec b = *(const vec *)(bias + k);
        vec t[SKNN_POSITIONS];
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) t[p] = *(const vec *)(m + p * plane + k);
        ALONG_BOTH(output_map, SKNN_IN, SKNN_OUT)
        SKNN_UNROLL
        for (int p = 0; p < SKNN_OUT * SKNN_OUT; p++) {
            const vec y = t[p / SKNN_OUT * SKNN_IN + p % SKNN_OUT] + b;
            if (k + SKNN_V <= width)
                *(vec *)(pixel[p] + k) = y;
            else
                memcpy(pixel[p] + k, &y, (width - k) * sizeof(real));
        }
    }
}

/* A dy At of a tile from its 4 x 4 pixels */
static void
winograd_output_back(real *const *pixel, ptrdiff_t vectors, real *m, ptrdiff_t plane)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V) {
        vec t[SKNN_POSITIONS];
        SKNN_UNROLL
        for (int p = 0; p < SKNN_OUT * SKNN_OUT; p++)
            t[p / SKNN_OUT * SKNN_IN + p % SKNN_OUT] = *(const vec *)(pixel[p] + k);
        ALONG_BOTH(output_map_back, SKNN_OUT, SKNN_IN)
        SKNN_UNROLL
        for (int p = 0; p < SKNN_POSITIONS; p++) *(vec *)(m + p * plane + k) = t[p];
    }
}

/* U = G w Gt of one vector of output channels; taps of the kernel lie `tap` elements apart */
static void
winograd_weights(const real *w, ptrdiff_t tap, real *u, ptrdiff_t plane)
{
    vec t[SKNN_POSITIONS];
    SKNN_UNROLL
    for (int p = 0; p < 9; p++) t[p / 3 * SKNN_IN + p % 3] = *(const vec *)(w + p * tap);
    ALONG_BOTH(weight_map, 3, SKNN_IN)
    SKNN_UNROLL
    for (int p = 0; p < SKNN_POSITIONS; p++) *(vec *)(u + p * plane) = t[p];
}

/* w (+)= Gt U G */
static void
winograd_weights_back(const real *u, ptrdiff_t plane, real *w, ptrdiff_t tap, int accumulate)
{
    vec t[SKNN_POSITIONS];
    SKNN_UNROLL
    for (int p = 0; p < SKNN_POSITIONS; p++) t[p] = *(const vec *)(u + p * plane);
    ALONG_BOTH(weight_map_back, SKNN_IN, 3)
    SKNN_UNROLL
    for (int p = 0; p < 9; p++) {
        vec *at = (vec *)(w + p * tap);
        vec sum = t[p / 3 * SKNN_IN + p % 3];
        if (accumulate) sum += *at;
        *at = sum;
    }
}
#endif
