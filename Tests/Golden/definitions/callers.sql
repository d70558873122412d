-- by hand: a table
create view c as select customer_id id, if(customer_id = 1, 100, 0) amount from customers where customer_id <= 2;
-- by hand: a table
create view e as select txn_id k, customer_id id, txn_id * 40 amount from transactions where txn_id <= 4;
-- by hand: a link
-- by hand: a definition
select id, (select count(*) from e where e.id = c.id and e.amount >= c.amount) from c order by 1;
select k, (select count(*) from e o where o.id = c.id and o.amount >= c.amount) from e join c using (id) order by 1;
select (select count(*) from e join c using (id) where e.amount >= c.amount), count(*) from e;
-- by hand: a definition
select id, (select count(*) from e where e.id = c.id and e.amount >= c.amount and k > 1) from c order by 1;
select id, (select count(*) from e where e.id = c.id and e.amount >= c.amount + 100 and k > c.id) from c order by 1;
select id, (select count(*) from e where e.id = c.id and e.amount >= k and k > 1) from c order by 1;
