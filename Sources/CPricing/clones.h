// One source, several instruction sets, chosen when the program starts.
#ifndef PRICING_CLONES_H
#define PRICING_CLONES_H

#include "CPricing.h"

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)
#define PRICING_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define PRICING_CLONES
#endif

#pragma STDC FP_CONTRACT OFF

/// A word as the middle of its 2⁻³²-wide cell, less one half: an odd multiple of 2⁻³³ in (−1/2, 1/2), exact.
PRICING_INLINE double centred(uint32_t word) {
    return ((pricing_from_bits(0x4330000000000000u | word) - 4503601774854144.0) + 0.5) * 0x1p-32;
}

#endif
