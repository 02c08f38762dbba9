/*
 * kernels.h - the loops over one block. Included once per instruction set (kernels_*.c), each with
 * its own compiler flags; KERNELS_NAME is the table that it defines.
 *
 * Each loop is plain arithmetic on 64-bit lanes that compilers turn into vector code. Operands may
 * be the very same register as the result, never partly overlap it: hence LANES, which promises
 * that rows are independent. Rows that are already doubtful may hold any garbage, so nothing here
 * may trust a value: indexes are checked, arithmetic wraps.
 */
#include "engine/formula/internal.h"

#if defined(__AVX512IFMA__)
#include <immintrin.h>
#endif

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* sanitizers keep some loops as they are */
#define LANES _Pragma("clang loop vectorize(assume_safety)") for (size_t i = 0; i < n; i++)
#else
#define LANES _Pragma("GCC ivdep") for (size_t i = 0; i < n; i++)
#endif

#define DOUBT INT64_MIN /* the sign bit of a fault vector's lane */

typedef unsigned __int128 u128;

#define KERNEL(name) static void name(const struct machine *m, const struct instr *in, size_t n)
#define DST int64_t *dst = m->v[in->dst]
#define A const int64_t *a = m->v[in->a]
#define B const int64_t *b = m->v[in->b]
#define C const int64_t *c = m->v[in->c]
#define F int64_t *fault = m->fault[in->fault]
#define IMM const int64_t imm = in->imm

/* Wrapping arithmetic, whatever the compiler's flags. */
#define WRAP(x, op, y) ((int64_t)((uint64_t)(x) op (uint64_t)(y)))

#define UNARY(name, value)      \
    KERNEL(name)                \
    {                           \
        DST;                    \
        A;                      \
        LANES dst[i] = (value); \
    }
#define PAIR(name, value)       \
    KERNEL(name)                \
    {                           \
        DST;                    \
        A;                      \
        B;                      \
        LANES dst[i] = (value); \
    }
#define NUMBER(name, value)     \
    KERNEL(name)                \
    {                           \
        DST;                    \
        A;                      \
        IMM;                    \
        LANES dst[i] = (value); \
    }

UNARY(run_COPY, a[i])
PAIR(run_ADD, WRAP(a[i], +, b[i]))
NUMBER(run_ADD_I, WRAP(a[i], +, imm))
PAIR(run_SUB, WRAP(a[i], -, b[i]))
NUMBER(run_RSUB_I, WRAP(imm, -, a[i]))
PAIR(run_MUL, WRAP(a[i], *, b[i]))
NUMBER(run_MUL_I, WRAP(a[i], *, imm))
PAIR(run_AND, a[i] & b[i])
PAIR(run_OR, a[i] | b[i])
UNARY(run_NOT, a[i] ^ 1)
PAIR(run_EQ, a[i] == b[i])
NUMBER(run_EQ_I, a[i] == imm)
PAIR(run_NE, a[i] != b[i])
NUMBER(run_NE_I, a[i] != imm)
PAIR(run_LT, a[i] < b[i])
NUMBER(run_LT_I, a[i] < imm)
PAIR(run_LE, a[i] <= b[i])
NUMBER(run_LE_I, a[i] <= imm)
NUMBER(run_GT_I, a[i] > imm)
NUMBER(run_GE_I, a[i] >= imm)
PAIR(run_MIN, a[i] < b[i] ? a[i] : b[i])
NUMBER(run_MIN_I, a[i] < imm ? a[i] : imm)
PAIR(run_MAX, a[i] > b[i] ? a[i] : b[i])
NUMBER(run_MAX_I, a[i] > imm ? a[i] : imm)
UNARY(run_ABS, a[i] < 0 ? WRAP(0, -, a[i]) : a[i])

KERNEL(run_BETWEEN_I)
{
    DST;
    A;
    int64_t low = in->imm, high = in->imm2;
    LANES dst[i] = (a[i] >= low) & (a[i] <= high);
}

/* A sum has overflowed when its sign differs from the signs of both parts. */
#define SUM_F(name, partner, setup, value, overflowed)  \
    KERNEL(name)                                        \
    {                                                   \
        DST;                                            \
        A;                                              \
        F;                                              \
        setup;                                          \
        LANES                                           \
        {                                               \
            int64_t x = a[i], y = (partner), r = value; \
            fault[i] |= (overflowed);                   \
            dst[i] = r;                                 \
        }                                               \
    }
