-- query: a  many
-- out: id int
SELECT id FRO person;
-- expect: 1: statement a: near "person": syntax error
