// Elementary functions of one double, the same bits on every machine: no fused multiplication, no library of the system.
#ifndef CPRICING_ELEMENTARY_H
#define CPRICING_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define PRICING_INLINE static inline __attribute__((always_inline))

PRICING_INLINE double pricing_from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

PRICING_INLINE uint64_t pricing_to_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// The natural logarithm of a positive normal number; error below 1 unit in the last place (fdlibm's method).
PRICING_INLINE double pricing_log(double x) {
    uint64_t bits = pricing_to_bits(x);
    int64_t exponent = (int64_t)(bits - 0x3fe6a09e667f3bcdULL) >> 52;
    double m = pricing_from_bits(bits - ((uint64_t)exponent << 52));
    double k = pricing_from_bits((uint64_t)(exponent + 0x4338000000000000LL)) - 6755399441055744.0;
    double f = m - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    double r = 1.479819860511658591e-01;
    r = r * z + 1.531383769920937332e-01;
    r = r * z + 1.818357216161805012e-01;
    r = r * z + 2.222219843214978396e-01;
    r = r * z + 2.857142874366239149e-01;
    r = r * z + 3.999999999940941908e-01;
    r = r * z + 6.666666666666735130e-01;
    r = r * z;
    double h = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 - ((h - (s * (h + r) + k * 1.90821492927058770002e-10)) - f);
}

/// e^x within 1 unit in the last place; x is held within ±708, so that the result is always a normal number.
PRICING_INLINE double pricing_exp(double x) {
    x = x < -708.0 ? -708.0 : x;
    x = x > 708.0 ? 708.0 : x;
    double shifted = x * 1.4426950408889634074 + 6755399441055744.0;
    uint64_t power = pricing_to_bits(shifted);
    double n = shifted - 6755399441055744.0;
    double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    double p = 2.510038549551032e-08;
    p = p * r + 2.7620088445409746e-07;
    p = p * r + 2.7557268459997064e-06;
    p = p * r + 2.4801521295954376e-05;
    p = p * r + 0.00019841269863053618;
    p = p * r + 0.0013888888917213717;
    p = p * r + 0.008333333333330062;
    p = p * r + 0.04166666666662413;
    p = p * r + 0.16666666666666669;
    p = p * r + 0.5;
    p = 1.0 + (r + r * r * p);
    return pricing_from_bits(pricing_to_bits(p) + (power << 52));
}

/// Wichura's AS241 (PPND16) for |q| ≤ 0.425: Φ⁻¹(q + 1/2).
PRICING_INLINE double pricing_normal_centre(double q) {
    double r = 0.180625 - q * q;
    double n = 2509.0809287301226727;
    n = n * r + 33430.575583588128105;
    n = n * r + 67265.770927008700853;
    n = n * r + 45921.953931549871457;
    n = n * r + 13731.693765509461125;
    n = n * r + 1971.5909503065514427;
    n = n * r + 133.14166789178437745;
    n = n * r + 3.387132872796366608;
    double d = 5226.495278852545925;
    d = d * r + 28729.085735721942674;
    d = d * r + 39307.89580009271061;
    d = d * r + 21213.794301586595867;
    d = d * r + 5394.1960214247511077;
    d = d * r + 687.1870074920579083;
    d = d * r + 42.313330701600911252;
    d = d * r + 1.0;
    return q * n / d;
}

/// AS241 between: r = √(−ln p) ≤ 5 of the tail's probability p; positive.
PRICING_INLINE double pricing_normal_tail(double r) {
    r = r - 1.6;
    double n = 7.7454501427834140764e-4;
    n = n * r + 0.0227238449892691845833;
    n = n * r + 0.24178072517745061177;
    n = n * r + 1.27045825245236838258;
    n = n * r + 3.64784832476320460504;
    n = n * r + 5.7694972214606914055;
    n = n * r + 4.6303378461565452959;
    n = n * r + 1.42343711074968357734;
    double d = 1.05075007164441684324e-9;
    d = d * r + 5.475938084995344946e-4;
    d = d * r + 0.0151986665636164571966;
    d = d * r + 0.14810397642748007459;
    d = d * r + 0.68976733498510000455;
    d = d * r + 1.6763848301838038494;
    d = d * r + 2.05319162663775882187;
    d = d * r + 1.0;
    return n / d;
}

/// AS241 far out: r > 5.
PRICING_INLINE double pricing_normal_far_tail(double r) {
    r = r - 5.0;
    double n = 2.01033439929228813265e-7;
    n = n * r + 2.71155556874348757815e-5;
    n = n * r + 0.0012426609473880784386;
    n = n * r + 0.026532189526576123093;
    n = n * r + 0.29656057182850489123;
    n = n * r + 1.7848265399172913358;
    n = n * r + 5.4637849111641143699;
    n = n * r + 6.6579046435011037772;
    double d = 2.04426310338993978564e-15;
    d = d * r + 1.4215117583164458887e-7;
    d = d * r + 1.8463183175100546818e-5;
    d = d * r + 7.868691311456132591e-4;
    d = d * r + 0.0148753612908506148525;
    d = d * r + 0.13692988092273580531;
    d = d * r + 0.59983220655588793769;
    d = d * r + 1.0;
    return n / d;
}

/// Φ⁻¹(p) by AS241 for a probability 0 < p < 1 given as p and 1 − p, so that either tail keeps its digits.
PRICING_INLINE double pricing_inverse_normal(double p, double complement) {
    double q = p < 0.5 ? p - 0.5 : 0.5 - complement;
    if (__builtin_fabs(q) <= 0.425) return pricing_normal_centre(q);
    double tail = p < complement ? p : complement;
    double r = __builtin_elementwise_sqrt(-pricing_log(tail));
    double z = r <= 5.0 ? pricing_normal_tail(r) : pricing_normal_far_tail(r);
    return q < 0 ? -z : z;
}

/// The square root, without the C library's error number.
PRICING_INLINE double pricing_sqrt(double x) { return __builtin_elementwise_sqrt(x); }

#endif
