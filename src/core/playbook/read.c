/* Reading a playbook: files -> entries, with every mistake told. */
#include "core/playbook/internal.h"

#include "entity/put.h"

#include <stdio.h>

void playbook_mistake_at(struct playbook_reader *r, const struct playbook_document *d,
                         const struct json *at, struct str field, const char *format, ...)
{
    struct playbook_mistake *m = vec_push(r->arena, r->mistakes);
    *m = (struct playbook_mistake){ .file = d->file.name, .field = field };
    va_list args;
    va_start(args, format);
    m->reason = str_vfmt(r->arena, format, args);
    va_end(args);
    if (at)
        json_position(d->file.text, at->at, &m->line, &m->column);
}

const struct playbook_document *playbook_document_of(const struct playbook_reader *r,
                                                     struct str name)
{
    for (size_t i = 0; i < r->documents.count; i++)
        if (str_eq(r->documents.items[i].file.name, name))
            return &r->documents.items[i];
    return NULL;
}

const struct playbook_entry *playbook_find(const struct playbook_entry *entries, size_t count,
                                           const char *section, struct str code)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(entries[i].code, code) && str_is(entries[i].section, section))
            return &entries[i];
    return NULL;
}

const struct playbook_entry *playbook_entry_of(const struct playbook_source *source,
                                               const char *section, struct str code)
{
    return playbook_find(source->entries, source->count, section, code);
}

struct str playbook_word(const struct json *v, const char *key)
{
    const struct json *member = v && v->type == JSON_OBJECT ? json_get(v, key) : NULL;
    return member && member->type == JSON_STRING ? member->text : STR_NONE;
}

struct str playbook_zh(const struct json *v, const char *key)
{
    return playbook_word(json_get(v, key), "zh");
}

struct str playbook_en(const struct json *v, const char *key)
{
    return playbook_word(json_get(v, key), "en");
}

int64_t playbook_bound(const struct json *v, const char *key, const char *bound, int64_t otherwise)
{
    const struct json *range = json_get(v, key);
    int64_t n;
    return range && json_i64(json_get(range, bound), &n) ? n : otherwise;
}

/* ---- files ---- */

static bool is_plan(struct str name)
{
    return str_starts(name, STR("plans/")) && str_ends(name, STR(".json"));
}

static bool is_part(struct str name)
{
    for (const struct playbook_section *s = playbook_sections; s->name; s++)
        if (s->file && str_is(name, s->file))
            return true;
    return is_plan(name);
}

/* The place stands beside the reason already. */
static const char *without_place(const char *message)
{
    const char *rest = strncmp(message, "line ", 5) == 0 ? strstr(message, ": ") : NULL;
    return rest ? rest + 2 : message;
}

static void read_document(struct playbook_reader *r, const struct playbook_file *file)
{
    struct playbook_document *d = vec_push(r->arena, &r->documents);
    d->file = *file;
    struct fault fault = { 0 };
    if (!is_part(file->name))
        playbook_mistake_at(r, d, NULL, STR_NONE, "a playbook has no such file");
    else if (json_read(r->arena, file->text, (struct json_limits){ .bytes = PLAYBOOK_BYTES_MAX },
                       &fault, &d->json)) {
        d->json = NULL;
        playbook_mistake_at(r, d, NULL, STR_NONE, "%s", without_place(fault.message));
        r->mistakes->items[r->mistakes->count - 1].line = fault.line;
        r->mistakes->items[r->mistakes->count - 1].column = fault.column;
    } else if (d->json->type != JSON_OBJECT) {
        playbook_mistake_at(r, d, d->json, STR_NONE, "the file must hold one object");
        d->json = NULL;
    }
}

static void missing_file(struct playbook_reader *r, const char *name)
{
    struct playbook_document d = { .file = { .name = str_from(name) } };
    playbook_mistake_at(r, &d, NULL, STR_NONE, "the file is missing");
}

/* ---- entries ---- */

static struct playbook_entry *add_entry(struct playbook_reader *r, const char *section,
                                        const struct playbook_document *d, const struct json *v)
{
    struct playbook_entry *entry = vec_push(r->arena, &r->entries);
    int column;
    *entry = (struct playbook_entry){
        .section = str_from(section), .code = playbook_word(v, "code"), .file = d->file.name,
        .json = v, .name = playbook_zh(v, "name"), .name_en = playbook_en(v, "name"),
    };
    json_position(d->file.text, v->at, &entry->line, &column);
    return entry;
}

