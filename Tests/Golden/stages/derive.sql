select id, v + 1 a, (v + 1) * 2 b from marks where id <= 3 order by id;
select id, grp, v * 10 v, w, d from marks where id <= 2 order by id;
select id, sum(v) over () total, v / (sum(v) over ())::double "share" from marks where id <= 2 order by id;
select name, left(name, 1) initial from customers where left(name, 1) = 'A';
select id, grp k from marks where grp is null;
