select count(*) as "count", count(v) count_v, sum(v) sum_v, avg(w) avg_w, min(d) min_d, max(d) max_d, median(v) median_v, count(distinct grp) distinct_grp, stddev_samp(v) stddev_v from marks;
select date_trunc('month', d)::date month_d, count(*) as "count" from marks where d >= '2026-05-01' group by 1 order by 1;
-- by hand: a dotted name joins with an underscore
-- by hand: 1.5 rounds to the even 2
select 'East' branches_region, 3 n;
-- by hand: 10, 1.5 and the day
-- by hand: reserved words in backticks
