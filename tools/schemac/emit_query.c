/* emit_query.c - a named statement as a constant and a thin typed function. */
#include "desc.h"

static const char *db_type(enum field_type type)
{
    switch (type) {
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_STATES:
    case FIELD_JSON: return "DB_TEXT";
    case FIELD_BYTES: return "DB_BLOB";
    case FIELD_REF:
    case FIELD_SECRET:
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_FILE:
    case FIELD_POINT:
    case FIELD_ROWS: break;
    }
    return "DB_I64";
}

static void emit_struct(struct buf *out, const struct query *q, const char *suffix,
                        const struct record *r)
{
    buf_fmt(out, "struct " STR_FMT "_%s {\n", STR_ARG(q->name), suffix);
    for (size_t i = 0; i < r->count; i++)
        emit_member(out, &r->items[i], 4);
    buf_cstr(out, "};\n");
}

/* The parameters of the function after cx: "struct x_in in, int64_t *changed". */
static void emit_signature(struct all *all, struct buf *out, const struct query *q)
{
    struct str n = q->name;
    buf_fmt(out, "enum err " STR_FMT "(struct cx *cx", STR_ARG(n));
    if (q->in.count)
        buf_fmt(out, ", struct " STR_FMT "_in in", STR_ARG(n));
    if (q->kind == QUERY_MANY)
        buf_fmt(out, ", struct " STR_FMT "_cursor *cursor)", STR_ARG(n));
    else if (q->kind == QUERY_ONE)
        buf_fmt(out, ", struct " STR_FMT "_row *row)", STR_ARG(n));
    else if (q->kind == QUERY_EXEC)
        buf_cstr(out, ", int64_t *changed)");
    else {
        struct buf member = buf_in(all->arena);
        struct field f = q->out.items[0];
        f.name = STR("*ret");
        f.unit = STR_NONE;
        f.scale = 0;
        emit_member(&member, &f, 0);
        buf_fmt(out, ", " STR_FMT ")", STR_ARG(str_cut(buf_view(&member), 0, member.len - 2)));
    }
}

void emit_query_header(struct all *all, struct buf *out, const struct query *q)
{
    struct str n = q->name;
    buf_fmt(out, "\n/* " STR_FMT ", line %d. */\n", STR_ARG(n), q->at.line);
    if (q->in.count)
        emit_struct(out, q, "in", &q->in);
    if (q->kind == QUERY_MANY || q->kind == QUERY_ONE)
        emit_struct(out, q, "row", &q->out);
    if (q->kind == QUERY_MANY)
        buf_fmt(out, "struct " STR_FMT "_cursor { struct db_rows *rows; };\n", STR_ARG(n));
    buf_fmt(out, "extern const struct db_statement " STR_FMT "_statement;\nNODISCARD ",
            STR_ARG(n));
    emit_signature(all, out, q);
    buf_cstr(out, q->kind == QUERY_EXEC  ? "; /* changed may be NULL */\n"
                  : q->kind == QUERY_ONE ? "; /* ERR_NOT_FOUND */\n"
                                         : ";\n");
    if (q->kind == QUERY_MANY)
        buf_fmt(out,
                "/* *row is NULL at the end, else in cx->arena. Closed by the end or "
                "db_rows_close. */\n"
                "NODISCARD enum err " STR_FMT "_next(struct cx *cx, struct " STR_FMT
                "_cursor *cursor, const struct " STR_FMT "_row **row);\n",
                STR_ARG(n), STR_ARG(n), STR_ARG(n));
}

