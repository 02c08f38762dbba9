/* formula.c - from text and environment to a program. */
#include "engine/formula/internal.h"

/* An environment is written by programs, so a mistake in it is told by name, not by position. */
static enum err check_env_name(const struct formula_name *name, struct fault *fault)
{
    if (!name_is_word(name->name))
        return fault_set(fault, ERR_INVALID, "\"" STR_FMT "\" cannot be a name in a formula",
                         STR_ARG(name->name));
    struct unit unit;
    if (!unit_parse(str_from(name->unit), &unit))
        return fault_set(fault, ERR_INVALID, "the unit \"%s\" of " STR_FMT " cannot be read",
                         name->unit, STR_ARG(name->name));
    bool kind = name->type != FORMULA_DATE
                || (name->value >= DATE_LOW && name->value <= DATE_HIGH);
    if (name->type == FORMULA_BOOL)
        kind = name->value == 0 || name->value == 1;
    if (name->scale < 0 || name->scale > FORMULA_SCALE_MAX || (name->constant && !kind)
        || (name->constant && name->optional) || (name->ranged && name->low > name->high)
        || (!name->constant && (name->slot < 0 || name->slot > 65535)))
        return fault_set(fault, ERR_INVALID, "the declaration of " STR_FMT " is wrong",
                         STR_ARG(name->name));
    return OK;
}

static enum err check_env_table(const struct formula_table_shape *table, struct fault *fault)
{
    bool good = name_is_word(table->name) && table->key_count >= 1
                && table->key_count <= FORMULA_KEYS_MAX && table->column_count >= 0;
    for (int i = 0; good && i < table->key_count + table->column_count; i++) {
        const struct formula_column_shape *shape =
            i < table->key_count ? &table->keys[i] : &table->columns[i - table->key_count];
        struct unit unit;
        good = name_is_word(shape->name) && unit_parse(str_from(shape->unit), &unit)
               && shape->scale >= 0 && shape->scale <= FORMULA_SCALE_MAX
               && (!shape->ranged || shape->low <= shape->high);
    }
    if (!good)
        return fault_set(fault, ERR_INVALID, "the declaration of table " STR_FMT " is wrong",
                         STR_ARG(table->name));
    return OK;
}

static enum err check_env(struct compiler *c)
{
    c->names = str_map_in(c->arena);
    for (size_t i = 0; i < c->env->name_count; i++) {
        TRY(check_env_name(&c->env->names[i], c->fault));
        void **at = str_map_at(&c->names, c->env->names[i].name, true);
        if (*at)
            return fault_set(c->fault, ERR_INVALID, "two names are called " STR_FMT,
                             STR_ARG(c->env->names[i].name));
        *at = (void *)(uintptr_t)&c->env->names[i];
    }
    for (size_t i = 0; i < c->env->table_count; i++)
        TRY(check_env_table(&c->env->tables[i], c->fault));
    return OK;
}

static size_t positions(struct arena *arena, const bool *used, size_t count, const int **ret)
{
    int *list = arena_array(arena, int, count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (used[i])
            list[at++] = (int)i;
    *ret = list;
    return at;
}

static void fill_info(struct compiler *c, struct formula *f, int scale)
{
    const struct node *root = f->root;
    struct formula_info *info = &f->info;
    struct range range = range_scale(root->range, scale - root->scale);
    info->type = root->type;
    info->unit = unit_text(c->arena, &root->unit);
    info->scale = scale;
    info->ranged = root->type != FORMULA_TEXT && range_within(range, INT64_MIN, INT64_MAX);
    if (info->ranged) {
        info->low = (int64_t)range.low;
        info->high = (int64_t)range.high;
    }
    info->may_fail = root->fails || (root->type != FORMULA_TEXT && !info->ranged);
    info->name_count = positions(c->arena, c->names_used, c->env->name_count, &info->names);
    info->table_count = positions(c->arena, c->tables_used, c->env->table_count, &info->tables);
    for (size_t i = 0; i < info->name_count; i++) {
        const struct formula_name *name = &c->env->names[info->names[i]];
        if (!name->constant)
            info->slot_count = MAX(info->slot_count, name->slot + 1);
    }
    info->node_count = c->node_count;
    info->text = c->text;
}

static enum err check_want(struct compiler *c, struct node *root, struct formula_want want)
{
    struct unit unit;
    TRY(check_type(c, root, want.type, "the result"));
    if (want.type != FORMULA_NUMBER)
        return OK;
    if (want.unit) {
        if (!unit_parse(str_from(want.unit), &unit))
            return fault_set(c->fault, ERR_INVALID, "the unit \"%s\" cannot be read", want.unit);
        if (!units_agree(root, &unit, false))
            return COMPLAIN(c, root, "the result is %s, and %s is wanted",
                            type_words(c->arena, root), *want.unit ? want.unit : "a plain number");
        root->unit = unit;
        root->bare = false;
    }
    if (root->scale > want.scale)
        return COMPLAIN(c, root, "the result has %d decimals, and %d are wanted: "
                        "round(..., %d, half_up)", root->scale, want.scale, want.scale);
    return OK;
}

static enum err compile(struct arena *arena, const struct formula_env *env, struct str text,
                        const struct formula_want *want, const struct formula **ret,
                        struct fault *fault)
{
    struct formula *f = arena_new(arena, struct formula);
    f->env = *env;
    f->env.names = arena_copy(arena, env->names, env->name_count * sizeof *env->names);
    f->env.tables = arena_copy(arena, env->tables, env->table_count * sizeof *env->tables);
    struct compiler c = { .arena = arena, .env = &f->env, .fault = fault, .line = 1, .column = 1 };
    c.names_used = arena_array(arena, bool, env->name_count);
    c.tables_used = arena_array(arena, bool, env->table_count);
    TRY(check_env(&c));
    if (text.len > FORMULA_TEXT_MAX)
        return complain(&c, 1, 1, "the formula is longer than %d bytes", FORMULA_TEXT_MAX);
    if (!utf8_valid(text))
        return complain(&c, 1, 1, "the formula is not UTF-8 text");
    c.text = str_copy(arena, text);

    struct node *root;
    TRY(parse_formula(&c, &root));
    if (root->optional)
        return COMPLAIN(&c, root, "this may be missing: write default(x, value)");
    if (want)
        TRY(check_want(&c, root, *want));
    f->root = root;
    fill_info(&c, f, want && root->type == FORMULA_NUMBER ? want->scale : root->scale);
    code_make(arena, f);
    *ret = f;
    return OK;
}

enum err formula_compile(struct arena *arena, const struct formula_env *env, struct str text,
                         const struct formula **ret, struct fault *fault)
{
    return compile(arena, env, text, NULL, ret, fault);
}

enum err formula_compile_as(struct arena *arena, const struct formula_env *env, struct str text,
                            struct formula_want want, const struct formula **ret,
                            struct fault *fault)
{
    return compile(arena, env, text, &want, ret, fault);
}

const struct formula_info *formula_info(const struct formula *formula)
{
    return &formula->info;
}
