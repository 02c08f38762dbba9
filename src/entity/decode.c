/* decode.c - JSON, cells and query words into members. Every mistake is noted, none stops. */
#include "entity/value.h"

#include "base/hex.h"

#include <stdio.h>
#include <string.h>

static bool wrong_type(struct cx *cx, const char *path, const char *english, const char *chinese)
{
    problem(cx, path, "type", "must be %s", "应为%s", cx_say(cx, english, chinese));
    return false;
}

static bool wrong_choice(struct cx *cx, const struct entity_field *f, const char *path,
                         struct str got)
{
    struct buf all = buf_in(cx->arena);
    for (int i = 1; i < f->choices->count; i++) {
        const struct choice *c = &f->choices->items[i];
        buf_fmt(&all, "%s%s (%s)", i > 1 ? ", " : "", c->code, cx_say(cx, c->en, c->zh));
    }
    problem(cx, path, "choice", "“" STR_FMT "” is none of: " STR_FMT,
            "“" STR_FMT "”不在可选值之中：" STR_FMT, STR_ARG(got), STR_ARG(buf_view(&all)));
    return false;
}

/* ------------------------------------------------------------------ common checks */

static bool check_range(struct cx *cx, const struct entity_field *f, const char *path, int64_t v)
{
    if (f->low >= f->high || (v >= f->low && v <= f->high))
        return true;
    int scale = f->type == FIELD_DECIMAL ? f->scale : f->type == FIELD_MONEY ? 2
                : f->type == FIELD_RATE ? 4 : 0;
    struct str low = decimal_text(cx->arena, (struct decimal){ f->low, scale });
    struct str high = decimal_text(cx->arena, (struct decimal){ f->high, scale });
    problem(cx, path, "range", "must be between " STR_FMT " and " STR_FMT "%s",
            "应在 " STR_FMT " 与 " STR_FMT "%s 之间", STR_ARG(low), STR_ARG(high),
            f->type == FIELD_RATE ? " %" : "");
    return false;
}

static bool check_text(struct cx *cx, const struct entity_field *f, const char *path, struct str s)
{
    if (f->high > 0 && utf8_count(s) > (size_t)f->high) {
        problem(cx, path, "length", "longer than %lld characters", "超过 %lld 个字符",
                (long long)f->high);
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F) {
            problem(cx, path, "control", "contains a control character", "包含控制字符");
            return false;
        }
    }
    return true;
}

bool field_check(struct cx *cx, const struct entity_field *f, const char *path, const void *row)
{
    if (field_absent(f, row))
        return true;
    switch (f->type) {
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
        return check_range(cx, f, path, field_i64(f, row));
    case FIELD_TEXT:
        return check_text(cx, f, path, *(const struct str *)const_member_of(row, f->offset));
    case FIELD_SECRET:
        return check_text(cx, f, path,
                          ((const struct secret *)const_member_of(row, f->offset))->plain);
    case FIELD_JSON:
    case FIELD_BYTES: {
        struct str s = *(const struct str *)const_member_of(row, f->offset);
        if (f->high <= 0 || s.len <= (size_t)f->high)
            return true;
        problem(cx, path, "length", "larger than %lld bytes", "超过 %lld 字节", (long long)f->high);
        return false;
    }
    case FIELD_POINT: {
        const struct point *p = const_member_of(row, f->offset);
        if (p->lat >= -90000000 && p->lat <= 90000000 && p->lon >= -180000000 &&
            p->lon <= 180000000)
            return true;
        problem(cx, path, "range", "is not a place on earth", "不是有效的经纬度");
        return false;
    }
    case FIELD_REF:
    case FIELD_FILE:
    case FIELD_DATE:
    case FIELD_INSTANT:
    case FIELD_BOOL:
    case FIELD_ENUM:
    case FIELD_STATES:
    case FIELD_ROWS:
        break;
    }
    return true;
}

/* ------------------------------------------------------------------ from text */

static bool parse_id(struct str s, int64_t *ret)
{
    /* One spelling per id: "017" and "+17" are other texts, not other ids. */
    return s.len > 0 && s.data[0] >= '1' && s.data[0] <= '9' && str_to_i64(s, ret);
}