static void emit_bind(struct buf *out, const struct field *f)
{
    struct str n = f->name;
    switch (f->type) {
    case FIELD_REF: buf_fmt(out, "bind_id(in." STR_FMT ".v)", STR_ARG(n)); return;
    case FIELD_INSTANT: buf_fmt(out, "bind_id(in." STR_FMT ".us)", STR_ARG(n)); return;
    case FIELD_MONEY: buf_fmt(out, "bind_i64(in." STR_FMT ".fen)", STR_ARG(n)); return;
    case FIELD_RATE: buf_fmt(out, "bind_i64(in." STR_FMT ".ppm)", STR_ARG(n)); return;
    case FIELD_DATE: buf_fmt(out, "bind_date(in." STR_FMT ")", STR_ARG(n)); return;
    case FIELD_BOOL: buf_fmt(out, "db_int(in." STR_FMT ")", STR_ARG(n)); return;
    case FIELD_TEXT:
    case FIELD_JSON: buf_fmt(out, "bind_text(in." STR_FMT ")", STR_ARG(n)); return;
    case FIELD_BYTES: buf_fmt(out, "bind_bytes(in." STR_FMT ")", STR_ARG(n)); return;
    case FIELD_ENUM:
    case FIELD_STATES:
        buf_fmt(out, "bind_code(&" STR_FMT "_choices, (int)in." STR_FMT ")", STR_ARG(f->of.s),
                STR_ARG(n));
        return;
    case FIELD_INT:
    case FIELD_DECIMAL:
    case FIELD_SECRET:
    case FIELD_FILE:
    case FIELD_POINT:
    case FIELD_ROWS: break;
    }
    buf_fmt(out, "bind_i64(in." STR_FMT ")", STR_ARG(n));
}

static void emit_read(struct buf *out, const struct field *f, size_t column)
{
    const char *form = "read_i64(rows, %zu)";
    switch (f->type) {
    case FIELD_REF: form = "{ db_i64(rows, %zu) }"; break;
    case FIELD_INSTANT: form = "{ db_i64(rows, %zu) }"; break;
    case FIELD_MONEY:
    case FIELD_RATE: form = "{ read_i64(rows, %zu) }"; break;
    case FIELD_DATE: form = "read_date(rows, %zu)"; break;
    case FIELD_BOOL: form = "db_i64(rows, %zu) != 0"; break;
    case FIELD_TEXT:
    case FIELD_JSON: form = "read_text(cx, rows, %zu)"; break;
    case FIELD_BYTES: form = "read_bytes(cx, rows, %zu)"; break;
    case FIELD_ENUM:
    case FIELD_STATES:
        buf_fmt(out, "(enum " STR_FMT ")read_code(&" STR_FMT "_choices, rows, %zu)",
                STR_ARG(f->of.s), STR_ARG(f->of.s), column);
        return;
    case FIELD_INT:
    case FIELD_DECIMAL:
    case FIELD_SECRET:
    case FIELD_FILE:
    case FIELD_POINT:
    case FIELD_ROWS: break;
    }
    const char *at = strstr(form, "%zu");
    buf_fmt(out, "%.*s%zu%s", (int)(at - form), form, column, at + 3);
}

static const struct field *input_of(const struct query *q, struct str name)
{
    for (size_t i = 0; i < q->in.count; i++)
        if (str_eq(q->in.items[i].name, name))
            return &q->in.items[i];
    return NULL;
}

static void emit_statement(struct buf *out, const struct query *q)
{
    struct str n = q->name;
    if (q->params.count) {
        buf_fmt(out, "static const uint8_t " STR_FMT "_types[] = {", STR_ARG(n));
        for (size_t i = 0; i < q->params.count; i++) {
            const struct field *f = input_of(q, q->params.items[i].s);
            buf_fmt(out, " %s,", f ? db_type(f->type) : "DB_I64");
        }
        buf_cstr(out, " };\n");
    }
    if (q->out.count) {
        buf_fmt(out, "static const struct db_column " STR_FMT "_columns[] = {\n", STR_ARG(n));
        for (size_t i = 0; i < q->out.count; i++)
            buf_fmt(out, "    { \"" STR_FMT "\", %s, %s },\n", STR_ARG(q->out.items[i].name),
                    db_type(q->out.items[i].type),
                    q->out.items[i].flags & FIELD_NULLABLE ? "true" : "false");
        buf_cstr(out, "};\n");
    }
    buf_fmt(out, "const struct db_statement " STR_FMT "_statement = {\n    .name = \"" STR_FMT
                 "\",\n    .sql = ",
            STR_ARG(n), STR_ARG(n));
    c_string(out, q->sql);
    buf_fmt(out, ",\n    .file = \"%s\", .line = %d, .params = %zu,", q->at.file, q->at.line,
            q->params.count);
    if (q->params.count)
        buf_fmt(out, " .param_types = " STR_FMT "_types,", STR_ARG(n));
    if (q->out.count)
        buf_fmt(out, "\n    .columns = %zu, .column = " STR_FMT "_columns,", q->out.count,
                STR_ARG(n));
    buf_fmt(out, "%s\n};\n", q->writes ? " .writes = true," : "");
}

