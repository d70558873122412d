select manager, city from branches where city = 'Berlin';
select manager as who, city, region, manager from branches where region = 'East';
select date_trunc('month', day) as month_day, isodow(day) as weekday_day from holidays order by day;
select day from holidays order by day;
select city from branches;
select city as town, region, manager as boss from branches where city = 'London';
select v as v2 from marks where v > 15 order by id;
