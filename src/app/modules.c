#include "app/modules.h"

#include "core/calendar/calendar.h"
#include "core/file/file.h"
#include "core/identity/identity.h"
#include "core/playbook/playbook.h"
#include "core/proof/proof.h"
#include "core/setting/setting.h"

const struct module *const qibing_modules[] = {
    &identity_module, &job_module, &file_module, &setting_module, &calendar_module,
    &playbook_module, NULL,
};

extern const struct route sign_in_routes[], me_routes[], account_routes[], upload_routes[];

const struct route *const qibing_routes[] = {
    sign_in_routes, me_routes, account_routes, upload_routes, proof_routes,
    NULL,
};

const struct listener *const qibing_listeners[] = {
    NULL,
};

extern const struct job_kind identity_jobs[];

const struct job_kind *const qibing_jobs[] = {
    identity_jobs,
    NULL,
};
