#include "mod/settlement/frame.h"

struct frame frame_of(struct arena *arena, const char *facts)
{
    return (struct frame){ .arena = arena, .facts = facts };
}

static void add_column(struct frame *frame, const char *name, bool text)
{
    assert(frame->column_count < FRAME_COLUMNS_MAX && frame->rows == 0);
    frame->columns[frame->column_count++] = (struct frame_column){ .name = name, .text = text };
}

void frame_number_column(struct frame *frame, const char *name)
{
    add_column(frame, name, false);
}

void frame_text_column(struct frame *frame, const char *name)
{
    add_column(frame, name, true);
}

void frame_number(struct frame *frame, int column, int64_t value)
{
    vec_add(frame->arena, &frame->columns[column].numbers, value);
}

void frame_text(struct frame *frame, int column, struct str value)
{
    vec_add(frame->arena, &frame->columns[column].texts, str_copy(frame->arena, value));
}

void frame_end_row(struct frame *frame)
{
    frame->rows++;
    for (int i = 0; i < frame->column_count; i++) {
        const struct frame_column *c = &frame->columns[i];
        assert((c->text ? c->texts.count : c->numbers.count) == frame->rows);
    }
}

static const struct frame_column *find_column(const struct frame *frame, struct str name)
{
    for (int i = 0; i < frame->column_count; i++)
        if (str_is(name, frame->columns[i].name))
            return &frame->columns[i];
    return NULL;
}

static enum err no_column(const struct frame *frame, struct str name, struct fault *fault)
{
    struct buf have = buf_in(frame->arena);
    for (int i = 0; i < frame->column_count; i++)
        buf_fmt(&have, "%s%s", i ? ", " : "", frame->columns[i].name);
    return fault_set_field(fault, ERR_UNPROCESSABLE, "tables",
                           "facts \"%s\" have no column \"" STR_FMT "\"; they have " STR_FMT,
                           frame->facts, STR_ARG(name), STR_ARG(buf_view(&have)));
}

enum err frame_put(const struct frame *frame, const struct plan *plan, struct plan_data *data,
                   int table, struct fault *fault)
{
    struct plan_input inputs[PLAN_COLUMNS_MAX];
    int count = 0;
    for (int i = 0; i < plan_table(plan, table).columns; i++) {
        struct plan_column_info info = plan_column(plan, table, i);
        if (!info.header.len || !info.used)
            continue;
        const struct frame_column *c = find_column(frame, info.header);
        if (!c)
            return no_column(frame, info.header, fault);
        inputs[count++] = (struct plan_input){ .column = i,
                                               .i64 = c->text ? NULL : c->numbers.items,
                                               .text = c->text ? c->texts.items : NULL };
    }
    return plan_put_rows(data, table, frame->rows, inputs, count, fault);
}

void frame_write(const struct frame *frame, struct json_writer *w)
{
    json_begin_object(w);
    for (int i = 0; i < frame->column_count; i++) {
        const struct frame_column *c = &frame->columns[i];
        json_key(w, c->name);
        json_begin_array(w);
        for (size_t row = 0; row < frame->rows; row++) {
            if (c->text)
                json_put_str(w, c->texts.items[row]);
            else
                json_put_i64(w, c->numbers.items[row]);
        }
        json_end_array(w);
    }
    json_end_object(w);
}

static enum err read_column(struct frame *frame, int column, const struct json *list,
                            struct fault *fault)
{
    struct frame_column *c = &frame->columns[column];
    if (!list || list->type != JSON_ARRAY)
        return fault_set(fault, ERR_CORRUPT, "kept inputs lack %s.%s", frame->facts, c->name);
    for (const struct json *v = list->first; v; v = v->next) {
        int64_t number = 0;
        if (c->text && v->type == JSON_STRING)
            frame_text(frame, column, v->text);
        else if (!c->text && json_i64(v, &number))
            frame_number(frame, column, number);
        else
            return fault_set(fault, ERR_CORRUPT, "kept inputs are damaged in %s.%s", frame->facts,
                             c->name);
    }
    return OK;
}

enum err frame_read(struct frame *frame, const struct json *v, struct fault *fault)
{
    for (int i = 0; i < frame->column_count; i++)
        TRY(read_column(frame, i, json_get(v, frame->columns[i].name), fault));
    for (int i = 0; i < frame->column_count; i++) {
        const struct frame_column *c = &frame->columns[i];
        size_t rows = c->text ? c->texts.count : c->numbers.count;
        if (i && rows != frame->rows)
            return fault_set(fault, ERR_CORRUPT, "kept inputs of %s differ in length",
                             frame->facts);
        frame->rows = rows;
    }
    return OK;
}
