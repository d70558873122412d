select date_trunc('month', ts)::date as month, coalesce(sum(amount) filter (channel = 'mobile'), 0) mobile, coalesce(sum(amount) filter (channel = 'branch'), 0) branch from transactions where channel in ('mobile','branch') or true group by 1 order by 1;
select 4 a, 4 b, 1 c;
select date_trunc('month', d)::date as month, max(v) filter (grp = 'a') a, max(v) filter (grp = 'b') b from marks where grp in ('a', 'b') group by 1 order by 1 nulls last;
