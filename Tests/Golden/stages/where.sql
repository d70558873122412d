select count(*) n from transactions where amount > 100;
select count(*) n from transactions where not coalesce(amount > 100, false);
select count(*) n from transactions where not coalesce(channel = 'mobile', false);
select txn_id from transactions where channel is null order by 1;
select customer_id, name from customers where balance > (select avg(balance) from customers) order by 1;
select txn_id, amount from transactions where ts >= '2026-07-01' and ts < '2026-10-01' and type = 'purchase' order by 1;
