select count(*) n, sum(v) s from marks where grp in ('a', 'b');
select city from branches union all select name from holidays order by 1;
select id, v from marks where id in (1, 2) order by id;
select v from (select 10.0 v, 1 o union all select 1.5, 2) order by o;
select 6 as n;
