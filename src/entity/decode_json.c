/* decode_json.c - JSON objects into rows and records, naming every field that is wrong. */
#include "entity/value.h"

#include "base/hex.h"

#include <stdio.h>
#include <string.h>

static bool wrong_type(struct cx *cx, const char *path, const char *english, const char *chinese)
{
    problem(cx, path, "type", "must be %s", "应为%s", cx_say(cx, english, chinese));
    return false;
}

static const char *join(struct cx *cx, const char *prefix, struct str name)
{
    return str_fmt(cx->arena, "%s" STR_FMT, prefix, STR_ARG(name)).data;
}

/* ------------------------------------------------------------------ single values */

static bool json_number(struct cx *cx, const struct entity_field *f, const char *path,
                        const struct json *v, void *row)
{
    int64_t number;
    if (!json_i64(v, &number) || number == ABSENT)
        return wrong_type(cx, path, "an integer", "整数");
    field_set_i64(f, row, number);
    return true;
}

static bool json_decimal(struct cx *cx, const struct entity_field *f, const char *path,
                         const struct json *v, void *row)
{
    struct decimal d;
    if ((v->type != JSON_STRING && v->type != JSON_NUMBER) || !decimal_parse(v->text, &d) ||
        d.scale > f->scale || !decimal_rescale(d, f->scale, ROUND_HALF_UP, &d) ||
        d.units > INT64_MAX || d.units <= INT64_MIN) {
        problem(cx, path, "type", "must be a number with at most %d decimals, as text",
                "应为文本形式、最多 %d 位小数的数", f->scale);
        return false;
    }
    field_set_i64(f, row, (int64_t)d.units);
    return true;
}

static bool json_id(struct cx *cx, const struct entity_field *f, const char *path,
                    const struct json *v, void *row)
{
    int64_t id;
    struct str s = v->text;
    /* One spelling per id: "017" is another text, not the same id. */
    if (v->type != JSON_STRING || s.len == 0 || s.data[0] < '1' || s.data[0] > '9' ||
        !str_to_i64(s, &id))
        return wrong_type(cx, path, "an id (digits, as text)", "文本形式的编号");
    field_set_i64(f, row, id);
    return true;
}

static bool json_point(struct cx *cx, const struct entity_field *f, const char *path,
                       const struct json *v, void *row)
{
    int64_t parts[2];
    bool good = v->type == JSON_ARRAY && v->count == 2;
    const struct json *item = good ? v->first : NULL;
    for (int i = 0; good && i < 2; i++, item = item->next) {
        struct decimal d;
        good = item->type == JSON_NUMBER && decimal_parse(item->text, &d) &&
               decimal_rescale(d, 6, ROUND_HALF_UP, &d) && d.units >= -360000000 &&
               d.units <= 360000000;
        parts[i] = good ? (int64_t)d.units : 0;
    }
    if (!good)
        return wrong_type(cx, path, "[latitude, longitude] in degrees", "[纬度, 经度]（度）");
    *(struct point *)member_of(row, f->offset) = (struct point){ parts[0], parts[1] };
    return true;
}

static bool json_choice(struct cx *cx, const struct entity_field *f, const char *path,
                        const struct json *v, void *row)
{
    if (v->type != JSON_STRING)
        return wrong_type(cx, path, "a code", "代码");
    int value = choice_by_code(f->choices, v->text);
    if (value) {
        field_set_i64(f, row, value);
        return true;
    }
    struct buf all = buf_in(cx->arena);
    for (int i = 1; i < f->choices->count; i++)
        buf_fmt(&all, "%s%s", i > 1 ? ", " : "", f->choices->items[i].code);
    problem(cx, path, "choice", "“" STR_FMT "” is none of: " STR_FMT,
            "“" STR_FMT "”不在可选值之中：" STR_FMT, STR_ARG(v->text), STR_ARG(buf_view(&all)));
    return false;
}

/* Text of blanks only is no text: it would satisfy `required` and say nothing. */
static bool json_text(struct cx *cx, const struct entity_field *f, const char *path,
                      const struct json *v, void *row)
{
    if (v->type != JSON_STRING)
        return wrong_type(cx, path, "text", "文本");
    if (str_trim(v->text).len == 0)
        field_clear(f, row);
    else if (f->type == FIELD_SECRET)
        *(struct secret *)member_of(row, f->offset) = (struct secret){ .plain = v->text };
    else
        *(struct str *)member_of(row, f->offset) = v->text;
    return true;
}

static bool json_tree(struct cx *cx, const struct entity_field *f, const struct json *v, void *row)
{
    struct buf text = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&text);
    json_put_tree(&w, v);
    *(struct str *)member_of(row, f->offset) = buf_view(&text);
    return true;
}

static bool json_rows(struct cx *cx, const struct entity_field *f, const char *path,
                      const struct json *v, void *row)
{
    if (v->type != JSON_ARRAY)
        return wrong_type(cx, path, "a list", "列表");
    if (v->count < f->low || v->count > f->high) {
        problem(cx, path, "range", "must have %lld to %lld entries", "应有 %lld 至 %lld 条",
                (long long)f->low, (long long)f->high);
        return false;
    }
    const struct entity_record *record = f->rows;
    char *items = arena_alloc(cx->arena, arena_array_size(v->count, record->size));
    size_t before = cx->problems.count, at = 0;
    for (const struct json *item = v->first; item; item = item->next, at++) {
        const char *prefix = str_fmt(cx->arena, "%s[%zu]", path, at).data;
        memcpy(items + at * record->size, record->blank, record->size);
        if (item->type != JSON_OBJECT) {
            wrong_type(cx, prefix, "an object", "对象");
            continue;
        }
        record_from_json(cx, record->fields, record->field_count, NULL, 0, true,
                         str_fmt(cx->arena, "%s.", prefix).data, item,
                         items + at * record->size, NULL);
    }
    *(const void **)member_of(row, f->offset) = items;
    *(size_t *)member_of(row, f->count_offset) = v->count;
    return cx->problems.count == before;
}

