/* Winograd convolution F(4 x 4, 3 x 3): a tile of 4 x 4 outputs of a 3 x 3 kernel takes 36 multiplications instead of
   144 (Lavin & Gray 2016, "Fast algorithms for convolutional neural networks"). Along one axis, from 6 inputs x and
   3 weights w,

       y = At [(G w) * (Bt x)]     * elementwise

   is a product of two polynomials, given by their values at the points 0, a, -a, b, -b and infinity; along both axes
   At [(G w Gt) * (Bt x B)] A. With a = 5/8 and b = 11/8, exact in binary, the rounding errors in float32 are about
   twice those of direct summation; with the usual 1 and 2, six times. The gradients use the transposed maps.

   The maps transform vectors of channels. The 36 positions of a tile are `plane` elements apart. */
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

/* Bt, in place on v[0], v[1], ... */
SKNN_INLINE void
input_map(vec *v)
{
    const vec x0 = v[0], x1 = v[1], x2 = v[2], x3 = v[3], x4 = v[4], x5 = v[5];
    const vec even_a = x4 - B2 * x2, odd_a = x3 - B2 * x1, even_b = x4 - A2 * x2, odd_b = x3 - A2 * x1;
    v[0] = A2 * B2 * x0 - (A2 + B2) * x2 + x4;
    v[1] = even_a + A1 * odd_a;
    v[2] = even_a - A1 * odd_a;
    v[3] = even_b + B1 * odd_b;
    v[4] = even_b - B1 * odd_b;
    v[5] = A2 * B2 * x1 - (A2 + B2) * x3 + x5;
}

/* B */
SKNN_INLINE void
input_map_back(vec *v)
{
    const vec sum_a = v[1] + v[2], sum_b = v[3] + v[4];
    const vec odd_a = A1 * (v[1] - v[2]), odd_b = B1 * (v[3] - v[4]);
    const vec v0 = v[0], v5 = v[5];
    v[0] = A2 * B2 * v0;
    v[1] = A2 * B2 * v5 - B2 * odd_a - A2 * odd_b;
    v[2] = -(A2 + B2) * v0 - B2 * sum_a - A2 * sum_b;
    v[3] = odd_a + odd_b - (A2 + B2) * v5;
    v[4] = v0 + sum_a + sum_b;
}

/* At */
SKNN_INLINE void
output_map(vec *v)
{
    const vec sum_a = v[1] + v[2], sum_b = v[3] + v[4];
    const vec odd_a = A1 * (v[1] - v[2]), odd_b = B1 * (v[3] - v[4]);
    v[0] += sum_a + sum_b;
    v[1] = odd_a + odd_b;
    v[2] = A2 * sum_a + B2 * sum_b;
    v[3] = A2 * odd_a + B2 * odd_b + v[5];
}

/* A */
SKNN_INLINE void
output_map_back(vec *v)
{
    const vec y0 = v[0], y1 = v[1], y2 = v[2], y3 = v[3];
    const vec even_a = y0 + A2 * y2, odd_a = A1 * (y1 + A2 * y3), even_b = y0 + B2 * y2, odd_b = B1 * (y1 + B2 * y3);
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = y3;
}

/* G, with the divisors of the Lagrange polynomials */
#define SHARE_0 (1 / (A2 * B2))
#define SHARE_A (1 / (2 * A2 * (A2 - B2)))
#define SHARE_B (1 / (2 * B2 * (B2 - A2)))
SKNN_INLINE void
weight_map(vec *v)
{
    const vec w0 = v[0], w1 = v[1], w2 = v[2];
    const vec even_a = SHARE_A * (w0 + A2 * w2), odd_a = SHARE_A * A1 * w1;
    const vec even_b = SHARE_B * (w0 + B2 * w2), odd_b = SHARE_B * B1 * w1;
    v[0] = SHARE_0 * w0;
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = w2;
}

/* Gt */
SKNN_INLINE void
weight_map_back(vec *v)
{
    const vec sum_a = SHARE_A * (v[1] + v[2]), sum_b = SHARE_B * (v[3] + v[4]);
    v[0] = SHARE_0 * v[0] + sum_a + sum_b;
    v[1] = SHARE_A * A1 * (v[1] - v[2]) + SHARE_B * B1 * (v[3] - v[4]);
    v[2] = A2 * sum_a + B2 * sum_b + v[5];
}

/* A map along both axes of a tile, columns first. Computes `rows` rows of the result, from row `first` on, so that
   intermediate values stay in registers. */
#define SKNN_HALF (SKNN_IN / 2)
#define ALONG_COLUMNS(map, from, first, rows, load)                                                  \
    SKNN_UNROLL                                                                                      \
    for (int j = 0; j < (from); j++) {                                                               \
        vec column[SKNN_IN];                                                                         \
        SKNN_UNROLL                                                                                  \
        for (int i = 0; i < (from); i++) column[i] = (load);                                         \
        map(column);                                                                                 \
        SKNN_UNROLL                                                                                  \
        for (int i = 0; i < (rows); i++) t[i][j] = column[(first) + i];                              \
    }
#define VEC_AT(p) (*(vec *)(p))

