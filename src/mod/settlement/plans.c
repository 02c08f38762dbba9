/* Plan versions: publishing, and the published text of each component. */
#include "core/proof/proof.h"
#include "may.gen.h"
#include "mod/settlement/present.h"
#include "mod/settlement/settlement.h"

static enum err prove_plan(struct cx *cx, const struct plan_version *plan)
{
    struct buf out = buf_in(cx->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "code");
    json_put_str(&w, plan->code);
    json_key(&w, "effective_from");
    json_put_str(&w, date_text(cx->arena, plan->effective_from));
    json_key(&w, "kind");
    json_put_cstr(&w, "plan");
    json_key(&w, "number");
    json_put_i64(&w, plan->number);
    json_key(&w, "plan_sha256");
    json_put_str(&w, plan->sha256);
    json_end_object(&w);
    struct proof_fact fact = { .kind = "plan", .entity = "plan_version", .row = plan->id.v,
                               .content = buf_view(&out) };
    return cx->services->proof_append(cx, &fact, NULL);
}

/* Told when it is published, not at the end of the month when it cannot be calculated. */
static bool has_statement(const struct plan *plan)
{
    for (int i = 0; i < plan_about(plan).outputs; i++)
        if (str_is(plan_output(plan, i).file, "statement"))
            return true;
    return false;
}

enum err settlement_publish_plan(struct cx *cx, const struct plan_new *in,
                                 struct plan_version *ret)
{
    const struct plan *plan;
    struct plan_last_number_row last;
    enum err e = plan_compile(cx->arena, in->text, &cx->fault, &plan);
    if (e)
        return explain(cx, e, "plan " STR_FMT, STR_ARG(in->code));
    if (!has_statement(plan))
        return refuse(cx, ERR_UNPROCESSABLE,
                      "the plan has no output \"statement\", which lists what a person is paid for",
                      "方案缺少输出 statement（列出应付的各项）");
    TRY(plan_last_number(cx, (struct plan_last_number_in){ in->code }, &last));
    *ret = plan_version_blank;
    ret->code = in->code;
    ret->number = last.number + 1;
    ret->name = in->name;
    ret->name_en = in->name_en;
    ret->status = PLAN_VERSION_PUBLISHED;
    ret->effective_from = in->effective_from;
    ret->max_levels = plan_about(plan).max_levels;
    ret->body = in->text;
    ret->sha256 = sha256_hex(cx->arena, in->text);
    ret->published_at = cx->now;
    ret->published_by.v = cx->actor.login;
    TRY(plan_version_insert(cx, ret));
    return prove_plan(cx, ret);
}

/* ---- reading ---- */

static void put_head(struct cx *cx, struct json_writer *w, const struct plan_version *v)
{
    json_begin_object(w);
    json_key(w, "id");
    json_put_id(w, v->id.v);
    json_key(w, "code");
    json_put_str(w, v->code);
    present_text(w, "name", (struct plan_text){ v->name, v->name_en });
    json_key(w, "version");
    json_put_i64(w, v->number);
    json_key(w, "state");
    json_put_cstr(w, plan_version_status_code(v->status));
    put_day(cx, w, "effective_from", v->effective_from);
    put_instant(cx, w, "published_at", v->published_at);
    put_ref(w, "published_by", 0, STR_NONE);
    json_key(w, "sha256");
    json_put_str(w, v->sha256);
}

static void put_component(struct json_writer *w, struct plan_component_info c)
{
    json_begin_object(w);
    json_key(w, "code");
    json_put_str(w, c.name);
    present_text(w, "label", c.title);
    present_text(w, "text", c.text);
    json_key(w, "formula");
    json_put_str(w, c.formula);
    present_text(w, "rounding", (struct plan_text){ c.rounding, c.rounding });
    json_key(w, "kind");
    json_put_str(w, c.purpose);
    json_key(w, "mechanism");
    json_put_str(w, c.kind);
    json_key(w, "table");
    json_put_null(w);
    json_end_object(w);
}

static enum err get(struct cx *cx, const struct request *in, struct reply *out)
{
    int64_t id;
    struct plan_version v;
    const struct plan *plan;
    TRY(request_id(cx, in, "id", &id));
    TRY(plan_version_get(cx, (struct plan_version_id){ id }, &v));
    TRY(plan_compile(cx->arena, v.body, &cx->fault, &plan));
    struct plan_about about = plan_about(plan);
    struct json_writer w = reply_json(out);
    put_head(cx, &w, &v);
    present_text(&w, "about", about.title);
    json_key(&w, "max_levels");
    json_put_i64(&w, about.max_levels);
    put_ref(&w, "acknowledged_by", 0, STR_NONE);
    json_key(&w, "components");
    json_begin_array(&w);
    for (int i = 0; i < about.components; i++)
        put_component(&w, plan_component(plan, i));
    json_end_array(&w);
    json_key(&w, "limits");
    json_begin_array(&w);
    json_begin_object(&w);
    present_text(&w, "label", (struct plan_text){ STR("计酬层级上限"), STR("Paid levels at most") });
    json_key(&w, "value");
    json_put_str(&w, str_fmt(cx->arena, "%d", about.max_levels));
    json_end_object(&w);
    json_end_array(&w);
    json_key(&w, "body");
    json_put_str(&w, v.body);
    json_end_object(&w);
    return OK;
}

static bool read_text(struct cx *cx, const struct request *in, const char *name, size_t most,
                      struct str *ret)
{
    const struct json *v = json_get(in->json, name);
    bool good = v && v->type == JSON_STRING && v->text.len && utf8_count(v->text) <= most;
    if (good)
        *ret = v->text;
    else
        problem(cx, name, "required", "a text of at most %zu characters", "请填写（最多 %zu 字）",
                most);
    return good;
}

/* The text of a plan arrives as a JSON string, so that the very bytes that were proven are kept. */
static enum err publish(struct cx *cx, const struct request *in, struct reply *out)
{
    struct plan_new new = { 0 };
    struct str day;
    struct plan_version version;
    struct locked_until_row locked;
    read_text(cx, in, "code", 60, &new.code);
    read_text(cx, in, "name", 120, &new.name);
    read_text(cx, in, "name_en", 120, &new.name_en);
    read_text(cx, in, "body", PLAN_BYTES_MAX, &new.text);
    if (read_text(cx, in, "effective_from", 10, &day) && !date_parse(day, &new.effective_from))
        problem(cx, "effective_from", "invalid", "a day as YYYY-MM-DD", "日期格式应为 YYYY-MM-DD");
    TRY(problems_end(cx));
    TRY(locked_until(cx, &locked));
    if (new.effective_from.day <= locked.last_on.day && locked.last_on.day != DATE_ABSENT) {
        problem(cx, "effective_from", "locked", "pay is locked until %s",
                "%s 之前的周期已锁定", date_text(cx->arena, locked.last_on).data);
        return problems_end(cx);
    }
    TRY(settlement_publish_plan(cx, &new, &version));
    out->status = 201;
    struct json_writer w = reply_json(out);
    put_head(cx, &w, &version);
    json_end_object(&w);
    return OK;
}

const struct route plan_routes[] = {
    { POST, "/plans", publish, .may = MAY_PLAN_PUBLISH, .body = BODY_JSON,
      .body_max = 2 * PLAN_BYTES_MAX, .about = "Publish a plan version",
      .about_zh = "发布薪酬方案" },
    { GET, "/plans/{id}", get, .may = MAY_PLAN_READ,
      .about = "A plan with the published text of each component",
      .about_zh = "薪酬方案及各项公开的说明" },
    { 0 },
};
