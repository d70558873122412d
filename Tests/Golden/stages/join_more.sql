select t.customer_id, s, tier c_tier from (select customer_id, coalesce(sum(amount), 0) s from transactions group by 1) t left join customers c using (customer_id) order by 1;
select tier c_tier, count(*) n from transactions left join customers c using (customer_id) group by 1 order by 1 nulls last;
select region b_region, sum(amount) s from transactions left join customers c using (customer_id) left join branches b on b.city = c.city group by 1 order by 1 nulls last;
select count(*) n from customers c join customers r on c.referred_by = r.customer_id;
select 10 n, 50 s;
