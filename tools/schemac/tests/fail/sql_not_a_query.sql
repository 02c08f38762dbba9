-- query: a  exec
DROP TABLE person;
-- expect: 1: a statement begins with SELECT, WITH, INSERT, UPDATE or DELETE
