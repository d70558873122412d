select t.* from transactions t join customers using (customer_id) where tier = 'gold' order by txn_id;
select txn_id, coalesce(balance > 100000, false), (select coalesce(sum(amount), 0) from transactions x where x.customer_id = t.customer_id), name from transactions t join customers using (customer_id) where customer_id in (1, 3) order by 1;
select t.*, 'w' from transactions t where customer_id = 5;
select manager, city, count(*), coalesce(sum(amount), 0) from transactions join customers using (customer_id) join branches using (city) where region = 'East' group by all order by 1, 2;
select town, count(*), coalesce(sum(amount), 0) from payments join accounts using (account_id) join branches on town = city group by 1 order by 1;
select name, txn_id from customers join transactions using (customer_id) order by 2 limit 3;
select r.name, txn_id from transactions join customers c using (customer_id) join customers r on c.referred_by = r.customer_id order by 2;
select holder_id, kind, name from holders left join accounts using (account_id) join customers using (customer_id) where customer_id in (1, 2) order by 1;
select payment_id, account_id, amount from payments where account_id in (select account_id from holders join accounts using (account_id) where customer_id in (1, 2)) order by 1;
select holder_id, customer_id from holders where account_id in (select account_id from holders join accounts using (account_id) join customers using (customer_id)) order by 1;
select holder_id, account_id from holders where customer_id in (select customer_id from transactions join customers using (customer_id) where type = 'fee');
select holder_id, kind from holders join accounts using (account_id) where account_id in (select account_id from payments where currency = 'CNY') order by 1;
with j as (select t.*, avg(amount) over (partition by tier) a from transactions t join customers using (customer_id) where active) select txn_id from j where amount > a order by 1;
select txn_id, amount, name from transactions join customers using (customer_id) order by amount desc nulls last limit 2;
select channel, count(*), first(amount order by ts, txn_id) filter (amount is not null), (select count(*) from transactions f where type = 'fee' and customer_id in (select customer_id from transactions x join customers using (customer_id) where x.channel is not distinct from t.channel)) from transactions t join customers using (customer_id) group by 1 order by 1 nulls last;
select 0;
-- by hand: up
-- by hand: up
-- by hand: no such link
-- by hand: ends above
-- by hand: rows of no table
-- by hand: a column
