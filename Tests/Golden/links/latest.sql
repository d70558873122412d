select payment_id, p.currency, day, r.valid_from, rate, round_even(amount * rate, 2) from payments p left join rates r on r.currency = p.currency and r.valid_from = (select max(valid_from) from rates x where x.currency = p.currency and x.valid_from <= p.day) order by 1;
select p.currency, count(*), coalesce(sum(amount * rate), 0) from payments p left join rates r on r.currency = p.currency and r.valid_from = (select max(valid_from) from rates x where x.currency = p.currency and x.valid_from <= p.day) group by 1 order by 1 nulls last;
select account_id, coalesce(sum(amount * rate), 0), count(*) filter (payment_id is not null and rate is null) from accounts left join payments p using (account_id) left join rates r on r.currency = p.currency and r.valid_from = (select max(valid_from) from rates x where x.currency = p.currency and x.valid_from <= p.day) group by 1 order by 1;
-- by hand
select h.name, count(*), min(ts), max(ts) from transactions t left join holidays h on h.day = (select max(day) from holidays x where x.day <= t.ts) group by 1 order by 1;
select customer_id, (select count(*) from transactions t where t.customer_id = c.customer_id and ts >= '2026-05-01' and ts < '2026-10-01'), (select max(h.day) from transactions t join holidays h on h.day = (select max(day) from holidays x where x.day <= t.ts) where t.customer_id = c.customer_id) from customers c order by 1;
create view levels as select "at" since, 'after ' || login_id as level from logins where login_id in (4, 5, 2);
-- by hand
-- by hand
-- by hand
select login_id, "at", since, level from logins l left join levels v on since = (select max(since) from levels x where x.since <= l."at") order by 1;
select txn_id, ts, level from transactions t left join levels v on since = (select max(since) from levels x where x.since <= t.ts) where month(ts) in (3, 4, 6, 7) order by 1;
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
-- by hand
