-- by hand: a definition
select customer_id, balance from customers order by balance desc nulls last, customer_id limit 2;
select customer_id, balance from customers order by balance desc nulls last, customer_id limit 3;
select customer_id, balance from customers order by balance desc nulls last, customer_id limit 1;
select customer_id, coalesce((select sum(amount) from transactions t where t.customer_id = c.customer_id), 0) s from customers c order by s desc, customer_id limit 2;
select customer_id, (select count(*) from transactions t where t.customer_id = c.customer_id) s from customers c order by s desc, customer_id limit 3;
-- by hand: a definition
with b as (select customer_id, coalesce((select sum(amount) from transactions t where t.customer_id = c.customer_id), 0) v from customers c), r as (select *, coalesce((select sum(v) from b o where o.v > b.v), 0) / (select sum(v) from b) above from b) select customer_id, v, case when above < 0.8 then 'A' when above < 0.95 then 'B' else 'C' end from r order by v desc, customer_id;
with b as (select customer_id, (select count(*) from transactions t where t.customer_id = c.customer_id) v from customers c), r as (select *, coalesce((select sum(v) from b o where o.v > b.v), 0) / (select sum(v) from b) above from b) select case when above < 0.8 then 'A' when above < 0.95 then 'B' else 'C' end k, count(*), sum(v) from r group by 1 order by 1;
-- by hand: a definition
select c.name, count(*), coalesce(sum(amount), 0) from transactions t left join customers c using (customer_id) group by 1 order by c.name nulls last;
-- by hand: a definition
select customer_id, balance * 2 from customers where customer_id <= 2;
-- by hand: a definition
select city from (select city from branches union select city from customers) where city is not null order by city;
-- by hand: a definition
select txn_id, customer_id, amount, type, channel, amount / (select sum(amount) from transactions where customer_id = 1) from transactions where customer_id = 1 order by 1;
-- by hand: a definition
with b as (select customer_id, balance v from customers where tier is distinct from 'private'), r as (select *, coalesce((select sum(v) from b o where o.v > b.v), 0) / (select sum(v) from b) above from b) select count(*), sum(v) from r where above < 0.8 and v is not null;
-- by hand: a definition
select count(*), sum(balance) from customers where balance > 90000;
select customer_id, balance from customers join branches using (city) where balance > 90000 and region = 'West' order by 2 desc limit 1;
select count(*) from transactions where customer_id in (select customer_id from customers where balance > 90000);
select city, (select case when count(*) = 0 then null else count(*) end from customers c where c.city = b.city and balance > 90000) from branches b order by 1;
-- by hand: a definition
select count(*) from customers where balance > 200000;
-- by hand: the plan is text
