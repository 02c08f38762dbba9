-- query: a  many
-- in: id person, , id text
-- out: signed number
SELECT name FROM person WHERE org = :org AND id = :id;
-- expect: 1: -- out: is missing
-- expect: 2: "person" is no type of a statement: ref E, enum E, states S, text, int, money, rate, decimal, date, instant, bool, json, bytes
-- expect: 2: an item of the list is empty
-- expect: 3: "number" is no type of a statement: ref E, enum E, states S, text, int, money, rate, decimal, date, instant, bool, json, bytes
