select id, coalesce(sum(v) over (partition by grp), 0) s, count(*) over (partition by grp) n, sum(v) over () a from marks order by id;
select id from marks qualify v > avg(v) over (partition by grp) order by id;
select id, grp, v from marks qualify v = max(v) over (partition by grp) order by id;
-- by hand: 60/520 = 0.1153846153846…, 400/520 = 0.7692307692…: the larger scale 2 and six digits more
select id, count(*) filter (v > 10) over (partition by grp) n from marks order by id;
select grp, count(distinct v) d from marks group by 1 order by 1 nulls last;
select id, count(*) over (partition by grp is null) n from marks order by id;
select txn_id, m from (select txn_id, sum(amount) over (partition by date_trunc('month', ts)) m from transactions) where txn_id <= 3 order by 1;
select 8 as n;
select id from (select id, v - avg(v) over (partition by grp) x from marks) order by x nulls last, id limit 2;
select id, s, rank() over (order by s desc) r from (select id, coalesce(sum(v) over (partition by grp), 0) s from marks) order by id;
