#include "app/modules.h"

#include "core/calendar/calendar.h"
#include "core/file/file.h"
#include "core/identity/identity.h"
#include "core/playbook/playbook.h"
#include "core/proof/proof.h"
#include "core/setting/setting.h"
#include "mod/sales/import.h"
#include "mod/settlement/settlement.h"

/* A playbook's plans become plan versions: core cannot know settlement, so the program ties
 * them. */
static enum err publish_plan(struct cx *cx, const struct playbook_plan *plan)
{
    struct plan_version version;
    struct plan_new in = { plan->code, plan->name, plan->name_en, plan->text,
                           plan->effective_from };
    return settlement_publish_plan(cx, &in, &version);
}

const struct playbook_hooks qibing_playbook_hooks = { publish_plan };

const struct module *const qibing_modules[] = {
    &identity_module, &job_module,     &file_module,  &setting_module,
    &calendar_module, &playbook_module, &sales_module, &settlement_module,
    NULL,
};

const struct route *const qibing_routes[] = {
    sign_in_routes,   me_routes,      account_routes,   upload_routes,
    file_routes,      setting_routes, playbook_routes,  proof_routes,
    period_routes,    statement_routes, overview_routes, earnings_routes,
    plan_routes,      sales_import_routes,
    NULL,
};

const struct listener *const qibing_listeners[] = {
    settlement_listeners,
    NULL,
};

const struct job_kind *const qibing_jobs[] = {
    identity_jobs,
    job_jobs,
    playbook_jobs,
    settlement_jobs,
    sales_import_jobs,
    NULL,
};
