-- by hand: today
with t as (select channel, coalesce(sum(amount) filter (month(ts) = 9), 0) as a, coalesce(sum(amount) filter (month(ts) = 8), 0) as b from transactions where month(ts) in (8, 9) group by 1) select channel, a, b, 0, a - b, a / nullif(b, 0) - 1, a, null from t order by channel nulls last;
select 'all', 8, 5, 0, 3, 8 / 5 - 1, 8, null;
-- by hand: all twenty lie in 2026; the year before is the period before
-- by hand: today
-- by hand: 15 on 2026-08-08 alone in August's first fifteen days, 13 on 2026-07-01 alone in July's
-- by hand: the month before August is July, which is over, with 75.00 and a missing amount; June had 999.99
