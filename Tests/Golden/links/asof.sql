-- by hand: no answer
select customer_id, (select count(*) from transactions t where t.customer_id = c.customer_id and ts < '2026-04-01'), (select coalesce(sum(amount), 0) from transactions t where t.customer_id = c.customer_id and ts < '2026-04-01'), (select max(ts) from transactions t where t.customer_id = c.customer_id and ts < '2026-04-01'), (select coalesce(sum(amount), 0) from payments where day < '2026-04-01' and account_id in (select account_id from holders h join accounts using (account_id) where h.customer_id = c.customer_id)) from customers c order by 1;
select tier, (select count(*) from transactions t join customers d using (customer_id) where d.tier = c.tier and ts < '2026-04-01'), (select count(*) from payments where day < '2026-04-01' and account_id in (select account_id from holders h join accounts using (account_id) join customers d using (customer_id) where d.tier = c.tier)) from (select distinct tier from customers) c order by 1;
select customer_id from customers where customer_id not in (select customer_id from transactions where ts < '2026-04-01') order by 1;
select customer_id from customers where customer_id not in (select customer_id from transactions where ts >= '2026-03-01' and ts < '2026-04-01') order by 1;
select city, (select count(*) from transactions join customers c using (customer_id) where c.city = b.city and ts < '2026-04-01'), (select count(*) from payments join accounts using (account_id) where town = city and day < '2026-04-01') from branches b;
select count(*), max(ts) from transactions join customers using (customer_id) where ts < '2026-04-01';
select tier, count(*) from transactions left join customers using (customer_id) where ts < '2026-04-01' group by 1 order by 1;
select txn_id, (select count(*) from transactions x where x.customer_id = t.customer_id and ts < '2026-04-01') from transactions t order by 1 limit 3;
-- by hand: no answer
-- by hand: no answer
-- by hand: no answer
select * from (values (6, -80.50, '王伟'), (8, null, null), (20, null, null));
select 2;
select 1;
select 1;
-- by hand: no answer
-- by hand: no answer
-- by hand: no answer
with q as (select d as day, sum(w) price from marks where d < '2026-04-01' group by 1), p as (select p.payment_id, (select max(q.day) from q where q.day <= p.day) d from payments p where p.day < '2026-04-01') select d, count(*), coalesce(sum(price), 0) from p left join q on d = q.day group by 1 order by 1 nulls last;
-- by hand: no answer
with q as (select d as day, sum(w) price from marks where d is not null group by 1), p as (select p.payment_id, (select max(q.day) from q where q.day <= p.day) d from payments p where p.day <= '2026-12-31') select d, count(*), coalesce(sum(price), 0) from p left join q on d = q.day group by 1 order by 1 nulls last;
select * from (values (6, -80.50, '王伟'), (8, 250.00, '李娜'), (20, 400.00, '陈静'));
