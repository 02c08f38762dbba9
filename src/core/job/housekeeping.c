/*
 * What the program itself may forget, once a day: jobs that ended, and the answers that make a
 * repeated request harmless. An answer must outlive every client that may still repeat its request:
 * a phone that comes back after weeks offline. Facts are never forgotten here.
 */
#include "core/job/job.h"

#include "core/job/job.gen.h"
#include "core/setting/setting.h"
#include "entity/store.h"
#include "setting.gen.h"

static struct instant days_ago(struct cx *cx, int setting)
{
    return (struct instant){ cx->now.us - setting_number(cx, setting) * DAY_US };
}

static enum err purge_jobs(struct cx *cx, void *arg)
{
    (void)arg;
    return job_purge(cx, (struct job_purge_in){ days_ago(cx, SETTING_JOB_KEEP_DAYS) }, NULL);
}

static enum err forget_answers(struct cx *cx, void *arg)
{
    (void)arg;
    return store_answers_forget(cx, days_ago(cx, SETTING_REQUEST_KEEP_DAYS), NULL);
}

static enum err run_purge(struct job_run *run)
{
    return job_write(run, purge_jobs, NULL);
}

static enum err run_forget(struct job_run *run)
{
    return job_write(run, forget_answers, NULL);
}

const struct job_kind job_jobs[] = {
    { .name = "job.purge", .run = run_purge, .every_s = 86400,
      .about = "Forgets jobs that ended long ago.", .about_zh = "清除早已结束的后台任务" },
    { .name = "request.forget_answers", .run = run_forget, .every_s = 86400,
      .about = "Forgets the kept answers to requests with an idempotency key.",
      .about_zh = "清除过期的幂等请求应答" },
    { 0 },
};