static void take_list(struct playbook_reader *r, const struct playbook_section *s,
                      const struct playbook_document *d)
{
    const struct json *list = json_get(d->json, s->list);
    struct str path = str_from(s->list);
    if (!list && !s->required)
        return;
    if (!list || list->type != JSON_ARRAY) {
        playbook_mistake_at(r, d, list ? list : d->json, path,
                            list ? "it must be a list of objects" : "it is missing");
        return;
    }
    int i = 0;
    for (const struct json *v = list->first; v; v = v->next, i++) {
        struct str code = playbook_word(v, "code");
        if (code.len && playbook_find(r->entries.items, r->entries.count, s->name, code))
            playbook_mistake_at(r, d, v, str_fmt(r->arena, "%s[%d].code", s->list, i),
                                "there are two %s entries \"" STR_FMT "\"", s->name,
                                STR_ARG(code));
        if (v->type == JSON_OBJECT)
            add_entry(r, s->name, d, v);
    }
}

/* The name of a plan's file is its code. */
static void take_plans(struct playbook_reader *r)
{
    for (size_t i = 0; i < r->documents.count; i++) {
        const struct playbook_document *d = &r->documents.items[i];
        if (!d->json || !is_plan(d->file.name))
            continue;
        struct playbook_entry *entry = add_entry(r, "plan", d, d->json);
        struct str base = str_cut(d->file.name, strlen("plans/"), d->file.name.len);
        entry->code = str_cut(base, 0, base.len - strlen(".json"));
        entry->name = playbook_zh(d->json, "title");
        entry->name_en = playbook_en(d->json, "title");
        entry->body = d->file.text;
    }
}

/* Entries first, because they refer to each other across files. */
static void collect(struct playbook_reader *r)
{
    for (const struct playbook_section *s = playbook_sections; s->name; s++) {
        const struct playbook_document *d =
            s->file ? playbook_document_of(r, str_from(s->file)) : NULL;
        if (!s->file)
            take_plans(r);
        else if (!d && s->required)
            missing_file(r, s->file);
        else if (d && d->json && s->list)
            take_list(r, s, d);
        else if (d && d->json)
            add_entry(r, s->name, d, d->json);
    }
}

/* A file with several sections holds their lists and nothing else. */
static void check_lists(struct playbook_reader *r, const struct playbook_document *d)
{
    for (const struct json *c = d->json->first; c; c = c->next) {
        bool known = false;
        for (const struct playbook_section *s = playbook_sections; s->name; s++)
            known |= s->list && str_is(d->file.name, s->file) && str_is(c->key, s->list);
        if (!known)
            playbook_mistake_at(r, d, c, c->key, "unknown key");
    }
}

static void check_section(struct playbook_reader *r, const struct playbook_section *s)
{
    const struct playbook_document *d = playbook_document_of(r, str_from(s->file));
    if (!d || !d->json)
        return;
    if (!s->list) {
        playbook_check_entry(r, d, d->json, s->keys, STR_NONE);
        return;
    }
    const struct json *list = json_get(d->json, s->list);
    int i = 0;
    for (const struct json *v = list && list->type == JSON_ARRAY ? list->first : NULL; v;
         v = v->next, i++)
        playbook_check_entry(r, d, v, s->keys, str_fmt(r->arena, "%s[%d]", s->list, i));
}

static void check_all(struct playbook_reader *r)
{
    for (const struct playbook_section *s = playbook_sections; s->name; s++)
        if (s->file)
            check_section(r, s);
    for (size_t i = 0; i < r->documents.count; i++) {
        const struct playbook_document *d = &r->documents.items[i];
        if (d->json && !is_plan(d->file.name) && !str_is(d->file.name, "playbook.json"))
            check_lists(r, d);
    }
}

/* ---- the source ---- */

static struct str digest_of(struct arena *arena, const struct playbook_source *source)
{
    struct buf lines = buf_in(arena);
    for (size_t i = 0; i < source->count; i++) {
        const struct playbook_entry *e = &source->entries[i];
        buf_fmt(&lines, STR_FMT "/" STR_FMT " " STR_FMT "\n", STR_ARG(e->section),
                STR_ARG(e->code), STR_ARG(sha256_hex(arena, e->body)));
    }
    return sha256_hex(arena, buf_view(&lines));
}

