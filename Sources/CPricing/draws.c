// Random and quasi-random numbers, and their inverse normals.
#include "clones.h"

// Words in the low halves of 64-bit lanes: one multiplication gives both halves of the product, and what gathers in
// the upper halves is never looked at.
PRICING_CLONES
void pricing_philox_rows(
    uint64_t key, uint32_t draw, uint32_t first, uint32_t stream, int lanes, double *restrict rows) {
    uint32_t key0[10], key1[10];
    for (int round = 0; round < 10; round++) {
        key0[round] = (uint32_t)key + (uint32_t)round * 0x9E3779B9u;
        key1[round] = (uint32_t)(key >> 32) + (uint32_t)round * 0xBB67AE85u;
    }
    for (int lane = 0; lane < lanes; lane++) {
        uint64_t c0 = draw, c1 = 0, c2 = first + (uint32_t)lane, c3 = stream;
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) {
            uint64_t product0 = (c0 & 0xffffffffu) * 0xD2511F53u;
            uint64_t product1 = (c2 & 0xffffffffu) * 0xCD9E8D57u;
            c0 = (product1 >> 32) ^ c1 ^ key0[round];
            c1 = product1;
            c2 = (product0 >> 32) ^ c3 ^ key1[round];
            c3 = product0;
        }
        rows[lane] = centred((uint32_t)c0);
        rows[PRICING_LANES + lane] = centred((uint32_t)c1);
        rows[2 * PRICING_LANES + lane] = centred((uint32_t)c2);
        rows[3 * PRICING_LANES + lane] = centred((uint32_t)c3);
    }
}

PRICING_CLONES
void pricing_sobol_row(
    uint32_t base, const uint32_t *restrict low, uint32_t scramble, int lanes, double *restrict row) {
    for (int lane = 0; lane < lanes; lane++) {
        uint32_t x = base ^ low[lane];
        x ^= x * 0x3d20adeau;
        x += scramble;
        x *= (scramble >> 16) | 1u;
        x ^= x * 0x05526c56u;
        x ^= x * 0x53a22864u;
        x = ((x & 0x55555555u) << 1) | ((x >> 1) & 0x55555555u);
        x = ((x & 0x33333333u) << 2) | ((x >> 2) & 0x33333333u);
        x = ((x & 0x0f0f0f0fu) << 4) | ((x >> 4) & 0x0f0f0f0fu);
        x = ((x & 0x00ff00ffu) << 8) | ((x >> 8) & 0x00ff00ffu);
        x = (x << 16) | (x >> 16);
        row[lane] = centred(x);
    }
}

#define CHUNK 1024
// Vectors of any width divide it: the tails are filled up to a multiple, so that no loop has a scalar rest.
#define WIDEST 16

// Places of the tails among `count` values, in order. Flags become a word of 64 bits, whose set bits are read four at a
// time: a branch for each value would be guessed wrongly too often.
PRICING_CLONES
static int tails_among(int count, const double *restrict values, int32_t *restrict places) {
    uint8_t flags[CHUNK];
    int whole = (count + 63) / 64 * 64;
    for (int index = 0; index < count; index++) flags[index] = __builtin_fabs(values[index]) > 0.425;
    for (int index = count; index < whole; index++) flags[index] = 0;
    int found = 0;
    for (int start = 0; start < whole; start += 64) {
        uint64_t bits = 0;
        for (int part = 0; part < 8; part++) {
            uint64_t bytes;
            memcpy(&bytes, flags + start + 8 * part, sizeof bytes);
            bits |= (bytes * 0x0102040810204080u >> 56) << (8 * part);
        }
        int count_here = __builtin_popcountll(bits);
        for (int place = 0; place < count_here; place += 4) {
            for (int next = 0; next < 4; next++) {
                // What is read beyond the last bit is written over.
                places[found + place + next] = start + __builtin_ctzll(bits | 1ULL << 63);
                bits &= bits - 1;
            }
        }
        found += count_here;
    }
    return found;
}

// The centre's formula for all; then the 15 % of the tails, gathered, by the tail's.
PRICING_CLONES
static void normals_of_chunk(int count, double *restrict values) {
    double tails[CHUNK + WIDEST];
    int32_t places[CHUNK + 4];
    int found = tails_among(count, values, places);
    for (int index = 0; index < found; index++) tails[index] = values[places[index]];
    for (int index = 0; index < WIDEST; index++) tails[found + index] = 0.4375;
    for (int index = 0; index < count; index++) values[index] = pricing_normal_centre(values[index]);
    int filled = (found + WIDEST - 1) / WIDEST * WIDEST;
    for (int index = 0; index < filled; index++) {
        double r = pricing_sqrt(-pricing_log(0.5 - __builtin_fabs(tails[index])));
        tails[index] = __builtin_copysign(pricing_normal_tail(r), tails[index]);
    }
    for (int index = 0; index < found; index++) values[places[index]] = tails[index];
}

void pricing_normals(int count, double *values) {
    for (int start = 0; start < count; start += CHUNK) {
        int left = count - start;
        normals_of_chunk(left < CHUNK ? left : CHUNK, values + start);
    }
}
