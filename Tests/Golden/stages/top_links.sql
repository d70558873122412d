-- by hand: linked
select txn_id, name, type from transactions left join customers using (customer_id) where type = 'purchase' order by amount desc nulls last, txn_id limit 3;
select txn_id, tier from transactions left join customers using (customer_id) where type = 'deposit' order by txn_id desc limit 2;
select name, merchant, amount * 2, city from transactions left join customers using (customer_id) where type = 'purchase' order by amount desc nulls last limit 2;
