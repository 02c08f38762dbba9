/* core.h - what the core modules share for the life of the process: services->core points here. */
#pragma once

#include "core/identity/password.h"
#include "entity/cx.h"

struct db;
struct job_runner;
struct proof_keeper;
struct month_cache;
struct known;
struct shown;
struct playbook_hooks;

struct core {
    struct db *db;
    const struct services *services;
    const struct model *model;
    struct id_source *ids;
    struct instant (*clock)(void); /* instant_now, or the fixed clock of demo and tests */
    struct password_gate *passwords;
    struct job_runner *jobs;       /* NULL where none run (CLI) */
    struct proof_keeper *proof;    /* keys and signer; NULL where nothing is signed */
    struct known *known;           /* callers seen before; NULL: ask the database each time */
    struct shown *shown;           /* of mod/settlement: statements as answered last; or NULL */
    struct month_cache *months;    /* of mod/settlement; NULL where nothing is settled */
    const struct playbook_hooks *playbooks; /* where a playbook's plans go; NULL: nowhere */
    bool secure_cookie;            /* behind TLS: cookies are marked Secure */
    const char *data_folder;       /* holds files/, keys/ and the signer's state */
    const char *files_folder;
    const char *version;           /* of the program */
    void *app;                     /* of the app layer: nobody below looks inside */
};

static inline struct core *cx_core(const struct cx *cx)
{
    return cx->services->core;
}

/* ---- calls that come from no request: jobs and the CLI ---- */

struct call {
    int64_t org;
    int zone_minutes;
    int64_t login;  /* on whose behalf; 0: the server itself, which may all within the org */
    struct instant at; /* us 0: the clock's now */
};

typedef enum err call_run(struct cx *cx, void *arg);

/* Runs `run` in a read snapshot or in a transaction of its own, with an arena that ends with the
 * call and a guard for its exhaustion. `run` may run twice when it writes: it must build its result
 * anew each time and copy out what the caller keeps. */
NODISCARD enum err core_read(struct core *core, const struct call *call, call_run *run, void *arg,
                             struct fault *fault);
NODISCARD enum err core_write(struct core *core, const struct call *call, call_run *run, void *arg,
                              struct fault *fault);
/* The same, alone in its transaction: for bulk work in chunks. */
NODISCARD enum err core_write_alone(struct core *core, const struct call *call, call_run *run,
                                    void *arg, struct fault *fault);

/* Visits every company in id order; stops at the first error. */
typedef enum err company_visit(struct core *core, const struct call *call, struct str code,
                               void *arg, struct fault *fault);
NODISCARD enum err core_each_company(struct core *core, company_visit *visit, void *arg,
                                     struct fault *fault);