SUM_F(run_ADD_F, b[i], B, WRAP(x, +, y), (x ^ r) & (y ^ r))
SUM_F(run_ADD_IF, imm, IMM, WRAP(x, +, y), (x ^ r) & (y ^ r))
SUM_F(run_SUB_F, b[i], B, WRAP(x, -, y), (x ^ y) & (x ^ r))
SUM_F(run_RSUB_IF, imm, IMM, WRAP(y, -, x), (x ^ y) & (y ^ r))

#define MUL_F(name, partner, setup)                              \
    KERNEL(name)                                                 \
    {                                                            \
        DST;                                                     \
        A;                                                       \
        F;                                                       \
        setup;                                                   \
        for (size_t i = 0; i < n; i++) {                         \
            int64_t r;                                           \
            bool over = __builtin_mul_overflow(a[i], (partner), &r); \
            fault[i] |= over ? DOUBT : 0;                        \
            dst[i] = r;                                          \
        }                                                        \
    }
MUL_F(run_MUL_F, b[i], B)
MUL_F(run_MUL_IF, imm, IMM)

KERNEL(run_ABS_F)
{
    DST;
    A;
    F;
    LANES
    {
        int64_t x = a[i], r = x < 0 ? WRAP(0, -, x) : x;
        fault[i] |= r; /* negative only for INT64_MIN */
        dst[i] = r;
    }
}

KERNEL(run_SELECT)
{
    DST;
    A;
    B;
    C;
    LANES dst[i] = a[i] ? b[i] : c[i];
}

KERNEL(run_SELECT_I)
{
    DST;
    A;
    C;
    IMM;
    LANES dst[i] = a[i] ? imm : c[i];
}

/* ---- division by a constant: code_div.c tells why ---- */

KERNEL(run_DIV_SMALL)
{
    DST;
    A;
    uint64_t bias = (uint64_t)in->imm, magic = in->magic;
    int shift = in->shift;
    size_t i = 0;
#if defined(__AVX512IFMA__)
    __m512i many = _mm512_set1_epi64((long long)magic), up = _mm512_set1_epi64((long long)bias);
    __m128i by = _mm_cvtsi32_si128(shift);
    for (; i + 8 <= n; i += 8) {
        __m512i x = _mm512_add_epi64(_mm512_loadu_si512(a + i), up);
        __m512i high = _mm512_madd52hi_epu64(_mm512_setzero_si512(), x, many);
        _mm512_storeu_si512(dst + i, _mm512_srl_epi64(high, by));
    }
#endif
    for (; i < n; i++)
        dst[i] = (int64_t)((uint64_t)((u128)((uint64_t)a[i] + bias) * magic >> 52) >> shift);
}

static inline uint64_t quotient(uint64_t x, uint64_t magic, int shift)
{
    return (uint64_t)((u128)x * magic >> 64) >> shift;
}

KERNEL(run_DIV_POSITIVE)
{
    DST;
    A;
    uint64_t bias = (uint64_t)in->imm, magic = in->magic;
    int shift = in->shift;
    for (size_t i = 0; i < n; i++)
        dst[i] = (int64_t)quotient((uint64_t)a[i] + bias, magic, shift);
}

static inline int64_t signed_quotient(int64_t x, const struct instr *in)
{
    uint64_t sign = (uint64_t)(x >> 63);
    uint64_t size = ((uint64_t)x ^ sign) - sign;
    uint64_t bias = (uint64_t)(sign ? in->imm2 : in->imm);
    return (int64_t)((quotient(size + bias, in->magic, in->shift) ^ sign) - sign);
}

KERNEL(run_DIV_SIGNED)
{
    DST;
    A;
    const struct instr copy = *in; /* dst cannot change it: the compiler may keep it in registers */
    for (size_t i = 0; i < n; i++)
        dst[i] = signed_quotient(a[i], &copy);
}

KERNEL(run_DIV_SIGNED_F)
{
    DST;
    A;
    F;
    const struct instr copy = *in;
    const int64_t most = INT64_C(1) << 62;
    for (size_t i = 0; i < n; i++) {
        int64_t x = a[i];
        fault[i] |= x > most || x < -most ? DOUBT : 0;
        dst[i] = signed_quotient(x, &copy);
    }
}

