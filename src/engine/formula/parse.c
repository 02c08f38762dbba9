/*
 * parse.c - words to a checked tree, by recursive descent. Each node is typed as soon as its parts
 * are complete, so that an error names the smallest part that is wrong.
 *
 *   or < and < not < comparison, between, in < + - < * < unary - < literal, name, call, ( )
 */
#include "engine/formula/internal.h"

void list_add(struct compiler *c, struct list *list, struct node *n)
{
    if (list->count == list->room) {
        int room = list->room ? 2 * list->room : 4;
        list->items = arena_grow(c->arena, list->items, (size_t)list->room * sizeof n,
                                 (size_t)room * sizeof n);
        list->room = room;
    }
    list->items[list->count++] = n;
}

const char *word_words(struct compiler *c)
{
    if (c->word.kind == WORD_END)
        return "the end";
    return str_cstr(c->arena, str_fmt(c->arena, "\"" STR_FMT "\"",
                                      STR_ARG(str_cut(c->text, c->word.from, c->word.to))));
}

enum err parse_next(struct compiler *c)
{
    c->done = c->word.to;
    return lex_next(c);
}

bool sees_sign(const struct compiler *c, const char *sign)
{
    return c->word.kind == WORD_SIGN && !strcmp(c->word.sign, sign);
}

bool sees_keyword(const struct compiler *c, const char *name)
{
    return c->word.kind == WORD_NAME && str_is(c->word.text, name);
}

enum err expect_sign(struct compiler *c, const char *sign, const char *where)
{
    if (!sees_sign(c, sign))
        return complain(c, c->word.line, c->word.column, "write %s %s, not %s", sign, where,
                        word_words(c));
    return parse_next(c);
}

enum err expect_keyword(struct compiler *c, const char *name, const char *where)
{
    if (!sees_keyword(c, name))
        return complain(c, c->word.line, c->word.column, "write \"%s\" %s, not %s", name, where,
                        word_words(c));
    return parse_next(c);
}

/* A node that begins at the word ahead. */
enum err parse_begin(struct compiler *c, enum op op, const char *spelled, struct node **ret)
{
    if (++c->node_count > FORMULA_NODES_MAX)
        return complain(c, c->word.line, c->word.column,
                        "the formula has more than %d parts: divide it into several",
                        FORMULA_NODES_MAX);
    struct node *n = arena_new(c->arena, struct node);
    n->op = op;
    n->spelled = spelled;
    n->from = c->word.from;
    n->line = c->word.line;
    n->column = c->word.column;
    n->name = n->table = -1;
    *ret = n;
    return OK;
}

enum err parse_finish(struct compiler *c, struct node *n, struct list parts)
{
    n->parts = parts.items;
    n->part_count = parts.count;
    n->to = c->done;
    for (int i = 0; i < parts.count; i++) {
        n->from = MIN(n->from, parts.items[i]->from);
        n->depth = MAX(n->depth, parts.items[i]->depth + 1);
        n->fails |= parts.items[i]->fails;
    }
    if (n->depth > TREE_DEPTH_MAX)
        return COMPLAIN(c, n, "more than %d steps in one chain: use brackets to make groups",
                        TREE_DEPTH_MAX);
    return check_node(c, n);
}

enum err parse_enter(struct compiler *c)
{
    if (++c->nesting > FORMULA_DEPTH_MAX)
        return complain(c, c->word.line, c->word.column,
                        "nested more than %d deep: divide it into several formulas",
                        FORMULA_DEPTH_MAX);
    return OK;
}

/* case when c then v ... else e end: parts c, v, c, v, ..., e */
static enum err parse_case(struct compiler *c, struct node **ret)
{
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_CASE, "case", &n));
    TRY(parse_next(c));
    if (!sees_keyword(c, "when"))
        TRY(expect_keyword(c, "when", "after \"case\""));
    while (sees_keyword(c, "when")) {
        TRY(parse_next(c));
        TRY(parse_expression(c, &part));
        list_add(c, &parts, part);
        TRY(expect_keyword(c, "then", "and what holds in this case"));
        TRY(parse_expression(c, &part));
        list_add(c, &parts, part);
    }
    TRY(expect_keyword(c, "else", "and what holds in every other case"));
    TRY(parse_expression(c, &part));
    list_add(c, &parts, part);
    TRY(expect_keyword(c, "end", "to close the \"case\""));
    *ret = n;
    return parse_finish(c, n, parts);
}

static enum err parse_primary(struct compiler *c, struct node **ret)
{
    if (c->word.kind == WORD_NUMBER)
        return parse_number(c, ret);
    if (c->word.kind == WORD_TEXT)
        return parse_text(c, ret);
    if (sees_keyword(c, "case"))
        return parse_case(c, ret);
    if (c->word.kind == WORD_NAME)
        return parse_name(c, ret);
    if (!sees_sign(c, "("))
        return complain(c, c->word.line, c->word.column,
                        "a value is missing: write a number, a text in quotes, a name or a "
                        "function, not %s", word_words(c));
    size_t from = c->word.from;
    TRY(parse_next(c));
    TRY(parse_expression(c, ret));
    TRY(expect_sign(c, ")", "to close the bracket"));
    (*ret)->from = from; /* the span of a bracketed part includes its brackets */
    (*ret)->to = c->done;
    return OK;
}

static enum err parse_unary(struct compiler *c, struct node **ret)
{
    if (!sees_sign(c, "-"))
        return parse_primary(c, ret);
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_NEG, "-", &n));
    TRY(parse_enter(c));
    TRY(parse_next(c));
    TRY(parse_unary(c, &part));
    c->nesting--;
    list_add(c, &parts, part);
    *ret = n;
    return parse_finish(c, n, parts);
}

