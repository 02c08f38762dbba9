-- query: names  many
-- out:  name text
SELECT name FROM person WHERE org = :org UNION SELECT name FROM unit;
-- expect: 1: statement names: table unit belongs to companies and needs unit.org = :org
