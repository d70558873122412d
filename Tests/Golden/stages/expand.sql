select city, k from branches, range(1, 3) t(k) order by city, k;
select customer_id, k from (select customer_id, unnest(range(referred_by, 4)) as k from customers where referred_by is not null) order by customer_id, k;
select customer_id, what, value from (select customer_id, 'city' as what, city as value from customers union all select customer_id, 'tier', tier from customers union all select customer_id, 'since', opened::varchar from customers) where customer_id in (2, 5) order by customer_id, what;
select customer_id, strftime(m, '%Y-%m') from (select customer_id, unnest(generate_series(date_trunc('month', opened)::timestamp, date_trunc('month', opened)::timestamp + interval 2 month, interval 1 month)) as m from customers where customer_id <= 3) order by customer_id, m;
select count(*), count(half), sum(half) from (select balance / 2 as half from customers union all select null from customers union all select 1 from customers);
select d, count(*) from branches, (values (date '2026-02-27'), (date '2026-02-28'), (date '2026-03-01')) t(d) group by d order by d;
select count(*), sum(referred_by) from customers where referred_by is not null;
select customer_id, referred_by from customers where referred_by is not null order by 1 limit 2;
select 'Berlin', 4;
-- by hand: the first branch's rows come first, and their values ascend
-- by hand: an error
-- by hand: an error
-- by hand: an error
-- by hand: an error
-- by hand: an error
-- by hand: an error
-- by hand: an error
