/* encode.c - members as JSON and as the text of a sheet. */
#include "entity/value.h"

#include "base/hex.h"

static struct str degrees(struct arena *arena, int64_t micro)
{
    return decimal_text(arena, (struct decimal){ micro, 6 });
}

static struct str field_decimal(struct cx *cx, const struct entity_field *f, const void *row)
{
    return decimal_text(cx->arena, (struct decimal){ field_i64(f, row), f->scale });
}

static void put_point(struct cx *cx, struct json_writer *w, const struct point *p)
{
    json_begin_array(w);
    json_put_raw(w, degrees(cx->arena, p->lat));
    json_put_raw(w, degrees(cx->arena, p->lon));
    json_end_array(w);
}

static void put_rows(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                     const void *row)
{
    const char *items = *(const char *const *)const_member_of(row, f->offset);
    size_t count = *(const size_t *)const_member_of(row, f->count_offset);
    json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        record_put_json(cx, w, f->rows, items + i * f->rows->size);
    json_end_array(w);
}

/* What the mask of a new secret is: it has not been sealed yet when a check fails. */
static struct str secret_mask(const struct entity_field *f, const void *row)
{
    const struct secret *s = const_member_of(row, f->offset);
    return s->mask.data ? s->mask : STR("****");
}

void field_put_json(struct cx *cx, struct json_writer *w, const struct entity_field *f,
                    const void *row)
{
    if (f->type != FIELD_ROWS && field_absent(f, row)) {
        json_put_null(w);
        return;
    }
    const void *at = const_member_of(row, f->offset);
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
        json_put_id(w, field_i64(f, row));
        return;
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
        json_put_i64(w, field_i64(f, row));
        return;
    case FIELD_DECIMAL:
        json_put_str(w, field_decimal(cx, f, row));
        return;
    case FIELD_DATE:
        json_put_str(w, date_text(cx->arena, *(const struct date *)at));
        return;
    case FIELD_INSTANT:
        json_put_str(w, instant_text(cx->arena, *(const struct instant *)at));
        return;
    case FIELD_BOOL:
        json_put_bool(w, *(const bool *)at);
        return;
    case FIELD_ENUM:
    case FIELD_STATES:
        json_put_cstr(w, f->choices->items[*(const int *)at].code);
        return;
    case FIELD_TEXT:
        json_put_str(w, *(const struct str *)at);
        return;
    case FIELD_SECRET:
        json_put_str(w, secret_mask(f, row));
        return;
    case FIELD_JSON:
        json_put_raw(w, *(const struct str *)at);
        return;
    case FIELD_BYTES: {
        struct str s = *(const struct str *)at;
        json_put_str(w, base64_encode(cx->arena, s.data, s.len));
        return;
    }
    case FIELD_POINT:
        put_point(cx, w, at);
        return;
    case FIELD_ROWS:
        put_rows(cx, w, f, row);
        return;
    }
}

void record_put_json(struct cx *cx, struct json_writer *w, const struct entity_record *record,
                     const void *row)
{
    json_begin_object(w);
    for (size_t i = 0; i < record->field_count; i++) {
        json_key(w, record->fields[i].wire);
        field_put_json(cx, w, &record->fields[i], row);
    }
    json_end_object(w);
}

/* "2026-10-31 09:30:00" in the company's zone: what a spreadsheet takes for a time. */
static struct str instant_local(struct cx *cx, struct instant t)
{
    struct date day = instant_date(t, cx->zone_minutes);
    int64_t s = (t.us - date_start(day, cx->zone_minutes).us) / 1000000;
    return str_fmt(cx->arena, STR_FMT " %02d:%02d:%02d", STR_ARG(date_text(cx->arena, day)),
                   (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

struct str field_text(struct cx *cx, const struct entity_field *f, const void *row)
{
    if (field_absent(f, row))
        return STR("");
    const void *at = const_member_of(row, f->offset);
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_INT:
        return str_from(id_text(cx, field_i64(f, row)));
    case FIELD_MONEY:
        return money_text(cx->arena, *(const struct money *)at);
    case FIELD_RATE: /* percent: 50 000 ppm is "5.0000" */
        return decimal_text(cx->arena, (struct decimal){ field_i64(f, row), 4 });
    case FIELD_DECIMAL:
        return field_decimal(cx, f, row);
    case FIELD_DATE:
        return date_text(cx->arena, *(const struct date *)at);
    case FIELD_INSTANT:
        return instant_local(cx, *(const struct instant *)at);
    case FIELD_BOOL:
        return str_from(*(const bool *)at ? cx_say(cx, "yes", "是") : cx_say(cx, "no", "否"));
    case FIELD_ENUM:
    case FIELD_STATES: {
        const struct choice *c = &f->choices->items[*(const int *)at];
        return str_from(cx_say(cx, c->en, c->zh));
    }
    case FIELD_TEXT:
    case FIELD_JSON:
        return *(const struct str *)at;
    case FIELD_SECRET:
        return secret_mask(f, row);
    case FIELD_BYTES: {
        struct str s = *(const struct str *)at;
        return base64_encode(cx->arena, s.data, s.len);
    }
    case FIELD_POINT: {
        const struct point *p = at;
        return str_fmt(cx->arena, STR_FMT "," STR_FMT, STR_ARG(degrees(cx->arena, p->lat)),
                       STR_ARG(degrees(cx->arena, p->lon)));
    }
    case FIELD_ROWS:
        break;
    }
    return STR("");
}
