-- query: import_order_by_no   one
-- in:   order_no text
-- out:  id ref sales_order
SELECT id
  FROM sales_order
 WHERE org = :org AND order_no = :order_no;

-- query: import_product_by_code   one
-- in:   code text
-- out:  id ref product
SELECT id
  FROM product
 WHERE org = :org AND code = :code;

-- query: import_customer_by_number   one
-- in:   number text
-- out:  id ref customer, promoter ref person?
SELECT id, promoter_id
  FROM customer
 WHERE org = :org AND number = :number;

-- query: import_person_by_number   one
-- in:   number text
-- out:  id ref person, path text
SELECT p.id, u.path
  FROM person p
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE p.org = :org AND p.number = :number;

-- query: import_open_sales   many
-- Sales of a product to a customer until a moment, the latest first, with what was given back.
-- in:   customer ref customer, product ref product, upto instant
-- out:  id ref order_line, sales_order ref sales_order, promoter ref person?, ordered_at instant, quantity int, refunded int
SELECT l.id, l.sales_order_id, l.promoter_id, l.ordered_at, l.quantity,
       CAST(coalesce((SELECT sum(r.quantity)
                        FROM refund r
                       WHERE r.org = l.org AND r.origin_id = l.id), 0) AS bigint)
  FROM order_line l
 WHERE l.org = :org AND l.customer_id = :customer AND l.product_id = :product
   AND l.quantity > 0 AND l.ordered_at <= :upto
 ORDER BY l.ordered_at DESC, l.id DESC;

-- query: import_stored_order   one
-- in:   sales_order ref sales_order
-- out:  lines int, net money, no_customer int, zero_price int
SELECT CAST(count(*) AS bigint), CAST(coalesce(sum(amount), 0) AS bigint),
       CAST(coalesce(sum(CASE WHEN customer_id IS NULL THEN 1 ELSE 0 END), 0) AS bigint),
       CAST(coalesce(sum(CASE WHEN unit_price = 0 THEN 1 ELSE 0 END), 0) AS bigint)
  FROM order_line
 WHERE org = :org AND sales_order_id = :sales_order;

-- query: import_stored_kind   one
-- in:   sales_order ref sales_order
-- out:  kind enum order_kind
SELECT kind
  FROM sales_order
 WHERE org = :org AND id = :sales_order;

-- query: import_unmatched   many
-- in:   first date, last date
-- out:  sales_order ref sales_order
SELECT sales_order_id
  FROM refund
 WHERE org = :org AND refunded_on BETWEEN :first AND :last AND match = 'unmatched'
   AND sales_order_id IS NOT NULL;
