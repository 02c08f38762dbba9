/* view.c - what a handler reads from its request. */
#include "http/internal.h"

static const struct exchange *inner(const struct http_exchange *x)
{
    return (const struct exchange *)(const void *)x;
}

struct str http_header(const struct http_exchange *x, const char *name)
{
    const struct http_head *head = &inner(x)->head;
    for (int i = 0; i < head->count; i++) {
        struct str have = head->lines[i].name;
        size_t at = 0;
        while (at < have.len && name[at] &&
               have.data[at] == (name[at] >= 'A' && name[at] <= 'Z' ? name[at] | 0x20 : name[at]))
            at++;
        if (at == have.len && name[at] == '\0')
            return head->lines[i].value.data ? head->lines[i].value : STR("");
    }
    return STR_NONE;
}

struct str http_param(const struct http_exchange *x, const char *name)
{
    if (!x->route)
        return STR_NONE;
    struct str pattern = str_from(x->route->pattern), segment;
    int at = 0;
    while (str_split(&pattern, '/', &segment)) {
        if (segment.len < 3 || segment.data[0] != '{')
            continue;
        size_t end = segment.len - 1 - (segment.data[segment.len - 2] == '*');
        if (str_is(str_cut(segment, 1, end), name))
            return inner(x)->params[at];
        at++;
    }
    return STR_NONE;
}

static struct str decoded(struct http_exchange *x, struct str raw)
{
    char *out = arena_alloc(x->arena, raw.len + 1);
    return (struct str){ out, http_query_decode(raw, out) };
}

bool http_query_next(struct http_exchange *x, size_t *at, struct str *name, struct str *value)
{
    while (*at < x->query.len) {
        struct str rest = str_cut(x->query, *at, x->query.len);
        ptrdiff_t amp = str_find_char(rest, '&');
        struct str pair = amp < 0 ? rest : str_cut(rest, 0, (size_t)amp);
        *at += pair.len + 1;
        if (pair.len == 0)
            continue;
        ptrdiff_t equals = str_find_char(pair, '=');
        size_t cut = equals < 0 ? pair.len : (size_t)equals;
        *name = decoded(x, str_cut(pair, 0, cut));
        *value = decoded(x, str_cut(pair, cut + (equals >= 0), pair.len));
        return true;
    }
    return false;
}

struct str http_query(struct http_exchange *x, const char *want)
{
    size_t at = 0;
    struct str name, value;
    while (http_query_next(x, &at, &name, &value))
        if (str_is(name, want))
            return value;
    return STR_NONE;
}

/* RFC 6265 §5.4: pairs between semicolons; a quoted value loses its quotes. */
struct str http_cookie(const struct http_exchange *x, const char *want)
{
    const struct http_head *head = &inner(x)->head;
    for (int i = 0; i < head->count; i++) {
        struct str rest = head->lines[i].value, pair;
        if (!str_is(head->lines[i].name, "cookie"))
            continue;
        while (str_split(&rest, ';', &pair)) {
            pair = str_trim(pair);
            ptrdiff_t equals = str_find_char(pair, '=');
            if (equals < 0 || !str_is(str_cut(pair, 0, (size_t)equals), want))
                continue;
            struct str value = str_cut(pair, (size_t)equals + 1, pair.len);
            if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
                value = str_cut(value, 1, value.len - 1);
            return value;
        }
    }
    return STR_NONE;
}

/* "1", "0.25" in thousandths; digits after the third do not count. */
static int thousandths(struct str number)
{
    int q = number.len && number.data[0] == '1' ? 1000 : 0;
    int weight = 100;
    for (size_t i = 2; q < 1000 && i < number.len && weight; i++, weight /= 10)
        if (number.data[i] >= '0' && number.data[i] <= '9')
            q += (number.data[i] - '0') * weight;
    return q;
}

/* q of an item "text;q=0.5" in thousandths; the text without parameters in `*text`. */
static int quality(struct str item, struct str *text)
{
    struct str part;
    int q = 1000;
    *text = STR_NONE;
    while (str_split(&item, ';', &part)) {
        part = str_trim(part);
        if (!text->data)
            *text = part;
        else if (part.len > 2 && (part.data[0] | 0x20) == 'q' && part.data[1] == '=')
            q = thousandths(str_cut(part, 2, part.len));
    }
    return q;
}

bool http_accepts_encoding(const struct http_exchange *x, const char *coding)
{
    struct str list = http_header(x, "accept-encoding"), item, text;
    int any = 0;
    while (list.data && http_list_next(&list, &item)) {
        int q = quality(item, &text);
        if (http_same(text, coding))
            return q > 0;
        if (str_is(text, "*"))
            any = q;
    }
    return any > 0;
}

/* How well a media range fits a type: 0 no, 1 all, 2 "text" with any subtype, 3 exact. */
static int fit(struct str range, const char *type)
{
    if (str_is(range, "*/*"))
        return 1;
    if (http_same(range, type))
        return 3;
    size_t n = range.len;
    bool any_sub = n > 2 && range.data[n - 1] == '*' && range.data[n - 2] == '/';
    return any_sub && strncmp(range.data, type, n - 1) == 0 ? 2 : 0;
}

int http_accepts_type(const struct http_exchange *x, const char *const *types)
{
    struct str accept = http_header(x, "accept"), item, range;
    if (!accept.data || !accept.len)
        return types[0] ? 0 : -1;
    int best = -1, best_q = 0;
    for (int i = 0; types[i]; i++) {
        struct str list = accept;
        int closest = 0, q_of_type = 0;
        while (http_list_next(&list, &item)) {
            int q = quality(item, &range), how = fit(range, types[i]);
            if (how > closest)
                closest = how, q_of_type = q;
        }
        if (q_of_type > best_q)
            best = i, best_q = q_of_type;
    }
    return best;
}
