/*
 * demo_parts.h - what the demo company is made of. Private to cmd_demo.c and demo_*.c.
 *
 *   demo_seed.c    the demo's own randomness and clock: the same seed, the same bytes
 *   demo_orders.c  the published order file: read, its days shifted, cut into months
 *   demo_people.c  units, people, customers, logins: invented
 *   demo_life.c    a month goes by: import, collections, activities, pay
 *   demo_logins.c  demo.json in the data folder
 *   demo_mark.c    what was not finished is known as such
 */
#pragma once

#include "app/app.h"
#include "app/demo.h"
#include "base/rand.h"
#include "base/vec.h"
#include "core/playbook/playbook.h"
#include "entity/sheet.h"
#include "mod/sales/import.h"

enum {
    DEMO_SHIFT_DAYS = 5628, /* 804 weeks: 2011-05-31 becomes 2026-10-27 */
    DEMO_REGIONS = 4,
    DEMO_SQUADS = 12,
    DEMO_PROMOTERS = 60,
    DEMO_MONTHS_MAX = 7, /* 2026-04 (two days) … 2026-10 */
};

/* ---- demo_seed.c ---- */

/* All randomness of libsodium in this process comes from `seed` from now on: ids of keys, salts,
 * password hashes. Never in a process that serves. */
void demo_seed(uint64_t seed);
struct instant demo_clock(void);
void demo_set_clock(struct date day, int hour, int minute);

/* ---- demo_orders.c ---- */

struct demo_month {
    struct date first;        /* of the month */
    struct sheet sheet;       /* with header; the file's columns and promoter_no */
    struct sales_import_totals totals; /* as imported */
};

struct demo_orders {
    struct arena *arena;
    VEC(struct sheet_row) rows; /* of the file, dates shifted */
    struct demo_month months[DEMO_MONTHS_MAX];
};
enum demo_column {
    DEMO_ORDER, DEMO_CODE, DEMO_NAME, DEMO_QUANTITY, DEMO_DATE, DEMO_PRICE, DEMO_CUSTOMER,
    DEMO_COUNTRY, DEMO_PROMOTER, DEMO_COLUMNS
};

/* Reads every .csv.gz of the folder in the order of their names. */
NODISCARD enum err demo_read_orders(struct demo_orders *orders, const char *folder,
                                    struct fault *fault);
/* Where the files are: beside the program, or in the current folder. NULL: nowhere. */
const char *demo_orders_folder(struct arena *arena);

/* ---- demo_people.c ---- */

struct demo_person {
    struct person_id id;
    struct str number;
    int squad;
};

struct demo_squad {
    struct str code, shop; /* number of the promoter who has the orders without customer */
    int region;
    int first, count; /* of demo.promoters */
};

struct demo_login {
    const char *role, *name, *zh, *en;
    int64_t id;
};
enum { DEMO_HQ, DEMO_FINANCE, DEMO_SUPERVISOR, DEMO_PROMOTER_LOGIN, DEMO_ADMIN, DEMO_LOGINS };

struct demo_due {
    struct str order_no;
    struct instant at;
    int64_t fen;
};

struct demo {
    struct app app;
    struct arena *arena;
    uint64_t seed;
    int months; /* the last so many */
    struct call call;
    struct str code, name, password, password_hash;
    const struct playbook_source *playbook;
    struct demo_orders orders;
    struct demo_squad squads[DEMO_SQUADS];
    struct demo_person promoters[DEMO_PROMOTERS];
    struct demo_login logins[DEMO_LOGINS];
    VEC(struct demo_due) due; /* collections that were not booked yet */
    VEC(struct import_order) recent; /* orders of the last month, for inventing today's */
    const struct import_line *recent_lines;
    int64_t begun_us;
};

/* Company, playbook, units, people, logins. In one transaction. */
NODISCARD enum err demo_make_company(struct cx *cx, void *demo);
/* Customers of the order file, each given to a promoter. In one transaction. */
NODISCARD enum err demo_make_customers(struct cx *cx, void *demo);
/* Which squad serves: by country, then by number. */
int demo_squad_of(const struct demo *demo, struct str country, struct str number);
/* The promoter of a customer: always the same for the same number. */
int demo_promoter_of(const struct demo *demo, struct str country, struct str number);

/* ---- demo_life.c ---- */

NODISCARD enum err demo_live(struct demo *demo, struct fault *fault);

/* ---- demo_logins.c ---- */

NODISCARD enum err demo_write_logins(const struct demo *demo, struct fault *fault);

/* ---- demo_mark.c ---- */

/* ERR_CONFLICT when the folder holds a database, unless that is a demo that was not finished. */
NODISCARD enum err demo_may_begin(const char *folder, struct fault *fault);
/* Takes the folder: ERR_CONFLICT also when another process makes a demo in it. The remains of a
 * demo that was not finished are removed. The mark stays until demo_unmark, locked by *ret, which
 * demo_unmark closes. */
NODISCARD enum err demo_mark(const char *folder, struct fault *fault, int *ret);
NODISCARD enum err demo_unmark(const char *folder, int fd, struct fault *fault);
