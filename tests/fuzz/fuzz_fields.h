/* fuzz_fields.h - a record with a field of every type, for the fuzzers of JSON and sheets. */
#pragma once

#include "entity/cx.h"
#include "entity/model.h"
#include "entity/value.h"

struct fuzz_line {
    int64_t n;
    struct str t;
};
struct fuzz_row {
    int64_t ref, number, decimal, instant, money, rate;
    struct str text, json, bytes;
    struct secret secret;
    int32_t date;
    bool flag;
    int choice;
    struct point point;
    const struct fuzz_line *lines;
    size_t lines_count;
};

static const struct fuzz_row fuzz_blank = {
    .number = ABSENT, .decimal = ABSENT, .money = ABSENT, .rate = ABSENT,
    .date = DATE_ABSENT, .point = { ABSENT, ABSENT },
};
static const struct fuzz_line fuzz_line_blank = { .n = ABSENT };
static const struct choice fuzz_items[] = { { 0 }, { "a", "甲", "A", 0 }, { "b", "乙", "B", 0 } };
static const struct choices fuzz_choices = { "fuzz", false, 3, fuzz_items };

#define FUZZ_FIELD(word, kind, ...) \
    { .name = #word, .wire = #word, .zh = #word, .en = #word, .type = kind, \
      .offset = offsetof(struct fuzz_row, word), __VA_ARGS__ }

static const struct entity_field fuzz_line_fields[] = {
    { .name = "n", .wire = "n", .zh = "n", .en = "n", .type = FIELD_INT, .low = -5, .high = 5,
      .flags = FIELD_REQUIRED, .offset = offsetof(struct fuzz_line, n) },
    { .name = "t", .wire = "t", .zh = "t", .en = "t", .type = FIELD_TEXT, .high = 5,
      .offset = offsetof(struct fuzz_line, t) },
};
static const struct entity_record fuzz_line_record = {
    sizeof(struct fuzz_line), 2, fuzz_line_fields, &fuzz_line_blank,
};
static const struct entity_field fuzz_fields[] = {
    FUZZ_FIELD(ref, FIELD_REF, .flags = FIELD_REQUIRED),
    FUZZ_FIELD(number, FIELD_INT, .low = -1000, .high = 1000),
    FUZZ_FIELD(decimal, FIELD_DECIMAL, .scale = 3),
    FUZZ_FIELD(instant, FIELD_INSTANT, .flags = 0),
    FUZZ_FIELD(money, FIELD_MONEY, .flags = 0),
    FUZZ_FIELD(rate, FIELD_RATE, .low = 0, .high = 1000000),
    FUZZ_FIELD(text, FIELD_TEXT, .high = 20),
    FUZZ_FIELD(json, FIELD_JSON, .high = 200),
    FUZZ_FIELD(bytes, FIELD_BYTES, .high = 40),
    FUZZ_FIELD(secret, FIELD_SECRET, .high = 20),
    FUZZ_FIELD(date, FIELD_DATE, .flags = 0),
    FUZZ_FIELD(flag, FIELD_BOOL, .flags = 0),
    FUZZ_FIELD(choice, FIELD_ENUM, .choices = &fuzz_choices),
    FUZZ_FIELD(point, FIELD_POINT, .flags = 0),
    FUZZ_FIELD(lines, FIELD_ROWS, .low = 0, .high = 3, .rows = &fuzz_line_record,
               .count_offset = offsetof(struct fuzz_row, lines_count)),
};
static const struct entity_record fuzz_record = {
    sizeof(struct fuzz_row), COUNT(fuzz_fields), fuzz_fields, &fuzz_blank,
};