/* Left-associative operators of one level: `signs` and `ops` in step. */
typedef enum err parse_fn(struct compiler *c, struct node **ret);

static enum err parse_pair(struct compiler *c, enum op op, const char *spelled, parse_fn *right,
                           struct node **left)
{
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, op, spelled, &n));
    TRY(parse_next(c));
    TRY(right(c, &part));
    list_add(c, &parts, *left);
    list_add(c, &parts, part);
    *left = n;
    return parse_finish(c, n, parts);
}

static enum err parse_product(struct compiler *c, struct node **ret)
{
    TRY(parse_unary(c, ret));
    while (sees_sign(c, "*"))
        TRY(parse_pair(c, OP_MUL, "*", parse_unary, ret));
    if (sees_sign(c, "/"))
        return complain(c, c->word.line, c->word.column,
                        "divide with div(x, y, decimals, half_up): every division says how it "
                        "rounds");
    if (sees_sign(c, "%"))
        return complain(c, c->word.line, c->word.column,
                        "%% follows a number only: write 5%%, or div(x, 100, ...)");
    return OK;
}

static enum err parse_sum(struct compiler *c, struct node **ret)
{
    TRY(parse_product(c, ret));
    for (;;) {
        if (sees_sign(c, "+"))
            TRY(parse_pair(c, OP_ADD, "+", parse_product, ret));
        else if (sees_sign(c, "-"))
            TRY(parse_pair(c, OP_SUB, "-", parse_product, ret));
        else
            return OK;
    }
}

/* x between a and b; both ends belong to it */
static enum err parse_between(struct compiler *c, struct node **left)
{
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_BETWEEN, "between", &n));
    TRY(parse_next(c));
    list_add(c, &parts, *left);
    TRY(parse_sum(c, &part));
    list_add(c, &parts, part);
    TRY(expect_keyword(c, "and", "between the two ends"));
    TRY(parse_sum(c, &part));
    list_add(c, &parts, part);
    *left = n;
    return parse_finish(c, n, parts);
}

static enum err parse_in(struct compiler *c, struct node **left)
{
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_IN, "in", &n));
    TRY(parse_next(c));
    list_add(c, &parts, *left);
    TRY(expect_sign(c, "(", "after \"in\""));
    TRY(parse_expression(c, &part));
    list_add(c, &parts, part);
    while (sees_sign(c, ",")) {
        TRY(parse_next(c));
        TRY(parse_expression(c, &part));
        list_add(c, &parts, part);
    }
    TRY(expect_sign(c, ")", "to close the list"));
    *left = n;
    return parse_finish(c, n, parts);
}

static enum err negated(struct compiler *c, struct node **inner)
{
    struct node *n;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_NOT, "not", &n));
    list_add(c, &parts, *inner);
    *inner = n;
    return parse_finish(c, n, parts);
}

static enum err parse_comparison(struct compiler *c, struct node **ret)
{
    static const struct {
        const char *sign;
        enum op op;
    } signs[] = { { "=", OP_EQ },  { "!=", OP_NE }, { "<", OP_LT },
                  { "<=", OP_LE }, { ">", OP_GT },  { ">=", OP_GE } };
    TRY(parse_sum(c, ret));
    for (size_t i = 0; i < COUNT(signs); i++) {
        if (!sees_sign(c, signs[i].sign))
            continue;
        TRY(parse_pair(c, signs[i].op, signs[i].sign, parse_sum, ret));
        if (c->word.kind == WORD_SIGN && strchr("=<>!", c->word.sign[0]))
            return complain(c, c->word.line, c->word.column,
                            "comparisons do not chain: write a < b and b < c, or x between a "
                            "and b");
        return OK;
    }
    bool no = sees_keyword(c, "not");
    if (no)
        TRY(parse_next(c));
    if (sees_keyword(c, "between"))
        TRY(parse_between(c, ret));
    else if (sees_keyword(c, "in"))
        TRY(parse_in(c, ret));
    else if (no)
        return complain(c, c->word.line, c->word.column,
                        "write \"in\" or \"between\" after this \"not\"");
    return no ? negated(c, ret) : OK;
}

static enum err parse_not(struct compiler *c, struct node **ret)
{
    if (!sees_keyword(c, "not"))
        return parse_comparison(c, ret);
    struct node *n, *part;
    struct list parts = { 0 };
    TRY(parse_begin(c, OP_NOT, "not", &n));
    TRY(parse_enter(c));
    TRY(parse_next(c));
    TRY(parse_not(c, &part));
    c->nesting--;
    list_add(c, &parts, part);
    *ret = n;
    return parse_finish(c, n, parts);
}

static enum err parse_and(struct compiler *c, struct node **ret)
{
    TRY(parse_not(c, ret));
    while (sees_keyword(c, "and"))
        TRY(parse_pair(c, OP_AND, "and", parse_not, ret));
    return OK;
}

enum err parse_expression(struct compiler *c, struct node **ret)
{
    TRY(parse_enter(c));
    TRY(parse_and(c, ret));
    while (sees_keyword(c, "or"))
        TRY(parse_pair(c, OP_OR, "or", parse_and, ret));
    c->nesting--;
    return OK;
}

enum err parse_formula(struct compiler *c, struct node **ret)
{
    TRY(lex_next(c));
    if (c->word.kind == WORD_END)
        return complain(c, 1, 1, "the formula is empty");
    TRY(parse_expression(c, ret));
    if (c->word.kind != WORD_END)
        return complain(c, c->word.line, c->word.column,
                        "an operator is missing before %s, or it is one too many", word_words(c));
    return OK;
}
