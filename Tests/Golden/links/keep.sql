select name, count(*), manager from customers c join transactions using (customer_id) left join branches using (city) group by c.customer_id, name, manager having count(*) > 3;
select txn_id, name from transactions join customers using (customer_id) where tier = 'private' and channel = 'pos' order by 1;
select c.customer_id, city, region, (select count(*) from transactions t where t.customer_id = c.customer_id) from customers c left join branches using (city) where c.customer_id <= 2 order by 1;
select name, (select count(*) from transactions t where t.customer_id = c.customer_id) from customers c order by balance desc nulls last, customer_id limit 2;
with r as (select *, row_number() over (partition by tier order by balance desc nulls last, customer_id) r from customers) select tier, (select coalesce(sum(amount), 0) from transactions t where t.customer_id = r.customer_id) from r where r.r = 1 order by 1;
select 0;
select name, region, n from (select *, (select count(*) from transactions t where t.customer_id = c.customer_id) n from customers c left join branches using (city)) where n > 2 order by customer_id;
select count(*), sum(amount) from transactions join customers using (customer_id) where balance > 100000;
-- by hand: 1, 2, 4, 6 and 7 are active
select region, count(txn_id) from customers left join transactions using (customer_id) left join branches using (city) where active group by 1 order by 1 nulls last;
select 0, count(txn_id) n, name from customers left join transactions using (customer_id) group by name order by n desc, name limit 2;
select name from customers where tier = 'gold' order by customer_id;
select txn_id, amount, balance from transactions join customers using (customer_id) where balance < amount order by 1;
select 0;
select name from customers join transactions using (customer_id) group by name having count(*) > 3;
select 8;
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