static bool json_simple(struct cx *cx, const struct entity_field *f, const char *path,
                        const struct json *v, void *row)
{
    void *at = member_of(row, f->offset);
    bool text = v->type == JSON_STRING;
    if (f->type == FIELD_BOOL) {
        if (v->type != JSON_TRUE && v->type != JSON_FALSE)
            return wrong_type(cx, path, "true or false", "true 或 false");
        *(bool *)at = v->type == JSON_TRUE;
        return true;
    }
    if (f->type == FIELD_DATE)
        return (text && date_parse(v->text, at)) ||
               wrong_type(cx, path, "a date like 2026-10-31", "形如 2026-10-31 的日期");
    if (f->type == FIELD_INSTANT)
        return (text && instant_parse(v->text, at)) ||
               wrong_type(cx, path, "a time like 2026-10-31T09:30:00+08:00",
                          "形如 2026-10-31T09:30:00+08:00 的时间");
    assert(f->type == FIELD_BYTES);
    return (text && base64_decode(cx->arena, v->text, at)) ||
           wrong_type(cx, path, "base64", "base64 文本");
}

static bool read_json(struct cx *cx, const struct entity_field *f, const char *path,
                      const struct json *v, void *row)
{
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
        return json_id(cx, f, path, v, row);
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
        return json_number(cx, f, path, v, row);
    case FIELD_DECIMAL:
        return json_decimal(cx, f, path, v, row);
    case FIELD_ENUM:
    case FIELD_STATES:
        return json_choice(cx, f, path, v, row);
    case FIELD_TEXT:
    case FIELD_SECRET:
        return json_text(cx, f, path, v, row);
    case FIELD_JSON:
        return json_tree(cx, f, v, row);
    case FIELD_POINT:
        return json_point(cx, f, path, v, row);
    case FIELD_ROWS:
        return json_rows(cx, f, path, v, row);
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_BYTES:
        return json_simple(cx, f, path, v, row);
    }
    return false;
}

bool field_from_json(struct cx *cx, const struct entity_field *f, const char *path,
                     const struct json *v, void *row)
{
    if (json_is_null(v)) {
        if (f->type == FIELD_BOOL)
            return wrong_type(cx, path, "true or false", "true 或 false");
        field_clear(f, row);
        return true;
    }
    return read_json(cx, f, path, v, row) && field_check(cx, f, path, row);
}

/* ------------------------------------------------------------------ objects */

struct reading {
    struct cx *cx;
    const struct entity_field *fields;
    size_t count;
    const uint16_t *allowed;
    size_t allowed_count;
    const char *prefix;
    void *row;
    bool *given;
};

static bool is_allowed(const struct reading *r, size_t index)
{
    if (!r->allowed)
        return true;
    for (size_t i = 0; i < r->allowed_count; i++)
        if (r->allowed[i] == index)
            return true;
    return false;
}

static void read_member(struct reading *r, const struct json *v)
{
    struct cx *cx = r->cx;
    const char *path = join(cx, r->prefix, v->key);
    const struct entity_field *f = field_named(r->fields, r->count, v->key, true);
    if (!f) {
        problem(cx, path, "unknown", "there is no such field", "没有此字段");
        return;
    }
    size_t index = (size_t)(f - r->fields);
    if (!is_allowed(r, index)) {
        problem(cx, path, "readonly", "cannot be set here", "此处不可填写该字段");
        return;
    }
    if (r->given)
        r->given[index] = true;
    /* A required field cleared on purpose is told by the caller's look at what is missing, unless
     * its value was bad in itself: then one message is enough. */
    if (field_from_json(cx, f, path, v, r->row) &&
        (f->flags & (FIELD_REQUIRED | FIELD_DEFAULT)) && f->type != FIELD_ROWS &&
        field_absent(f, r->row))
        problem(cx, path, "required", "is required", "必填");
}

void record_from_json(struct cx *cx, const struct entity_field *fields, size_t count,
                      const uint16_t *allowed, size_t allowed_count, bool create,
                      const char *prefix, const struct json *object, void *row, bool *given)
{
    struct reading r = { cx, fields, count, allowed, allowed_count, prefix, row, given };
    for (const struct json *v = object ? object->first : NULL; v; v = v->next)
        read_member(&r, v);
    for (size_t i = 0; create && i < count; i++) {
        const struct entity_field *f = &fields[i];
        /* Readonly fields are the business of hooks and commands; NOT NULL has the last word. */
        if ((f->flags & FIELD_REQUIRED) && !(f->flags & (FIELD_READONLY | FIELD_SYSTEM)) &&
            is_allowed(&r, i) && !(object && json_get(object, f->wire)) && field_absent(f, row))
            problem(cx, join(cx, prefix, str_from(f->wire)), "required", "is required", "必填");
    }
}
