/* modules.h - everything the program is made of, listed once. */
#pragma once

#include "core/job/job.h"
#include "db/migrate.h"
#include "entity/route.h"

/* All NULL-terminated. */
extern const struct module *const qibing_modules[];
extern const struct route *const qibing_routes[];
extern const struct listener *const qibing_listeners[];
extern const struct job_kind *const qibing_jobs[];

struct playbook_hooks;
extern const struct playbook_hooks qibing_playbook_hooks;

extern const struct db_migration qibing_migrations[];
extern const int qibing_migration_count;
