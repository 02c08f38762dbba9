-- query: a  many
-- out: id int
SELECT id FROM nowhere WHERE org = :org;

-- query: b  many
-- out: size int
SELECT size FROM person WHERE org = :org;
-- expect: 1: statement a: no such table: nowhere
-- expect: 5: statement b: no such column: size
