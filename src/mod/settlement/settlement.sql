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

-- query: order_without_period   value
-- The day of an order whose month is not open yet; no row for nearly all orders.
-- in:   id ref sales_order
-- out:  day date
SELECT o.ordered_on
  FROM sales_order o
 WHERE o.org = :org AND o.id = :id
   AND NOT EXISTS (SELECT 1
                     FROM period p
                    WHERE p.org = o.org AND p.first_on <= o.ordered_on
                      AND p.last_on >= o.ordered_on);

-- query: run_plan   one
-- The plan of a run, without its text.
-- in:   period ref period, number int
-- out:  plan ref plan_version, name text, name_en text, number int
SELECT v.id, v.name, v.name_en, v.number
  FROM settlement_run r
  JOIN plan_version v ON v.org = r.org AND v.id = r.plan_id
 WHERE r.org = :org AND r.period_id = :period AND r.number = :number;

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

-- query: statement_list   many
-- Current statements; period and person may be left open. Best paid first.
-- in:   period ref period?, person ref person?
-- out:  id ref statement, person ref person, unit_path text?, net money
SELECT s.id, s.person_id, u.path, s.net
  FROM statement s
  LEFT JOIN unit u ON u.org = s.org AND u.id = s.unit_id
 WHERE s.org = :org AND s.status <> 'replaced'
   AND (:period IS NULL OR s.period_id = :period)
   AND (:person IS NULL OR s.person_id = :person)
 ORDER BY s.period_id DESC, s.net DESC, s.id;

-- query: statement_names   one
-- in:   id ref statement
-- out:  person_name text, person_number text, unit_name text?, unit_path text?, month text, previous money?
SELECT p.name, p.number, u.name, u.path, d.code,
       (SELECT b.net
          FROM statement b
         WHERE b.org = s.org AND b.period_id = s.period_id AND b.person_id = s.person_id
           AND b.run = s.run - 1)
  FROM statement s
  JOIN person p ON p.org = s.org AND p.id = s.person_id
  JOIN period d ON d.org = s.org AND d.id = s.period_id
  LEFT JOIN unit u ON u.org = s.org AND u.id = s.unit_id
 WHERE s.org = :org AND s.id = :id;

-- query: statement_lines   many
-- In order of time; `after` is the last id of the page before.
-- in:   statement ref statement, component text?, after int
-- out:  id ref statement_line, component text, source text, source_row int?, day date?, base money?, amount money, order_no text?, product_code text?, product_name text?
SELECT l.id, l.component, l.source, l.source_row, l.day, l.base, l.amount, o.order_no, p.code,
       p.name
  FROM statement_line l
  LEFT JOIN order_line x ON x.org = l.org AND x.id = l.source_row AND l.source = 'order_line'
  LEFT JOIN sales_order o ON o.org = l.org AND o.id = x.sales_order_id
  LEFT JOIN product p ON p.org = l.org AND p.id = x.product_id
 WHERE l.org = :org AND l.statement_id = :statement AND l.id > :after
   AND (:component IS NULL OR l.component = :component)
 ORDER BY l.id
 LIMIT 201;

-- query: last_statement   many
-- The newest that is locked or paid: what a person was told last.
-- in:   person ref person
-- out:  id ref statement
SELECT s.id
  FROM statement s
  JOIN period p ON p.org = s.org AND p.id = s.period_id
 WHERE s.org = :org AND s.person_id = :person AND s.status IN ('locked', 'paid')
 ORDER BY p.code DESC, s.run DESC
 LIMIT 1;

-- query: plan_last_number   one
-- in:   code text
-- out:  number int
SELECT CAST(coalesce(max(number), 0) AS bigint)
  FROM plan_version
 WHERE org = :org AND code = :code;

-- query: sales_of_units   many
-- Sold, given back and orders of each promoter in a span of days: what totals are made of.
-- in:   first date, last date
-- out:  promoter ref person, unit_path text?, sales money, collected money, refunded money, orders int, customers int
SELECT o.promoter_id, u.path, CAST(coalesce(sum(o.amount), 0) AS bigint),
       CAST(coalesce(sum(o.collected), 0) AS bigint),
       CAST(coalesce(sum(o.refunded), 0) AS bigint), count(*), count(DISTINCT o.customer_id)
  FROM sales_order o
  JOIN person p ON p.org = o.org AND p.id = o.promoter_id
  LEFT JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE o.org = :org AND o.ordered_on BETWEEN :first AND :last AND o.kind = 'sale'
 GROUP BY o.promoter_id, u.path
 ORDER BY o.promoter_id;

-- query: sales_by_day   many
-- in:   first date, last date, path text
-- out:  day date, sales money, collected money, refunded money, orders int
SELECT o.ordered_on, CAST(coalesce(sum(o.amount), 0) AS bigint),
       CAST(coalesce(sum(o.collected), 0) AS bigint),
       CAST(coalesce(sum(o.refunded), 0) AS bigint), count(*)
  FROM sales_order o
  JOIN person p ON p.org = o.org AND p.id = o.promoter_id
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE o.org = :org AND o.ordered_on BETWEEN :first AND :last AND o.kind = 'sale'
   AND substr(u.path, 1, length(:path)) = :path
 GROUP BY o.ordered_on
 ORDER BY o.ordered_on;

