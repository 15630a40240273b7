// Sums in an order that is written down: lane mod 8 goes to one of eight partial sums, on every instruction set.
#include "clones.h"

#define PARTS 8

static double total(const double *parts) {
    return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

PRICING_CLONES
void pricing_average(int lanes, const double *restrict other, double *restrict own) {
    for (int lane = 0; lane < lanes; lane++) own[lane] = 0.5 * (own[lane] + other[lane]);
}

PRICING_CLONES
void pricing_sums(int lanes, const double *restrict y, double shift, double *restrict sums) {
    double first[PARTS] = {0}, second[PARTS] = {0};
    int whole = lanes - lanes % PARTS;
    for (int lane = 0; lane < whole; lane += PARTS) {
        for (int part = 0; part < PARTS; part++) {
            double value = y[lane + part] - shift;
            first[part] += value;
            second[part] += value * value;
        }
    }
    for (int lane = whole; lane < lanes; lane++) {
        double value = y[lane] - shift;
        first[lane - whole] += value;
        second[lane - whole] += value * value;
    }
    sums[0] += total(first);
    sums[1] += total(second);
}

PRICING_CLONES
void pricing_sums_controlled(
    int lanes, const double *restrict y, double shift, const double *restrict control, double mean,
    double *restrict sums) {
    double own[PARTS] = {0}, squares[PARTS] = {0}, product[PARTS] = {0};
    int whole = lanes - lanes % PARTS;
    for (int lane = 0; lane < whole; lane += PARTS) {
        for (int part = 0; part < PARTS; part++) {
            double deviation = control[lane + part] - mean;
            own[part] += deviation;
            squares[part] += deviation * deviation;
            product[part] += deviation * (y[lane + part] - shift);
        }
    }
    for (int lane = whole; lane < lanes; lane++) {
        double deviation = control[lane] - mean;
        own[lane - whole] += deviation;
        squares[lane - whole] += deviation * deviation;
        product[lane - whole] += deviation * (y[lane] - shift);
    }
    pricing_sums(lanes, y, shift, sums);
    sums[2] += total(own);
    sums[3] += total(squares);
    sums[4] += total(product);
}
