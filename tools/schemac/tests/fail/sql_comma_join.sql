-- query: a  many
-- out: id ref person
SELECT p.id FROM person p, unit u WHERE p.org = :org AND u.id = p.unit_id;
-- expect: 1: statement a: table unit belongs to companies and needs u.org = :org
