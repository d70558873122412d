select sum(v * 2) s, sum(v) * 2 t, max(v) - min(v) r, 14.0 p from marks;
select sum(case when v > 10 then 1 else 0 end) n, max(length(grp)) m from marks;
select case when v > 10 then 'big' else 'small' end big, count(*) n from marks group by 1 order by 1;
select grp, count(*) filter (v > 10) / count(*)::double share from marks group by 1 order by 1 nulls last;
select count(*) n from customers where balance > (select avg(balance) from customers);
select id from marks where v = (select max(v) from marks);
