-- by hand: an error, read by hand
-- by hand: an error, read by hand
select 10 n;
-- by hand: every row is there already, with the same key
select 10 n, sum(v) s from marks;
-- by hand: from a query
select 20 n, 110 hi;
-- by hand: one row is exchanged
select 1 id, 'a' grp;
-- by hand: the ten that were appended
select 10 n;
-- by hand: one row
select 9 n, 9 k;
-- by hand: none
-- by hand: only group a is left
select id from marks where grp = 'a' order by id;
-- by hand: an error, read by hand
-- by hand: 999, then 30
-- by hand: a table from a query
-- by hand: 1 was set to 999
-- by hand: an error, read by hand
-- by hand: done
select 4 id;
-- by hand: done
-- by hand: an error, read by hand
select 4 n;
-- by hand: done
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
