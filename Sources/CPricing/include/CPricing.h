// The inner loops of the sampling engine, and the elementary functions that they share with Swift.
//
// They are C for one reason: clang compiles a loop once for each instruction set and picks at start (target_clones),
// which Swift cannot; with the baseline's two doubles a register the same loops run at half the speed or less.
// Nothing here contracts a multiplication and an addition, and nothing sums across a vector's lanes, so that every
// instruction set gives the same bits.
#ifndef CPRICING_H
#define CPRICING_H

#include <stdint.h>
#include <string.h>

#include "CPricingElementary.h"

/// How many numbers a row of a block holds at most.
#define PRICING_LANES 256

/// Philox4x32-10: the blocks of counters (draw, 0, first + lane, stream), lane = 0 … lanes − 1, under `key`. Word w of
/// the block becomes a number in (−1/2, 1/2), odd multiples of 2⁻³³, in rows[w * PRICING_LANES + lane].
void pricing_philox_rows(
    uint64_t key, uint32_t draw, uint32_t first, uint32_t stream, int lanes, double *rows);

/// Points of one dimension of a digital sequence with nested uniform scrambling (Laine & Karras' hash in Vegdahl's
/// constants): lane's point is `base ^ low[lane]`, bit-reversed. Numbers in (−1/2, 1/2), odd multiples of 2⁻³³.
void pricing_sobol_row(uint32_t base, const uint32_t *low, uint32_t scramble, int lanes, double *row);

/// Inverse normal in place: q in (−1/2, 1/2) becomes Φ⁻¹(q + 1/2) by AS241 (PPND16), relative error about 1e-16.
void pricing_normals(int count, double *values);

#endif
