/*
 * fault_steps.h - a small company and its month, as steps through the product's own functions: post
 * orders, import a file, give money back, calculate, approve, lock, sign the log.
 *
 * A step that was done is not done again, as a client does who repeats a request with its key.
 */
#pragma once

#include "app/app.h"
#include "fault_run.h"

struct office {
    struct app app;
    struct call call;
};

/* `path`: of the database; NULL: <run->folder>/qibing.db. Keys and the signer's memory lie in
 * <run->side>/data. Closed by app_close(). */
NODISCARD enum err office_open(struct office *office, const struct fault_run *run, const char *path,
                               unsigned flags, struct fault *fault);
/* The database of the run, with the company before its first order. */
NODISCARD enum err office_make(const struct fault_run *run, struct fault *fault);

struct step {
    const char *name;
    enum err (*act)(struct office *office, const struct step *step, struct fault *fault);
    const struct db_statement *done; /* of company and `key`: 1 */
    const char *key;
};
enum { FAULT_STEPS = 10, FIGURES = 16 };
extern const struct step fault_steps[FAULT_STEPS];

NODISCARD enum err step_is_done(struct office *office, const struct step *step, int64_t *ret,
                                struct fault *fault);
/* Looks, and does what is missing. */
NODISCARD enum err step_ensure(struct office *office, const struct step *step, struct fault *fault);

/* What must be the same at the end however often the work was interrupted: counts and sums. */
struct figures {
    int64_t of[FIGURES];
};
NODISCARD enum err figures_read(struct office *office, struct figures *ret, struct fault *fault);
const char *figure_name(int i);

const char *path_in(char into[256], const char *folder, const char *name);
