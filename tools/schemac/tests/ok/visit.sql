-- query: visit_open   many
-- Oldest first: supervisors work the list from the top.
-- in:   person ref person, upto date, grade enum visit_grade?
-- out:  id ref visit, planned_on date, fee money, grade enum visit_grade?, summary text?, at instant?
SELECT id, planned_on, fee, grade, summary, arrived_at
  FROM visit
 WHERE org = :org AND promoter_id = :person -- :not_a_parameter
   AND planned_on <= :upto AND (:grade IS NULL OR grade = :grade)
 ORDER BY planned_on, id;

-- query: visit_with_customer   one
-- in:   id ref visit
-- out:  name text, mask text?, sealed bytes?, share rate?, weight decimal?, paid bool, lines int
SELECT c.name, c.phone_mask, c.phone_enc, v.share, v.weight, v.paid,
       (SELECT count(*) FROM visit_line l WHERE l.org = v.org AND l.visit_id = v.id)
  FROM visit v JOIN customer c ON c.org = v.org AND c.id = v.customer_id
 WHERE v.org = :org AND v.id = :id;

-- query: visit_count   value
-- out:  n int
SELECT count(*) FROM visit WHERE org = :org;

-- query: visit_fee   value
-- in:   promoter ref person
-- out:  fee money
SELECT CAST(sum(fee) AS bigint) FROM visit WHERE org = :org AND promoter_id = :promoter;

-- query: visit_forget   exec
-- in:   before date
DELETE FROM visit_line
 WHERE org = :org
   AND visit_id IN (SELECT id FROM visit WHERE visit.org = :org AND planned_on < :before);

-- query: visit_line_add   exec
-- in:   id ref visit_line, visit ref visit, what text, amount money, now instant
INSERT INTO visit_line (org, id, version, visit_id, what, amount, created_at, created_by)
VALUES (:org, :id, 1, :visit, :what, :amount, :now, 0);

-- query: visit_search   many
-- in:   words text
-- out:  id ref customer
SELECT id FROM customer WHERE org = :org AND id IN {{SEARCH(:org, :words)}};

-- query: visit_all_companies   many
-- across: the nightly count of the platform
-- out:  org int, n int
SELECT org, count(*) FROM visit GROUP BY org ORDER BY org;

-- query: visit_tied   many
-- Each of these is tied to the company in its own way.
-- in:   name text
-- out:  id ref visit
WITH mine AS (SELECT id, org FROM customer WHERE org = :org AND (name = :name OR owner_id IS NULL))
SELECT v.id
  FROM visit AS v
  JOIN mine m ON m.org = v.org AND m.id = v.customer_id
  LEFT JOIN person p ON (p.org = v.org AND p.id = v.promoter_id)
 WHERE (v.org = :org) AND NOT (v.urgent = 1 OR v.paid = 0)
   AND NOT EXISTS (SELECT 1 FROM visit_line l WHERE l.org = v.org AND l.visit_id = v.id)
UNION ALL
SELECT id FROM visit WHERE :org = org AND archived_at IS NULL;

-- query: region_by_code   one
-- in:   code text
-- out:  id ref region, name text
SELECT id, name FROM region WHERE code = :code;
