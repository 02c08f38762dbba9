-- query: a  exec
-- in: id ref person
DELETE FROM person WHERE id = :id;
-- expect: 1: statement a: table person belongs to companies and needs person.org = :org
