/* Playbooks over HTTP: what the program ships, loading, differences, flags, groups, approvers. The
 * lists of versions and entries are the generic ones. */
#include "core/playbook/internal.h"

#include "core/org/org.gen.h"
#include "core/playbook/playbook.gen.h"
#include "entity/cx.h"
#include "may.gen.h"

static void put_both(struct json_writer *w, const char *key, struct str zh, struct str en)
{
    json_key(w, key);
    json_begin_object(w);
    json_key(w, "zh");
    json_put_str(w, zh);
    json_key(w, "en");
    json_put_str(w, en);
    json_end_object(w);
}

static void put_version(struct json_writer *w, const char *key, const struct playbook *row)
{
    json_key(w, key);
    if (!row->id.v) {
        json_put_null(w);
        return;
    }
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, row->id.v);
    json_key(w, "number");
    json_put_i64(w, row->number);
    json_key(w, "status");
    json_put_cstr(w, playbook_status_code(row->status));
    json_end_object(w);
}

/* ---- what there is to take ---- */

static enum err shelf(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    playbook_codes codes;
    const char *folder = playbook_folder(cx->arena);
    TRY(playbook_list(cx->arena, folder, &cx->fault, &codes));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    for (size_t i = 0; i < codes.count; i++) {
        const struct playbook_source *source;
        TRY(playbook_read_folder(cx->arena, folder, codes.items[i].data, &cx->fault, &source));
        json_begin_object(&w);
        json_key(&w, "code");
        json_put_str(&w, source->code);
        put_both(&w, "name", source->name, source->name_en);
        put_both(&w, "about", source->about_zh, source->about_en);
        json_key(&w, "sha256");
        json_put_str(&w, source->sha256);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, "next");
    json_put_null(&w);
    json_end_object(&w);
    return OK;
}

/* ---- loading ---- */

static enum err files_of_json(struct cx *cx, const struct json *body, playbook_files *ret)
{
    const struct json *files = json_get(body, "files");
    struct str code = playbook_word(body, "code");
    if (!files && code.len && body->count == 1)
        return playbook_files_of(cx->arena, playbook_folder(cx->arena), str_cstr(cx->arena, code),
                                 &cx->fault, ret);
    if (!files || files->type != JSON_OBJECT || body->count != 1)
        return refuse(cx, ERR_INVALID, "give {\"code\": …} or {\"files\": {name: text}}",
                      "请提供 {\"code\": …} 或 {\"files\": {文件名: 内容}}");
    for (const struct json *f = files->first; f; f = f->next) {
        struct str text = f->text;
        if (f->type != JSON_STRING) {
            struct buf written = buf_in(cx->arena);
            struct json_writer w = json_writer_to(&written);
            json_put_tree(&w, f);
            text = buf_view(&written);
        }
        vec_add(cx->arena, ret, ((struct playbook_file){ f->key, text }));
    }
    return OK;
}

static void tell(struct cx *cx, const struct playbook_mistake *m)
{
    const char *field = str_fmt(cx->arena, STR_FMT ":%d: " STR_FMT, STR_ARG(m->file), m->line,
                                STR_ARG(m->field)).data;
    problem(cx, field, "playbook", STR_FMT, STR_FMT, STR_ARG(m->reason));
}

/* Reading and checking may take a moment and must not hold up the writer. */
static enum err load_before(struct cx *cx, const struct request *in, void **ret)
{
    playbook_files files = { 0 };
    playbook_mistakes mistakes = { 0 };
    const struct playbook_source *source;
    TRY(in->json ? files_of_json(cx, in->json, &files)
                 : playbook_unpack(cx->arena, in->body, &cx->fault, &files));
    TRY(playbook_read(cx->arena, &files, cx->model, &mistakes, &source));
    for (size_t i = 0; i < mistakes.count; i++)
        tell(cx, &mistakes.items[i]);
    TRY(problems_end(cx));
    *ret = (void *)(uintptr_t)source;
    return OK;
}

static enum err load(struct cx *cx, const struct request *in, struct reply *out)
{
    struct playbook row;
    TRY(playbook_load_draft(cx, in->before, &row));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "id");
    json_put_id(&w, row.id.v);
    json_key(&w, "code");
    json_put_str(&w, row.code);
    json_key(&w, "number");
    json_put_i64(&w, row.number);
    json_key(&w, "status");
    json_put_cstr(&w, playbook_status_code(row.status));
    json_key(&w, "sha256");
    json_put_str(&w, row.sha256);
    json_end_object(&w);
    out->status = 201;
    out->version = row.version;
    out->location = str_fmt(cx->arena, "/api/v1/playbooks/%s", id_text(cx, row.id.v));
    return OK;
}

/* ---- differences ---- */

static void put_value(struct json_writer *w, const char *key, struct str value)
{
    json_key(w, key);
    if (value.data)
        json_put_raw(w, value);
    else
        json_put_null(w);
}

