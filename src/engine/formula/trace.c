/* trace.c - a trace as lines for people. */
#include "engine/formula/internal.h"

static struct str wide_text(struct arena *arena, i128 units, int scale)
{
    return decimal_text(arena, (struct decimal){ units, scale });
}

struct str formula_trace_text(struct arena *arena, const struct formula_trace *t)
{
    if (t->missing)
        return STR("-");
    switch (t->type) {
    case FORMULA_NUMBER: return wide_text(arena, t->units, t->scale);
    case FORMULA_BOOL: return t->units ? STR("true") : STR("false");
    case FORMULA_TEXT: return str_fmt(arena, "\"" STR_FMT "\"", STR_ARG(t->text));
    case FORMULA_DATE: return date_text(arena, (struct date){ (int32_t)t->units });
    case FORMULA_INSTANT: return instant_text(arena, (struct instant){ (int64_t)t->units });
    }
    return STR_NONE;
}

static const char *rounding_words(enum rounding rounding, bool chinese)
{
    static const char *const words[][2] = {
        [ROUND_HALF_UP] = { "rounded half up", "四舍五入" },
        [ROUND_DOWN] = { "rounded toward zero", "舍去" },
        [ROUND_UP] = { "rounded away from zero", "进位" },
        [ROUND_FLOOR] = { "rounded down", "向下取整" },
        [ROUND_CEILING] = { "rounded up", "向上取整" },
        [ROUND_HALF_EVEN] = { "rounded half to even", "四舍六入五成双" },
    };
    return words[rounding][chinese];
}

static const char *op_words(const struct formula_trace *t, bool chinese)
{
    static const struct {
        const char *op, *chinese;
    } words[] = {
        { "literal", "常数" },      { "name", "数据" },         { "+", "加" },
        { "-", "减" },              { "*", "乘" },              { "and", "且" },
        { "or", "或" },             { "not", "非" },            { "case", "分情况" },
        { "if", "如果" },           { "between", "介于" },      { "in", "属于" },
        { "div", "除" },            { "round", "取整" },        { "min", "取小" },
        { "max", "取大" },          { "abs", "绝对值" },        { "lookup", "查表" },
        { "starts_with", "开头是" }, { "day", "日" },           { "month", "月" },
        { "year", "年" },           { "weekday", "星期" },      { "days_between", "相隔天数" },
        { "date_of", "日期" },      { "minute_of_day", "当日分钟" }, { "known", "已知" },
        { "default", "缺省" },
    };
    for (size_t i = 0; chinese && i < COUNT(words); i++)
        if (!strcmp(words[i].op, t->op))
            return words[i].chinese;
    return t->op;
}

static void print_one(struct buf *out, const struct formula_trace *t, int depth, bool chinese)
{
    struct str value = formula_trace_text(out->arena, t);
    for (int i = 0; i < depth; i++)
        buf_cstr(out, "  ");
    buf_str(out, value);
    if (t->unit.len) {
        buf_char(out, ' ');
        buf_str(out, t->unit);
    }
    if (strcmp(t->op, "literal")) {
        buf_cstr(out, " = ");
        for (size_t i = 0; i < t->span.len; i++) /* the source may have line breaks */
            buf_char(out, (uint8_t)t->span.data[i] < ' ' ? ' ' : t->span.data[i]);
    }
    if (t->part_count)
        buf_fmt(out, "  [%s]", op_words(t, chinese));
    if (t->rounded)
        buf_fmt(out, chinese ? "，%s" : ", %s", rounding_words(t->rounding, chinese));
    if (t->table >= 0 && t->row < 0)
        buf_cstr(out, chinese ? "，表中没有，取缺省值" : ", not in the table: its default");
    else if (t->table >= 0)
        buf_fmt(out, chinese ? "，第 %d 行" : ", row %d", t->row + 1);
    buf_char(out, '\n');
}

static void print_tree(struct buf *out, const struct formula_trace *t, int depth, bool chinese)
{
    print_one(out, t, depth, chinese);
    for (int i = 0; i < t->part_count; i++)
        print_tree(out, t->parts[i], depth + 1, chinese);
}

void formula_trace_print(struct buf *out, const struct formula_trace *trace,
                         enum formula_language language)
{
    if (trace)
        print_tree(out, trace, 0, language == FORMULA_CHINESE);
}
