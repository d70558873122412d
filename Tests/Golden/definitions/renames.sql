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
select city, tier, count(*), max(balance) from customers group by 1, 2 having max(balance) > 1 order by 1, 2;
select txn_id, city from transactions join customers using (customer_id) where city = 'Berlin' order by 1;
-- by hand: a definition or a message
-- by hand: a definition or a message
select city, tier, count(*), max(balance) from customers group by 1, 2 having max(balance) > 1 order by 1, 2;
select txn_id, city from transactions join customers using (customer_id) where city = 'Berlin' order by 1;
select 1;
-- by hand: an error, read by hand
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
-- by hand: a definition or a message
select city, (select coalesce(sum(balance), 0) from customers c where c.city = b.city) from branches b order by 1;
-- by hand: a definition or a message
-- by hand: an error, read by hand
-- by hand: an error, read by hand
