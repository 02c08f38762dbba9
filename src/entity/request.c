/* request.c - looking things up in a request; beginning a reply. */
#include "entity/route.h"
#include "http/http.h"

static bool pair_find(const struct pair *pairs, size_t count, const char *name, struct str *ret)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(pairs[i].name, name)) {
            *ret = pairs[i].value;
            return true;
        }
    return false;
}

struct str request_param(const struct request *in, const char *name)
{
    struct str value = STR_NONE;
    pair_find(in->params, in->param_count, name, &value);
    return value;
}

enum err request_id(struct cx *cx, const struct request *in, const char *name, int64_t *ret)
{
    struct str text = request_param(in, name);
    if (text.len > 0 && text.data[0] >= '1' && text.data[0] <= '9' && str_to_i64(text, ret))
        return OK;
    return refuse(cx, ERR_NOT_FOUND, "there is no such thing", "没有找到");
}

bool request_query(const struct request *in, const char *name, struct str *ret)
{
    return pair_find(in->query, in->query_count, name, ret);
}

struct str request_header(const struct request *in, const char *name)
{
    struct str value = STR_NONE;
    if (in->http)
        return http_header(in->http, name);
    pair_find(in->headers, in->header_count, name, &value);
    return value;
}

void reply_header(struct cx *cx, struct reply *out, const char *name, struct str value)
{
    vec_add(cx->arena, &out->headers, ((struct pair){ str_from(name), value }));
}

struct json_writer reply_json(struct reply *out)
{
    return json_writer_to(&out->body);
}