/* V = Bt x B of the 6 x 6 pixels of a tile */
static void
winograd_input(real *const *pixel, ptrdiff_t vectors, real *v, ptrdiff_t plane)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V)
        SKNN_UNROLL
        for (int first = 0; first < SKNN_IN; first += SKNN_HALF) {
            vec t[SKNN_HALF][SKNN_IN];
            ALONG_COLUMNS(input_map, SKNN_IN, first, SKNN_HALF, VEC_AT(pixel[i * SKNN_IN + j] + k))
            SKNN_UNROLL
            for (int i = 0; i < SKNN_HALF; i++) {
                input_map(t[i]);
                SKNN_UNROLL
                for (int j = 0; j < SKNN_IN; j++) VEC_AT(v + ((first + i) * SKNN_IN + j) * plane + k) = t[i][j];
            }
        }
}

/* Adds B V Bt to the 6 x 6 pixels of a tile */
static void
winograd_input_back(const real *v, ptrdiff_t plane, ptrdiff_t vectors, real *const *pixel)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V)
        SKNN_UNROLL
        for (int first = 0; first < SKNN_IN; first += SKNN_HALF) {
            vec t[SKNN_HALF][SKNN_IN];
            ALONG_COLUMNS(input_map_back, SKNN_IN, first, SKNN_HALF, VEC_AT(v + (i * SKNN_IN + j) * plane + k))
            SKNN_UNROLL
            for (int i = 0; i < SKNN_HALF; i++) {
                input_map_back(t[i]);
                SKNN_UNROLL
                for (int j = 0; j < SKNN_IN; j++) VEC_AT(pixel[(first + i) * SKNN_IN + j] + k) += t[i][j];
            }
        }
}

/* The 4 x 4 pixels of a tile = bias + At M A; stores only `width` channels */
static void
winograd_output(const real *m, ptrdiff_t plane, const real *bias, ptrdiff_t width, real *const *pixel)
{
    for (ptrdiff_t k = 0; k < width; k += SKNN_V) {
        vec t[SKNN_OUT][SKNN_IN];
        ALONG_COLUMNS(output_map, SKNN_IN, 0, SKNN_OUT, VEC_AT(m + (i * SKNN_IN + j) * plane + k))
        SKNN_UNROLL
        for (int i = 0; i < SKNN_OUT; i++) {
            output_map(t[i]);
            SKNN_UNROLL
            for (int j = 0; j < SKNN_OUT; j++) {
                const vec y = t[i][j] + VEC_AT(bias + k);
                if (k + SKNN_V <= width)
                    VEC_AT(pixel[i * SKNN_OUT + j] + k) = y;
                else
                    memcpy(pixel[i * SKNN_OUT + j] + k, &y, (width - k) * sizeof(real));
            }
        }
    }
}

/* A dy At of the 4 x 4 pixels of a tile */
static void
winograd_output_back(real *const *pixel, ptrdiff_t vectors, real *m, ptrdiff_t plane)
{
    for (ptrdiff_t k = 0; k < vectors * SKNN_V; k += SKNN_V)
        SKNN_UNROLL
        for (int first = 0; first < SKNN_IN; first += SKNN_HALF) {
            vec t[SKNN_HALF][SKNN_IN];
            ALONG_COLUMNS(output_map_back, SKNN_OUT, first, SKNN_HALF, VEC_AT(pixel[i * SKNN_OUT + j] + k))
            SKNN_UNROLL
            for (int i = 0; i < SKNN_HALF; i++) {
                output_map_back(t[i]);
                SKNN_UNROLL
                for (int j = 0; j < SKNN_IN; j++) VEC_AT(m + ((first + i) * SKNN_IN + j) * plane + k) = t[i][j];
            }
        }
}

/* U = G w Gt of one vector of output channels; taps of the kernel are `tap` elements apart */
static void
winograd_weights(const real *w, ptrdiff_t tap, real *u, ptrdiff_t plane)
{
    vec t[SKNN_IN][SKNN_IN];
    ALONG_COLUMNS(weight_map, 3, 0, SKNN_IN, VEC_AT(w + (i * 3 + j) * tap))
    SKNN_UNROLL
    for (int i = 0; i < SKNN_IN; i++) {
        weight_map(t[i]);
        SKNN_UNROLL
        for (int j = 0; j < SKNN_IN; j++) VEC_AT(u + (i * SKNN_IN + j) * plane) = t[i][j];
    }
}

/* w (+)= Gt U G */
static void
winograd_weights_back(const real *u, ptrdiff_t plane, real *w, ptrdiff_t tap, int accumulate)
{
    vec t[3][SKNN_IN];
    ALONG_COLUMNS(weight_map_back, SKNN_IN, 0, 3, VEC_AT(u + (i * SKNN_IN + j) * plane))
    SKNN_UNROLL
    for (int i = 0; i < 3; i++) {
        weight_map_back(t[i]);
        SKNN_UNROLL
        for (int j = 0; j < 3; j++) {
            if (accumulate) t[i][j] += VEC_AT(w + (i * 3 + j) * tap);
            VEC_AT(w + (i * 3 + j) * tap) = t[i][j];
        }
    }
}
#endif
