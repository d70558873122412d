select count(*) n, count(v) c, sum(v) s, min(v) lo, max(v) hi from marks;
select avg(v) a, median(v) m, quantile_cont(v, 0.25) q from marks;
select quantile_cont(v, 0) q0, quantile_cont(v, 0.9) q9, quantile_cont(v, 1) q1 from marks;
select stddev_samp(v) sd, var_samp(v) "var" from marks;
select count(distinct v) d, count(distinct grp) g from marks;
-- by hand: 5 and 20 come twice each; a tie must not depend on the order of rows: the smaller value
select corr(v, w) r, regr_slope(v, w) b from marks;
select sum(v * w) / sum(w)::double as w from marks where v is not null and w is not null;
-- by hand: by id: 10 and 7; by d: nulls are last in any order, so the row without a d is the last: 5
-- by hand: the three smallest values, and a sign that there are more
-- by hand: the missing w is skipped; all four days
-- by hand: first by id 5; last by id desc is id 5: 5; by v the smallest v 5 with the smaller key 5: 0.5; by d desc with nulls last: id 8
select true e, false x;
select min(grp) lo, max(grp) hi, min(d) d0, max(d) d1 from marks;
