-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
select name, true from customers where balance > 100000 order by name limit 1;
select count(*) from customers join branches using (city) where balance > 100000;
select min(txn_id) from transactions join customers using (customer_id) where balance > 100000;
select true, name from customers where balance > 100000 order by name limit 1;
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
select count(*), sum(amount) from transactions where amount > 1;
-- by hand: an error
select sum(amount) from transactions join customers using (customer_id) where balance > 100000;
-- by hand: a definition or a message
-- by hand: a definition or a message
select count(*), sum(amount) from transactions where amount > 1;
select count(*) from customers where balance > 100000;
select sum(amount) from transactions join customers using (customer_id) where balance > 100000;
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
with t as (select customer_id, 2 * coalesce(sum(amount) filter (amount > 2), 0) twice, coalesce(sum(amount) filter (amount > 3), 0) m from customers left join transactions using (customer_id) group by 1) select sum(twice + m * 2 + case when twice > 2 then coalesce((select sum(amount) from transactions x where x.customer_id = t.customer_id and amount > 1), 0) else 0 end) from t;
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
with t as (select customer_id, 2 * coalesce(sum(amount) filter (amount > 2), 0) twice, coalesce(sum(amount) filter (amount > 3), 0) m from customers left join transactions using (customer_id) group by 1) select sum(twice + m * 2 + case when twice > 2 then coalesce((select sum(amount) from transactions x where x.customer_id = t.customer_id and amount > 1), 0) else 0 end) from t;
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
with t as (select customer_id, 2 * coalesce(sum(amount) filter (amount > 2), 0) twice, coalesce(sum(amount) filter (amount > 3), 0) m from customers left join transactions using (customer_id) group by 1) select sum(twice + m * 2 + case when twice > 2 then coalesce((select sum(amount) from transactions x where x.customer_id = t.customer_id and amount > 1), 0) else 0 end) from t;
