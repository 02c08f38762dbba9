-- query: person_all  many
-- out:  id ref person
SELECT id FROM person WHERE org = :org OR id = 1;
-- expect: 1: statement person_all: table person belongs to companies and needs person.org = :org
