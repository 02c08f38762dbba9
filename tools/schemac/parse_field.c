/* parse_field.c - one field: its type, modifiers and labels. */
#include "desc.h"

static const struct {
    const char *word;
    enum field_type type;
} types[] = {
    { "ref", FIELD_REF },       { "text", FIELD_TEXT },       { "secret", FIELD_SECRET },
    { "int", FIELD_INT },       { "money", FIELD_MONEY },     { "rate", FIELD_RATE },
    { "decimal", FIELD_DECIMAL }, { "date", FIELD_DATE },     { "instant", FIELD_INSTANT },
    { "bool", FIELD_BOOL },     { "enum", FIELD_ENUM },       { "states", FIELD_STATES },
    { "json", FIELD_JSON },     { "file", FIELD_FILE },       { "bytes", FIELD_BYTES },
    { "point", FIELD_POINT },   { "rows", FIELD_ROWS },
};

const char *type_word(enum field_type type)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].type == type)
            return types[i].word;
    return "?";
}

bool read_range(struct str s, int64_t *low, int64_t *high)
{
    ptrdiff_t dots = str_find(s, STR(".."));
    return dots > 0 && str_to_i64(str_cut(s, 0, (size_t)dots), low) &&
           str_to_i64(str_cut(s, (size_t)dots + 2, s.len), high);
}

static bool take_range(struct reader *r, struct field *f, bool must)
{
    struct token *t = peek(r);
    bool is_range = t && !t->quoted && str_find(t->s, STR("..")) >= 0;
    if (!is_range) {
        if (must)
            complain(r->all, r->line->at, "%s needs a range: %s 0..100", type_word(f->type),
                     type_word(f->type));
        return !must;
    }
    r->token++;
    f->ranged = true;
    if (read_range(t->s, &f->low, &f->high) && f->low <= f->high && f->low > ABSENT)
        return true;
    complain(r->all, r->line->at, "\"" STR_FMT "\" is not a range low..high", STR_ARG(t->s));
    return false;
}

static bool take_number(struct reader *r, const char *what, int64_t low, int64_t high, int64_t *ret)
{
    struct token *t = peek(r);
    if (t && !t->quoted && str_to_i64(t->s, ret) && low <= *ret && *ret <= high) {
        r->token++;
        return true;
    }
    complain(r->all, r->line->at, "%s needs a number from %lld to %lld", what, (long long)low,
             (long long)high);
    return false;
}

/* What is longer belongs in a file. It is also the limit of the JSON reader. */
#define TEXT_MAX (16 << 20)

static bool read_type_arguments(struct reader *r, struct field *f)
{
    int64_t n = 0;
    bool fine = true;
    switch (f->type) {
    case FIELD_REF: return take_name(r, "the entity after ref", &f->of);
    case FIELD_ENUM: return take_name(r, "the enum's name", &f->of);
    case FIELD_STATES: return take_name(r, "the states' name", &f->of);
    case FIELD_FILE: f->of = (struct word){ .at = f->at, .s = STR("file"), .resolved = -1 }; break;
    case FIELD_SECRET:
        if (!accept_word(r, "text")) {
            complain(r->all, r->line->at, "secret is followed by text N");
            return false;
        }
        return take_number(r, "secret text", 1, TEXT_MAX, &f->high);
    case FIELD_TEXT:
    case FIELD_JSON:
    case FIELD_BYTES: return take_number(r, type_word(f->type), 1, TEXT_MAX, &f->high);
    case FIELD_DECIMAL:
        fine = take_number(r, "decimal", 0, DECIMAL_SCALE_MAX, &n);
        f->scale = (int)n;
        return fine && take_range(r, f, false);
    case FIELD_INT:
    case FIELD_ROWS: return take_range(r, f, true);
    case FIELD_MONEY:
        f->low = -MONEY_MAX, f->high = MONEY_MAX;
        return take_range(r, f, false);
    case FIELD_RATE:
        f->low = -RATE_MAX, f->high = RATE_MAX;
        return take_range(r, f, false);
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_POINT: break;
    }
    return fine;
}

bool read_type(struct reader *r, struct field *f)
{
    struct token *t = peek(r);
    for (size_t i = 0; t && !t->quoted && i < COUNT(types); i++) {
        if (!str_is(t->s, types[i].word))
            continue;
        r->token++;
        f->type = types[i].type;
        return read_type_arguments(r, f);
    }
    complain(r->all, r->line->at, "\"" STR_FMT "\" is no type: ref, text, int, money, date …",
             STR_ARG(t ? t->s : STR("")));
    return false;
}

static const struct {
    const char *word;
    uint32_t flag;
} modifiers[] = {
    { "required", FIELD_REQUIRED },   { "search", FIELD_SEARCH },
    { "readonly", FIELD_READONLY },   { "immutable", FIELD_IMMUTABLE },
    { "sensitive", FIELD_SENSITIVE }, { "hidden", FIELD_HIDDEN },
    { "unique", FIELD_UNIQUE },       { "title", FIELD_TITLE },
};

static bool read_modifier(struct reader *r, struct field *f)
{
    for (size_t i = 0; i < COUNT(modifiers); i++) {
        if (accept_word(r, modifiers[i].word)) {
            f->flags |= modifiers[i].flag;
            return true;
        }
    }
    if (accept_word(r, "=") || accept_word(r, "unit")) {
        bool is_default = str_is(r->line->items[r->token - 1].s, "=");
        struct token *t = peek(r);
        if (!t) {
            complain(r->all, r->line->at, "%s is missing",
                     is_default ? "the default after =" : "the word after unit");
            return false;
        }
        r->token++;
        if (is_default) {
            f->flags |= FIELD_DEFAULT;
            f->default_text = t->s;
        } else {
            f->unit = t->s;
        }
        return true;
    }
    struct token *t = peek(r);
    complain(r->all, r->line->at, "\"" STR_FMT "\" is no modifier of a field", STR_ARG(t->s));
    r->token++;
    return false;
}

bool read_field(struct reader *r, struct field *f)
{
    if (!read_type(r, f))
        return false;
    while (more(r) && !peek(r)->quoted)
        if (!read_modifier(r, f))
            return false;
    if (!take_label(r, "a field", &f->label))
        return false;
    if (more(r) && peek(r)->quoted)
        take_label(r, "the help of a field", &f->help);
    return end_line(r);
}

void read_record(struct reader *r, struct record *ret, int indent)
{
    while (read_line(r, indent)) {
        struct field f = { .at = r->line->at };
        struct word name;
        int own = r->line->indent;
        if (!take_name(r, "the name of a field", &name) || !read_field(r, &f))
            continue;
        f.name = name.s;
        if (f.type == FIELD_ROWS) {
            f.rows = arena_new(r->all->arena, struct record);
            read_record(r, f.rows, own);
            if (!f.rows->count)
                complain(r->all, f.at, "rows need the fields of a row below, one step deeper");
        }
        vec_add(r->all->arena, ret, f);
    }
}
