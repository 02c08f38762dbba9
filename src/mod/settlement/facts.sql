-- query: fact_people   many
-- Everybody who worked for the company on a day of the period.
-- in:   first date, last date
-- out:  id ref person, leader ref person?, unit ref unit, rank int, joined_on date, number text, kind enum person_kind
SELECT id, leader_id, unit_id, rank, joined_on, number, kind
  FROM person
 WHERE org = :org AND archived_at IS NULL AND joined_on <= :last
   AND (left_on IS NULL OR left_on >= :first)
 ORDER BY id;

-- query: fact_products   many
-- out:  id ref product, code text, category text?, spiff money
SELECT id, code, category, spiff
  FROM product
 WHERE org = :org
 ORDER BY id;

-- query: fact_lines   many
-- Sold lines of the period with what was collected and given back until its end, as known up to an
-- entry of the log. The + keeps the engine from walking all days of a company for each line instead
-- of the few rows of its order.
-- in:   first date, last date, known int
-- out:  id ref order_line, sales_order ref sales_order, promoter ref person, product ref product, customer ref customer?, quantity int, amount money, ordered_at instant, ordered_on date, order_amount money, collected money, refunded money
SELECT l.id, l.sales_order_id, l.promoter_id, l.product_id, l.customer_id, l.quantity, l.amount,
       l.ordered_at, l.ordered_on, o.amount,
       CAST(coalesce((SELECT sum(c.amount)
                        FROM collection c
                       WHERE c.org = l.org AND c.sales_order_id = l.sales_order_id
                         AND +c.collected_on <= :last AND c.log_seq < :known), 0) AS bigint),
       CAST(coalesce((SELECT sum(r.amount)
                        FROM refund r
                       WHERE r.org = l.org AND r.origin_id = l.id
                         AND +r.refunded_on <= :last AND r.log_seq < :known), 0) AS bigint)
  FROM order_line l
  JOIN sales_order o ON o.org = l.org AND o.id = l.sales_order_id
 WHERE l.org = :org AND l.ordered_on BETWEEN :first AND :last
   AND l.promoter_id IS NOT NULL AND l.amount > 0 AND l.log_seq < :known
 ORDER BY l.id;

-- query: fact_activities   many
-- in:   first date, last date, known int
-- out:  id ref activity, promoter ref person, kind enum activity_kind, happened_at instant, happened_on date, valid bool
SELECT id, promoter_id, kind, happened_at, happened_on, valid
  FROM activity
 WHERE org = :org AND happened_on BETWEEN :first AND :last AND log_seq < :known
 ORDER BY id;

-- query: fact_earlier_refunds   many
-- Refunds of this period for lines that an earlier, locked statement has paid.
-- in:   first date, last date, known int
-- out:  id ref refund, origin ref order_line, promoter ref person, refunded_at instant, amount money, paid money, base money
SELECT r.id, r.origin_id, s.person_id, r.refunded_at, r.amount,
       CAST(sum(p.amount) AS bigint), max(p.base)
  FROM refund r
  JOIN order_line l ON l.org = r.org AND l.id = r.origin_id
  JOIN statement_line p ON p.org = r.org AND p.source_row = r.origin_id
  JOIN statement s ON s.org = r.org AND s.id = p.statement_id
 WHERE r.org = :org AND r.refunded_on BETWEEN :first AND :last AND r.log_seq < :known
   AND l.ordered_on < :first AND p.source = 'order_line' AND s.status IN ('locked', 'paid')
 GROUP BY r.id, r.origin_id, s.person_id, r.refunded_at, r.amount
 ORDER BY r.id, s.person_id;
