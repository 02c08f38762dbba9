-- query: a  many
-- across:
-- out: name text
SELECT name FROM person;
-- expect: 2: -- across: needs the reason
