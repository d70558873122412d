select id, v from marks where v > 10 order by id;
select channel, count(*) n, coalesce(sum(amount), 0) s from transactions group by 1 order by 1 nulls last;
select 3 n;
select 6 n;
select sum(金额) s from 销售;
-- by hand: the type is stated
-- by hand: an error, read by hand
-- by hand: an error, read by hand
select 4 n;
