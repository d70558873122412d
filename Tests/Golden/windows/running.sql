select id, v, sum(v) over (order by v range unbounded preceding) s, count(*) over (order by v range unbounded preceding) n from marks where v is not null order by id;
select id, coalesce(sum(v) over (partition by grp order by id), 0) s from marks order by id;
select id, coalesce(sum(v) over (order by id desc), 0) s from marks order by id;
select txn_id, sum(amount) over (order by ts, txn_id) s from transactions where customer_id = 1 order by 1;
-- by hand: 10 and 11 tie: 60 + 60 = 120 for both, then 520
select id, avg(v) over (order by id rows between 2 preceding and current row) m from marks order by id;
select id, avg(w) over (partition by grp order by id rows between 1 preceding and current row) m from marks where grp is not null order by id;
-- by hand: first and last speak of the whole group (a running form would be lag or running_sum)
