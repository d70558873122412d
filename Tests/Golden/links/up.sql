select txn_id, c.name, b.region from transactions t join customers c using (customer_id) join branches b using (city) where tier = 'gold' and amount > 900 order by 1;
select txn_id, region, upper(manager) from transactions t left join customers c using (customer_id) left join branches b using (city) where region = 'West' and ts >= '2026-01-01' and ts < '2026-04-01' order by 1;
select holder_id, r.name, r2.name, b.region, rb.manager from holders h left join customers c using (customer_id) left join customers r on c.referred_by = r.customer_id left join customers r2 on r.referred_by = r2.customer_id left join accounts a on h.account_id = a.account_id left join branches b on a.town = b.city left join branches rb on r.city = rb.city order by 1;
select txn_id, t.customer_id, c.name, c.balance, b.region from transactions t left join customers c using (customer_id) left join branches b using (city) where c.name is null;
select holder_id, c.active, b.region from holders h left join customers c using (customer_id) left join accounts a using (account_id) left join branches b on town = b.city where not coalesce(c.active and b.region = 'East', false) order by 1;
select txn_id, region, c.name from transactions t left join customers c using (customer_id) left join branches b using (city) order by region desc nulls last, c.name nulls last, ts, txn_id limit 6;
select region, date_part('year', ts) || '-Q' || date_part('quarter', ts) q, count(*), coalesce(sum(amount), 0), count(distinct tier) from transactions t left join customers c using (customer_id) left join branches b using (city) group by all order by 1 nulls last, 2;
select sum(amount) filter (region = 'West'), max(opened), last(c.name order by ts) filter (c.name is not null) from transactions t left join customers c using (customer_id) left join branches b using (city);
select txn_id, balance from transactions t left join customers c using (customer_id) order by balance desc nulls last, txn_id limit 3;
select region, txn_id, amount from (select region, txn_id, amount, row_number() over (partition by region order by amount desc nulls last, txn_id) r from transactions t left join customers c using (customer_id) left join branches b using (city)) where r = 1 order by 1 nulls last;
select distinct tier, region from transactions t left join customers c using (customer_id) left join branches b using (city) order by 1 nulls last, 2 nulls last;
select * from (values ('East', 11), ('others', 9));
select region, count(*) filter (tier = 'gold'), coalesce(sum(amount) filter (tier = 'gold' and active), 0), count(*) filter (tier = 'standard'), coalesce(sum(amount) filter (tier = 'standard' and active), 0) from transactions t left join customers c using (customer_id) left join branches b using (city) group by 1 order by 1 nulls last;
-- by hand: the one transaction of customer 99 has no customer
select count(*) from transactions where customer_id != 99;
-- by hand: customers 1 to 7 have transactions, each with a name of its own
with j as (select t.*, tier, balance, region from transactions t left join customers c using (customer_id) left join branches b using (city) where type = 'deposit') select txn_id, rank() over (partition by tier order by balance desc nulls last) r, coalesce(sum(amount) over (partition by region), 0) s from j order by 1;
with j as (select t.*, avg(amount) over (partition by region) a from transactions t left join customers c using (customer_id) left join branches b using (city)) select txn_id from j where amount > a order by 1;
select c.name, b.manager, r.name from customers c left join branches b using (city) left join customers r on c.referred_by = r.customer_id where b.manager = 'Jane' or r.name like 'Anna%' order by c.customer_id;
select c.name from customers c join customers r on c.referred_by = r.customer_id where c.city = r.city;
select payment_id, amount, rate from payments p left join lateral (select rate from rates r where r.currency = p.currency and r.valid_from <= p.day order by valid_from desc limit 1) on true where rate is null or amount * rate > 100 order by 1;
select name from customers where customer_id in (select customer_id from transactions join customers using (customer_id) join branches using (city) where region = 'West') order by name;
select name, count(*) from transactions left join customers using (customer_id) where channel = 'pos' group by 1 order by 1;
-- by hand: customers have no ts
