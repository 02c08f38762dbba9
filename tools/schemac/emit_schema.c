/* emit_schema.c - fields, rows and inputs as schemas of OpenAPI 3.1 (JSON Schema 2020-12). */
#include "openapi.h"

static void put_codes(struct json_writer *w, const struct choice_set *set)
{
    put(w, "type", "string");
    json_key(w, "enum");
    json_begin_array(w);
    for (size_t i = 0; i < set->count; i++)
        json_put_str(w, set->items[i].code);
    json_end_array(w);
}

void schema_integer(struct json_writer *w, const struct field *f, const char *format)
{
    /* Beyond 2^53 a JSON reader may round: such limits say nothing to it. */
    const int64_t exact = INT64_C(1) << 53;
    put(w, "type", "integer");
    put(w, "format", format);
    if (f->ranged && f->low > -exact)
        put_int(w, "minimum", f->low);
    if (f->ranged && f->high < exact)
        put_int(w, "maximum", f->high);
}

static void put_text(struct json_writer *w, const char *format, int64_t max)
{
    put(w, "type", "string");
    if (format)
        put(w, "format", format);
    if (max > 0)
        put_int(w, "maxLength", max);
}

static void put_type(struct json_writer *w, const struct field *f)
{
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE:
        put_text(w, "int64-id", 0);
        put_str(w, "x-entity", f->of.s);
        break;
    case FIELD_TEXT: put_text(w, NULL, f->high); break;
    case FIELD_SECRET: put_text(w, "masked", f->high); break;
    case FIELD_INT: schema_integer(w, f, "int64"); break;
    case FIELD_MONEY: schema_integer(w, f, "fen"); break;
    case FIELD_RATE: schema_integer(w, f, "ppm"); break;
    case FIELD_DECIMAL: put_text(w, "decimal", 0); break;
    case FIELD_DATE: put_text(w, "date", 0); break;
    case FIELD_INSTANT: put_text(w, "date-time", 0); break;
    case FIELD_BOOL: put(w, "type", "boolean"); break;
    case FIELD_ENUM:
    case FIELD_STATES: put_codes(w, f->choices); break;
    case FIELD_JSON: break; /* any value */
    case FIELD_BYTES:
        put(w, "type", "string");
        put(w, "contentEncoding", "base64");
        break;
    case FIELD_POINT:
        put(w, "type", "array");
        begin(w, "items");
        put(w, "type", "number");
        json_end_object(w);
        put_int(w, "minItems", 2);
        put_int(w, "maxItems", 2);
        break;
    case FIELD_ROWS:
        put(w, "type", "array");
        put_int(w, "minItems", f->low);
        put_int(w, "maxItems", f->high);
        begin(w, "items");
        schema_record(w, f->rows);
        json_end_object(w);
        break;
    }
}

static struct str wire(struct arena *arena, const struct field *f)
{
    const char *unit = f->type == FIELD_MONEY ? "_fen" : f->type == FIELD_RATE ? "_ppm" : "";
    return str_fmt(arena, STR_FMT "%s", STR_ARG(f->name), unit);
}

static void put_property(struct json_writer *w, const struct field *f)
{
    json_key_str(w, wire(w->out->arena, f));
    json_begin_object(w);
    put_type(w, f);
    put_str(w, "title", f->label.en);
    put_str(w, "x-title-zh", f->label.zh);
    if (f->help.en.len)
        put_str(w, "description", f->help.en);
    if (f->unit.len)
        put_str(w, "x-unit", f->unit);
    if (f->flags & FIELD_READONLY) {
        json_key(w, "readOnly");
        json_put_bool(w, true);
    }
    json_end_object(w);
}

static void put_required(struct json_writer *w, const struct record *r, const struct words *only)
{
    json_key(w, "required");
    json_begin_array(w);
    for (size_t i = 0; i < (only ? only->count : r->count); i++) {
        const struct field *f = &r->items[only ? (size_t)only->items[i].resolved : i];
        bool must = (f->flags & FIELD_REQUIRED) && !(f->flags & FIELD_DEFAULT);
        if (must)
            json_put_str(w, wire(w->out->arena, f));
    }
    json_end_array(w);
}

void schema_record(struct json_writer *w, const struct record *r)
{
    put(w, "type", "object");
    begin(w, "properties");
    for (size_t i = 0; i < r->count; i++)
        put_property(w, &r->items[i]);
    json_end_object(w);
    put_required(w, r, NULL);
    json_key(w, "additionalProperties");
    json_put_bool(w, false);
}

/* What create or update takes: the accepted fields. Update demands none of them. */
void schema_accepted(struct json_writer *w, const struct entity *e, enum entity_op op)
{
    const struct words *fields = &e->ops[op].fields;
    put(w, "type", "object");
    begin(w, "properties");
    for (size_t i = 0; i < fields->count; i++)
        put_property(w, &e->fields.items[fields->items[i].resolved]);
    if (e->flags & ENTITY_EXTRA) {
        begin(w, "extra");
        put(w, "type", "object");
        json_end_object(w);
    }
    json_end_object(w);
    if (op == OP_CREATE && !e->hook_fill)
        put_required(w, &e->fields, fields);
    json_key(w, "additionalProperties");
    json_put_bool(w, false);
}

void schema_row(struct json_writer *w, const struct entity *e)
{
    put(w, "type", "object");
    put_str(w, "title", e->label.en);
    put_str(w, "x-title-zh", e->label.zh);
    begin(w, "properties");
    for (size_t i = 0; i < e->fields.count; i++)
        if (!(e->fields.items[i].flags & FIELD_HIDDEN))
            put_property(w, &e->fields.items[i]);
    json_end_object(w);
}
