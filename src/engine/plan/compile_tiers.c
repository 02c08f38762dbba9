/* compile_tiers.c - where a tiers component finds its ladder of floors and rates. */
#include "engine/plan/model.h"

#include <stdio.h>

static enum err read_ladder_column(struct reader *r, const struct json *v, const char *key,
                                   int table, bool needed, int *ret)
{
    *ret = -1;
    if (!json_get(v, key) && !needed)
        return OK;
    TRY(plan_want_column(r, v, key, table, ret));
    const struct column *c = &r->plan->tables[table].columns[*ret];
    bool whole = c->type == PLAN_MONEY || c->type == PLAN_INT;
    if (c->origin != FROM_TABLE || !whole || (c->optional && !str_is(str_from(key), "ceiling")))
        return plan_refuse(r, json_get(v, key), key,
                           "a column of whole numbers of that table, always filled");
    return OK;
}

/* "match": {"category": "product_category"}: tier table's column = column of the line. */
static enum err read_match(struct reader *r, const struct json *v, struct component *c)
{
    const struct json *match = json_get(v, "match");
    if (!match)
        return OK;
    if (match->type != JSON_OBJECT || match->count == 0 || match->count > KEYS_MAX)
        return plan_refuse(r, match, "match", "an object with 1 to %d columns", KEYS_MAX);
    for (const struct json *m = match->first; m; m = m->next) {
        int i = c->tier.match_count;
        struct json key = *m;
        key.type = JSON_STRING;
        key.text = m->key;
        TRY(plan_column_named(r, &key, "match", c->tier.table, &c->tier.match[i]));
        TRY(plan_column_named(r, m, "match", c->table, &c->tier.here[i]));
        const struct column *there = &r->plan->tables[c->tier.table].columns[c->tier.match[i]];
        const struct column *here = &r->plan->tables[c->table].columns[c->tier.here[i]];
        if (there->origin != FROM_TABLE || there->optional || here->optional ||
            there->type != here->type || there->refers_to != here->refers_to)
            return plan_refuse(r, m, "match", "both must be of the same type and always filled");
        bool grouped = false;
        for (int g = 0; g < c->group_count; g++)
            grouped |= c->group[g] == c->tier.here[i];
        if (!grouped)
            return plan_refuse(r, m, "match", "must be one of the group: a running sum has one "
                                              "ladder");
        c->tier.match_count++;
    }
    return OK;
}

enum err plan_read_tiers(struct reader *r, const struct json *v, struct component *c)
{
    TRY(plan_known(r, v, "table match floor rate per number ceiling"));
    TRY(plan_want_table(r, v, "table", &c->tier.table));
    TRY(read_ladder_column(r, v, "floor", c->tier.table, true, &c->tier.floor));
    TRY(read_ladder_column(r, v, "rate", c->tier.table, true, &c->tier.rate));
    TRY(read_ladder_column(r, v, "number", c->tier.table, false, &c->tier.number));
    TRY(read_ladder_column(r, v, "ceiling", c->tier.table, false, &c->tier.ceiling));
    TRY(plan_want_number(r, v, "per", &c->tier.per));
    if (c->tier.per < 1 || c->tier.per > 1000000000)
        return plan_refuse(r, json_get(v, "per"), "per", "1 to 10^9: 10000 for basis points");
    return read_match(r, v, c);
}