static inline __attribute__((always_inline)) void divide_any(const struct machine *m,
                                                             const struct instr *in, size_t n,
                                                             enum rounding mode)
{
    DST;
    A;
    B;
    F;
    for (size_t i = 0; i < n; i++) {
        int64_t x = a[i], y = b[i];
        bool doubtful = y == 0 || x == INT64_MIN || y == INT64_MIN;
        fault[i] |= doubtful ? DOUBT : 0;
        bool negative = (x ^ y) < 0;
        uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
        uint64_t by = doubtful ? 1 : y < 0 ? 0 - (uint64_t)y : (uint64_t)y;
        uint64_t q = size / by, rest = size - q * by, more = by - rest;
        bool up = mode == ROUND_HALF_UP     ? rest >= more
                  : mode == ROUND_DOWN      ? false
                  : mode == ROUND_UP        ? rest > 0
                  : mode == ROUND_FLOOR     ? rest > 0 && negative
                  : mode == ROUND_CEILING   ? rest > 0 && !negative
                                            : rest > more || (rest == more && (q & 1));
        q += up;
        dst[i] = (int64_t)(negative ? 0 - q : q);
    }
}

KERNEL(run_DIV_ANY_F)
{
    switch (in->rounding) {
    case ROUND_HALF_UP: divide_any(m, in, n, ROUND_HALF_UP); break;
    case ROUND_DOWN: divide_any(m, in, n, ROUND_DOWN); break;
    case ROUND_UP: divide_any(m, in, n, ROUND_UP); break;
    case ROUND_FLOOR: divide_any(m, in, n, ROUND_FLOOR); break;
    case ROUND_CEILING: divide_any(m, in, n, ROUND_CEILING); break;
    case ROUND_HALF_EVEN: divide_any(m, in, n, ROUND_HALF_EVEN); break;
    }
}

/* ---- calendar: days of March-based years of a 400-year era, all in 32 bits ---- */

struct civil {
    uint32_t year, month, day;
};

static inline struct civil civil(int64_t days)
{
    uint32_t z = (uint32_t)days + 719468u; /* since 0000-03-01 */
    uint32_t era = z / 146097u, doe = z - era * 146097u;
    uint32_t yoe = (doe - doe / 1460u + doe / 36524u - doe / 146096u) / 365u;
    uint32_t doy = doe - (365u * yoe + yoe / 4u - yoe / 100u);
    uint32_t mp = (5u * doy + 2u) / 153u;
    struct civil c = { .day = doy - (153u * mp + 2u) / 5u + 1u,
                       .month = mp < 10u ? mp + 3u : mp - 9u };
    c.year = yoe + era * 400u + (c.month <= 2u);
    return c;
}

UNARY(run_YEAR, (int64_t)civil(a[i]).year)
UNARY(run_MONTH, (int64_t)civil(a[i]).month)
UNARY(run_DAY, (int64_t)civil(a[i]).day)
/* 1970-01-01 was a Thursday; 719463 days earlier, before any date, was a Monday. */
UNARY(run_WEEKDAY, (int64_t)(((uint32_t)a[i] + 719463u) % 7u + 1u))

/* ---- texts and tables ---- */

KERNEL(run_REMAP)
{
    DST;
    A;
    const int64_t *remap = m->aux[in->aux].remap;
    uint64_t count = m->aux[in->aux].count;
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint64_t)a[i] < count ? remap[a[i]] : -1;
}

KERNEL(run_STARTS)
{
    DST;
    A;
    const uint8_t *flags = m->aux[in->aux].flags;
    uint64_t count = m->aux[in->aux].count;
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint64_t)a[i] < count ? flags[a[i]] : 0;
}

static void lookup_one(const struct formula_lookup *t, const int64_t *a, int64_t *dst, size_t n)
{
    const int32_t *dense = t->dense;
    const uint64_t low = (uint64_t)t->keys[0].low, span = (uint64_t)t->keys[0].span;
    LANES
    {
        uint64_t at = (uint64_t)a[i] - low;
        bool inside = at < span;
        int64_t row = dense[inside ? at : 0];
        dst[i] = inside ? row : -1;
    }
}

