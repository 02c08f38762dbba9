-- query: a  many
-- out: id ref person
WITH u AS (SELECT id FROM unit) SELECT person.id FROM person WHERE person.org = :org AND unit_id IN (SELECT id FROM u);
-- expect: 1: statement a: table unit belongs to companies and needs unit.org = :org