-- query: pay_of_people   many
-- What the current statements of a period pay.
-- in:   period ref period
-- out:  id ref statement, person ref person, unit_path text?, status states statement_status, gross money, tax money, net money
SELECT s.id, s.person_id, u.path, s.status, s.gross, s.tax, s.net
  FROM statement s
  LEFT JOIN unit u ON u.org = s.org AND u.id = s.unit_id
 WHERE s.org = :org AND s.period_id = :period AND s.status <> 'replaced'
 ORDER BY s.person_id;

-- query: people_of_units   many
-- in:   last date
-- out:  id ref person, name text, unit ref unit, unit_path text, unit_name text
SELECT p.id, p.name, u.id, u.path, u.name
  FROM person p
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE p.org = :org AND p.archived_at IS NULL AND p.status <> 'left' AND p.joined_on <= :last
 ORDER BY p.id;

-- query: units_below   many
-- in:   parent ref unit?
-- out:  id ref unit, name text, path text, level enum unit_level
SELECT id, name, path, level
  FROM unit
 WHERE org = :org AND archived_at IS NULL
   AND ((:parent IS NULL AND parent_id IS NULL) OR parent_id = :parent)
 ORDER BY sort, name;

-- query: refunds_unmatched   one
-- in:   first date, last date
-- out:  count int, amount money
SELECT count(*), CAST(coalesce(sum(amount), 0) AS bigint)
  FROM refund
 WHERE org = :org AND match = 'unmatched' AND refunded_on BETWEEN :first AND :last;

-- query: statement_sums_off   many
-- Statements whose lines of a component that is shown line by line do not add up, are none here: a
-- statement must not exist without its run, nor a run without its statements.
-- out:  number text
SELECT s.number
  FROM statement s
  LEFT JOIN settlement_run r ON r.org = s.org AND r.period_id = s.period_id AND r.number = s.run
 WHERE s.org = :org AND r.id IS NULL AND s.status <> 'calculated'
 ORDER BY s.number;

-- query: run_sums_off   many
-- out:  id ref settlement_run
SELECT r.id
  FROM settlement_run r
  LEFT JOIN statement s ON s.org = r.org AND s.period_id = r.period_id AND s.run = r.number
 WHERE r.org = :org
 GROUP BY r.id, r.gross, r.tax, r.net, r.statements
HAVING CAST(coalesce(sum(s.gross), 0) AS bigint) <> r.gross
    OR CAST(coalesce(sum(s.tax), 0) AS bigint) <> r.tax
    OR CAST(coalesce(sum(s.net), 0) AS bigint) <> r.net OR count(s.id) <> r.statements
 ORDER BY r.id;

-- query: statement_contents   many
-- What each statement pays, beside the text that the proof log commits to.
-- out:  number text, net money, content json
SELECT number, net, content
  FROM statement
 WHERE org = :org
 ORDER BY number;

-- query: order_sums_off   many
-- out:  order_no text
SELECT o.order_no
  FROM sales_order o
  LEFT JOIN order_line l ON l.org = o.org AND l.sales_order_id = o.id
 WHERE o.org = :org
 GROUP BY o.order_no, o.amount, o.lines
HAVING CAST(coalesce(sum(l.amount), 0) AS bigint) <> o.amount OR count(l.id) <> o.lines
 ORDER BY o.order_no;

-- query: order_collected_off   many
-- out:  order_no text
SELECT o.order_no
  FROM sales_order o
  LEFT JOIN collection c ON c.org = o.org AND c.sales_order_id = o.id
 WHERE o.org = :org
 GROUP BY o.order_no, o.collected
HAVING CAST(coalesce(sum(c.amount), 0) AS bigint) <> o.collected
 ORDER BY o.order_no;

-- query: statements_unlogged   many
-- out:  id ref statement
SELECT s.id
  FROM statement s
  LEFT JOIN proof_entry e ON e.org = s.org AND e.seq = s.log_seq AND e.kind = 'statement'
 WHERE s.org = :org AND s.status IN ('locked', 'paid') AND e.seq IS NULL
 ORDER BY s.id;

-- query: orders_unlogged   many
-- out:  id ref order_line
SELECT l.id
  FROM order_line l
  LEFT JOIN proof_entry e ON e.org = l.org AND e.seq = l.log_seq
 WHERE l.org = :org AND e.seq IS NULL
 ORDER BY l.id;

-- query: order_line_names   one
-- in:   id ref order_line
-- out:  order_no text, product_code text, product_name text
SELECT o.order_no, p.code, p.name
  FROM order_line l
  JOIN sales_order o ON o.org = l.org AND o.id = l.sales_order_id
  JOIN product p ON p.org = l.org AND p.id = l.product_id
 WHERE l.org = :org AND l.id = :id;

-- query: period_codes   many
-- out:  code text, run int
SELECT code, run
  FROM period
 WHERE org = :org
 ORDER BY code DESC;

-- query: locked_until   one
-- The last day that nobody may change pay for.
-- out:  last_on date?
SELECT max(last_on)
  FROM period
 WHERE org = :org AND status IN ('approved', 'locked');
