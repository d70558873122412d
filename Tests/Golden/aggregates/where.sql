select count(*) filter (v > 10) n, sum(v) filter (grp = 'a') s, avg(v) filter (v > 10) a, count(*) as "all" from marks;
select median(v) filter (id > 4) m, count(distinct grp) filter (v is not null) d, max(d) filter (grp = 'a') hi, quantile_cont(v, 0.5) filter (grp = 'a') q from marks;
select grp, first(v order by id desc) filter (v > 10) f, count(v) filter (id > 5) n from marks group by 1 order by 1 nulls last;
select date_trunc('month', ts)::date as month, round(coalesce(sum(amount) filter (channel = 'mobile'),0) / sum(amount)::double, 8) mobile from transactions where ts >= '2026-07-01' group by 1 order by 1;
