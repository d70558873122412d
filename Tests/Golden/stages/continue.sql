-- by hand: the four rows of group a
select id from marks where grp = 'a' and v = 20 order by id;
select 2 n;
select sum(v) s from marks where v > 10 and v < 30;
select count(*) n, sum(v) s from marks where v > 10 and v < 30;
