-- query: a  many
-- out: short text
SELECT name FROM person WHERE org = :org;
-- expect: 2: short is a word of C: choose another name
