// One step of a block of paths: each loop goes over the lanes, so that every lane is a path and no sum crosses them.
#include "clones.h"

PRICING_CLONES
void pricing_fold_sum(int lanes, const double *restrict z, double drift, double scale, double *restrict value) {
    for (int lane = 0; lane < lanes; lane++) value[lane] += drift + scale * z[lane];
}

PRICING_CLONES
void pricing_fold_extremes(
    int lanes, const double *restrict z, double drift, double scale, double *restrict value, double *restrict low,
    double *restrict high) {
    for (int lane = 0; lane < lanes; lane++) {
        double next = value[lane] + (drift + scale * z[lane]);
        value[lane] = next;
        low[lane] = next < low[lane] ? next : low[lane];
        high[lane] = next > high[lane] ? next : high[lane];
    }
}

PRICING_CLONES
void pricing_fold_bridge_maximum(
    int lanes, const double *restrict z, const double *restrict u, double mirror, double drift, double scale,
    double *restrict value, double *restrict high) {
    double variance = scale * scale;
    for (int lane = 0; lane < lanes; lane++) {
        double move = drift + scale * z[lane];
        double top = 0.5 * (move + pricing_sqrt(move * move - 2.0 * variance * pricing_log(0.5 + mirror * u[lane])));
        double reached = value[lane] + top;
        value[lane] += move;
        high[lane] = reached > high[lane] ? reached : high[lane];
    }
}

PRICING_CLONES
void pricing_fold_first_passage(
    int lanes, const double *restrict z, double drift, double scale, double barrier, double look,
    double *restrict value, double *restrict first) {
    for (int lane = 0; lane < lanes; lane++) {
        double next = value[lane] + (drift + scale * z[lane]);
        value[lane] = next;
        double candidate = next >= barrier ? look : first[lane];
        first[lane] = candidate < first[lane] ? candidate : first[lane];
    }
}

PRICING_CLONES
void pricing_fold_returns(
    int lanes, const double *restrict z, double drift, double scale, double *restrict value,
    double *restrict absolute, double *restrict up, double *restrict squares) {
    for (int lane = 0; lane < lanes; lane++) {
        double x = drift + scale * z[lane];
        value[lane] += x;
        absolute[lane] += __builtin_fabs(x);
        up[lane] += x > 0 ? x : 0.0;
        squares[lane] += x * x;
    }
}

PRICING_CLONES
void pricing_fold_drawup(
    int lanes, const double *restrict z, double drift, double scale, double *restrict value, double *restrict low,
    double *restrict rise) {
    for (int lane = 0; lane < lanes; lane++) {
        double next = value[lane] + (drift + scale * z[lane]);
        value[lane] = next;
        low[lane] = next < low[lane] ? next : low[lane];
        double above = next - low[lane];
        rise[lane] = above > rise[lane] ? above : rise[lane];
    }
}

PRICING_CLONES
void pricing_fold_reflected(
    int lanes, const double *restrict z, const double *restrict u, double mirror, double drift, double scale,
    double target, double *restrict value, double *restrict rise, double *restrict survival) {
    double variance = scale * scale;
    for (int lane = 0; lane < lanes; lane++) {
        double move = drift + scale * z[lane];
        double bottom =
            0.5 * (move - pricing_sqrt(move * move - 2.0 * variance * pricing_log(0.5 + mirror * u[lane])));
        double before = rise[lane];
        double free = before + move, pushed = move - bottom;
        double after = free > pushed ? free : pushed;
        double room = target - before, left = target - after;
        double gap = room * left;
        double chance = left > 0 ? (variance > 0 ? pricing_exp(-2.0 * gap / variance) : 0.0) : 1.0;
        value[lane] += move;
        rise[lane] = after;
        survival[lane] *= 1.0 - chance;
    }
}

PRICING_CLONES
void pricing_fold_prices(
    int lanes, const double *restrict z, double drift, double scale, double spot, double *restrict value,
    double *restrict price, double *restrict path, double *restrict tick) {
    for (int lane = 0; lane < lanes; lane++) {
        value[lane] += drift + scale * z[lane];
        double next = spot * pricing_exp(value[lane]);
        double move = __builtin_fabs(next - price[lane]);
        price[lane] = next;
        path[lane] += move;
        tick[lane] = move > tick[lane] ? move : tick[lane];
    }
}

PRICING_CLONES
void pricing_exponentials(int lanes, const double *restrict value, double factor, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] = factor * pricing_exp(value[lane]);
}

PRICING_CLONES
void pricing_payoffs(
    int lanes, const double *restrict z, double drift, double scale, double spot, double sign, double strike,
    double discount, double *restrict price, double *restrict payoff) {
    for (int lane = 0; lane < lanes; lane++) {
        double end = spot * pricing_exp(drift + scale * z[lane]);
        double gain = sign * (end - strike);
        price[lane] = end;
        payoff[lane] = gain > 0 ? discount * gain : 0.0;
    }
}

PRICING_CLONES
void pricing_at_least(int lanes, const double *restrict value, double threshold, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] = value[lane] >= threshold ? 1.0 : 0.0;
}

PRICING_CLONES
void pricing_bridge_point(
    int lanes, const double *restrict left, double left_weight, const double *restrict right, double right_weight,
    const double *restrict z, double scale, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++)
        out[lane] = left_weight * left[lane] + right_weight * right[lane] + scale * z[lane];
}

PRICING_CLONES
void pricing_differences(
    int lanes, const double *restrict before, const double *restrict after, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] = after[lane] - before[lane];
}

PRICING_CLONES
void pricing_at_most(int lanes, const double *restrict value, double threshold, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] = value[lane] <= threshold ? 1.0 : 0.0;
}

PRICING_CLONES
void pricing_equal(int lanes, const double *restrict value, double wanted, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] = value[lane] == wanted ? 1.0 : 0.0;
}

PRICING_CLONES
void pricing_add_scaled(int lanes, const double *restrict value, double factor, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++) out[lane] += factor * value[lane];
}

PRICING_CLONES
void pricing_paid_at(
    int lanes, const double *restrict first, double last, double log_discount, double *restrict out) {
    for (int lane = 0; lane < lanes; lane++)
        out[lane] = first[lane] <= last ? pricing_exp(log_discount * first[lane]) : 0.0;
}
