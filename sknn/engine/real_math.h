/* exp, tanh, log1p, sine, cosine and the normal distribution as branch-free functions of one real.

   Compilers vectorize loops around them for any width (calls of libm would prevent that). Where nothing else is
   said, polynomials are Taylor series, cut where the next term is below half a unit in the last place. NaN in gives
   NaN out. */
#ifndef SKNN_REAL_MATH_H
#define SKNN_REAL_MATH_H
#include <math.h>
#include "tile.h"

#ifdef SKNN_DOUBLE
#  define R(x) x
#  define real_sqrt sqrt
#  define real_fabs fabs
#  define MANTISSA 52
#  define EXPONENT_BIAS 1023
#  define ROUND 6755399441055744.0          /* 1.5 * 2^52: adding it rounds to an integer */
#  define LN2_HIGH 0.693147180369123816490  /* ln 2 in two parts: n * LN2_HIGH is exact */
#  define LN2_LOW 1.90821492927058770002e-10
#  define EXP_LOW -745.2
#  define EXP_HIGH 709.9
#  define MOST_TURNS 1125899906842624.0     /* 2^50 */
#else
#  define R(x) x##f
#  define real_sqrt sqrtf
#  define real_fabs fabsf
#  define MANTISSA 23
#  define EXPONENT_BIAS 127
#  define ROUND 12582912.0f                 /* 1.5 * 2^23 */
#  define LN2_HIGH 0.693145751953125f
#  define LN2_LOW 1.42860682030941723212e-6f
#  define EXP_LOW -104.0f
#  define EXP_HIGH 89.0f
#  define MOST_TURNS 2097152.0f             /* 2^21 */
#endif

/* b if one of them is NaN */
SKNN_INLINE real real_max(real a, real b) { return a > b ? a : b; }
SKNN_INLINE sint bits_of(real x) { sint i; memcpy(&i, &x, sizeof i); return i; }
SKNN_INLINE real real_of(sint i) { real x; memcpy(&x, &i, sizeof x); return x; }
/* Shifts n into the exponent; unsigned, because shifts of negative numbers are undefined in C. */
SKNN_INLINE sint in_exponent(sint n) { return (sint)((natural)n << MANTISSA); }
SKNN_INLINE real power_of_two(sint n) { return real_of(in_exponent(n + EXPONENT_BIAS)); }

/* x = n ln 2 + r with |r| <= ln 2 / 2; returns e^r - 1 */
SKNN_INLINE real expm1_reduced(real x, sint *n)
{
    const real shifted = x * R(1.44269504088896341) + ROUND;
    const real whole = shifted - ROUND;
    const real r = (x - whole * LN2_HIGH) - whole * LN2_LOW;
    real p;
    *n = bits_of(shifted) - bits_of(ROUND);
#ifdef SKNN_DOUBLE
    p = R(1.6059043836821613e-10);               /* 1/13! */
    p = p * r + R(2.08767569878681e-09);
    p = p * r + R(2.505210838544172e-08);
    p = p * r + R(2.755731922398589e-07);
    p = p * r + R(2.7557319223985893e-06);
    p = p * r + R(2.48015873015873e-05);
    p = p * r + R(1.984126984126984e-04);
#else
    p = R(1.984126984126984e-04);                /* 1/7! */
#endif
    p = p * r + R(1.3888888888888889e-03);
    p = p * r + R(8.333333333333333e-03);
    p = p * r + R(4.1666666666666664e-02);
    p = p * r + R(1.6666666666666666e-01);
    p = p * r + R(0.5);
    return p * (r * r) + r;
}

SKNN_INLINE real real_exp(real x)
{
    sint n, half;
    x = x < EXP_LOW ? EXP_LOW : x;
    x = x > EXP_HIGH ? EXP_HIGH : x;
    const real p = R(1.0) + expm1_reduced(x, &n);
    half = n >> 1;   /* two factors reach the ends of the range */
    return p * power_of_two(half) * power_of_two(n - half);
}

/* e^x - 1 for x <= 40, without cancellation for small x */
SKNN_INLINE real real_expm1(real x)
{
    sint n;
    x = x < R(-60.0) ? R(-60.0) : x;
    const real p = expm1_reduced(x, &n);
    const real scale = power_of_two(n);
    return p * scale + (scale - R(1.0));
}

SKNN_INLINE real real_logistic(real x) { return R(1.0) / (R(1.0) + real_exp(-x)); }

SKNN_INLINE real real_tanh(real x)
{
    real a = real_fabs(x);
    a = a > R(20.0) ? R(20.0) : a;               /* rounds to 1 beyond */
    const real e = real_expm1(R(2.0) * a);
    const real t = e / (e + R(2.0));
    return x < R(0.0) ? -t : t;
}

/* log(m) = 2 artanh((m - 1) / (m + 1)) for m in [sqrt(1/2), sqrt(2)] */
SKNN_INLINE real log_reduced(real m)
{
    const real s = (m - R(1.0)) / (m + R(1.0));
    const real q = s * s;
    real p;
#ifdef SKNN_DOUBLE
    p = R(4.3478260869565216e-02);               /* 1/23 */
    p = p * q + R(4.7619047619047616e-02);
    p = p * q + R(5.2631578947368418e-02);
    p = p * q + R(5.8823529411764705e-02);
    p = p * q + R(6.6666666666666666e-02);
    p = p * q + R(7.6923076923076927e-02);
    p = p * q + R(9.0909090909090912e-02);
#else
    p = R(9.0909090909090912e-02);               /* 1/11 */
#endif
    p = p * q + R(1.1111111111111111e-01);
    p = p * q + R(1.4285714285714285e-01);
    p = p * q + R(0.2);
    p = p * q + R(3.3333333333333331e-01);
    return R(2.0) * s + R(2.0) * s * (p * q);
}

