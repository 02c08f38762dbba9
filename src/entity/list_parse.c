/* list_parse.c - the query part of an address becomes a struct query. */
#include "db/search.h"
#include "entity/list.h"
#include "entity/secret.h"
#include "entity/value.h"

#include <stdio.h>
#include <string.h>

struct parsing {
    struct cx *cx;
    const struct entity_model *model;
    const struct entity_operation *list;
    VEC(struct filter) filters;
    VEC(struct order) orders;
    struct list_params *to;
    struct str cursor;
};

static void bad(struct parsing *p, struct str name, const char *english, const char *chinese)
{
    problem(p->cx, str_cstr(p->cx->arena, name), "unknown", "%s", "%s",
            cx_say(p->cx, english, chinese));
}

/* ------------------------------------------------------------------ filters */

static bool is_filter(const struct parsing *p, const struct entity_field *f)
{
    size_t number = (size_t)(f - p->model->fields);
    for (uint16_t i = 0; i < p->list->field_count; i++)
        if (p->list->fields[i] == number)
            return true;
    return number == (size_t)(model_field(p->model, "id") - p->model->fields);
}

/* "me" stands for the caller in every field that refers to a person. */
static bool is_me(const struct parsing *p, const struct entity_field *f, struct str text)
{
    return f->type == FIELD_REF && str_is(text, "me") &&
           model_target(p->cx, f) == model_named(p->cx->model, "person");
}

static bool one_value(struct parsing *p, const struct entity_field *f, struct str name,
                      struct str text, struct db_value *ret)
{
    if (is_me(p, f, text)) {
        *ret = db_int(p->cx->actor.person);
        return true;
    }
    if (f->type == FIELD_SECRET) {
        struct str hash;
        if (secret_hash(p->cx, text, &hash) != OK)
            return false;
        *ret = db_bytes(hash);
        return true;
    }
    return field_from_query(p->cx, f, str_cstr(p->cx->arena, name), text, ret);
}

static void add_values(struct parsing *p, const struct entity_field *f, enum filter_kind kind,
                       struct str name, struct str text)
{
    VEC(struct db_value) values = { 0 };
    struct str rest = text, part;
    bool several = kind == FILTER_IN && f->type != FIELD_SECRET;
    while (several ? str_split(&rest, ',', &part) : rest.data != NULL) {
        if (!several) {
            part = rest;
            rest = STR_NONE;
        }
        struct db_value value;
        if (!one_value(p, f, name, part, &value))
            return;
        vec_add(p->cx->arena, &values, value);
        if (values.count > FILTER_VALUES_MAX) {
            problem(p->cx, str_cstr(p->cx->arena, name), "range", "more than %d values",
                    "超过 %d 个值", FILTER_VALUES_MAX);
            return;
        }
    }
    if (values.count > 0)
        vec_add(p->cx->arena, &p->filters,
                ((struct filter){ f, kind, values.items, values.count }));
}

static void add_null(struct parsing *p, const struct entity_field *f, struct str name,
                     struct str text)
{
    if (str_is(text, "true") || str_is(text, "1"))
        vec_add(p->cx->arena, &p->filters, ((struct filter){ f, FILTER_NULL, NULL, 0 }));
    else if (str_is(text, "false") || str_is(text, "0"))
        vec_add(p->cx->arena, &p->filters, ((struct filter){ f, FILTER_SET, NULL, 0 }));
    else
        bad(p, name, "must be true or false", "应为 true 或 false");
}

static bool is_ranged(const struct entity_field *f)
{
    return f->type == FIELD_INT || f->type == FIELD_MONEY || f->type == FIELD_RATE ||
           f->type == FIELD_DECIMAL || f->type == FIELD_DATE || f->type == FIELD_INSTANT;
}

static const struct {
    const char *suffix;
    enum filter_kind kind;
} suffixes[] = {
    { ".from", FILTER_FROM }, { ".to", FILTER_TO },     { ".prefix", FILTER_PREFIX },
    { ".null", FILTER_NULL }, { "_from", FILTER_FROM }, { "_to", FILTER_TO },
};

/* The filter word of an address is the field's name; its wire name ("fee_fen") is taken too. */
static const struct entity_field *filter_field(const struct parsing *p, struct str name)
{
    const struct entity_field *f = field_named(p->model->fields, p->model->field_count, name,
                                               false);
    return f ? f : field_named(p->model->fields, p->model->field_count, name, true);
}

static void add_filter(struct parsing *p, struct str name, struct str text)
{
    enum filter_kind kind = FILTER_IN;
    const struct entity_field *f = filter_field(p, name);
    for (size_t i = 0; i < COUNT(suffixes) && !f; i++) {
        if (!str_ends(name, str_from(suffixes[i].suffix)))
            continue;
        kind = suffixes[i].kind;
        f = filter_field(p, str_cut(name, 0, name.len - strlen(suffixes[i].suffix)));
    }
    if (!f || !is_filter(p, f)) {
        bad(p, name, "the list has no such filter", "列表没有此筛选项");
        return;
    }
    if (kind == FILTER_NULL)
        add_null(p, f, name, text);
    else if ((kind == FILTER_FROM || kind == FILTER_TO) && !is_ranged(f))
        bad(p, name, "this field has no range", "此字段不支持范围筛选");
    else if (kind == FILTER_PREFIX && f->type != FIELD_TEXT)
        bad(p, name, "this field has no beginning to compare", "此字段不支持前缀筛选");
    else
        add_values(p, f, kind, name, text);
}

