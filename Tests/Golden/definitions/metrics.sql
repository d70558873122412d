-- by hand: no answer
-- by hand: a definition
-- by hand: a definition
-- by hand: a definition
-- by hand: a definition
select customer_id, coalesce((select sum(amount) from transactions t where t.customer_id = c.customer_id), 0) from customers c order by 1;
select customer_id, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2026-07-02' and ts < '2026-09-30'), (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2025-09-30' and ts < '2026-09-30'), (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'fee' and ts >= timestamp '2025-09-30' and ts < '2026-09-30'), (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'fee' and ts >= timestamp '2026-03-14' and ts < '2026-09-30') from customers c order by 1;
select customer_id, (select case when count(*) = 0 then null else coalesce(sum(amount), 0)::decimal(18,2) / count(*) end from transactions t where t.customer_id = c.customer_id) from customers c order by 1;
select tier, count(*), avg(total) from (select *, coalesce((select sum(amount) from transactions t where t.customer_id = c.customer_id), 0) total from customers c) where total > 1000 group by 1 order by 1;
select customer_id, (select sum(amount) from transactions t where t.customer_id = c.customer_id) s from customers c order by s desc nulls last limit 2;
select channel, max(amount) from transactions group by 1 order by 1 nulls last;
select tier, sum(total) from (select tier, coalesce((select sum(amount) from transactions u where u.customer_id = c.customer_id), 0) total from transactions t join customers c using (customer_id)) group by 1 union all select null, 0 order by 1 nulls last;
select txn_id from transactions where amount = (select max(amount) from transactions);
-- by hand: a definition
-- by hand: a definition
select customer_id, s from (select customer_id, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2026-08-01' and ts < '2026-09-30') s from customers c) where s > 0 order by 1;
select customer_id, s from (select customer_id, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2026-08-31' and ts < '2026-09-30') s from customers c) where s > 100 order by 1;
-- by hand: a definition
with w as (select c.customer_id, c.referred_by, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2025-09-30' and ts < '2026-09-30') p, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'fee' and ts >= timestamp '2025-09-30' and ts < '2026-09-30') f from customers c) select txn_id, w.p, r.f from transactions t left join w using (customer_id) left join w r on r.customer_id = w.referred_by where txn_id between 1 and 4 order by 1;
with w as (select c.customer_id, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2025-09-30' and ts < '2026-09-30') p from customers c) select customer_id, (select coalesce(sum(amount / 10), 0) from transactions t where t.customer_id = c.customer_id), (select count(*) from transactions t join w using (customer_id) where t.customer_id = c.customer_id and p > 150) from customers c order by 1;
with w as (select c.customer_id, c.city, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and type = 'purchase' and ts >= timestamp '2025-09-30' and ts < '2026-09-30') p, (select coalesce(sum(amount / 2), 0) from transactions t where t.customer_id = c.customer_id) h from customers c) select city, (select coalesce(sum(p), 0) from w where w.city = b.city), (select coalesce(sum(h), 0) from w where w.city = b.city) from branches b order by 1;
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
