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
