select id, lag(v) over (order by id) a, lead(v) over (order by id) b, lag(v, 2) over (order by id) c from marks order by id;
select id, lag(id) over (partition by grp order by d desc nulls last, id) a from marks order by id;
select txn_id, lag(amount) over (order by ts, txn_id) "before" from transactions where customer_id = 1 order by 1;
select txn_id, date_diff('day', lag(ts) over (order by ts)::date, ts::date) gap from transactions where customer_id = 1 order by 1;