/* ------------------------------------------------------------------ sort */

static bool is_sort(const struct parsing *p, uint16_t field)
{
    for (uint16_t i = 0; i < p->list->sort_count; i++)
        if (p->list->sorts[i].field == field)
            return true;
    return false;
}

static void add_sort(struct parsing *p, struct str text)
{
    struct str word;
    while (str_split(&text, ',', &word)) {
        bool down = word.len > 0 && word.data[0] == '-';
        const struct entity_field *f = filter_field(p, str_cut(word, down, word.len));
        if (!f || !is_sort(p, (uint16_t)(f - p->model->fields))) {
            problem(p->cx, "sort", "unknown", "cannot sort by “" STR_FMT "”",
                    "不能按“" STR_FMT "”排序", STR_ARG(word));
            continue;
        }
        for (size_t i = 0; i < p->orders.count; i++)
            if (p->orders.items[i].field == f)
                return bad(p, STR("sort"), "names a field twice", "重复指定了同一字段");
        vec_add(p->cx->arena, &p->orders, ((struct order){ f, down }));
    }
}

static void default_sort(struct parsing *p)
{
    if (p->orders.count == 0 && p->list->sort_count > 0)
        vec_add(p->cx->arena, &p->orders,
                ((struct order){ &p->model->fields[p->list->sorts[0].field],
                                 p->list->sorts[0].down }));
}

/* ------------------------------------------------------------------ the rest */

static void set_limit(struct parsing *p, struct str text)
{
    int64_t limit;
    if (!str_to_i64(text, &limit) || limit < 1 || limit > LIST_LIMIT_MAX)
        problem(p->cx, "limit", "range", "must be between 1 and %d", "应在 1 与 %d 之间",
                LIST_LIMIT_MAX);
    else
        p->to->query.limit = (int)limit;
}

static void set_search(struct parsing *p, struct str text)
{
    if (!(p->model->flags & ENTITY_SEARCH)) {
        bad(p, STR("q"), "this list has no full text", "此列表不支持全文搜索");
        return;
    }
    text = str_trim(text);
    if (text.len == 0)
        return;
    p->to->query.search_plain = text;
    p->to->query.search = db_search_query(p->cx->arena, db_tx_engine(p->cx->tx), p->cx->org,
                                          p->model->name, text);
    if (p->to->query.search.len == 0) /* matches nothing, unlike no search at all */
        p->to->query.search = STR("");
}

static void set_archived(struct parsing *p, struct str text)
{
    if (!(p->model->flags & ENTITY_ARCHIVE))
        bad(p, STR("archived"), "nothing is archived here", "此列表没有归档");
    else if (str_is(text, "true") || str_is(text, "1"))
        p->to->query.archived = ARCHIVED_SHOW;
    else if (str_is(text, "only"))
        p->to->query.archived = ARCHIVED_ONLY;
    else if (!str_is(text, "false") && !str_is(text, "0"))
        bad(p, STR("archived"), "must be true, false or only", "应为 true、false 或 only");
}

static void select_fields(struct parsing *p, struct str text)
{
    p->to->selected = arena_array(p->cx->arena, bool, p->model->field_count);
    struct str word;
    while (str_split(&text, ',', &word)) {
        const struct entity_field *f = filter_field(p, word);
        if (f)
            p->to->selected[f - p->model->fields] = true;
        else
            problem(p->cx, "fields", "unknown", "there is no field “" STR_FMT "”",
                    "没有字段“" STR_FMT "”", STR_ARG(word));
    }
}

static bool read_option(struct parsing *p, struct str name, struct str text, enum entity_op op)
{
    if (str_is(name, "q") || str_is(name, "search"))
        set_search(p, text);
    else if (str_is(name, "sort"))
        add_sort(p, text);
    else if (str_is(name, "archived"))
        set_archived(p, text);
    else if (str_is(name, "fields"))
        select_fields(p, text);
    else if (op == OP_EXPORT && (str_is(name, "format") || str_is(name, "bom")))
        return true; /* export.c reads them */
    else if (str_is(name, "limit") && op == OP_LIST)
        set_limit(p, text);
    else if ((str_is(name, "after") || str_is(name, "cursor")) && op == OP_LIST)
        p->cursor = text;
    else if (str_is(name, "total") && op == OP_LIST)
        p->to->total = str_is(text, "true") || str_is(text, "1");
    else
        return false;
    return true;
}

enum err list_parse(struct cx *cx, const struct entity_model *model, const struct request *in,
                    enum entity_op op, struct list_params *ret)
{
    *ret = (struct list_params){ .query = {
        .model = model,
        .grant = cx_grant(cx, model->ops[op].may),
        .labels = true,
        .limit = op == OP_LIST ? LIST_LIMIT : 0,
    } };
    struct parsing p = { .cx = cx, .model = model, .list = &model->ops[OP_LIST], .to = ret };
    for (size_t i = 0; i < in->query_count; i++)
        if (!read_option(&p, in->query[i].name, in->query[i].value, op))
            add_filter(&p, in->query[i].name, in->query[i].value);
    default_sort(&p);
    ret->query.filters = p.filters.items;
    ret->query.filter_count = p.filters.count;
    ret->query.orders = p.orders.items;
    ret->query.order_count = p.orders.count;
    if (p.cursor.len > 0 && !cursor_read(cx, &ret->query, p.cursor, &ret->query.after))
        problem(cx, "after", "cursor", "is no cursor of this list",
                "不是此列表的游标");
    return problems_end(cx);
}
