-- by hand: made
-- by hand: seventeen rows
with ev as (from visits), chains as (select a.who, a.ts as t1, b.ts as t2, c.ts as t3 from ev a
  left join ev b on b.who = a.who and b.what = 'ask' and b.ts >= a.ts and b.id != a.id and b.ts <= a.ts + interval 2 days
  left join ev c on c.who = a.who and c.what = 'buy' and c.ts >= b.ts and c.id != b.id and c.id != a.id and c.ts <= a.ts + interval 2 days
  where a.what = 'look' and a.ts is not null) select who, coalesce(max(case when t3 is not null then 3 when t2 is not null then 2 when t1 is not null then 1 end), 0) from (select distinct who from visits) left join chains using (who) group by who order by who;
with ev as (from visits), chains as (select a.who, a.ts as t1, b.ts as t2, c.ts as t3 from ev a
  left join ev b on b.who = a.who and b.what = 'ask' and b.ts >= a.ts and b.id != a.id 
  left join ev c on c.who = a.who and c.what = 'buy' and c.ts >= b.ts and c.id != b.id and c.id != a.id 
  where a.what = 'look' and a.ts is not null) select who, coalesce(max(case when t3 is not null then 3 when t2 is not null then 2 when t1 is not null then 1 end), 0), min(t1), min(t3) from (select distinct who from visits) left join chains using (who) group by who order by who;
-- by hand: a takes a day from each step to the next; b's three rows are one moment; f's month ends on 28 February at midnight, its third step a second later
-- by hand: twice needs two looks (b, c); both takes ask first and a look behind it (b, d) or two looks (c)
with ev as (from visits where id > 2), chains as (select a.who, a.ts as t1, b.ts as t2, c.ts as t3 from ev a
  left join ev b on b.who = a.who and b.what = 'ask' and b.ts >= a.ts and b.id != a.id and b.ts <= a.ts + interval 2 days
  left join ev c on c.who = a.who and c.what = 'buy' and c.ts >= b.ts and c.id != b.id and c.id != a.id and c.ts <= a.ts + interval 2 days
  where a.what = 'look' and a.ts is not null) select who, coalesce(max(case when t3 is not null then 3 when t2 is not null then 2 when t1 is not null then 1 end), 0) from (select distinct who from visits) left join chains using (who) group by who order by who;
with ev as (from visits), chains as (select a.who, a.ts as t1, b.ts as t2, c.ts as t3 from ev a
  left join ev b on b.who = a.who and b.what = 'ask' and b.ts >= a.ts and b.id != a.id and b.ts <= a.ts + interval 2 days
  left join ev c on c.who = a.who and c.what = 'buy' and c.ts >= b.ts and c.id != b.id and c.id != a.id and c.ts <= a.ts + interval 2 days
  where a.what = 'look' and a.ts is not null), levels as (select who, coalesce(max(case when t3 is not null then 3 when t2 is not null then 2 when t1 is not null then 1 end), 0) as level from (select distinct who from visits) left join chains using (who) group by who) select id, who, level from visits join levels using (who) where who != 'e' order by id;
-- by hand: no rows reach no step
