/* plan_test_util.h - what the tests of the plan engine share. */
#pragma once

#include "base/test.h"
#include "engine/plan/plan.h"

/* A whole plan around the given pieces; texts of components are filled in by the caller. */
struct str plan_test_text(const char *tables, const char *components, const char *result);
/* Tasks on two real threads. */
struct plan_tasks plan_test_threads(void);
/* A CSV source over text in memory. */
struct plan_source plan_test_source(struct str *text, const char *name);
