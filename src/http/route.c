/* route.c - from method and path to a route, in one walk along the path. */
#include "http/http.h"

#include "base/vec.h"

/*
 * A tree of segments. A node has its text children (sorted, searched by halves), one child for
 * {name} and one route set for {name*}. Finding walks one node per segment, with one step back
 * where text and {name} both fit.
 */
struct route_set {
    const struct http_route *by_method[HTTP_METHODS];
    unsigned allowed;
};

struct node {
    struct str text;
    VEC(struct node *) children;
    struct node *any;
    struct route_set here;
    struct route_set rest; /* {name*} from here on */
};

struct http_router {
    struct node *root;
};

static struct node *child_of(const struct node *node, struct str text, size_t *place)
{
    size_t low = 0, high = node->children.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(node->children.items[middle]->text, text);
        if (order == 0)
            return node->children.items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (place)
        *place = low;
    return NULL;
}

static struct node *text_child(struct arena *arena, struct node *node, struct str text)
{
    size_t at = 0;
    struct node *child = child_of(node, text, &at);
    if (child)
        return child;
    child = arena_new(arena, struct node);
    child->text = text;
    (void)vec_push(arena, &node->children);
    for (size_t i = node->children.count - 1; i > at; i--)
        node->children.items[i] = node->children.items[i - 1];
    node->children.items[at] = child;
    return child;
}

/* "{name}" or "{name*}": its name. */
static bool is_param(struct str segment, struct str *name, bool *rest)
{
    if (segment.len < 3 || segment.data[0] != '{' || segment.data[segment.len - 1] != '}')
        return false;
    *name = str_cut(segment, 1, segment.len - 1);
    *rest = name->data[name->len - 1] == '*';
    if (*rest)
        name->len--;
    return name->len > 0;
}

static enum err bad_pattern(struct fault *fault, const struct http_route *route, const char *why)
{
    return fault_set(fault, ERR_INVALID, "route %s %s: %s", http_method_name(route->method),
                     route->pattern ? route->pattern : "?", why);
}

static enum err set_route(struct route_set *set, const struct http_route *route,
                          struct fault *fault)
{
    if (set->by_method[route->method])
        return bad_pattern(fault, route, "a second route for the same paths");
    set->by_method[route->method] = route;
    set->allowed |= 1u << route->method;
    return OK;
}

static enum err check_route(const struct http_route *route, struct fault *fault)
{
    if (!route->pattern || route->pattern[0] != '/' || !route->handler)
        return bad_pattern(fault, route, "needs a pattern that begins with / and a handler");
    if (route->method >= HTTP_METHODS || route->method == HTTP_HEAD ||
        route->method == HTTP_OPTIONS)
        return bad_pattern(fault, route, "HEAD and OPTIONS are made by the server");
    return OK;
}

static enum err add_route(struct arena *arena, struct node *node, const struct http_route *route,
                          struct fault *fault)
{
    TRY(check_route(route, fault));
    struct str path = str_from(route->pattern + 1), segment, name;
    int params = 0;
    bool rest = false;
    while (str_split(&path, '/', &segment)) {
        if (rest)
            return bad_pattern(fault, route, "{name*} must be the last segment");
        if (is_param(segment, &name, &rest)) {
            if (++params > HTTP_PARAMS_MAX)
                return bad_pattern(fault, route, "too many {names}");
            if (rest)
                continue;
            if (!node->any)
                node->any = arena_new(arena, struct node);
            node = node->any;
        } else {
            if (str_find_char(segment, '{') >= 0 || str_find_char(segment, '}') >= 0)
                return bad_pattern(fault, route, "a {name} must be a whole segment");
            node = text_child(arena, node, segment);
        }
    }
    return set_route(rest ? &node->rest : &node->here, route, fault);
}

enum err http_router_make(struct arena *arena, const struct http_route *routes, size_t count,
                          struct fault *fault, struct http_router **ret)
{
    struct http_router *router = arena_new(arena, struct http_router);
    router->root = arena_new(arena, struct node);
    for (size_t i = 0; i < count; i++)
        TRY(add_route(arena, router->root, &routes[i], fault));
    *ret = router;
    return OK;
}

/* The set that fits `path` (what follows a slash) below `node`. Depth is bounded by the deepest
 * pattern, because each step goes one node down. */
static const struct route_set *find(const struct node *node, struct str path, bool at_end,
                                    struct str *params, int count)
{
    if (at_end)
        return node->here.allowed ? &node->here : NULL;
    ptrdiff_t slash = str_find_char(path, '/');
    struct str segment = slash < 0 ? path : str_cut(path, 0, (size_t)slash);
    struct str below = slash < 0 ? STR_NONE : str_cut(path, (size_t)slash + 1, path.len);
    const struct route_set *set = NULL;
    const struct node *child = child_of(node, segment, NULL);
    if (child)
        set = find(child, below, slash < 0, params, count);
    if (!set && node->any && segment.len) {
        params[count] = segment;
        set = find(node->any, below, slash < 0, params, count + 1);
    }
    if (!set && node->rest.allowed) {
        params[count] = path;
        set = &node->rest;
    }
    return set;
}

struct http_match http_router_find(const struct http_router *router, enum http_method method,
                                   struct str path)
{
    struct http_match match = { 0 };
    if (path.len == 0 || path.data[0] != '/' || method >= HTTP_METHODS)
        return match;
    struct str below = str_cut(path, 1, path.len);
    const struct route_set *set = find(router->root, below, false, match.params, 0);
    if (!set)
        return match;
    match.allowed = set->allowed | 1u << HTTP_OPTIONS;
    if (set->allowed & 1u << HTTP_GET)
        match.allowed |= 1u << HTTP_HEAD;
    match.route = set->by_method[method == HTTP_HEAD ? HTTP_GET : method];
    return match;
}
