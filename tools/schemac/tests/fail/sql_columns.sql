-- query: a  many
-- out: id ref person
SELECT id, name FROM person WHERE org = :org;
-- expect: 1: the statement gives 2 columns, -- out: names 1
