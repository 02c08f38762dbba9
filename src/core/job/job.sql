-- query: job_by_live_key   one
-- in:   live_key text
-- out:  id ref job
SELECT id
  FROM job
 WHERE org = :org AND live_key = :live_key;

-- query: job_claim   many
-- The oldest that is due, or whose runner has died (its lease has run out).
-- across: one runner serves all companies; each job then runs within its own
-- in:   now instant, lease instant
-- out:  org int, id ref job, kind text, input json?, attempts int, login ref login?
UPDATE job
   SET status = 'running', attempts = attempts + 1, started_at = :now, lease_until = :lease,
       version = version + 1
 WHERE (org, id) IN (SELECT org, id
                       FROM job
                      WHERE (status = 'queued' AND due_at <= :now)
                         OR (status = 'running' AND lease_until < :now)
                      ORDER BY due_at, id
                      LIMIT 1 {{SKIP_LOCKED}})
RETURNING org, id, kind, input, attempts, login_id;

-- query: job_due   many
-- Is there anything to claim?
-- across: one runner serves all companies
-- in:   now instant
-- out:  id ref job
SELECT id
  FROM job
 WHERE (status = 'queued' AND due_at <= :now) OR (status = 'running' AND lease_until < :now)
 LIMIT 1;

-- query: job_beat   exec
-- Nothing changes when the job was cancelled or another runner took it over.
-- in:   id ref job, attempts int, lease instant, progress int, message text?
UPDATE job
   SET lease_until = :lease, progress = :progress, message = :message, version = version + 1
 WHERE org = :org AND id = :id AND status = 'running' AND attempts = :attempts;

-- query: job_end   exec
-- in:   id ref job, attempts int, status states job_status, due_at instant, finished_at instant?, live_key text?, result json?, error_code text?, error_detail text?, progress int
UPDATE job
   SET status = :status, due_at = :due_at, finished_at = :finished_at, live_key = :live_key,
       result = :result, error_code = :error_code, error_detail = :error_detail,
       progress = :progress, lease_until = NULL, version = version + 1
 WHERE org = :org AND id = :id AND status = 'running' AND attempts = :attempts;

-- query: job_purge   exec
-- What ended long ago is of no interest to anybody.
-- in:   before instant
DELETE FROM job
 WHERE org = :org AND finished_at < :before;
