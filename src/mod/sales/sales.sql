-- query: price_in_force   one
-- in:   product ref product, day date
-- out:  unit_price decimal
SELECT unit_price
  FROM price
 WHERE org = :org AND product_id = :product AND from_on <= :day
 ORDER BY from_on DESC
 LIMIT 1;

-- query: promoter_place   one
-- Where a person stands in the tree, to ask whether the caller reaches them.
-- in:   person ref person
-- out:  path text, status states person_status
SELECT u.path, p.status
  FROM person p
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE p.org = :org AND p.id = :person;

-- query: line_refunded   one
-- What was given back of a line so far.
-- in:   line ref order_line
-- out:  quantity int, amount money
SELECT CAST(coalesce(sum(quantity), 0) AS bigint), CAST(coalesce(sum(amount), 0) AS bigint)
  FROM refund
 WHERE org = :org AND origin_id = :line;

-- query: facts_logged   many
-- What the proof log says of orders and money, a few hundred at a time.
-- in:   after int
-- out:  seq int, kind text, row_id int, content text
SELECT seq, kind, row_id, content
  FROM proof_entry
 WHERE org = :org AND seq > :after AND row_id IS NOT NULL AND content IS NOT NULL
   AND kind IN ('order', 'collection', 'refund')
 ORDER BY seq
 LIMIT 500;

-- query: lines_of_order   many
-- in:   sales_order ref sales_order
-- out:  id ref order_line, product ref product, quantity int, unit_price decimal, amount money
SELECT id, product_id, quantity, unit_price, amount
  FROM order_line
 WHERE org = :org AND sales_order_id = :sales_order
 ORDER BY number;