static bool parse_scaled(struct str s, int scale, int64_t *ret)
{
    struct decimal d;
    if (!decimal_parse(s, &d) || d.scale > scale ||
        !decimal_rescale(d, scale, ROUND_HALF_UP, &d) || d.units > INT64_MAX ||
        d.units <= INT64_MIN)
        return false;
    *ret = (int64_t)d.units;
    return true;
}

/* A place may come with 15 digits from a phone; six are 0.1 m. */
static bool parse_degrees(struct str s, int64_t *ret)
{
    struct decimal d;
    if (!decimal_parse(str_trim(s), &d) || !decimal_rescale(d, 6, ROUND_HALF_UP, &d) ||
        d.units > 360000000 || d.units < -360000000)
        return false;
    *ret = (int64_t)d.units;
    return true;
}

static bool parse_bool(struct str s, bool *ret)
{
    static const char *const words[][2] = {
        { "true", "false" }, { "1", "0" }, { "yes", "no" }, { "是", "否" }, { "TRUE", "FALSE" },
    };
    for (size_t i = 0; i < COUNT(words); i++)
        for (int k = 0; k < 2; k++)
            if (str_is(s, words[i][k])) {
                *ret = k == 0;
                return true;
            }
    return false;
}

/* Takes one or more digits (at most `digits`) off the front. */
static bool take_number(struct str *s, int digits, int *ret)
{
    int n = 0;
    *ret = 0;
    while (n < digits && (size_t)n < s->len && s->data[n] >= '0' && s->data[n] <= '9')
        *ret = *ret * 10 + (s->data[n++] - '0');
    *s = str_cut(*s, (size_t)n, s->len);
    return n > 0;
}

static bool take_word(struct str *s, const char *word)
{
    if (!str_starts(*s, str_from(word)))
        return false;
    *s = str_cut(*s, strlen(word), s->len);
    return true;
}

/* "2026/1/5", "2026.01.05" and "2026年1月5日" as well as the plain form. */
static bool parse_loose_date(struct str s, struct date *ret)
{
    static const char *const marks[][3] = {
        { "-", "-", "" }, { "/", "/", "" }, { ".", ".", "" }, { "年", "月", "日" },
    };
    for (size_t i = 0; i < COUNT(marks); i++) {
        struct str rest = s;
        int year, month, day;
        if (take_number(&rest, 4, &year) && take_word(&rest, marks[i][0]) &&
            take_number(&rest, 2, &month) && take_word(&rest, marks[i][1]) &&
            take_number(&rest, 2, &day) && take_word(&rest, marks[i][2]) && rest.len == 0 &&
            year >= 1000 && date_valid(year, month, day)) {
            *ret = date_of(year, month, day);
            return true;
        }
    }
    return false;
}

/* "09:30" or "09:30:05"; seconds of the day. */
static bool parse_clock(struct str s, int *ret)
{
    int hour, minute, second = 0;
    if (!take_number(&s, 2, &hour) || !take_word(&s, ":") || !take_number(&s, 2, &minute))
        return false;
    if (take_word(&s, ":") && !take_number(&s, 2, &second))
        return false;
    *ret = hour * 3600 + minute * 60 + second;
    return s.len == 0 && hour < 24 && minute < 60 && second < 60;
}

/* RFC 3339, or "2026-10-31 09:30[:00]", or a day alone, in the company's zone. */
static bool parse_loose_instant(const struct cx *cx, struct str s, struct instant *ret)
{
    if (instant_parse(s, ret))
        return true;
    struct str rest = s, day_text;
    struct date day;
    int second = 0;
    if (!str_split(&rest, ' ', &day_text) || !parse_loose_date(day_text, &day))
        return false;
    rest = str_trim(rest);
    if (rest.len > 0 && !parse_clock(rest, &second))
        return false;
    *ret = (struct instant){ date_start(day, cx->zone_minutes).us + second * INT64_C(1000000) };
    return true;
}

static bool rate_from_text(struct str text, int64_t *ret)
{
    if (str_ends(text, STR("%")))
        text = str_trim(str_cut(text, 0, text.len - 1));
    return parse_scaled(text, 4, ret);
}

static bool number_from_text(const struct entity_field *f, struct str text, int64_t *ret)
{
    if (f->type == FIELD_INT)
        return str_to_i64(text, ret) || parse_scaled(text, 0, ret);
    if (f->type == FIELD_RATE)
        return rate_from_text(text, ret);
    return parse_scaled(text, f->type == FIELD_MONEY ? 2 : f->scale, ret);
}

