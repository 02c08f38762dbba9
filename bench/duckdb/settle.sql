-- The workload settle-month in SQL. $IN and $OUT are replaced by folders. All arithmetic is exact: HUGEINT where a product may leave
-- 63 bits, integer division (//) rounds down on numbers that are not negative.

CREATE TABLE promoters AS SELECT promoter_id, parent_id, rank FROM read_csv('$IN/promoters.csv', header = true,
  columns = {'promoter_id': 'BIGINT', 'parent_id': 'BIGINT', 'region': 'INTEGER', 'rank': 'INTEGER', 'join_date': 'DATE'});
CREATE TABLE products AS SELECT product_id, category, spiff_fen FROM read_csv('$IN/products.csv', header = true,
  columns = {'product_id': 'BIGINT', 'category': 'INTEGER', 'spiff_fen': 'BIGINT', 'list_price_fen': 'BIGINT'});
CREATE TABLE tiers AS SELECT category, floor_fen, rate_bp - coalesce(lag(rate_bp) OVER (PARTITION BY category ORDER BY tier), 0) AS step
  FROM read_csv('$IN/plan_tiers.csv', header = true,
  columns = {'category': 'INTEGER', 'tier': 'INTEGER', 'floor_fen': 'BIGINT', 'rate_bp': 'BIGINT'});
-- One row per category: the five floors and steps side by side, so that the curve needs no join per line.
CREATE TABLE curve AS SELECT category, list(floor_fen ORDER BY floor_fen) AS floors, list(step ORDER BY floor_fen) AS steps FROM tiers GROUP BY category;
CREATE TABLE orders AS SELECT order_id, promoter_id, product_id, amount_fen, paid_bp, order_time, refund_flag, refund_fen FROM read_csv('$IN/orders.csv', header = true,
  columns = {'order_id': 'BIGINT', 'promoter_id': 'BIGINT', 'product_id': 'BIGINT', 'amount_fen': 'BIGINT', 'paid_bp': 'BIGINT',
             'order_time': 'TIMESTAMP', 'customer_id': 'BIGINT', 'refund_flag': 'INTEGER', 'refund_fen': 'BIGINT'});
CREATE TABLE activity AS SELECT promoter_id, kind, event_time::DATE AS day, valid FROM read_csv('$IN/activity.csv', header = true,
  columns = {'event_id': 'BIGINT', 'promoter_id': 'BIGINT', 'kind': 'INTEGER', 'event_time': 'TIMESTAMP', 'valid': 'INTEGER'});
CREATE TABLE prev_refunds AS SELECT promoter_id, orig_base_fen, orig_commission_fen, refund_fen FROM read_csv('$IN/prev_refunds.csv', header = true,
  columns = {'refund_id': 'BIGINT', 'orig_order_id': 'BIGINT', 'promoter_id': 'BIGINT', 'orig_base_fen': 'BIGINT', 'orig_commission_fen': 'BIGINT',
             'refund_fen': 'BIGINT', 'refund_time': 'TIMESTAMP'});
-- computed from here on

CREATE MACRO F(x, f, s) AS s[1] * greatest(x - f[1], 0) + s[2] * greatest(x - f[2], 0) + s[3] * greatest(x - f[3], 0)
                         + s[4] * greatest(x - f[4], 0) + s[5] * greatest(x - f[5], 0);

CREATE TABLE lines AS
WITH based AS (
  SELECT o.order_id, o.promoter_id, p.category, o.order_time, o.refund_flag,
         greatest((amount_fen * paid_bp + 5000) // 10000 - refund_fen, 0) AS base,
         CASE WHEN paid_bp = 10000 AND refund_flag = 0 THEN p.spiff_fen ELSE 0 END AS spiff
    FROM orders o JOIN products p USING (product_id)
), running AS (
  SELECT *, sum(base) OVER (PARTITION BY promoter_id, category ORDER BY order_time, order_id ROWS UNBOUNDED PRECEDING)::BIGINT AS after FROM based
)
SELECT order_id, promoter_id, refund_flag, base AS base_fen,
       (F(after, floors, steps) - F(after - base, floors, steps) + 5000) // 10000 AS tier_fen, spiff AS spiff_fen
  FROM running JOIN curve USING (category);

CREATE TABLE statements AS
WITH own AS (
  SELECT promoter_id, count(*) AS orders, sum(refund_flag)::BIGINT AS refunds, sum(base_fen)::BIGINT AS base_fen, sum(tier_fen + spiff_fen)::BIGINT AS own_fen
    FROM lines GROUP BY promoter_id
), adjusted AS (
  SELECT p.promoter_id, p.parent_id, p.rank, coalesce(orders, 0) AS orders, coalesce(refunds, 0) AS refunds, coalesce(base_fen, 0) AS base_fen,
         coalesce(own_fen, 0) AS own_fen, (coalesce(refunds, 0) * 10 > coalesce(orders, 0))::INTEGER AS gate
    FROM promoters p LEFT JOIN own USING (promoter_id)
), gated AS (
  SELECT *, CASE WHEN gate = 1 THEN (own_fen * 8 + 5) // 10 ELSE own_fen END AS own_adj_fen FROM adjusted
), process AS (
  SELECT promoter_id, sum(least(n, 20) * CASE WHEN kind = 1 THEN 200 ELSE 80 END)::BIGINT AS process_fen
    FROM (SELECT promoter_id, day, kind, count(*) AS n FROM activity WHERE valid = 1 GROUP BY ALL) GROUP BY promoter_id
), shares AS (
  SELECT parent_id AS promoter_id, (own_adj_fen * 5 + 50) // 100 AS share FROM gated WHERE parent_id <> 0
  UNION ALL
  SELECT p.parent_id, (c.own_adj_fen * 2 + 50) // 100 FROM gated c JOIN promoters p ON p.promoter_id = c.parent_id WHERE p.parent_id <> 0
), override AS (SELECT promoter_id, sum(share)::BIGINT AS override_fen FROM shares GROUP BY promoter_id),
clawback AS (
  SELECT promoter_id, sum((2 * orig_commission_fen::HUGEINT * refund_fen + orig_base_fen) // (2 * orig_base_fen))::BIGINT AS clawback_fen
    FROM prev_refunds GROUP BY promoter_id
), month AS (
  SELECT g.*, coalesce(process_fen, 0) AS process_fen, coalesce(override_fen, 0) AS override_fen, coalesce(clawback_fen, 0) AS clawback_fen,
         own_adj_fen + coalesce(process_fen, 0) + coalesce(override_fen, 0) AS gross_fen,
         [800000, 1500000, 3000000, 8000000, 20000000][rank] AS cap
    FROM gated g LEFT JOIN process USING (promoter_id) LEFT JOIN override USING (promoter_id) LEFT JOIN clawback USING (promoter_id)
), paid AS (
  SELECT *, greatest(clawback_fen - gross_fen, 0) AS carry_fen, greatest(gross_fen - clawback_fen - cap, 0) AS over_cap_fen,
         least(greatest(gross_fen - clawback_fen, 0), cap) AS payable_fen FROM month
), taxable AS (
  SELECT *, CASE WHEN payable_fen <= 80000 THEN 0 WHEN payable_fen <= 400000 THEN 5 * payable_fen - 400000 ELSE 4 * payable_fen END AS t5 FROM paid
), taxed AS (
  SELECT *, CASE WHEN t5 <= 10000000 THEN (t5 * 20 + 250) // 500 WHEN t5 <= 25000000 THEN (t5 * 30 - 100000000 + 250) // 500
                 ELSE (t5 * 40 - 350000000 + 250) // 500 END AS tax_fen FROM taxable
)
SELECT promoter_id, orders, refunds, base_fen, own_fen, gate, own_adj_fen, process_fen, override_fen, gross_fen, clawback_fen, carry_fen, over_cap_fen,
       payable_fen, tax_fen, payable_fen - tax_fen AS net_fen FROM taxed;
-- written from here on

COPY (SELECT order_id, promoter_id, base_fen, tier_fen, spiff_fen FROM lines) TO '$OUT/lines.csv' (HEADER);
COPY (SELECT * FROM statements ORDER BY promoter_id) TO '$OUT/statements.csv' (HEADER);
