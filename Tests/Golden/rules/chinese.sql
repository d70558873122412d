-- by hand: eight rows
select name 姓名, balance 余额 from customers where city = '杭州' and balance >= 250000 order by name collate "C";
select city 城市, count(*) 人数, coalesce(sum(balance), 0) 合计 from customers group by 1 order by city collate "C" nulls last;
-- by hand: 2021 two, 2022, 2023 one each, 2024 two
-- by hand: an error, read by hand
-- by hand: a definition
select 3 n;
