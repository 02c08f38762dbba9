/* problem.c - errors as RFC 9457 problem JSON. */
#include "http/internal.h"

#include "base/json.h"
#include "base/log.h"

/* What the server itself has to say. Codes shared with errors.def are spelled the same. */
static const struct words {
    int status;
    const char *reason, *code, *title;
} words[] = {
    { 200, "OK", "", "" },
    { 201, "Created", "", "" },
    { 202, "Accepted", "", "" },
    { 204, "No Content", "", "" },
    { 206, "Partial Content", "", "" },
    { 301, "Moved Permanently", "", "" },
    { 302, "Found", "", "" },
    { 303, "See Other", "", "" },
    { 304, "Not Modified", "", "" },
    { 307, "Temporary Redirect", "", "" },
    { 308, "Permanent Redirect", "", "" },
    { 400, "Bad Request", "invalid", "The request is not valid" },
    { 401, "Unauthorized", "unauthenticated", "Sign in first" },
    { 403, "Forbidden", "forbidden", "You do not have the permission" },
    { 404, "Not Found", "not_found", "There is no such thing" },
    { 405, "Method Not Allowed", "method", "This address does not take that method" },
    { 406, "Not Acceptable", "not_acceptable", "None of the accepted types can be sent" },
    { 408, "Request Timeout", "timeout", "The request came too slowly" },
    { 409, "Conflict", "conflict", "It conflicts with what is there" },
    { 410, "Gone", "gone", "It is no longer there" },
    { 411, "Length Required", "length", "Say how long the content is" },
    { 412, "Precondition Failed", "version", "It has changed since you read it; read it again" },
    { 413, "Content Too Large", "too_large", "It is larger than allowed" },
    { 414, "URI Too Long", "too_long", "The address is too long" },
    { 415, "Unsupported Media Type", "media_type", "This kind of content is not accepted" },
    { 416, "Range Not Satisfiable", "range", "That part of the content does not exist" },
    { 417, "Expectation Failed", "expectation", "The expectation cannot be met" },
    { 422, "Unprocessable Content", "unprocessable", "It breaks a rule of the business" },
    { 428, "Precondition Required", "precondition", "Name the version that you read (If-Match)" },
    { 429, "Too Many Requests", "too_many", "Too many attempts; wait a little" },
    { 431, "Request Header Fields Too Large", "head_too_large", "The headers are too large" },
    { 500, "Internal Server Error", "internal", "Qibing failed; the log tells why" },
    { 501, "Not Implemented", "not_implemented", "This is not supported" },
    { 502, "Bad Gateway", "gateway", "A system behind this one failed" },
    { 503, "Service Unavailable", "busy", "Too busy; try again" },
    { 504, "Gateway Timeout", "gateway_timeout", "A system behind this one did not answer" },
    { 505, "HTTP Version Not Supported", "http_version", "This version of HTTP is not spoken" },
    { 507, "Insufficient Storage", "no_memory", "Memory is exhausted; nothing was changed" },
};

static const struct words *words_of(int status)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (words[i].status == status)
            return &words[i];
    return NULL;
}

const char *status_words(int status)
{
    const struct words *w = words_of(status);
    return w ? w->reason : "Unknown";
}

static void write_errors(struct json_writer *w, const struct http_problem *problem)
{
    json_key(w, "errors");
    json_begin_array(w);
    for (size_t i = 0; i < problem->error_count; i++) {
        json_begin_object(w);
        json_key(w, "field");
        json_put_str(w, problem->errors[i].field);
        json_key(w, "code");
        json_put_str(w, problem->errors[i].code);
        json_key(w, "message");
        json_put_str(w, problem->errors[i].message);
        json_end_object(w);
    }
    json_end_array(w);
}

void http_set_problem(struct http_exchange *x, const struct http_problem *problem)
{
    struct buf out = buf_in(x->arena);
    struct json_writer w = json_writer_to(&out);
    json_begin_object(&w);
    json_key(&w, "type");
    json_put_cstr(&w, "about:blank");
    json_key(&w, "title");
    json_put_cstr(&w, problem->title);
    json_key(&w, "status");
    json_put_i64(&w, problem->status);
    json_key(&w, "code");
    json_put_cstr(&w, problem->code);
    if (problem->detail.len) {
        json_key(&w, "detail");
        json_put_str(&w, problem->detail);
    }
    json_key(&w, "request_id");
    json_put_str(&w, x->id);
    if (problem->error_count)
        write_errors(&w, problem);
    json_end_object(&w);
    reply_release(&x->reply);
    x->reply = (struct http_reply){
        .status = problem->status,
        .type = STR("application/problem+json"),
        .body = buf_view(&out),
        .close = x->reply.close,
    };
}

void http_answer_problem(struct http_exchange *x, const struct http_problem *problem)
{
    http_set_problem(x, problem);
    http_answer(x);
}

void http_set_fault(struct http_exchange *x, const struct fault *fault, bool chinese)
{
    const struct err_info *info = err_info(fault->code);
    struct str message = str_copy(x->arena, str_from(fault->message));
    bool ours = info->http_status >= 500;
    if (ours)
        log_line(LOG_ERROR, "http", "%s %s: %s", x->id.data, info->code, fault->message);
    struct http_field_error error = { str_copy(x->arena, str_from(fault->field)),
                                      str_from(info->code), message };
    http_set_problem(x, &(struct http_problem){
        .status = info->http_status,
        .code = info->code,
        .title = chinese ? info->chinese : info->english,
        .detail = ours ? STR_NONE : message,
        .errors = &error,
        .error_count = !ours && fault->field[0] ? 1 : 0,
    });
}

void http_answer_fault(struct http_exchange *x, const struct fault *fault, bool chinese)
{
    http_set_fault(x, fault, chinese);
    http_answer(x);
}

void reply_replace(struct exchange *x, int status, const char *detail)
{
    const struct words *w = words_of(status);
    x->reply_lines.count = x->reply_values.count = 0;
    x->own_defaults = false;
    http_set_problem(&x->pub, &(struct http_problem){
        .status = status,
        .code = w ? w->code : "invalid",
        .title = w ? w->title : "The request is not valid",
        .detail = str_from(detail),
    });
}