/* `const struct db_value values[] = { … };` or nothing; then what to pass. */
static const char *emit_values(struct buf *out, const struct query *q)
{
    if (!q->params.count)
        return "NULL";
    buf_cstr(out, "    const struct db_value values[] = {\n");
    for (size_t i = 0; i < q->params.count; i++) {
        const struct field *f = input_of(q, q->params.items[i].s);
        buf_cstr(out, "        ");
        if (f)
            emit_bind(out, f);
        else
            buf_cstr(out, "db_int(cx->org)");
        buf_cstr(out, ",\n");
    }
    buf_cstr(out, "    };\n");
    return "values";
}

static void emit_row_read(struct buf *out, const struct query *q)
{
    for (size_t i = 0; i < q->out.count; i++) {
        buf_fmt(out, "        ." STR_FMT " = ", STR_ARG(q->out.items[i].name));
        emit_read(out, &q->out.items[i], i);
        buf_cstr(out, ",\n");
    }
}

static void emit_single(struct buf *out, const struct query *q, const char *values)
{
    struct str n = q->name;
    buf_fmt(out,
            "    struct db_rows *rows;\n    bool has;\n"
            "    TRY(db_query(cx->tx, &" STR_FMT "_statement, %s, &cx->fault, &rows));\n"
            "    TRY(db_next(rows, &has, &cx->fault));\n"
            "    if (!has)\n        return fail(cx, ERR_NOT_FOUND, \"" STR_FMT
            ": no row\");\n",
            STR_ARG(n), values, STR_ARG(n));
    if (q->kind == QUERY_ONE) {
        buf_fmt(out, "    *row = (struct " STR_FMT "_row){\n", STR_ARG(n));
        emit_row_read(out, q);
        buf_cstr(out, "    };\n");
    } else {
        struct buf read = buf_in(out->arena);
        emit_read(&read, &q->out.items[0], 0);
        bool braces = read.len && read.data[0] == '{';
        struct field f = q->out.items[0];
        f.name = STR_NONE;
        f.unit = STR_NONE;
        f.scale = 0;
        struct buf type = buf_in(out->arena);
        if (braces)
            emit_member(&type, &f, 0);
        struct str cast = str_trim(str_cut(buf_view(&type), 0, type.len ? type.len - 2 : 0));
        buf_fmt(out, "    *ret = %s" STR_FMT "%s" STR_FMT ";\n", braces ? "(" : "", STR_ARG(cast),
                braces ? ")" : "", STR_ARG(buf_view(&read)));
    }
    buf_cstr(out, "    db_rows_close(rows);\n    return OK;\n}\n");
}

void emit_query_source(struct all *all, struct buf *out, const struct query *q)
{
    struct str n = q->name;
    buf_char(out, '\n');
    emit_statement(out, q);
    emit_signature(all, out, q);
    buf_cstr(out, "\n{\n");
    const char *values = emit_values(out, q);
    if (q->kind == QUERY_EXEC) {
        buf_fmt(out,
                "    return db_run(cx->tx, &" STR_FMT "_statement, %s, changed, &cx->fault);\n}\n",
                STR_ARG(n), values);
    } else if (q->kind != QUERY_MANY) {
        emit_single(out, q, values);
    } else {
        buf_fmt(out,
                "    return db_query(cx->tx, &" STR_FMT
                "_statement, %s, &cx->fault, &cursor->rows);\n}\n",
                STR_ARG(n), values);
        buf_fmt(out,
                "enum err " STR_FMT "_next(struct cx *cx, struct " STR_FMT
                "_cursor *cursor, const struct " STR_FMT "_row **row)\n{\n"
                "    struct db_rows *rows = cursor->rows;\n    bool has;\n    *row = NULL;\n"
                "    TRY(db_next(rows, &has, &cx->fault));\n    if (!has)\n        return OK;\n"
                "    struct " STR_FMT "_row *made = arena_new(cx->arena, struct " STR_FMT
                "_row);\n    *made = (struct " STR_FMT "_row){\n",
                STR_ARG(n), STR_ARG(n), STR_ARG(n), STR_ARG(n), STR_ARG(n), STR_ARG(n));
        emit_row_read(out, q);
        buf_cstr(out, "    };\n    *row = made;\n    return OK;\n}\n");
    }
}