/* Strings, objects and small whole numbers only: the canonical form cannot fail after the checks,
 * but a mistake is better than an assertion. */
static void canonize(struct playbook_reader *r)
{
    for (size_t i = 0; i < r->entries.count; i++) {
        struct playbook_entry *e = &r->entries.items[i];
        struct fault fault = { 0 };
        if (e->body.data || !json_canonical(r->arena, e->json, &fault, &e->body))
            continue;
        playbook_mistake_at(r, playbook_document_of(r, e->file), e->json, e->code, "%s",
                            fault.message);
    }
}

static const struct playbook_source *make_source(struct playbook_reader *r)
{
    struct playbook_source *source = arena_new(r->arena, struct playbook_source);
    const struct json *head = playbook_document_of(r, STR("playbook.json"))->json;
    *source = (struct playbook_source){
        .code = playbook_word(head, "code"),
        .name = playbook_zh(head, "name"), .name_en = playbook_en(head, "name"),
        .about_zh = playbook_zh(head, "about"), .about_en = playbook_en(head, "about"),
        .entries = r->entries.items, .count = r->entries.count,
    };
    source->sha256 = digest_of(r->arena, source);
    return source;
}

static int by_place(const struct playbook_mistake *a, const struct playbook_mistake *b)
{
    int files = str_cmp(a->file, b->file);
    return files ? files : a->line != b->line ? (a->line > b->line) - (a->line < b->line)
                                              : (a->column > b->column) - (a->column < b->column);
}

/* In the order of the files; few, so insertion keeps those of one place as they were found. */
static void sort_mistakes(playbook_mistakes *m)
{
    for (size_t i = 1; i < m->count; i++)
        for (size_t k = i; k > 0 && by_place(&m->items[k - 1], &m->items[k]) > 0; k--) {
            struct playbook_mistake swap = m->items[k];
            m->items[k] = m->items[k - 1];
            m->items[k - 1] = swap;
        }
}

enum err playbook_read(struct arena *arena, const playbook_files *files, const struct model *model,
                       playbook_mistakes *mistakes, const struct playbook_source **ret)
{
    struct playbook_reader r = { .arena = arena, .model = model, .mistakes = mistakes };
    *ret = NULL;
    for (size_t i = 0; i < files->count; i++)
        read_document(&r, &files->items[i]);
    collect(&r);
    check_all(&r);
    if (!mistakes->count)
        playbook_check_whole(&r);
    if (!mistakes->count)
        canonize(&r);
    if (!mistakes->count)
        *ret = make_source(&r);
    sort_mistakes(mistakes);
    return OK;
}

enum err playbook_refused(struct fault *fault, const playbook_mistakes *mistakes)
{
    const struct playbook_mistake *m = &mistakes->items[0];
    struct str more = STR_NONE;
    char text[40];
    if (mistakes->count > 1) {
        int n = snprintf(text, sizeof text, " (and %zu more)", mistakes->count - 1);
        more = (struct str){ text, (size_t)n };
    }
    char field[FAULT_FIELD_MAX];
    snprintf(field, sizeof field, STR_FMT, STR_ARG(m->field));
    enum err e = fault_set_field(fault, ERR_INVALID, field,
                                 STR_FMT ":%d: " STR_FMT "%s" STR_FMT STR_FMT, STR_ARG(m->file),
                                 m->line, STR_ARG(m->field), m->field.len ? ": " : "",
                                 STR_ARG(m->reason), STR_ARG(more));
    fault->line = m->line;
    fault->column = m->column;
    return e;
}

enum err playbook_read_folder(struct arena *arena, const char *folder, const char *code,
                              struct fault *fault, const struct playbook_source **ret)
{
    playbook_files files = { 0 };
    playbook_mistakes mistakes = { 0 };
    TRY(playbook_files_of(arena, folder, code, fault, &files));
    TRY(playbook_read(arena, &files, NULL, &mistakes, ret));
    if (!mistakes.count)
        return OK;
    enum err e = playbook_refused(fault, &mistakes);
    return fault_explain(fault, e, "playbook %s", code);
}
