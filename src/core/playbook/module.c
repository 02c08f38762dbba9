#include "core/playbook/internal.h"

#include "core/job/job.h"

const struct module playbook_module = {
    .name = "playbook",
    .about = "The policy of a company as data: versions, differences, dates.",
    .routes = playbook_routes,
    .jobs = playbook_jobs,
};
