// The law of a bridge's minimum once its maximum is known.
#include "clones.h"

// A bridge of variance v from 0 to x with maximum m stays above l: with w = m − l, the chance of staying within (l, m)
// is Σ_k e^{−2kw(kw − x)/v} − e^{−2(m + kw)(m + kw − x)/v} (images of the two barriers); the density of the maximum
// at m without reaching l is its derivative by m, and without the lower barrier only the second term of k = 0 is left.
// All exponents are taken relative to that term's, `own`; `inverse` is 2/v.
PRICING_INLINE double image(int k, double x, double m, double width, double own, double inverse) {
    double a = k * width;
    double y = m + a;
    double first = -k * (2.0 * a - x) * pricing_exp(own - inverse * (a * (a - x)));
    double second = (1 + k) * (2.0 * y - x) * pricing_exp(own - inverse * (y * (y - x)));
    return first + second;
}

// A corridor of w² < 0.09 v is left but for a chance below 1e-23. Where more images are needed than this the corridor
// is that narrow or nearly.
#define NARROW 0.09
#define MOST_IMAGES 12

/// So many images leave out less than 1e-11 where no corridor is narrower than `width`.
static int images_needed(double width, double variance) {
    double images = 3.6 * pricing_sqrt(variance) / width;
    return images < MOST_IMAGES ? 1 + (int)images : MOST_IMAGES;
}

PRICING_INLINE double stays_above(double x, double m, double l, double variance, int images) {
    double width = m - l;
    double inverse = 2.0 / variance;
    double own = inverse * (m * (m - x));
    double sum = 2.0 * m - x;
    for (int k = 1; k <= images; k++)
        sum += image(k, x, m, width, own, inverse) + image(-k, x, m, width, own, inverse);
    double chance = sum / (2.0 * m - x);
    return width * width < NARROW * variance ? 0.0 : chance;
}

#define CHUNK 64

// Ends and maxima, relative to the values before.
PRICING_CLONES
static void bridge_maxima(
    int lanes, const double *restrict z, const double *restrict u, double mirror, double drift, double scale,
    double *restrict move, double *restrict top) {
    double variance = scale * scale;
    for (int lane = 0; lane < lanes; lane++) {
        double x = drift + scale * z[lane];
        move[lane] = x;
        top[lane] = 0.5 * (x + pricing_sqrt(x * x - 2.0 * variance * pricing_log(0.5 + mirror * u[lane])));
    }
}

// No bridge with this product of distances over its variance reaches a level: the chance is e^-40.
static const double far_away = 20.0;

void pricing_fold_bridge_pair(
    int lanes, const double *restrict z, const double *restrict u, const double *restrict v, double mirror,
    double drift, double scale, const double *restrict downs, int count, double *restrict value,
    double *restrict high, double *restrict hits) {
    double moves[CHUNK], tops[CHUNK];
    double variance = scale * scale;
    for (int lane = 0; lane < lanes; lane++) {
        int within = lane % CHUNK;
        if (within == 0) {
            int left = lanes - lane < CHUNK ? lanes - lane : CHUNK;
            bridge_maxima(left, z + lane, u + lane, mirror, drift, scale, moves, tops);
        }
        double move = moves[within], before = value[lane], reached = before + tops[within];
        int hit = (int)hits[lane];
        while (hit < count) {
            double level = downs[hit] - before;
            if (level < 0 && move > level) {
                if (level * (level - move) > far_away * variance) break;
                int images = images_needed(tops[within] - level, variance);
                if (0.5 + mirror * v[lane] < stays_above(move, tops[within], level, variance, images)) break;
            }
            hit++;
        }
        hits[lane] = hit;
        value[lane] = before + move;
        high[lane] = reached > high[lane] ? reached : high[lane];
    }
}

// The k-th images of a chunk of lanes: the loop over lanes is the inner one, so that it becomes vectors.
PRICING_CLONES
static void add_images(
    int lanes, int k, double level, double inverse, const double *restrict value, const double *restrict high,
    double *restrict sum) {
    for (int lane = 0; lane < lanes; lane++) {
        double x = value[lane], m = high[lane], width = m - level;
        double own = inverse * (m * (m - x));
        sum[lane] += image(k, x, m, width, own, inverse) + image(-k, x, m, width, own, inverse);
    }
}

PRICING_CLONES
static void add_hits(
    int lanes, const double *restrict v, double mirror, double level, double variance,
    const double *restrict value, const double *restrict high, const double *restrict sum, double *restrict hits) {
    for (int lane = 0; lane < lanes; lane++) {
        double x = value[lane], m = high[lane], width = m - level;
        // The first, k = 0, image is 2m − x, and so is the divisor.
        double whole = 2.0 * m - x;
        double stays = width * width < NARROW * variance ? 0.0 : whole + sum[lane];
        double reached = (0.5 + mirror * v[lane]) * whole >= stays ? 1.0 : 0.0;
        hits[lane] += x <= level ? 1.0 : reached;
    }
}

void pricing_bridge_pair(
    int lanes, const double *restrict z, const double *restrict u, const double *restrict v, double mirror,
    double drift, double scale, const double *restrict downs, int count, double *restrict value,
    double *restrict high, double *restrict hits) {
    double variance = scale * scale;
    bridge_maxima(lanes, z, u, mirror, drift, scale, value, high);
    for (int index = 0; index < count; index++) {
        // The maximum is at least 0: no corridor is narrower than the level is far.
        int images = images_needed(-downs[index], variance);
        for (int first = 0; first < lanes; first += CHUNK) {
            int left = lanes - first < CHUNK ? lanes - first : CHUNK;
            double sum[CHUNK] = {0};
            for (int k = 1; k <= images; k++)
                add_images(left, k, downs[index], 2.0 / variance, value + first, high + first, sum);
            add_hits(
                left, v + first, mirror, downs[index], variance, value + first, high + first, sum, hits + first);
        }
    }
}
