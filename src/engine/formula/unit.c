/* unit.c - units of measure as sorted products of powers of words. */
#include "engine/formula/internal.h"

/* Words that may follow a literal ("800 yuan") even when no name of the environment uses them. */
static const char *const builtin[] = {
    "fen", "yuan", "bp", "ppm", "percent", "count", "day", "month", "year", "hour", "minute",
    "second", "m", "km", "kg", "point", "score", "item", "person", "order", "visit", "lead",
};

bool unit_is_builtin(struct str name)
{
    for (size_t i = 0; i < COUNT(builtin); i++)
        if (str_is(name, builtin[i]))
            return true;
    return false;
}

static bool unit_put(struct unit *unit, struct str name, int power)
{
    int at = 0;
    while (at < unit->count && str_cmp(unit->factor[at].name, name) < 0)
        at++;
    if (at < unit->count && str_eq(unit->factor[at].name, name)) {
        unit->factor[at].power += power;
        if (unit->factor[at].power == 0) {
            for (int i = at; i + 1 < unit->count; i++)
                unit->factor[i] = unit->factor[i + 1];
            unit->count--;
        }
        return true;
    }
    if (power == 0)
        return true;
    if (unit->count == FORMULA_UNIT_MAX)
        return false;
    for (int i = unit->count; i > at; i--)
        unit->factor[i] = unit->factor[i - 1];
    unit->factor[at].name = name;
    unit->factor[at].power = power;
    unit->count++;
    return true;
}

/* A count of something multiplies without leaving a trace: 3 orders x 200 fen are 600 fen. Alone it
 * stays a count, so that orders and fen still do not add. */
static void unit_settle(struct unit *unit)
{
    int power = 0;
    for (int i = 0; i < unit->count; i++)
        if (str_is(unit->factor[i].name, "count"))
            power = unit->factor[i].power;
    if (power == 0)
        return;
    bool alone = unit->count == 1 && power > 0;
    unit_put(unit, STR("count"), (alone ? 1 : 0) - power);
}

bool unit_product(struct unit a, struct unit b, int sign, struct unit *ret)
{
    for (int i = 0; i < b.count; i++) {
        /* A power beyond any sense is a formula gone wrong; it also keeps the sum from wrapping. */
        if (b.factor[i].power > 99 || b.factor[i].power < -99)
            return false;
        if (!unit_put(&a, b.factor[i].name, sign * b.factor[i].power))
            return false;
    }
    unit_settle(&a);
    *ret = a;
    return true;
}

bool unit_parse(struct str text, struct unit *ret)
{
    *ret = (struct unit){ 0 };
    text = str_trim(text);
    if (text.len == 0 || str_is(text, "none"))
        return true;
    int sign = 1;
    size_t from = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '*' && text.data[i] != '/')
            continue;
        struct str word = str_trim(str_cut(text, from, i));
        if (!name_is_word(word) || !unit_put(ret, word, sign))
            return false;
        if (i < text.len)
            sign = text.data[i] == '/' ? -1 : 1;
        from = i + 1;
    }
    unit_settle(ret);
    return true;
}

bool unit_equal(const struct unit *a, const struct unit *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!str_eq(a->factor[i].name, b->factor[i].name)
            || a->factor[i].power != b->factor[i].power)
            return false;
    return true;
}

bool unit_drop(struct unit *unit, const char *name)
{
    for (int i = 0; i < unit->count; i++)
        if (str_is(unit->factor[i].name, name) && unit->factor[i].power > 0)
            return unit_put(unit, unit->factor[i].name, -1);
    return false;
}

struct str unit_text(struct arena *arena, const struct unit *unit)
{
    struct buf buf = buf_in(arena);
    for (int i = 0; i < unit->count; i++)
        for (int power = unit->factor[i].power; power > 0; power--) {
            if (buf.len)
                buf_char(&buf, '*');
            buf_str(&buf, unit->factor[i].name);
        }
    for (int i = 0; i < unit->count; i++)
        for (int power = unit->factor[i].power; power < 0; power++) {
            buf_cstr(&buf, buf.len ? "/" : "1/");
            buf_str(&buf, unit->factor[i].name);
        }
    return buf_view(&buf);
}
