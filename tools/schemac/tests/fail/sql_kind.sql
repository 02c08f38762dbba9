-- query: a  some
-- out: name text
SELECT name FROM person WHERE org = :org;

-- query: b  exec
-- out: name text
DELETE FROM person WHERE org = :org;

-- query: c  value
SELECT name FROM person WHERE org = :org;

-- query: d  value
-- out: a text, b text
SELECT name, name FROM person WHERE org = :org;
-- expect: 1: a statement is many, one, value or exec
-- expect: 5: exec has no -- out:
-- expect: 9: -- out: is missing
-- expect: 12: value has one -- out:
