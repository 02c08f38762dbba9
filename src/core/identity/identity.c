#include "core/identity/identity.h"

#include "core/identity/identity.gen.h"
#include "core/job/job.h"
#include "core/setting/setting.h"
#include "setting.gen.h"

static enum err purge(struct cx *cx, void *arg)
{
    (void)arg;
    struct instant before = { cx->now.us - setting_number(cx, SETTING_SIGN_IN_KEEP_DAYS) * DAY_US };
    return session_purge(cx, (struct session_purge_in){ before }, NULL);
}

static enum err purge_sessions(struct job_run *run)
{
    return job_write(run, purge, NULL);
}

const struct job_kind identity_jobs[] = {
    { .name = "identity.purge_sessions", .run = purge_sessions, .every_s = 86400,
      .about = "Forgets sessions that ended long ago.", .about_zh = "清除早已结束的会话" },
    { 0 },
};

const struct module identity_module = {
    .name = "identity",
    .about = "Logins, roles, sessions, tokens.",
    .jobs = identity_jobs,
};
