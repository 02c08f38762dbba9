-- query: a  many
-- out: id ref person
SELECT id FROM person WHERE org = :org AND EXISTS (SELECT 1 FROM unit u WHERE u.id = person.unit_id);
-- expect: 1: statement a: table unit belongs to companies and needs u.org = :org
