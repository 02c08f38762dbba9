/*
 * fuzz_entity.c - any bytes as descriptions and statements: they are refused with a place, or all
 * that is made of them is made. What stands behind a line "%sql" is read as statements.
 */
#include "desc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_line(void *to, struct str text)
{
    size_t *lines = to;
    *lines += text.len > 0;
}

static void emit_everything(struct all *all)
{
    emit_ids(all);
    emit_choices(all);
    emit_names(all, "may");
    emit_names(all, "event");
    emit_names(all, "setting");
    emit_model_header(all);
    emit_model_source(all, emit_openapi(all));
    emit_typescript(all);
    emit_dictionary(all);
    for (size_t i = 0; i < all->folders.count; i++) {
        emit_folder_header(all, all->folders.items[i]);
        emit_folder_source(all, all->folders.items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena; /* reserving address space costs more than a small input */
    arena = arena ? arena : arena_open((size_t)1 << 30);
    assert(arena);
    struct arena_mark start = arena_mark(arena);
    struct str text = str_copy(arena, (struct str){ (const char *)data, size });
    ptrdiff_t cut = str_find(text, STR("\n%sql\n"));
    struct str sql = cut < 0 ? STR("") : str_cut(text, (size_t)cut + 6, size);
    if (cut >= 0)
        text = str_cut(text, 0, (size_t)cut + 1);

    struct all all;
    all_init(&all, arena, STR("fuzz"));
    parse_descriptions(&all, folder_of(&all, STR("x")), "x.entity", text);
    parse_sql(&all, folder_of(&all, STR("x")), "x.sql", sql);
    check_all(&all);
    if (all.complaints.count == 0)
        check_sql(&all);
    size_t lines = 0, told = complaints_print(&all, count_line, &lines);
    assert((told == 0) == (lines == 0));
    if (told == 0)
        emit_everything(&all);
    arena_reset(arena, start);
    return 0;
}
