create view transfers as select payment_id transfer_id, account_id source, 10 + payment_id % 8 target, amount from payments where payment_id <= 11 and amount is not null;
-- by hand
-- by hand
-- by hand
select account_id, coalesce((select sum(amount) from transfers where source = account_id), 0), coalesce((select sum(amount) from transfers where target = account_id), 0), coalesce((select sum(amount) from transfers where target = account_id), 0) - coalesce((select sum(amount) from transfers where source = account_id), 0), (select count(*) from transfers where target = account_id and source = account_id) from accounts order by 1;
select transfer_id, a.town from transfers join accounts a on source = a.account_id join accounts b on target = b.account_id where a.town = b.town order by 1;
select a.kind, b.kind, count(*), sum(amount) from transfers left join accounts a on source = a.account_id left join accounts b on target = b.account_id group by 1, 2 order by 1 nulls last, 2 nulls last;
select account_id, (select count(distinct source) from transfers where target in (select target from transfers t join accounts b on target = b.account_id where t.source = a.account_id)), (select count(*) from transfers where target in (select target from transfers t join accounts b on target = b.account_id where t.source = a.account_id)) from accounts a order by 1;
-- by hand
-- by hand
select customer_id, 5 from customers join transactions using (customer_id) group by 1 having sum(amount) > 400 order by 1;
-- by hand
-- by hand
-- by hand
select city, count(account_id), max(kind) from branches left join accounts on town = city group by city order by array_position(['杭州', 'Berlin', 'London', '上海'], city);
select 7;
