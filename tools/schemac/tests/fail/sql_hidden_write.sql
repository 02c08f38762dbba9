-- query: a  exec
WITH x AS (SELECT 1) DELETE FROM person WHERE org = :org;
-- expect: 1: statement a changes rows: begin it with INSERT, UPDATE, DELETE
