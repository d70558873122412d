-- by hand: human numbers
-- by hand: more of them
select customer_id from customers where balance >= 250000 order by 1;
select 2 n;
select customer_id, name from customers where city = '杭州' order by 1;
select 2 n;
select 0 n;
select 4 n;
select 地区, coalesce(sum(金额), 0) 总额, count(*) 笔数 from 销售 group by 1 order by 1;
select 编号, 金额 from 销售 where 金额 < 150000000 and 日期 >= '2026-09-01' and 日期 < '2026-10-01' order by 1;
-- by hand: scale 2 and six digits more
select max(金额) as max_金额 from 销售;
select 2 as "two words";
-- by hand: escapes; empty text is "" in csv
-- by hand: only an exponent makes a float; 0.1 + 0.2 in doubles
-- by hand: precedence: product before sum, from left to right
-- by hand: durations are values
select 17 txn_id;
select 8 n;
