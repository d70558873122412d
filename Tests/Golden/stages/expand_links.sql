-- by hand: linked
-- by hand: linked
select c.customer_id, k, region, (select count(*) from transactions t where t.customer_id = c.customer_id) from customers c left join branches using (city), (values (1), (2)) v(k) where customer_id in (1, 3) order by 1, 2;
select region, 2 * count(*) from transactions left join customers using (customer_id) left join branches using (city) group by 1 order by 1 nulls last;
-- by hand: an error
-- by hand: an error
-- by hand: an error
-- by hand: an error
select customer_id, year(opened), ts, amount * 2 from transactions join customers using (customer_id) where customer_id <= 2 order by ts limit 3;
select sum(amount), count(amount) from transactions join customers using (customer_id) join branches using (city);
