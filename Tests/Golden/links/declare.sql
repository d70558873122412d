-- by hand
-- by hand
-- by hand
create view orders as select txn_id order_id, customer_id client, ts, amount from transactions;
-- by hand
create view clients as select customer_id client_id, name, city, referred_by from customers where customer_id <= 4;
select name, count(*), coalesce(sum(amount), 0) from orders left join clients on client = client_id group by 1 order by 1 nulls last;
select client_id, count(*), sum(amount) from clients join orders on client = client_id group by 1 order by 1;
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
select c.client_id, r.name, (select count(*) from clients x where x.referred_by = c.client_id), (select coalesce(sum(amount), 0) from orders join clients x on client = client_id where x.referred_by = c.client_id) from clients c left join clients r on c.referred_by = r.client_id order by 1;
create view cards as select client_id * 10 card_id, client_id client, 'gold' kind from clients union all select 99, 77, 'lost';
-- by hand
-- by hand
-- by hand
select card_id, name from cards left join clients on client = client_id order by 1;
select client_id, count(card_id) from clients left join cards on client = client_id group by 1 order by 1;
create view limits as select client_id client, 'EUR' currency, client_id * 100 as floor, 'L' || client_id code from clients union all select client_id, 'CNY', 7, 'C' || client_id from clients where client_id <= 2;
-- by hand
-- by hand
create view transfers as select client_id transfer_id, client_id client, 'EUR' currency, 250 amount, 'L1' code from clients union all select client_id + 10, client_id, 'CNY', 250, case when client_id <= 2 then 'C2' end from clients;
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
select transfer_id, l.floor, b.client from transfers t join limits l on t.client = l.client and t.currency = l.currency left join limits b on t.code = b.code where amount > l.floor order by 1;
select l.client, l.currency, (select coalesce(sum(amount), 0) from transfers t where t.client = l.client and t.currency = l.currency), (select count(*) from transfers t where t.code = l.code) from limits l order by 1, 2;
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
select client_id from clients where client_id not in (select client from orders);
select order_id from orders join clients on client = client_id where city = 'Berlin' order by 1;
-- by hand
-- by hand
select count(*) from orders where client = 2;
select count(*) from clients where client_id in (select client from cards where kind = 'gold');
-- by hand
-- by hand
-- by hand
select name, count(*) from orders left join (select * from customers where customer_id > 4) on client = customer_id group by 1 order by 1 nulls last;
-- by hand
select count(*) from cards where client not in (select customer_id from customers where customer_id > 4);
