/* Settings: descriptions with defaults (.settings files), and what a company has set. */
#include "core/setting/setting.h"

#include "core/setting/setting.gen.h"
#include "entity/model.h"
#include "entity/put.h"
#include "may.gen.h"

static const struct setting *setting_at(const struct cx *cx, int number)
{
    assert(0 <= number && number < cx->model->setting_count);
    return &cx->model->settings[number];
}

/* Found: 1, not set: 0. A failure counts as not set here; the next statement will tell it. */
static bool stored(struct cx *cx, const struct setting *s, struct setting_by_name_row *row)
{
    struct setting_by_name_in in = { .name = str_from(s->name) };
    if (!cx->org || setting_by_name(cx, in, row) != OK) {
        fault_clear(&cx->fault);
        return false;
    }
    return true;
}

int64_t setting_number(struct cx *cx, int setting)
{
    const struct setting *s = setting_at(cx, setting);
    struct setting_by_name_row row;
    return stored(cx, s, &row) && row.number != ABSENT ? row.number : s->number;
}

struct str setting_words(struct cx *cx, int setting)
{
    const struct setting *s = setting_at(cx, setting);
    struct setting_by_name_row row;
    if (stored(cx, s, &row) && row.words.data)
        return str_copy(cx->arena, row.words);
    return str_from(s->text);
}

/* ---- routes ---- */

static const char *const type_names[] = {
    [FIELD_INT] = "int", [FIELD_MONEY] = "money", [FIELD_RATE] = "rate", [FIELD_BOOL] = "bool",
    [FIELD_TEXT] = "text", [FIELD_DATE] = "date", [FIELD_ENUM] = "enum",
};

static void put_words(struct json_writer *w, const char *key, const char *zh, const char *en)
{
    if (zh) {
        put_label(w, key, str_from(zh), str_from(en));
        return;
    }
    json_key(w, key);
    json_put_null(w);
}

static void put_value(struct cx *cx, struct json_writer *w, const char *key,
                      const struct setting *s, int64_t number, struct str words)
{
    json_key(w, key);
    if (s->type == FIELD_TEXT)
        json_put_str(w, words);
    else if (s->type == FIELD_BOOL)
        json_put_bool(w, number != 0);
    else if (s->type == FIELD_DATE)
        json_put_str(w, date_text(cx->arena, (struct date){ (int32_t)number }));
    else if (s->type == FIELD_ENUM)
        json_put_cstr(w, s->choices->items[number].code);
    else
        json_put_i64(w, number);
}

static void put_options(struct json_writer *w, const struct setting *s)
{
    json_key(w, "options");
    if (s->type != FIELD_ENUM) {
        json_put_null(w);
        return;
    }
    json_begin_array(w);
    for (int i = 1; i < s->choices->count; i++) {
        json_begin_object(w);
        json_key(w, "value");
        json_put_cstr(w, s->choices->items[i].code);
        put_words(w, "label", s->choices->items[i].zh, s->choices->items[i].en);
        json_end_object(w);
    }
    json_end_array(w);
}

/* Units stand in descriptions by their usual signs; people read words. */
static const char *unit_zh(const char *unit)
{
    static const char *const words[][2] = {
        { "day", "天" }, { "h", "小时" }, { "min", "分钟" }, { "s", "秒" },
        { "B", "字节" }, { "m", "米" },
    };
    for (size_t i = 0; unit && i < COUNT(words); i++)
        if (strcmp(unit, words[i][0]) == 0)
            return words[i][1];
    return unit;
}

