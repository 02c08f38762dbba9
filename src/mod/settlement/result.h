/* result.h - what a worked-out month says of each person, ready to be written as statements. */
#pragma once

#include "base/vec.h"
#include "mod/settlement/month.h"

/* The output "statement" of a plan lists the components that add up to what is paid; outputs whose
 * name begins with "lines" list the components that are shown line by line. */
struct result_line {
    const char *component; /* in the result's arena */
    const char *source;    /* name of the facts */
    int64_t row;           /* id of the fact; 0 none */
    struct date day;       /* DATE_ABSENT: none */
    struct money base;     /* ABSENT: none */
    struct money amount;   /* signed: taken back is negative */
};

struct result_part {
    const char *component;
    struct money amount; /* signed; the parts add up to net */
};

struct result {
    int64_t person;
    struct money net, gross, clawback, carry, over_cap, payable, tax, base;
    int64_t orders, refunds;
    VEC(struct result_part) parts;
    VEC(struct result_line) lines;
};

struct results {
    struct arena *arena;
    struct result *items;
    size_t count;
    struct money gross, tax, net;
};

/* ERR_UNBALANCED: the parts of somebody's statement do not add up to what they are paid, which is a
 * mistake of the plan. */
NODISCARD enum err results_make(const struct month *month, struct arena *arena,
                                struct fault *fault, struct results *ret);

/* The canonical JSON that the proof log commits to. */
struct str result_content(struct arena *arena, const struct result *result,
                          const struct month *month, struct str number, struct str period,
                          int64_t run);
