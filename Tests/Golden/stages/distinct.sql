select distinct grp, 1 x from marks order by grp nulls last;
select count(*) n from (select distinct channel, type from transactions);
select count(*) n from (select distinct ts, amount, channel from transactions);
select distinct date_trunc('month', ts)::date as month from transactions order by 1;
