SELECT 1;
-- query: a  many
-- out: name text
-- expect: 1: SQL before the first -- query:
-- expect: 2: statement a has no text
