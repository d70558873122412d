select id, case when v > 15 then 'high' when v >= 10 then 'mid' else 'low' end c from marks where id <= 6 order by id;
select id, case when v > 1 then v end c from marks where id in (5, 6) order by id;
select id, case when grp = 'a' then v else w end c from marks where id <= 3 order by id;
select id, coalesce(v, 0) c, nullif(v, 20) n from marks where id in (2, 6) order by id;
select id from marks where case when grp = 'a' then v > 15 else v > 5 end order by id;
-- by hand: only rows of the branch count
-- by hand: the division by zero of row 1 is never asked for, and not counted
