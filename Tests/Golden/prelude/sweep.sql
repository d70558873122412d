-- by hand: a parameter
-- by hand: a let
select f, count(*), sum(balance) from customers, (values (0), (100000), (1000000)) t(f) where balance >= f group by f order by f;
select p, sum(balance) * p from customers, (values (0.01), (0.025)) t(p) group by p order by 2 desc;
select f, p, count(*), sum(balance) * p from customers, (values (1000), (100000)) a(f), (values (0.01), (0.02)) b(p) where balance > f group by f, p order by f, p;
select customer_id, name from customers where customer_id <= 3 order by 1;
select m, (select count(*) from customers where opened >= (m || '-01')::date and active) from (values ('2024-11'), ('2024-12'), ('2025-01')) t(m);
select f, 'high', count(*) from customers, (values (50000), (500000)) t(f) where balance >= f group by f order by f;
select count(*) from customers where balance >= 100000;
