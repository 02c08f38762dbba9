-- query: a  many
-- in: id ref person, spare int
-- out: name text
SELECT name FROM person WHERE org = :org AND id = :id AND name = :nmae;
-- expect: 2: :spare is not used in the statement
-- expect: 3: :nmae is not named in -- in:
