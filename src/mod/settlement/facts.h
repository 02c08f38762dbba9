/*
 * facts.h - what the company knows, as tables for a plan.
 *
 * facts           columns
 * person          promoter_id parent_id unit_id rank join_date number kind
 * product         product_id code category spiff_fen
 * order_line      order_id (of the line) sale_id promoter_id product_id customer_id quantity
 *                 amount_fen paid_bp order_time day refund_flag refund_fen
 * activity        event_id promoter_id kind (1 lead, 2 visit) kind_code event_time day valid
 * refund          refund_id orig_order_id promoter_id orig_base_fen orig_commission_fen refund_fen
 *                 refund_time: refunds, in the period, of lines that an earlier statement paid
 *
 * Times are seconds local to the company, days are days since 1970. A missing reference is 0.
 */
#pragma once

#include "entity/cx.h"
#include "mod/settlement/frame.h"

struct facts_range {
    struct date first, last;
    int64_t known; /* facts with a log number below this count */
};

/* The names above, NULL-terminated. */
extern const char *const facts_names[];
/* Facts that change in place, and are therefore kept with a run. */
bool facts_are_kept(const char *facts);
/* ERR_UNPROCESSABLE: there are no such facts. */
NODISCARD enum err facts_load(struct cx *cx, struct arena *arena, const char *facts,
                              const struct facts_range *range, struct frame *ret);
/* From what a run has kept. */
NODISCARD enum err facts_restore(struct arena *arena, const char *facts, const struct json *kept,
                                 struct fault *fault, struct frame *ret);
