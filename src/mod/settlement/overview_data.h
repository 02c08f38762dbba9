/* overview_data.h - figures of a month, one row per person, so that every unit above them
 * agrees. */
#pragma once

#include "base/map.h"
#include "core/org/org.gen.h"
#include "entity/cx.h"
#include "mod/settlement/settlement.gen.h"

struct figures {
    int64_t sales, collected, refunded, orders, customers, people, gross, tax, net;
};

/* One person with this month and the one before. */
struct head {
    int64_t person;
    struct unit_id unit;
    struct str name, unit_name, path;
    int64_t statement;
    struct figures now, before;
};

struct overview {
    struct cx *cx;
    struct json_writer *w;
    struct period period, previous; /* previous.id 0: none */
    struct unit unit;               /* id 0: the whole company */
    struct head *heads;
    size_t count;
    struct i64_map by_person;       /* person -> index + 1 */
};

/* Everybody within the reader's reach and below o->unit, with sales and pay of both months. */
NODISCARD enum err overview_read(struct overview *o);
struct head *overview_head(struct overview *o, int64_t person); /* NULL: out of reach */
void figures_add(struct figures *sum, const struct figures *f);
struct figures overview_sum(const struct overview *o, struct str path, bool before);
