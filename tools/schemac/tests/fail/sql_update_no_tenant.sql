-- query: rename  exec
-- in: name text
UPDATE person SET name = :name;
-- expect: 1: statement rename: table person belongs to companies and needs person.org = :org
