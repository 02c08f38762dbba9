/* statement.h - one statement as the pages see it. */
#pragma once

#include "entity/route.h"
#include "mod/settlement/settlement.gen.h"

/* The `Statement` object of ui/API.md §7. */
NODISCARD enum err statement_put(struct cx *cx, struct json_writer *w, struct statement_id id);
/* Paging of lists made here: `limit` and `cursor` (a position) of the request. */
struct page {
    int64_t limit, from;
};
NODISCARD enum err page_of(struct cx *cx, const struct request *in, struct page *ret);
void page_end(struct json_writer *w, bool more, int64_t next);
