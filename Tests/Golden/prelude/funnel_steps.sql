-- by hand: made
-- by hand: eight rows
with l as (select *, case when applied is null then 0 when checked is null or checked < applied or checked > applied + 30 then 1 when approved is null or approved < checked or approved > applied + 30 then 2 else 3 end as level from applications) select id, level, case level when 1 then 'applied' when 2 then 'checked' when 3 then 'approved' end, case when level >= 2 then checked - applied end, case when level >= 3 then approved - checked end from l order by id;
with l as (select *, case when applied is null then 0 when checked is null or checked < applied then 1 when approved is null or approved < checked then 2 else 3 end as level from applications) select id, level, case level when 1 then 'applied' when 2 then 'checked' when 3 then 'approved' end from l order by id;
-- by hand: a month from 31 January ends on 28 February, so 7 is in time and 8 is not; 3 was not checked and 4 before it applied
-- by hand: today
-- by hand: linked
-- by hand: 2 paid in on 1 February at midnight and bought on the 28th a second before midnight; 4 bought a day after; 1 and 3 bought more than 30 days behind or before, 7 before
