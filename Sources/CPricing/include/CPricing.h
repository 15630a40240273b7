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

/// Inverse normal in place: q, an odd multiple of 2⁻³³ in (−1/2, 1/2), becomes Φ⁻¹(q + 1/2) by AS241 (PPND16), relative
/// error about 1e-16. (Its far tail begins beyond 2⁻³³ and is left out.)
void pricing_normals(int count, double *values);

/// value += drift + scale · z.
void pricing_fold_sum(int lanes, const double *z, double drift, double scale, double *value);

/// The same, and the running extremes of the value.
void pricing_fold_extremes(
    int lanes, const double *z, double drift, double scale, double *value, double *low, double *high);

/// The same with the maximum of the Brownian bridge between the two ends: 1/2 + mirror · u is its uniform number,
/// `scale`² the bridge's variance.
void pricing_fold_bridge_maximum(
    int lanes, const double *z, const double *u, double mirror, double drift, double scale, double *value,
    double *high);

/// As pricing_fold_sum, and where first > look and the value is at or above `barrier`, first = look.
void pricing_fold_first_passage(
    int lanes, const double *z, double drift, double scale, double barrier, double look, double *value,
    double *first);

/// x = drift + scale · z; value += x; Σ|x|, Σmax(x, 0) and Σx².
void pricing_fold_returns(
    int lanes, const double *z, double drift, double scale, double *value, double *absolute, double *up,
    double *squares);

/// As pricing_fold_sum, the running minimum of the value, and the largest rise above it.
void pricing_fold_drawup(
    int lanes, const double *z, double drift, double scale, double *value, double *low, double *rise);

/// Reflected Brownian motion, the rise above the running minimum: exact at the end of the step, 1/2 + mirror · u making
/// the minimum on the way; survival *= 1 − the chance of having reached `target` between the two ends (as if far
/// from 0). value is the free path.
void pricing_fold_reflected(
    int lanes, const double *z, const double *u, double mirror, double drift, double scale, double target,
    double *value, double *rise, double *survival);

/// The price's path: value += drift + scale · z, next price = spot · e^value; path = Σ|ΔS|, tick = max|ΔS|.
void pricing_fold_prices(
    int lanes, const double *z, double drift, double scale, double spot, double *value, double *price, double *path,
    double *tick);

/// out = left weight · left + right weight · right + scale · z: a point of a Brownian bridge.
void pricing_bridge_point(
    int lanes, const double *left, double left_weight, const double *right, double right_weight, const double *z,
    double scale, double *out);

/// out = after − before.
void pricing_differences(int lanes, const double *before, const double *after, double *out);

/// One step, continuous both ways: the maximum of the bridge as pricing_fold_bridge_maximum makes it, and then, given
/// that maximum, whether the minimum reached the next of `count` levels in `downs` (below the start, descending):
/// `hits` counts those reached. 1/2 + mirror · v is the second uniform number.
void pricing_fold_bridge_pair(
    int lanes, const double *z, const double *u, const double *v, double mirror, double drift, double scale,
    const double *downs, int count, double *value, double *high, double *hits);

/// The same for a path of one step that starts at 0, with no hits yet.
void pricing_bridge_pair(
    int lanes, const double *z, const double *u, const double *v, double mirror, double drift, double scale,
    const double *downs, int count, double *value, double *high, double *hits);

/// out = factor · e^value.
void pricing_exponentials(int lanes, const double *value, double factor, double *out);

/// Prices at the end, spot · e^(drift + scale · z), and payoffs, discount · max(sign · (price − strike), 0).
void pricing_payoffs(
    int lanes, const double *z, double drift, double scale, double spot, double sign, double strike, double discount,
    double *price, double *payoff);

/// out = 1 where value ≥ threshold, else 0.
void pricing_at_least(int lanes, const double *value, double threshold, double *out);

/// out = 1 where value ≤ threshold, else 0.
void pricing_at_most(int lanes, const double *value, double threshold, double *out);

/// out += factor · value.
void pricing_add_scaled(int lanes, const double *value, double factor, double *out);

/// out = 1 where value is exactly `wanted`, else 0.
void pricing_equal(int lanes, const double *value, double wanted, double *out);

/// out = discount^first: e^(logDiscount · first) where first ≤ last, else 0.
void pricing_paid_at(int lanes, const double *first, double last, double log_discount, double *out);

/// own = (own + other) / 2.
void pricing_average(int lanes, const double *other, double *own);

/// Adds to sums[0 … 1] Σ(y − shift) and Σ(y − shift)², in eight partial sums that are added in one order.
void pricing_sums(int lanes, const double *y, double shift, double *sums);

/// Adds to sums[0 … 4] also Σ(c − mean), Σ(c − mean)² and Σ(y − shift)(c − mean), c being the control.
void pricing_sums_controlled(
    int lanes, const double *y, double shift, const double *control, double mean, double *sums);

#endif
