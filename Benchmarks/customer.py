"""The questions that this store is made for: segments, sums and counts over customers and what hangs below them.

Each question in each engine's own words, as in questions.py.
"""

T = "from transactions | "
C = "from customers | "
QUARTER = "ts >= timestamp '2025-07-01 00:00:00' and ts < timestamp '2025-10-01 00:00:00'"
LATELY = "ts >= timestamp '2025-09-01 00:00:00'"
BIG = "(select customer_id from transactions where " + LATELY + " group by customer_id having sum(amount) > 5000)"

QUERIES = {
    "filter_sum": dict(
        crmq=T + 'where channel = "mobile" and ts in 2025-Q3 | summarize n: count(), s: sum(amount)',
        duckdb=f"select count(*), sum(amount) from transactions where channel = 'mobile' and {QUARTER}",
        polars="t.filter((pl.col('channel') == 'mobile') & (pl.col('ts') >= D(2025,7,1)) & (pl.col('ts') < D(2025,10,1))).select(pl.len(), pl.col('amount').sum())"),
    "by_type": dict(
        crmq=T + "summarize n: count(), s: sum(amount), a: avg(amount) by type",
        duckdb="select type, count(*), sum(amount), avg(amount) from transactions group by type order by type",
        polars="t.group_by('type').agg(pl.len(), pl.col('amount').sum().alias('s'), pl.col('amount').mean().alias('a'))"),
    "by_month_channel": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by m: month(ts), channel",
        duckdb="select date_trunc('month', ts)::date m, channel, count(*), sum(amount) from transactions group by 1, 2 order by 1, 2",
        clickhouse="select toStartOfMonth(ts) m, channel, count(*), sum(amount) from transactions group by 1, 2 order by 1, 2",
        polars="t.group_by(pl.col('ts').dt.truncate('1mo').alias('m'), 'channel').agg(pl.len(), pl.col('amount').sum())"),
    "per_customer": dict(
        crmq=C + "derive l: max(transactions.ts), f: count(transactions), m: sum(transactions.amount) | top 10 by m | select customer_id, l, f, m",
        duckdb="select customer_id, max(ts), count(*), sum(amount) s from transactions group by customer_id order by s desc, customer_id limit 10",
        polars="t.group_by('customer_id').agg(pl.col('ts').max(), pl.len(), pl.col('amount').sum()).top_k(10, by='amount')"),
    "segment_city": dict(
        crmq=C + 'where city = "city_7" and sum(transactions.amount where ts >= 2025-09-01) > 5000 | summarize n: count(), b: sum(balance)',
        duckdb=f"select count(*), sum(balance) from customers where city = 'city_7' and customer_id in {BIG}",
        polars="t.filter(pl.col('ts') >= D(2025,9,1)).join(c.filter(pl.col('city') == 'city_7'), on='customer_id').group_by('customer_id')"
               ".agg(pl.col('amount').sum(), pl.col('balance').first()).filter(pl.col('amount') > 5000).select(pl.len(), pl.col('balance').sum())"),
    "segment_tier": dict(
        crmq=C + "where sum(transactions.amount where ts >= 2025-09-01) > 5000 | summarize n: count(), b: sum(balance) by tier",
        duckdb=f"select tier, count(*), sum(balance) from customers where customer_id in {BIG} group by tier order by tier",
        polars="t.filter(pl.col('ts') >= D(2025,9,1)).group_by('customer_id').agg(pl.col('amount').sum()).filter(pl.col('amount') > 5000)"
               ".join(c, on='customer_id').group_by('tier').agg(pl.len(), pl.col('balance').sum())"),
    "by_customer_city": dict(
        crmq=T + "summarize s: sum(amount) by customer.city | top 10 by s",
        duckdb="select city, sum(amount) s from transactions join customers using (customer_id) group by city order by s desc limit 10",
        polars="t.join(c, on='customer_id').group_by('city').agg(pl.col('amount').sum()).top_k(10, by='amount')"),
    "distinct_month": dict(
        crmq=T + "summarize n: distinct(customer_id) by m: month(ts)",
        duckdb="select date_trunc('month', ts)::date m, count(distinct customer_id) from transactions group by 1 order by 1",
        clickhouse="select toStartOfMonth(ts) m, uniqExact(customer_id) from transactions group by 1 order by 1",
        polars="t.group_by(pl.col('ts').dt.truncate('1mo').alias('m')).agg(pl.col('customer_id').n_unique())"),
    "median_product": dict(
        crmq=T + "summarize m: median(amount) by product",
        duckdb="select product, median(amount::double) from transactions group by product order by product",
        clickhouse="select product, quantileExactInclusive(0.5)(toFloat64(amount)) from transactions group by product order by product",
        polars="t.group_by('product').agg(pl.col('amount').cast(pl.Float64).median())"),
    "by_merchant": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by merchant | top 10 by n",
        duckdb="select merchant, count(*) n, sum(amount) from transactions group by merchant order by n desc, merchant limit 10",
        polars="t.group_by('merchant').agg(pl.len(), pl.col('amount').sum()).top_k(10, by='len')"),
    "like_merchant": dict(
        crmq=T + 'where merchant like "%_777%" | summarize n: count()',
        duckdb="select count(*) from transactions where merchant like '%_777%'",
        polars="t.filter(pl.col('merchant').cast(pl.String).str.contains('.777')).select(pl.len())"),
    "top_amount": dict(
        crmq=T + "top 20 by amount",
        duckdb="select * from transactions order by amount desc, txn_id limit 20",
        polars="t.top_k(20, by='amount')"),
    "rfm_scores": dict(
        crmq=C + "where exists(transactions) | derive l: max(transactions.ts), f: count(transactions), m: sum(transactions.amount)"
                 " | derive rs: score(l, 5), fs: score(f, 5), ms: score(m, 5) | summarize n: count() by rs, fs, ms",
        duckdb="with r as (select customer_id, max(ts) l, count(*) f, sum(amount) m from transactions where customer_id in (select customer_id from customers) group by 1),"
               " s as (select 1 + floor(5 * (rank() over (order by l) - 1) / count(*) over ()) rs, 1 + floor(5 * (rank() over (order by f) - 1) / count(*) over ()) fs,"
               " 1 + floor(5 * (rank() over (order by m) - 1) / count(*) over ()) ms from r) select rs, fs, ms, count(*) from s group by 1, 2, 3 order by 1, 2, 3"),
    "quiet_customers": dict(
        crmq=C + "where balance > 10k and not exists(transactions where ts >= 2025-07-01) | summarize n: count(), b: sum(balance) by tier",
        duckdb="select tier, count(*), sum(balance) from customers where balance > 10000 and customer_id not in"
               " (select customer_id from transactions where ts >= timestamp '2025-07-01 00:00:00') group by tier order by tier",
        polars="c.filter(pl.col('balance') > 10000).join(t.filter(pl.col('ts') >= D(2025,7,1)), on='customer_id', how='anti').group_by('tier').agg(pl.len(), pl.col('balance').sum())"),
    "two_months": dict(
        crmq=C + "where exists(transactions where ts in 2025-08) and not exists(transactions where ts in 2025-09) | summarize n: count() by city",
        duckdb="select city, count(*) from customers where customer_id in (select customer_id from transactions where ts >= timestamp '2025-08-01 00:00:00' and ts < timestamp '2025-09-01 00:00:00')"
               " and customer_id not in (select customer_id from transactions where ts >= timestamp '2025-09-01 00:00:00' and ts < timestamp '2025-10-01 00:00:00') group by city order by city",
        polars="c.join(t.filter((pl.col('ts') >= D(2025,8,1)) & (pl.col('ts') < D(2025,9,1))), on='customer_id', how='semi')"
               ".join(t.filter((pl.col('ts') >= D(2025,9,1)) & (pl.col('ts') < D(2025,10,1))), on='customer_id', how='anti').group_by('city').agg(pl.len())"),
    "tier_quarters": dict(
        crmq=T + "summarize n: count(), s: sum(amount), c: distinct(customer_id) by customer.tier, q: quarter_number(ts)",
        duckdb="select tier, quarter(ts), count(*), sum(amount), count(distinct customer_id) from transactions left join customers using (customer_id) group by 1, 2 order by 1 nulls last, 2",
        clickhouse="select nullIf(tier, '') as k, toQuarter(ts), count(*), sum(amount), uniqExact(customer_id) from transactions left join customers using (customer_id) group by 1, 2 order by 1 nulls last, 2",
        polars="t.join(c, on='customer_id', how='left').group_by('tier', pl.col('ts').dt.quarter().alias('q')).agg(pl.len(), pl.col('amount').sum(), pl.col('customer_id').n_unique())"),
}
