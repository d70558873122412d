-- by hand: each is a span, a value like any other
-- by hand: weekday 1 is Monday; 2026-10-01 is a Thursday
-- by hand: date - date is whole days
-- by hand: 28 Feb, 29 Feb in the leap year, 28 Feb, 28 Feb, 30 Nov, 2 March
-- by hand: spans step in their own unit; 2026 has 53 weeks
-- by hand: 2026-02-28 23:59:59
-- by hand: clamped month ends make a whole month; 364 days
-- by hand: the first ISO week of 2026 begins on Monday 2025-12-29
-- by hand: 7 in the first, 5 in the second, 8 in the third
select isodow(ts) w, count(*) n from transactions group by 1 order by 1;
select date_trunc('month', ts)::date m, count(*) n from transactions where ts >= '2026-04-01' and ts < '2026-07-01' group by 1 order by 1;
-- by hand: O"Brien 1969-10-10 is 56; Anna 1975-06-01 is 50
-- by hand: a year older on the 28th in common years only
-- by hand: 27 to 30 April are four; the first of May is a holiday, a Friday; the next workday is Monday the fourth
select txn_id from transactions where hour(ts) >= 23 order by 1;
