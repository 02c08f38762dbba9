-- query: a  many
-- out: name text
SELECT name FROM person
 WHERE org = :org AND id = $2;
-- expect: 3: parameters are written :name