static void put_setting(struct cx *cx, struct json_writer *w, int number)
{
    const struct setting *s = setting_at(cx, number);
    struct setting_by_name_row row;
    bool set = stored(cx, s, &row);
    ptrdiff_t dot = str_find_char(str_from(s->name), '.');
    const char *group = str_cstr(cx->arena, str_cut(str_from(s->name), 0, (size_t)MAX(dot, 0)));
    json_begin_object(w);
    json_key(w, "key");
    json_put_cstr(w, s->name);
    put_words(w, "group", group, group);
    put_words(w, "label", s->zh, s->en);
    put_words(w, "help", s->help_zh, s->help_en);
    json_key(w, "type");
    json_put_cstr(w, type_names[s->type]);
    put_words(w, "unit", unit_zh(s->unit), s->unit);
    json_key(w, "min");
    json_put_i64(w, s->low);
    json_key(w, "max");
    json_put_i64(w, s->high);
    put_options(w, s);
    struct str words = set && row.words.data ? row.words : str_from(s->text);
    put_value(cx, w, "value", s, set && row.number != ABSENT ? row.number : s->number, words);
    put_value(cx, w, "default", s, s->number, str_from(s->text));
    json_key(w, "version");
    json_put_i64(w, set ? row.version : 0);
    json_end_object(w);
}

static enum err list(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    for (int i = 0; i < cx->model->setting_count; i++)
        put_setting(cx, &w, i);
    json_end_array(&w);
    json_key(&w, "next");
    json_put_null(&w);
    json_end_object(&w);
    return OK;
}

static bool read_enum(const struct setting *s, const struct json *v, int64_t *number)
{
    for (int i = 1; v->type == JSON_STRING && i < s->choices->count; i++)
        if (str_is(v->text, s->choices->items[i].code)) {
            *number = i;
            return true;
        }
    return false;
}

static bool read_value(const struct setting *s, const struct json *v, struct setting_value *row)
{
    struct date day;
    if (!v)
        return false;
    if (s->type == FIELD_TEXT) {
        row->words = v->text;
        return v->type == JSON_STRING && (int64_t)utf8_count(v->text) <= s->high;
    }
    if (s->type == FIELD_BOOL) {
        row->number = v->type == JSON_TRUE;
        return v->type == JSON_TRUE || v->type == JSON_FALSE;
    }
    if (s->type == FIELD_ENUM)
        return read_enum(s, v, &row->number);
    if (s->type == FIELD_DATE) {
        bool good = v->type == JSON_STRING && date_parse(v->text, &day);
        row->number = good ? day.day : 0;
        return good;
    }
    return json_i64(v, &row->number) && row->number >= s->low && row->number <= s->high;
}

static int find_setting(const struct cx *cx, struct str name)
{
    for (int i = 0; i < cx->model->setting_count; i++)
        if (str_is(name, cx->model->settings[i].name))
            return i;
    return -1;
}

static enum err change(struct cx *cx, const struct request *in, struct reply *out)
{
    int number = find_setting(cx, request_param(in, "key"));
    if (number < 0)
        return refuse(cx, ERR_NOT_FOUND, "there is no such setting", "没有这项设置");
    const struct setting *s = setting_at(cx, number);
    struct setting_value row = setting_value_blank;
    struct setting_by_name_row old;
    bool set = stored(cx, s, &old);
    if (set)
        TRY(setting_value_get(cx, old.id, &row));
    if (in->if_match > 0 && in->if_match != (set ? old.version : 0))
        return refuse(cx, ERR_VERSION, "it was changed by somebody else", "已被他人修改，请刷新");
    row.name = str_from(s->name);
    if (!read_value(s, json_get(in->json, "value"), &row))
        problem(cx, "value", "range", "%s: between %lld and %lld", "%s：应在 %lld 与 %lld 之间",
                s->name, (long long)s->low, (long long)s->high);
    TRY(problems_end(cx));
    TRY(set ? setting_value_update(cx, &row) : setting_value_insert(cx, &row));
    struct json_writer w = reply_json(out);
    put_setting(cx, &w, number);
    return OK;
}

const struct route setting_routes[] = {
    { GET, "/settings", list, .may = MAY_SETTING_READ, .about = "Settings in force",
      .about_zh = "当前设置" },
    { PATCH, "/settings/{key}", change, .may = MAY_SETTING_UPDATE, .body = BODY_JSON,
      .about = "Change a setting", .about_zh = "修改设置" },
    { 0 },
};

const struct module setting_module = {
    .name = "setting",
    .about = "What a company may set, with type, range, unit and help.",
    .routes = setting_routes,
};
