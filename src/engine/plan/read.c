/* read.c - small readers of the plan's JSON; every refusal names line, column and field. */
#include "engine/plan/model.h"

#include <stdio.h>

enum err plan_refuse(struct reader *r, const struct json *at, const char *field,
                     const char *format, ...)
{
    char words[FAULT_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    char where[FAULT_FIELD_MAX];
    const char *dot = r->path[0] && field[0] ? "." : "";
    snprintf(where, sizeof where, "%s%s%.60s", r->path, dot, field);
    fault_set_field(r->fault, ERR_PARSE, where, "%s", words);
    json_position(r->text, at ? at->at : 0, &r->fault->line, &r->fault->column);
    return ERR_PARSE;
}

static bool listed(struct str words, struct str word)
{
    struct str one;
    while (str_split(&words, ' ', &one))
        if (str_eq(one, word))
            return true;
    return false;
}

enum err plan_known(struct reader *r, const struct json *object, const char *allowed)
{
    if (object->type != JSON_OBJECT)
        return plan_refuse(r, object, "", "an object {...} is expected here");
    for (const struct json *v = object->first; v; v = v->next)
        if (!listed(str_from(allowed), v->key))
            return plan_refuse(r, v, str_cstr(r->arena, v->key),
                               "this is not known here; known: %s", allowed);
    return OK;
}

enum err plan_maybe_str(struct reader *r, const struct json *object, const char *key,
                        struct str *ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return OK;
    if (v->type != JSON_STRING || v->text.len == 0)
        return plan_refuse(r, v, key, "a text is expected");
    *ret = v->text;
    return OK;
}

enum err plan_want_str(struct reader *r, const struct json *object, const char *key,
                       struct str *ret)
{
    if (!json_get(object, key))
        return plan_refuse(r, object, key, "is missing");
    return plan_maybe_str(r, object, key, ret);
}

/* A name that a formula can speak: letters of any script, digits, _; not a digit first. */
static bool is_name(struct str s)
{
    if (s.len == 0 || s.len > 64 || (s.data[0] >= '0' && s.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!letter && !(c >= '0' && c <= '9'))
            return false;
    }
    return true;
}

enum err plan_want_name(struct reader *r, const struct json *object, const char *key,
                        struct str *ret)
{
    TRY(plan_want_str(r, object, key, ret));
    if (!is_name(*ret))
        return plan_refuse(r, json_get(object, key), key,
                           "a name is letters, digits and _, at most 64 bytes");
    return OK;
}

enum err plan_maybe_i64(struct reader *r, const struct json *object, const char *key,
                        int64_t *ret, bool *found)
{
    const struct json *v = json_get(object, key);
    if (found)
        *found = v != NULL;
    if (v && !json_i64(v, ret))
        return plan_refuse(r, v, key, "a whole number of 64 bits is expected");
    return OK;
}

enum err plan_maybe_bool(struct reader *r, const struct json *object, const char *key, bool *ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return OK;
    if (v->type != JSON_TRUE && v->type != JSON_FALSE)
        return plan_refuse(r, v, key, "true or false is expected");
    *ret = v->type == JSON_TRUE;
    return OK;
}

enum err plan_want_array(struct reader *r, const struct json *object, const char *key,
                         const struct json **ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return plan_refuse(r, object, key, "is missing");
    if (v->type != JSON_ARRAY || v->count == 0)
        return plan_refuse(r, v, key, "a list [...] with at least one entry is expected");
    *ret = v;
    return OK;
}

/* Both languages or a refusal: a rule that one side cannot read is not published. */
enum err plan_want_text(struct reader *r, const struct json *object, const char *key, bool needed,
                        struct plan_text *ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return needed ? plan_refuse(r, object, key, "is missing: {\"zh\": ..., \"en\": ...}") : OK;
    TRY(plan_known(r, v, "zh en"));
    const struct json *zh = json_get(v, "zh"), *en = json_get(v, "en");
    if (!zh || zh->type != JSON_STRING || str_trim(zh->text).len == 0)
        return plan_refuse(r, v, key, "the Chinese text (zh) is missing");
    if (!en || en->type != JSON_STRING || str_trim(en->text).len == 0)
        return plan_refuse(r, v, key, "the English text (en) is missing");
    *ret = (struct plan_text){ zh->text, en->text };
    return OK;
}

enum err plan_column_named(struct reader *r, const struct json *v, const char *field, int table,
                           int *ret)
{
    if (v->type != JSON_STRING)
        return plan_refuse(r, v, field, "the name of a column is expected");
    const struct table *t = &r->plan->tables[table];
    for (int i = 0; i < t->count; i++) {
        if (str_eq(t->columns[i].name, v->text)) {
            *ret = i;
            return OK;
        }
    }
    return plan_refuse(r, v, field,
                       "table " STR_FMT " has no column or earlier component " STR_FMT,
                       STR_ARG(t->name), STR_ARG(v->text));
}

enum err plan_want_column(struct reader *r, const struct json *object, const char *key, int table,
                          int *ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return plan_refuse(r, object, key, "is missing");
    return plan_column_named(r, v, key, table, ret);
}

enum err plan_want_table(struct reader *r, const struct json *object, const char *key, int *ret)
{
    struct str name;
    TRY(plan_want_str(r, object, key, &name));
    for (int i = 0; i < r->plan->about.tables; i++) {
        if (str_eq(r->plan->tables[i].name, name)) {
            *ret = i;
            return OK;
        }
    }
    return plan_refuse(r, json_get(object, key), key, "there is no table " STR_FMT, STR_ARG(name));
}

enum err plan_want_number(struct reader *r, const struct json *object, const char *key,
                          int64_t *ret)
{
    const struct json *v = json_get(object, key);
    if (!v)
        return plan_refuse(r, object, key, "is missing");
    if (v->type == JSON_STRING) {
        for (int i = 0; i < r->plan->parameter_count; i++) {
            const struct formula_name *p = &r->plan->parameters[i];
            if (str_eq(p->name, v->text) && p->type == FORMULA_NUMBER && p->scale == 0) {
                *ret = p->value;
                return OK;
            }
        }
        return plan_refuse(r, v, key, "there is no whole-number parameter " STR_FMT,
                           STR_ARG(v->text));
    }
    return plan_maybe_i64(r, object, key, ret, NULL);
}
