-- query: person_all  many
-- out:  id ref person, unit ref unit
SELECT p.id, u.id FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.org = :org;
-- expect: 1: statement person_all: table unit belongs to companies and needs u.org = :org
