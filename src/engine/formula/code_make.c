/* code_make.c - the whole program: loads, instructions, and the final numbers of registers. */
#include "engine/formula/internal.h"

static int settle(const struct code *code, int reg)
{
    if (reg >= SCRATCH_BASE)
        return reg - SCRATCH_BASE + code->load_count + code->constant_count;
    return reg >= CONSTANT_BASE ? reg - CONSTANT_BASE + code->load_count : reg;
}

static bool is_fault_kernel(enum kernel k)
{
    return k == K_FAULT_OR || k == K_FAULT_MERGE;
}

static void settle_registers(struct code *code, struct instr *instrs)
{
    for (int i = 0; i < code->instr_count; i++) {
        struct instr *in = &instrs[i];
        in->a = settle(code, in->a);
        if (is_fault_kernel(in->kernel)) {
            in->b = in->b == NO_FAULT ? code->fault_count : in->b;
            in->c = in->c == NO_FAULT ? code->fault_count : in->c;
            in->d = in->d == NO_FAULT ? code->fault_count : in->d;
            continue;
        }
        in->dst = settle(code, in->dst);
        in->b = settle(code, in->b);
        in->c = settle(code, in->c);
        in->d = settle(code, in->d);
    }
}

static int make_loads(struct coder *c, const struct load **ret)
{
    const struct formula_info *info = &c->f->info;
    struct load *loads = arena_array(c->arena, struct load, info->name_count);
    int count = 0;
    c->load_of_name = arena_array(c->arena, int, c->f->env.name_count);
    for (size_t i = 0; i < info->name_count; i++) {
        const struct formula_name *name = &c->f->env.names[info->names[i]];
        if (name->constant)
            continue;
        struct range range;
        shape_range(&(struct formula_column_shape){ .type = name->type, .ranged = name->ranged,
                                                    .low = name->low, .high = name->high },
                    &range);
        c->load_of_name[info->names[i]] = count;
        loads[count++] = (struct load){
            .slot = name->slot, .type = name->type, .optional = name->optional,
            .check = name->type != FORMULA_TEXT && !name->trusted
                     && !range_within((struct range){ INT64_MIN, INT64_MAX }, range.low,
                                      range.high),
            .low = (int64_t)range.low, .high = (int64_t)range.high,
        };
    }
    *ret = loads;
    return count;
}

void code_make(struct arena *arena, struct formula *f)
{
    struct coder c = { .arena = arena, .f = f, .fault_top = 1, .fault_max = 1 };
    struct code *code = arena_new(arena, struct code);
    /* Three vectors per level of case at the most; levels are bounded by the tree's depth. */
    c.fault_used = arena_array(arena, bool, 3 * (TREE_DEPTH_MAX + 2) + 1);
    code->load_count = make_loads(&c, &code->loads);
    struct ref r = code_at(&c, f->root, f->info.scale);
    int result = code_register(&c, r);
    if (result < SCRATCH_BASE) {
        int dst = code_push(&c);
        emit(&c, K_COPY, dst, result, result);
        result = dst;
    }
    code->instrs = c.instrs;
    code->instr_count = c.instr_count;
    code->constants = c.constants;
    code->constant_count = c.constant_count;
    code->register_count = code->load_count + c.constant_count + c.top_max;
    code->fault_count = c.fault_max;
    code->aux = c.aux;
    code->aux_count = c.aux_count;
    code->result = settle(code, result);
    settle_registers(code, c.instrs);
    f->code = code;
}