static bool number_cell(struct cx *cx, const struct entity_field *f, const char *path,
                        struct str text, void *row)
{
    int64_t v;
    if (!number_from_text(f, text, &v) || v == ABSENT) {
        if (f->type == FIELD_MONEY)
            return wrong_type(cx, path, "yuan with at most two decimals", "最多两位小数的金额");
        if (f->type == FIELD_INT)
            return wrong_type(cx, path, "a whole number", "整数");
        problem(cx, path, "type", "must be a number with at most %d decimals",
                "应为最多 %d 位小数的数", f->type == FIELD_RATE ? 4 : f->scale);
        return false;
    }
    field_set_i64(f, row, v);
    return true;
}

static bool point_cell(struct cx *cx, const struct entity_field *f, const char *path,
                       struct str text, void *row)
{
    struct point p;
    struct str lat;
    if (!str_split(&text, ',', &lat) || !parse_degrees(lat, &p.lat) ||
        !parse_degrees(text, &p.lon))
        return wrong_type(cx, path, "“latitude,longitude” in degrees", "“纬度,经度”（度）");
    *(struct point *)member_of(row, f->offset) = p;
    return true;
}

static bool choice_cell(struct cx *cx, const struct entity_field *f, const char *path,
                        struct str text, void *row)
{
    int v = choice_by_code(f->choices, text);
    v = v ? v : choice_by_label(f->choices, text);
    if (!v)
        return wrong_choice(cx, f, path, text);
    field_set_i64(f, row, v);
    return true;
}

static bool read_cell(struct cx *cx, const struct entity_field *f, const char *path,
                      struct str text, void *row)
{
    void *at = member_of(row, f->offset);
    switch (f->type) {
    case FIELD_REF:
    case FIELD_FILE: {
        int64_t id;
        if (!parse_id(text, &id))
            return wrong_type(cx, path, "an id", "编号");
        field_set_i64(f, row, id);
        return true;
    }
    case FIELD_INT:
    case FIELD_MONEY:
    case FIELD_RATE:
    case FIELD_DECIMAL:
        return number_cell(cx, f, path, text, row);
    case FIELD_DATE:
        return parse_loose_date(text, at) || wrong_type(cx, path, "a date like 2026-10-31",
                                                        "形如 2026-10-31 的日期");
    case FIELD_INSTANT:
        return parse_loose_instant(cx, text, at) ||
               wrong_type(cx, path, "a time like 2026-10-31 09:30", "形如 2026-10-31 09:30 的时间");
    case FIELD_BOOL:
        return parse_bool(text, at) || wrong_type(cx, path, "yes or no", "是或否");
    case FIELD_ENUM:
    case FIELD_STATES:
        return choice_cell(cx, f, path, text, row);
    case FIELD_TEXT:
        *(struct str *)at = text;
        return true;
    case FIELD_SECRET:
        *(struct secret *)at = (struct secret){ .plain = text };
        return true;
    case FIELD_POINT:
        return point_cell(cx, f, path, text, row);
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_ROWS:
        break;
    }
    return wrong_type(cx, path, "left out: a cell cannot hold it", "空：单元格无法容纳此类内容");
}

bool field_from_text(struct cx *cx, const struct entity_field *f, const char *path, struct str text,
                     void *row)
{
    text = str_trim(text);
    if (text.len == 0) {
        field_clear(f, row);
        return true;
    }
    return read_cell(cx, f, path, text, row) && field_check(cx, f, path, row);
}

bool field_from_query(struct cx *cx, const struct entity_field *f, const char *path,
                      struct str text, struct db_value *ret)
{
    char row[64] = { 0 }; /* a row of this one member */
    struct entity_field alone = *f;
    alone.offset = 0;
    /* Amounts in addresses are fen and ppm, as in JSON; only sheets speak of yuan and percent. */
    if (f->type == FIELD_MONEY || f->type == FIELD_RATE) {
        alone.type = FIELD_INT;
    }
    if (f->type == FIELD_TEXT) {
        *ret = db_str(text);
        return true;
    }
    if (!read_cell(cx, &alone, path, text, row))
        return false;
    if (f->type == FIELD_ENUM || f->type == FIELD_STATES)
        *ret = db_str(str_from(f->choices->items[*(int *)(void *)row].code));
    else
        *ret = db_int(field_i64(&alone, row));
    return true;
}