KERNEL(run_LOOKUP)
{
    DST;
    const struct formula_lookup *t = m->aux[in->aux].lookup;
    const int64_t *key[FORMULA_KEYS_MAX] = { m->v[in->a], m->v[in->b], m->v[in->c], m->v[in->d] };
    if (t->dense && t->key_count == 1) {
        lookup_one(t, key[0], dst, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t keys[FORMULA_KEYS_MAX];
        for (int k = 0; k < t->key_count; k++)
            keys[k] = key[k][i];
        dst[i] = lookup_row(t, keys);
    }
}

static void fetch(const struct machine *m, const struct instr *in, size_t n, int64_t absent)
{
    DST;
    A;
    const int64_t *cells = m->aux[in->aux].remap;
    if (m->aux[in->aux].count == 0) {
        LANES dst[i] = absent;
        return;
    }
    LANES
    {
        int64_t row = a[i];
        int64_t cell = cells[row < 0 ? 0 : row];
        dst[i] = row < 0 ? absent : cell;
    }
}

KERNEL(run_FETCH)
{
    fetch(m, in, n, 0);
}

KERNEL(run_FETCH_DEFAULT)
{
    fetch(m, in, n, in->imm);
}

/* ---- faults ---- */

KERNEL(run_FAULT_ZERO)
{
    F;
    memset(fault, 0, n * sizeof *fault);
}

KERNEL(run_FAULT_OR)
{
    int64_t *dst = m->fault[in->dst];
    const int64_t *b = m->fault[in->b];
    LANES dst[i] |= b[i];
}

KERNEL(run_FAULT_MERGE)
{
    int64_t *dst = m->fault[in->dst];
    A;
    const int64_t *b = m->fault[in->b], *c = m->fault[in->c], *d = m->fault[in->d];
    LANES dst[i] = b[i] | (a[i] ? c[i] : d[i]);
}

KERNEL(run_FAULT_MISS) /* the row of an absent key is -1, whose sign bit is set */
{
    A;
    F;
    LANES fault[i] |= a[i];
}

KERNEL(run_FAULT_RANGE)
{
    A;
    F;
    int64_t low = in->imm, high = in->imm2;
    LANES fault[i] |= ((a[i] < low) | (a[i] > high)) ? DOUBT : 0;
}

static void check_range(const int64_t *v, int64_t *fault, size_t n, int64_t low, int64_t high,
                        bool optional)
{
    const int64_t allowed = optional ? INT64_MIN : low;
    LANES fault[i] |= (((v[i] < low) | (v[i] > high)) & (v[i] != allowed)) ? DOUBT : 0;
}

static void load_text(int64_t *v, int64_t *fault, size_t n, const int64_t *remap, size_t count,
                      bool optional)
{
    for (size_t i = 0; i < n; i++) {
        bool known = (uint64_t)v[i] < count, missing = optional && v[i] == INT64_MIN;
        fault[i] |= known || missing ? 0 : DOUBT;
        v[i] = known ? remap[v[i]] : missing ? INT64_MIN : -1;
    }
}

static bool any_fault(const int64_t *fault, size_t n)
{
    int64_t all = 0;
    LANES all |= fault[i];
    return all < 0;
}

/* ---- loading ---- */

#define LOAD(name, type, missing)                                              \
    static void load_##name(const void *from, int64_t *to, size_t n)           \
    {                                                                          \
        const type *v = from;                                                  \
        LANES to[i] = (int64_t)v[i];                                           \
    }                                                                          \
    static void load_optional_##name(const void *from, int64_t *to, size_t n)  \
    {                                                                          \
        const type *v = from;                                                  \
        LANES to[i] = v[i] == (missing) ? INT64_MIN : (int64_t)v[i];           \
    }
LOAD(I64, int64_t, INT64_MIN)
LOAD(I32, int32_t, INT32_MIN)
LOAD(I16, int16_t, INT16_MIN)
LOAD(I8, int8_t, INT8_MIN)
LOAD(U32, uint32_t, UINT32_MAX)
LOAD(U16, uint16_t, UINT16_MAX)
LOAD(U8, uint8_t, UINT8_MAX)

#define WIDTHS(prefix)                                                              \
    {                                                                               \
        [FORMULA_I64] = prefix##I64, [FORMULA_I32] = prefix##I32,                   \
        [FORMULA_I16] = prefix##I16, [FORMULA_I8] = prefix##I8,                     \
        [FORMULA_U32] = prefix##U32, [FORMULA_U16] = prefix##U16,                   \
        [FORMULA_U8] = prefix##U8,                                                  \
    }

const struct kernels KERNELS_NAME = {
    .run = {
#define X(name) [K_##name] = run_##name,
        KERNELS(X)
#undef X
    },
    .load = WIDTHS(load_),
    .load_optional = WIDTHS(load_optional_),
    .range = check_range,
    .text = load_text,
    .any = any_fault,
};
