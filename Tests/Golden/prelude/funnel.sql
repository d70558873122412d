-- by hand: made
-- by hand: eight rows
with l as (select *, case when applied is null then 0 when checked is null or checked < applied or checked > applied + 30 then 1 when approved is null or approved < checked or approved > applied + 30 then 2 else 3 end as level from applications), s as (select n, (select count(*) from l where level >= n) as reached from range(1, 4) r(n)) select n, ['applied', 'checked', 'approved'][n], reached, reached / (select count(*) from l where level >= 1), case when n > 1 then reached / lag(reached) over (order by n) end, case when n < 3 then (select count(*) from l where level = n) end, case n when 2 then (select median(checked - applied) from l where level >= 2) when 3 then (select median(approved - checked) from l where level >= 3) end from s order by n;
-- by hand: 1 takes 4, 26 and 10 days, 2 takes 4 and 27 and never uses: medians 4, 26.5 and 10
-- by hand: today
-- by hand: linked
-- by hand: two of five; 27d 23h 59min 59s and 1d have the middle 14d 11h 59min 59.5s
