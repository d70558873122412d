select customer_id, c.city, region branches_region from customers c left join branches b on c.city = b.city order by 1;
select count(*) n, count(name) known from transactions left join customers using (customer_id);
select txn_id, t.customer_id from transactions t left join customers c using (customer_id) where c.name is null;
-- by hand: every column of the other table carries its name in front
select b.city, count(c.customer_id) c_n, max(balance) c_rich from branches b left join customers c on c.city = b.city group by 1 order by 1;
