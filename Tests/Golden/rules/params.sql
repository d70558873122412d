-- by hand: a definition says nothing or names itself
select id from marks where v > 15 order by id;
-- by hand: a definition
select 5 n;
-- by hand: a definition
select id from marks order by id limit 2;
-- by hand: a definition
select 5 id;
-- by hand: a definition
select 3 n;
-- by hand: a definition
select 4 id;
-- by hand: an error, read by hand
