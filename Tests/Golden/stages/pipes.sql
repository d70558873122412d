select txn_id from (select txn_id, amount from transactions order by amount desc nulls last, txn_id limit 5) order by 1;
select sum(amount) s from (select amount from transactions order by amount desc nulls last, txn_id limit 5);
select max(s) hi, count(*) n from (select coalesce(sum(amount), 0) s from transactions group by customer_id);
select customer_id, max(s) best from (select customer_id, date_trunc('month', ts) m, coalesce(sum(amount), 0) s from transactions group by 1, 2) group by 1 order by 1;
select channel, count(*) n from transactions where amount > 500 group by 1 order by n desc, channel nulls last;
select city, share from (select city, count(*) / sum(count(*)) over ()::double "share" from customers group by city) where "share" > 0.2 order by city;
select tier, count(*) n from (select distinct city, tier from customers) group by 1 order by 1;
select '王伟' as name;
select 1500000.00 + 250000.50 * 2 s, 3 n;
-- by hand: the two at 250000.50 are both second; the order of top stays
-- by hand: an answer without rows has its header
-- by hand: no rows go through any stage
-- by hand: one row as in summarize: two counts of nothing