static void put_difference(struct json_writer *w, const struct playbook_difference *d)
{
    static const char *const names[] = { "", "added", "removed", "changed" };
    json_begin_object(w);
    json_key(w, "change");
    json_put_cstr(w, names[d->change]);
    json_key(w, "section");
    json_put_str(w, d->section);
    json_key(w, "code");
    json_put_str(w, d->code);
    put_both(w, "name", d->name, d->name_en);
    json_key(w, "values");
    json_begin_array(w);
    for (size_t i = 0; i < d->values.count; i++) {
        json_begin_object(w);
        json_key(w, "path");
        json_put_str(w, d->values.items[i].path);
        put_value(w, "before", d->values.items[i].before);
        put_value(w, "after", d->values.items[i].after);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* ?against=ID, else the version published before this one. */
static enum err other_version(struct cx *cx, const struct request *in, const struct playbook *row,
                              struct playbook *ret)
{
    struct str text;
    struct playbook_before_row before;
    *ret = playbook_blank;
    if (request_query(in, "against", &text)) {
        int64_t id;
        if (!str_to_i64(text, &id))
            return refuse(cx, ERR_NOT_FOUND, "there is no such version", "没有该版本");
        return playbook_get(cx, (struct playbook_id){ id }, ret);
    }
    enum err e = playbook_before(cx, (struct playbook_before_in){ row->code, row->number },
                                 &before);
    if (e == ERR_NOT_FOUND) {
        fault_clear(&cx->fault);
        return OK;
    }
    return e ? e : playbook_get(cx, before.id, ret);
}

static enum err diff(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    struct playbook row, other;
    struct playbook_source nothing = { 0 };
    const struct playbook_source *before = &nothing, *after;
    playbook_differences differences = { 0 };
    TRY(request_id(cx, in, "id", &id));
    TRY(playbook_get(cx, (struct playbook_id){ id }, &row));
    TRY(other_version(cx, in, &row, &other));
    TRY(playbook_stored(cx, id, &after));
    if (other.id.v)
        TRY(playbook_stored(cx, other.id.v, &before));
    TRY(playbook_compare(cx->arena, before->entries, before->count, after->entries, after->count,
                         &cx->fault, &differences));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    put_version(&w, "before", &other);
    put_version(&w, "after", &row);
    json_key(&w, "items");
    json_begin_array(&w);
    for (size_t i = 0; i < differences.count; i++)
        put_difference(&w, &differences.items[i]);
    json_end_array(&w);
    json_end_object(&w);
    return OK;
}

/* ---- flags, groups, approvers ---- */

static enum err put_flags(struct reply *out, const playbook_flags *flags)
{
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "items");
    json_begin_array(&w);
    for (size_t i = 0; i < flags->count; i++) {
        const struct playbook_flag *f = &flags->items[i];
        json_begin_object(&w);
        json_key(&w, "flag");
        json_put_cstr(&w, f->code);
        json_key(&w, "section");
        json_put_str(&w, f->section);
        json_key(&w, "code");
        json_put_str(&w, f->item);
        put_both(&w, "text", f->zh, f->en);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_key(&w, "next");
    json_put_null(&w);
    json_end_object(&w);
    return OK;
}

static enum err flags_of_version(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    const struct playbook_source *source;
    playbook_flags flags = { 0 };
    TRY(request_id(cx, in, "id", &id));
    TRY(playbook_stored(cx, id, &source));
    playbook_flag(cx->arena, source, &flags);
    return put_flags(out, &flags);
}

static enum err flags_of_company(struct cx *cx, const struct request *in, struct reply *out)
{
    (void)in;
    const struct playbook_source *source;
    playbook_flags flags = { 0 };
    TRY(playbook_now(cx, &source));
    playbook_flag(cx->arena, source, &flags);
    TRY(playbook_flag_company(cx, source, &flags));
    return put_flags(out, &flags);
}

static enum err group(struct cx *cx, const struct request *in, struct reply *out)
{
    const struct playbook_source *source;
    TRY(playbook_now(cx, &source));
    struct json_writer w = reply_json(out);
    return playbook_put_group(cx, &w, source, request_param(in, "code"));
}

/* Of a person within the caller's reach only. */
static enum err approver(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id, found;
    struct person person, decides;
    struct unit unit;
    TRY(request_id(cx, in, "id", &id));
    TRY(person_get(cx, (struct person_id){ id }, &person));
    TRY(unit_get(cx, person.unit, &unit));
    if (!cx_reaches(cx, MAY_PERSON_READ, id, unit.path))
        return refuse(cx, ERR_NOT_FOUND, "there is no such person", "没有该人员");
    TRY(playbook_approver(cx, id, 0, &found));
    TRY(person_get(cx, (struct person_id){ found }, &decides));
    struct json_writer w = reply_json(out);
    json_begin_object(&w);
    json_key(&w, "id");
    json_put_id(&w, decides.id.v);
    json_key(&w, "name");
    json_put_str(&w, decides.name);
    json_end_object(&w);
    return OK;
}

const struct route playbook_routes[] = {
    { GET, "/playbook-shelf", shelf, .may = MAY_PLAYBOOK_READ,
      .about = "The playbooks that can be loaded by code", .about_zh = "可按代号载入的策略包" },
    { GET, "/playbook-flags", flags_of_company, .may = MAY_PLAYBOOK_READ,
      .about = "Duties without owner, units of the wrong size or number",
      .about_zh = "无人负责的职责、规模或数量不符的单元" },
    { GET, "/playbook-groups/{code}", group, .may = MAY_PLAYBOOK_READ,
      .about = "The people of a group by function", .about_zh = "小组各职能的人员" },
    { GET, "/people/{id}/approver", approver, .may = MAY_PERSON_READ,
      .about = "Who decides for a person", .about_zh = "某人的审批人" },
    { GET, "/playbooks/{id}/diff", diff, .may = MAY_PLAYBOOK_READ,
      .about = "What differs from the version before, or from ?against=ID",
      .about_zh = "与上一版本的差异" },
    { GET, "/playbooks/{id}/flags", flags_of_version, .may = MAY_PLAYBOOK_READ,
      .about = "What a version leaves open", .about_zh = "该版本未明确的事项" },
    { POST, "/playbooks/load", load, .may = MAY_PLAYBOOK_PUBLISH,
      .body = BODY_JSON | BODY_BYTES, .before = load_before,
      .about = "A draft from {\"code\"}, {\"files\"} or the zip of a folder",
      .about_zh = "由代号、文件或压缩包生成草稿" },
    { 0 },
};