/* log(1 + t) for 0 <= t <= 1 */
SKNN_INLINE real real_log1p_unit(real t)
{
    const real u = R(1.0) + t;
    const real lost = t - (u - R(1.0));          /* rounding error of u */
    const real halve = u > R(1.4142135623730951) ? R(0.5) : R(1.0);
    const real log2 = u > R(1.4142135623730951) ? R(0.6931471805599453) : R(0.0);
    return log2 + log_reduced(u * halve) + lost / u;
}

/* log(x) for x >= 1; NaN for infinity */
SKNN_INLINE real real_log(real x)
{
    const sint n = (bits_of(x) - bits_of(R(0.70710678118654752))) >> MANTISSA;
    const real m = real_of(bits_of(x) - in_exponent(n));
    const real whole = real_of(bits_of(ROUND) + n) - ROUND;
    return whole * LN2_HIGH + (log_reduced(m) + whole * LN2_LOW) + (x - x);
}

SKNN_INLINE real real_softplus(real x)
{
    return (x < R(0.0) ? R(0.0) : x) + real_log1p_unit(real_exp(-real_fabs(x)));
}

/* sin(2 pi r) for |r| <= 1/4 */
SKNN_INLINE real sine_reduced(real r)
{
    r = r * R(6.283185307179586);
    const real q = r * r;
    real p;
#ifdef SKNN_DOUBLE
    p = R(1.9572941063391263e-20);               /* 1/21! */
    p = p * q - R(8.22063524662433e-18);
    p = p * q + R(2.8114572543455206e-15);
    p = p * q - R(7.647163731819816e-13);
    p = p * q + R(1.6059043836821613e-10);
    p = p * q - R(2.505210838544172e-08);
#else
    p = R(-2.505210838544172e-08);               /* -1/11! */
#endif
    p = p * q + R(2.7557319223985893e-06);
    p = p * q - R(1.984126984126984e-04);
    p = p * q + R(8.333333333333333e-03);
    p = p * q - R(1.6666666666666666e-01);
    return p * (q * r) + r;
}

/* Fraction of t turns, exact; 0 from MOST_TURNS on, where t has few or no fractional bits. NaN for infinity. */
SKNN_INLINE real part_of_turn(real t)
{
    t = real_fabs(t) < MOST_TURNS ? t : t - t;
    return t - ((t + ROUND) - ROUND);
}

/* cos(2 pi t) and sin(2 pi t) */
SKNN_INLINE real real_cosine(real t) { return sine_reduced(R(0.25) - real_fabs(part_of_turn(t))); }

SKNN_INLINE real real_sine(real t)
{
    const real u = part_of_turn(t), a = real_fabs(u);
    const real s = sine_reduced(a > R(0.25) ? R(0.5) - a : a);
    return u < R(0.0) ? -s : s;
}

/* The normal distribution function P(Z <= x), and d/dx x P(Z <= x) = P(Z <= x) + x density(x). In single precision
   1/2 + x A(x^2) / B(x^2), where A / B are minimax fits (tests/engine/minimax.py), with errors below 4e-7. */
#ifdef SKNN_DOUBLE
SKNN_INLINE double real_normal_cdf(double x) { return 0.5 * erfc(-x * 0.7071067811865476); }

SKNN_INLINE double real_gelu_derivative(double x)
{
    return real_normal_cdf(x) + x * 0.3989422804014327 * real_exp(-0.5 * x * x);
}
#else
/* x where a fit is valid; NaN stays NaN */
SKNN_INLINE float within(float x, float most)
{
    x = x > most ? most : x;
    return x < -most ? -most : x;
}

SKNN_INLINE float real_normal_cdf(float x)
{
    const float z = within(x, 5.5f), q = z * z;
    float a = 2.811077060016487e-08f, b = 1.3207765050538e-06f;
    a = a * q + 5.887999577680603e-06f;
    b = b * q + 5.135401079314761e-05f;
    a = a * q + 9.86487211775966e-05f;
    b = b * q + 1.4835461042821407e-03f;
    a = a * q + 4.244726151227951e-03f;
    b = b * q + 2.4676688015460968e-02f;
    a = a * q + 2.6959173381328583e-02f;
    b = b * q + 2.342456579208374e-01f;
    a = a * q + 3.989425003528595e-01f;
    b = b * q + 1.0f;
    return x < -5.5f ? 0.0f : 0.5f + z * a / b;
}

SKNN_INLINE float real_gelu_derivative(float x)
{
    const float z = within(x, 5.7f), q = z * z;
    float a = 1.9139407925194973e-07f, b = 8.903185516828671e-06f;
    a = a * q + 3.58657562173903e-05f;
    b = b * q + 1.928822894115001e-04f;
    a = a * q + 2.2367530618794262e-05f;
    b = b * q + 3.5265686456114054e-03f;
    a = a * q + 1.4216288924217224e-02f;
    b = b * q + 4.1029926389455795e-02f;
    a = a * q - 3.0840471386909485e-02f;
    b = b * q + 2.946872115135193e-01f;
    a = a * q + 7.978850603103638e-01f;
    b = b * q + 1.0f;
    return x < -5.7f ? 0.0f : 0.5f + z * a / b;
}
#endif

SKNN_INLINE sint is_not_finite(real x)
{
    return (bits_of(x) >> MANTISSA & (2 * EXPONENT_BIAS + 1)) == 2 * EXPONENT_BIAS + 1;
}

#undef R
#endif
