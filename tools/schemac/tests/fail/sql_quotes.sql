-- query: a  many
-- out: name text
SELECT name FROM person WHERE org = :org AND name = "li";
-- expect: 1: statement a: no such column: li
