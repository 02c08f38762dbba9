/*
 * frame.h - facts as named columns, on their way from the database into a plan. A frame can be kept
 * as JSON, so that people and products of a run are what they were.
 */
#pragma once

#include "base/json.h"
#include "base/vec.h"
#include "engine/plan/plan.h"

#define FRAME_COLUMNS_MAX 16

struct frame_column {
    const char *name;
    bool text;
    VEC(int64_t) numbers;
    VEC(struct str) texts;
};

struct frame {
    struct arena *arena;
    const char *facts; /* "order_line" */
    struct frame_column columns[FRAME_COLUMNS_MAX];
    int column_count;
    size_t rows;
};

struct frame frame_of(struct arena *arena, const char *facts);
/* Columns are declared once, then each row gives one value per column in that order. */
void frame_number_column(struct frame *frame, const char *name);
void frame_text_column(struct frame *frame, const char *name);
void frame_number(struct frame *frame, int column, int64_t value);
void frame_text(struct frame *frame, int column, struct str value); /* copied */
void frame_end_row(struct frame *frame);

/* Fills a table of the plan. ERR_UNPROCESSABLE: the plan asks for a column that these facts do not
 * have; the message lists those they have. */
NODISCARD enum err frame_put(const struct frame *frame, const struct plan *plan,
                             struct plan_data *data, int table, struct fault *fault);

void frame_write(const struct frame *frame, struct json_writer *w);
NODISCARD enum err frame_read(struct frame *frame, const struct json *v, struct fault *fault);
