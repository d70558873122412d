select id, v from marks order by v nulls last, id;
select id, v from marks order by v desc nulls last, id;
select id, grp, v from marks order by grp desc nulls last, v nulls last, id;
select name from customers order by name collate "C";
select name from customers order by length(name) desc, name limit 3;
select id, d from marks order by d desc nulls last, id limit 3;
select id, v from marks order by v nulls last, id limit 3 offset 2;
select day, branch, n from daily order by branch desc, day, n nulls last;
