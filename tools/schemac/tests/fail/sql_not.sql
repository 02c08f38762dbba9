-- query: a  many
-- out: id ref person
SELECT id FROM person WHERE NOT (name = 'a' AND org = :org);
-- expect: 1: statement a: table person belongs to companies and needs person.org = :org
