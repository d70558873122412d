-- by hand: a definition says nothing
-- by hand: a definition
-- by hand: a definition
select customer_id from customers where balance > 200000 or tier = 'private' order by 1;
select customer_id from customers where not coalesce(balance > 200000 or tier = 'private', false) order by 1;
select customer_id from customers where coalesce(balance > 200000 or tier = 'private', false) and not coalesce(birthday > '1985-01-01', false) order by 1;
select count(*) filter (coalesce(balance > 200000 or tier = 'private', false)), count(*) filter (not coalesce(balance > 200000 or tier = 'private', false)), sum(balance) filter (coalesce(birthday > '1985-01-01', false) or (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3) from customers c;
select customer_id, case when coalesce(balance > 200000 or tier = 'private', false) then 'vip' when birthday > '1985-01-01' then 'young' else 'other' end, (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3 from customers c order by 1;
select coalesce(balance > 200000 or tier = 'private', false) v, (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3 b, count(*) from customers c group by 1, 2 order by 1, 2;
select count(*) from customers where balance > 200000 or tier = 'private';
select coalesce(birthday > '1985-01-01', false) y, count(*), sum(amount) from transactions t join customers c using (customer_id) where c.balance > 200000 or c.tier = 'private' group by 1 order by 1;
select count(*) from transactions t join customers c using (customer_id) where not coalesce(c.balance > 200000 or c.tier = 'private', false) and (select count(*) from transactions u where u.customer_id = c.customer_id) >= 3;
select city, (select count(*) from customers c where c.city = b.city and (balance > 200000 or tier = 'private')), exists (select 1 from customers c where c.city = b.city and birthday > '1985-01-01' and (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3) from branches b order by 1;
-- by hand: a definition
-- by hand: a definition
select city from branches b where exists (select 1 from customers c where c.city = b.city and (balance > 200000 or tier = 'private') and (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3) order by 1;
select customer_id from customers c where (balance > 200000 or tier = 'private') and (select count(*) from transactions t where t.customer_id = c.customer_id) >= 3 and city in (select city from branches) order by 1;
select customer_id from customers where balance > 200000 or tier = 'private' order by 1;
select customer_id from customers where (balance > 200000 or tier = 'private') and birthday > '1985-01-01' order by 1;
select sum(balance) from customers where balance > 200000 or tier = 'private';
select customer_id, true from customers where balance > 200000 or tier = 'private' order by 1;
select 8;
select customer_id, true from customers where balance > 200000 or tier = 'private' order by 1 limit 3;
