-- query: plan_for_day   one
-- The published plan in force on a day: the latest that has begun.
-- in:   day date
-- out:  id ref plan_version
SELECT id
  FROM plan_version
 WHERE org = :org AND status IN ('published', 'retired') AND effective_from <= :day
 ORDER BY effective_from DESC, number DESC
 LIMIT 1;

-- query: run_by_number   one
-- in:   period ref period, number int
-- out:  id ref settlement_run
SELECT id
  FROM settlement_run
 WHERE org = :org AND period_id = :period AND number = :number;

-- query: log_next   one
-- The number that the next fact of the company will get.
-- out:  seq int
SELECT next_seq
  FROM proof_guard
 WHERE org = :org;

-- query: period_by_code   one
-- in:   code text
-- out:  id ref period
SELECT id
  FROM period
 WHERE org = :org AND code = :code;

-- query: unfinished_lines_drop   exec
-- What a calculation left that was cut before its run was written.
-- in:   period ref period, run int
DELETE FROM statement_line
 WHERE org = :org
   AND statement_id IN (SELECT id FROM statement
                         WHERE org = :org AND period_id = :period AND run = :run);

-- query: unfinished_statements_drop   exec
-- in:   period ref period, run int
DELETE FROM statement
 WHERE org = :org AND period_id = :period AND run = :run;

-- query: statements_replace   exec
-- in:   period ref period, run int
UPDATE statement
   SET status = 'replaced', version = version + 1
 WHERE org = :org AND period_id = :period AND run < :run AND status <> 'replaced';

-- query: statements_move   exec
-- in:   period ref period, run int, from_status states statement_status, to_status states statement_status
UPDATE statement
   SET status = :to_status, version = version + 1
 WHERE org = :org AND period_id = :period AND run = :run AND status = :from_status;

-- query: statements_of_run   many
-- in:   period ref period, run int
-- out:  id ref statement, person ref person, number text, content json, gross money, tax money, net money
SELECT id, person_id, number, content, gross, tax, net
  FROM statement
 WHERE org = :org AND period_id = :period AND run = :run
 ORDER BY person_id;

-- query: run_changes   many
-- Whose pay differs between two runs.
-- in:   period ref period, before_run int, after_run int
-- out:  id ref statement, person ref person, person_name text, before money?, after money
SELECT a.id, a.person_id, p.name, b.net, a.net
  FROM statement a
  JOIN person p ON p.org = a.org AND p.id = a.person_id
  LEFT JOIN statement b ON b.org = a.org AND b.period_id = a.period_id
                       AND b.person_id = a.person_id AND b.run = :before_run
 WHERE a.org = :org AND a.period_id = :period AND a.run = :after_run
   AND (b.net IS NULL OR b.net <> a.net)
 ORDER BY a.person_id;

-- query: payouts_hold   exec
-- An unlocked period pays nothing until it is locked again.
-- in:   period ref period
UPDATE payout
   SET status = 'held', version = version + 1
 WHERE org = :org AND status = 'due'
   AND statement_id IN (SELECT id FROM statement WHERE org = :org AND period_id = :period);

-- query: plan_by_sha   one
-- in:   sha256 text
-- out:  id ref plan_version
SELECT id
  FROM plan_version
 WHERE org = :org AND sha256 = :sha256
 ORDER BY number DESC
 LIMIT 1;

-- query: period_list   many
-- out:  id ref period
SELECT id
  FROM period
 WHERE org = :org
 ORDER BY code DESC;

-- query: period_plan   one
-- What a page shows of a period beside its own row.
-- in:   period ref period
-- out:  plan ref plan_version?, plan_name text?, plan_name_en text?, plan_number int?, calculated text?, approved text?, locked text?
SELECT v.id, v.name, v.name_en, v.number, a.name, b.name, c.name
  FROM period p
  LEFT JOIN plan_version v ON v.org = p.org AND v.id = p.plan_id
  LEFT JOIN login a ON a.org = p.org AND a.id = p.calculated_by_id
  LEFT JOIN login b ON b.org = p.org AND b.id = p.approved_by_id
  LEFT JOIN login c ON c.org = p.org AND c.id = p.locked_by_id
 WHERE p.org = :org AND p.id = :period;

-- query: period_totals   one
-- in:   period ref period, run int
-- out:  statements int, gross money, tax money, net money
SELECT count(*), CAST(coalesce(sum(gross), 0) AS bigint), CAST(coalesce(sum(tax), 0) AS bigint),
       CAST(coalesce(sum(net), 0) AS bigint)
  FROM statement
 WHERE org = :org AND period_id = :period AND run = :run;
