"""Questions that the design of this store does *not* favour: groups by many values without a link, wide rows, joins on
anything, nulls, text, windows over everything, sorts. Each in each engine's own words; all must give the same answer.

`duckdb` is also DataFusion's text, and ClickHouse's where it has none of its own. `polars` is an expression over the lazy frames
`t` and `c`, with `pl` and `D` (datetime) at hand. A peer that lacks a question, or has no memory for it, stands aside there.

The columns are those of data.py. Orders settle every tie, so that an answer is one and the same for all.
"""

T = "from transactions | "
C = "from customers | "
MERCHANTS = ", ".join(f"'merchant_{i}'" for i in range(100, 4100, 200))
PRODUCTS = ", ".join(f"'prod_{i}'" for i in range(0, 120, 7))


def texts(names):
    return names.replace("'", '"')


def polars_list(names):
    return f"[{names}]"


QUERIES = {
    # Groups of many values, without a link.
    "by_txn": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by txn_id | top 10 by s",
        duckdb="select txn_id, count(*) n, sum(amount) s from transactions group by txn_id order by s desc, txn_id limit 10",
        polars="t.group_by('txn_id').agg(pl.len(), pl.col('amount').sum()).top_k(10, by='amount')"),
    "by_amount": dict(
        crmq=T + "summarize n: count() by amount | top 10 by n",
        duckdb="select amount, count(*) n from transactions group by amount order by n desc, amount limit 10",
        polars="t.group_by('amount').agg(pl.len()).top_k(10, by='len')"),
    "by_customer_key": dict(
        crmq=T + "summarize n: count(), s: sum(amount), a: avg(amount) by customer_id | top 10 by s",
        duckdb="select customer_id, count(*) n, sum(amount) s, avg(amount) from transactions group by customer_id order by s desc, customer_id limit 10",
        polars="t.group_by('customer_id').agg(pl.len(), pl.col('amount').sum(), pl.col('amount').mean().alias('a')).top_k(10, by='amount')"),
    "by_customer_day": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by customer_id, d: day(ts) | top 10 by s",
        duckdb="select customer_id, ts::date d, count(*) n, sum(amount) s from transactions group by 1, 2 order by s desc, 1, 2 limit 10",
        clickhouse="select customer_id, toDate(ts) d, count(*) n, sum(amount) s from transactions group by 1, 2 order by s desc, 1, 2 limit 10",
        polars="t.group_by('customer_id', pl.col('ts').dt.date().alias('d')).agg(pl.len(), pl.col('amount').sum()).top_k(10, by='amount')"),
    "by_merchant_customer": dict(
        crmq=T + "where merchant is not null | summarize n: count() by merchant, customer_id | top 10 by n",
        duckdb="select merchant, customer_id, count(*) n from transactions where merchant is not null group by 1, 2 order by n desc, merchant::varchar, 2 limit 10",
        clickhouse="select merchant, customer_id, count(*) n from transactions where merchant is not null group by 1, 2 order by n desc, 1, 2 limit 10",
        polars="t.filter(pl.col('merchant').is_not_null()).group_by('merchant', 'customer_id').agg(pl.len()).top_k(10, by='len')"),
    "by_computed": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by k: txn_id mod 100_003 | top 10 by s",
        duckdb="select txn_id % 100003 k, count(*) n, sum(amount) s from transactions group by 1 order by s desc, 1 limit 10",
        polars="t.group_by((pl.col('txn_id') % 100003).alias('k')).agg(pl.len(), pl.col('amount').sum()).top_k(10, by='amount')"),
    "by_four_columns": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by m: month(ts), type, channel, product | top 10 by s",
        duckdb="select date_trunc('month', ts)::date m, type, channel, product, count(*) n, sum(amount) s from transactions group by 1, 2, 3, 4"
               " order by s desc, 1, type::varchar, channel::varchar, product::varchar limit 10",
        clickhouse="select toStartOfMonth(ts) m, type, channel, product, count(*) n, sum(amount) s from transactions group by 1, 2, 3, 4 order by s desc, 1, 2, 3, 4 limit 10",
        polars="t.group_by(pl.col('ts').dt.truncate('1mo').alias('m'), 'type', 'channel', 'product').agg(pl.len(), pl.col('amount').sum()).top_k(10, by='amount')"),
    "distinct_amounts": dict(
        crmq=T + "summarize a: distinct(amount), m: distinct(merchant)",
        duckdb="select count(distinct amount), count(distinct merchant) from transactions",
        clickhouse="select uniqExact(amount), uniqExact(merchant) from transactions",
        polars="t.select(pl.col('amount').n_unique().alias('a'), pl.col('merchant').drop_nulls().n_unique().alias('m'))"),
    "distinct_moments": dict(
        crmq=T + "summarize d: distinct(ts)",
        duckdb="select count(distinct ts) from transactions",
        clickhouse="select uniqExact(ts) from transactions",
        polars="t.select(pl.col('ts').n_unique())"),
    "distinct_pairs": dict(
        crmq=T + "distinct customer_id, product | summarize n: count()",
        duckdb="select count(*) from (select distinct customer_id, product from transactions) d",
        polars="t.select('customer_id', 'product').unique().select(pl.len())"),
    "distinct_per_customer": dict(
        crmq=T + "summarize d: distinct(product) by customer_id | top 10 by d",
        duckdb="select customer_id, count(distinct product) d from transactions group by 1 order by d desc, 1 limit 10",
        clickhouse="select customer_id, uniqExact(product) d from transactions group by 1 order by d desc, 1 limit 10",
        polars="t.group_by('customer_id').agg(pl.col('product').n_unique()).top_k(10, by='product')"),

    # Many columns, wide rows out.
    "ten_aggregates": dict(
        crmq=T + "summarize n: count(), s: sum(amount), a: avg(amount), lo: min(amount), hi: max(amount), first: min(ts), last: max(ts),"
                 " m: count(merchant), t: max(txn_id), c: min(customer_id) by channel, type",
        duckdb="select channel, type, count(*), sum(amount), avg(amount), min(amount), max(amount), min(ts), max(ts), count(merchant), max(txn_id), min(customer_id)"
               " from transactions group by channel, type order by channel::varchar, type::varchar",
        clickhouse="select channel, type, count(*), sum(amount), avg(amount), min(amount), max(amount), min(ts), max(ts), count(merchant), max(txn_id), min(customer_id)"
                   " from transactions group by channel, type order by 1, 2",
        polars="t.group_by('channel', 'type').agg(pl.len(), pl.col('amount').sum().alias('s'), pl.col('amount').mean().alias('a'), pl.col('amount').min().alias('lo'),"
               " pl.col('amount').max().alias('hi'), pl.col('ts').min().alias('f'), pl.col('ts').max().alias('l'), pl.col('merchant').count(), pl.col('txn_id').max(), pl.col('customer_id').min())"),
    "wide_rows": dict(
        crmq=T + "where txn_id <= 100_000 | sort txn_id",
        duckdb="select * from transactions where txn_id <= 100000 order by txn_id",
        polars="t.filter(pl.col('txn_id') <= 100000).sort('txn_id')"),
    "wide_customers": dict(
        crmq=C + 'where tier = "private" and city in ["city_1", "city_2", "city_3"] | sort customer_id',
        duckdb="select * from customers where tier = 'private' and city in ('city_1', 'city_2', 'city_3') order by customer_id",
        polars="c.filter((pl.col('tier') == 'private') & pl.col('city').is_in(['city_1', 'city_2', 'city_3'])).sort('customer_id')"),
    "one_row": dict(
        crmq=T + "where txn_id = 777_777",
        duckdb="select * from transactions where txn_id = 777777",
        polars="t.filter(pl.col('txn_id') == 777777)"),

    # Joins on what is no link, and joins of a table with itself.
    "self_join": dict(
        crmq=C + "join customers as r on referred_by = customer_id | summarize n: count(), b: sum(r_balance) by tier, r_tier",
        duckdb="select c.tier, r.tier, count(*), sum(coalesce(r.balance, 0)) from customers c left join customers r on c.referred_by = r.customer_id"
               " group by 1, 2 order by c.tier::varchar, r.tier::varchar nulls last",
        clickhouse="select c.tier, nullIf(r.tier, '') as rt, count(*), sum(r.balance) from customers c left join customers r on c.referred_by = r.customer_id"
                   " group by 1, 2 order by 1, 2 nulls last",
        polars="c.join(c, left_on='referred_by', right_on='customer_id', how='left').group_by('tier', 'tier_right').agg(pl.len(), pl.col('balance_right').sum())"),
    "self_join_rows": dict(
        crmq=T + "where amount < 0 | derive before: txn_id - 1 | join transactions as b on before = txn_id"
                 " | summarize n: count(), same: count(where b_channel = channel), s: sum(b_amount)",
        duckdb="select count(*), count(*) filter (where b.channel = t.channel), sum(b.amount) from transactions t left join transactions b on t.txn_id - 1 = b.txn_id where t.amount < 0",
        clickhouse="select count(*), countIf(b.channel = t.channel), sum(b.amount) from (select txn_id - 1 as before, channel from transactions where amount < 0) t"
                   " left join transactions b on t.before = b.txn_id",
        polars="t.filter(pl.col('amount') < 0).with_columns((pl.col('txn_id') - 1).alias('p')).join(t, left_on='p', right_on='txn_id', how='left')"
               ".select(pl.len(), (pl.col('channel') == pl.col('channel_right')).sum().alias('same'), pl.col('amount_right').sum())"),
    "join_average": dict(
        crmq=C + "join (from customers | summarize usual: avg(balance) by branch_id) as b on branch_id | where balance > b_usual | summarize n: count(), s: sum(balance)",
        duckdb="select count(*), sum(balance) from customers join (select branch_id, avg(balance) usual from customers group by 1) b using (branch_id) where balance > usual",
        polars="c.join(c.group_by('branch_id').agg(pl.col('balance').cast(pl.Float64).mean().alias('u')), on='branch_id').filter(pl.col('balance').cast(pl.Float64) > pl.col('u')).select(pl.len(), pl.col('balance').sum())"),
    "join_by_text": dict(
        crmq=T + "join (from transactions | summarize usual: avg(amount) by merchant) as m on merchant | where amount > 3 * m_usual | summarize n: count(), s: sum(amount)",
        duckdb="select count(*), sum(amount) from transactions join (select merchant, avg(amount) usual from transactions where merchant is not null group by 1) m using (merchant) where amount > 3 * usual",
        polars="t.join(t.group_by('merchant').agg(pl.col('amount').cast(pl.Float64).mean().alias('u')), on='merchant').filter(pl.col('amount').cast(pl.Float64) > 3 * pl.col('u')).select(pl.len(), pl.col('amount').sum())"),
    "in_query": dict(
        crmq=T + 'where customer_id in (from customers | where tier = "private" and balance > 100k | select customer_id) | summarize n: count(), s: sum(amount) by type',
        duckdb="select type, count(*), sum(amount) from transactions where customer_id in (select customer_id from customers where tier = 'private' and balance > 100000)"
               " group by type order by type::varchar",
        clickhouse="select type, count(*), sum(amount) from transactions where customer_id in (select customer_id from customers where tier = 'private' and balance > 100000) group by type order by 1",
        polars="t.join(c.filter((pl.col('tier') == 'private') & (pl.col('balance') > 100000)), on='customer_id', how='semi').group_by('type').agg(pl.len(), pl.col('amount').sum())"),
    "not_in_query": dict(
        crmq=C + "where customer_id not in (from transactions | where amount > 5000 | select customer_id) | summarize n: count(), b: sum(balance) by gender",
        duckdb="select gender, count(*), sum(balance) from customers where customer_id not in (select customer_id from transactions where amount > 5000) group by gender order by gender::varchar",
        clickhouse="select gender, count(*), sum(balance) from customers where customer_id not in (select customer_id from transactions where amount > 5000) group by gender order by 1",
        polars="c.join(t.filter(pl.col('amount') > 5000), on='customer_id', how='anti').group_by('gender').agg(pl.len(), pl.col('balance').sum())"),
    "exists_not_exists": dict(
        crmq=C + 'where exists(transactions where type = "fee" and amount > 5000) and not exists(transactions where channel = "atm" and amount > 100) | summarize n: count() by tier',
        duckdb="select tier, count(*) from customers c where exists (select 1 from transactions t where t.customer_id = c.customer_id and type = 'fee' and amount > 5000)"
               " and not exists (select 1 from transactions t where t.customer_id = c.customer_id and channel = 'atm' and amount > 100) group by tier order by tier::varchar",
        clickhouse="select tier, count(*) from customers where customer_id in (select customer_id from transactions where type = 'fee' and amount > 5000)"
                   " and customer_id not in (select customer_id from transactions where channel = 'atm' and amount > 100) group by tier order by 1",
        polars="c.join(t.filter((pl.col('type') == 'fee') & (pl.col('amount') > 5000)), on='customer_id', how='semi')"
               ".join(t.filter((pl.col('channel') == 'atm') & (pl.col('amount') > 100)), on='customer_id', how='anti').group_by('tier').agg(pl.len())"),
    "union_all": dict(
        crmq='from (from transactions | where type = "deposit" | select txn_id, ts, amount) | union (from transactions | where type = "withdrawal" | select txn_id, ts, amount: -amount)'
             " | summarize n: count(), s: sum(amount) by m: month(ts)",
        duckdb="select date_trunc('month', ts)::date m, count(*), sum(amount) from (select txn_id, ts, amount from transactions where type = 'deposit'"
               " union all select txn_id, ts, -amount from transactions where type = 'withdrawal') u group by 1 order by 1",
        clickhouse="select toStartOfMonth(ts) m, count(*), sum(amount) from (select txn_id, ts, amount from transactions where type = 'deposit'"
                   " union all select txn_id, ts, -amount from transactions where type = 'withdrawal') group by 1 order by 1",
        polars="pl.concat([t.filter(pl.col('type') == 'deposit').select('ts', 'amount'), t.filter(pl.col('type') == 'withdrawal').select('ts', -pl.col('amount'))])"
               ".group_by(pl.col('ts').dt.truncate('1mo').alias('m')).agg(pl.len(), pl.col('amount').sum()).sort('m')"),

    # Nulls.
    "null_rows": dict(
        crmq=T + "where merchant is null | summarize n: count(), s: sum(amount) by product",
        duckdb="select product, count(*), sum(amount) from transactions where merchant is null group by product order by product::varchar",
        clickhouse="select product, count(*), sum(amount) from transactions where merchant is null group by product order by 1",
        polars="t.filter(pl.col('merchant').is_null()).group_by('product').agg(pl.len(), pl.col('amount').sum())"),
    "null_filled": dict(
        crmq=T + 'derive shop: coalesce(merchant, product) | summarize n: count(), m: count(merchant), s: sum(if merchant is null then 0.00 else amount) by shop | top 10 by n',
        duckdb="select coalesce(merchant::varchar, product::varchar) shop, count(*) n, count(merchant), sum(case when merchant is null then 0.00 else amount end) from transactions group by 1 order by n desc, 1 limit 10",
        clickhouse="select coalesce(merchant, product) shop, count(*) n, count(merchant), sum(if(merchant is null, toDecimal64(0, 2), amount)) from transactions group by 1 order by n desc, 1 limit 10",
        polars="t.group_by(pl.coalesce(pl.col('merchant').cast(pl.String), pl.col('product').cast(pl.String)).alias('shop'))"
               ".agg(pl.len(), pl.col('merchant').count(), pl.when(pl.col('merchant').is_null()).then(0).otherwise(pl.col('amount')).sum().alias('s')).top_k(10, by='len')"),
    "null_distinct": dict(
        crmq=C + "summarize n: count(), r: count(referred_by), d: distinct(referred_by), lo: min(referred_by) by tier",
        duckdb="select tier, count(*), count(referred_by), count(distinct referred_by), min(referred_by) from customers group by tier order by tier::varchar",
        clickhouse="select tier, count(*), count(referred_by), uniqExact(referred_by), min(referred_by) from customers group by tier order by 1",
        polars="c.group_by('tier').agg(pl.len(), pl.col('referred_by').count().alias('r'), pl.col('referred_by').drop_nulls().n_unique().alias('d'), pl.col('referred_by').min().alias('lo'))"),

    # Text, most of it different on every row.
    "text_length": dict(
        crmq=C + "summarize n: count(), l: sum(length(name)), hi: max(name), lo: min(upper(name))",
        duckdb="select count(*), sum(length(name)), max(name), min(upper(name)) from customers",
        polars="c.select(pl.len(), pl.col('name').str.len_chars().sum().alias('l'), pl.col('name').max().alias('hi'), pl.col('name').str.to_uppercase().min().alias('lo'))"),
    "text_contains": dict(
        crmq=C + 'where contains(lower(name), "c0") and contains(name, "77") | summarize n: count(), b: sum(balance)',
        duckdb="select count(*), sum(balance) from customers where contains(lower(name), 'c0') and contains(name, '77')",
        clickhouse="select count(*), sum(balance) from customers where position(lower(name), 'c0') > 0 and position(name, '77') > 0",
        polars="c.filter(pl.col('name').str.to_lowercase().str.contains('c0', literal=True) & pl.col('name').str.contains('77', literal=True)).select(pl.len(), pl.col('balance').sum())"),
    "text_group": dict(
        crmq=C + "summarize n: count(), b: sum(balance) by ending: right(name, 3) | top 10 by b",
        duckdb="select right(name, 3), count(*), sum(balance) b from customers group by 1 order by b desc, 1 limit 10",
        polars="c.group_by(pl.col('name').str.tail(3)).agg(pl.len(), pl.col('balance').sum()).top_k(10, by='balance')"),
    "text_by_name": dict(
        crmq=C + "summarize n: count(), b: sum(balance) by name | top 10 by b",
        duckdb="select name, count(*), sum(balance) b from customers group by 1 order by b desc, 1 limit 10",
        polars="c.group_by('name').agg(pl.len(), pl.col('balance').sum()).top_k(10, by='balance')"),
    "regex_name": dict(
        crmq=C + 'where matches(name, "7[0-4]+7$") | summarize n: count(), b: sum(balance)',
        duckdb="select count(*), sum(balance) from customers where regexp_matches(name, '7[0-4]+7$')",
        clickhouse="select count(*), sum(balance) from customers where match(name, '7[0-4]+7$')",
        polars="c.filter(pl.col('name').str.contains('7[0-4]+7$')).select(pl.len(), pl.col('balance').sum())"),
    "regex_merchant": dict(
        crmq=T + 'where matches(merchant, "_(12|34)[0-9]*5$") | summarize n: count(), s: sum(amount)',
        duckdb="select count(*), sum(amount) from transactions where regexp_matches(merchant::varchar, '_(12|34)[0-9]*5$')",
        clickhouse="select count(*), sum(amount) from transactions where match(merchant, '_(12|34)[0-9]*5$')",
        polars="t.filter(pl.col('merchant').cast(pl.String).str.contains('_(12|34)[0-9]*5$')).select(pl.len(), pl.col('amount').sum())"),

    # Windows, sorts, the best of each group.
    "row_number": dict(
        crmq=T + "derive r: row_number() per customer_id by ts | where r = 5 | summarize n: count(), s: sum(amount)",
        duckdb="select count(*), sum(amount) from (select amount, row_number() over (partition by customer_id order by ts, txn_id) r from transactions) w where r = 5",
        polars="t.sort('customer_id', 'ts', 'txn_id').with_columns(pl.int_range(1, pl.len() + 1).over('customer_id').alias('r')).filter(pl.col('r') == 5).select(pl.len(), pl.col('amount').sum())"),
    "lag": dict(
        crmq=T + "derive step: amount - (lag(amount) per customer_id by ts) | summarize n: count(step), up: count(where step > 0), hi: max(step)",
        duckdb="select count(step), count(*) filter (where step > 0), max(step) from (select amount - lag(amount) over (partition by customer_id order by ts, txn_id) step from transactions) w",
        clickhouse="select count(step), countIf(step > 0), max(step) from (select amount - lagInFrame(toNullable(amount)) over (partition by customer_id order by ts, txn_id"
                   " rows between 1 preceding and current row) step from transactions)",
        polars="t.sort('customer_id', 'ts', 'txn_id').select((pl.col('amount') - pl.col('amount').shift(1).over('customer_id')).alias('s')).select(pl.col('s').count().alias('n'), (pl.col('s') > 0).sum().alias('up'), pl.col('s').max().alias('hi'))"),
    "running_sum": dict(
        crmq=T + "derive total: running_sum(amount) per customer_id by ts | summarize n: count(where total > 20k), hi: max(total)",
        duckdb="select count(*) filter (where total > 20000), max(total) from (select sum(amount) over (partition by customer_id order by ts) total from transactions) w",
        clickhouse="select countIf(total > 20000), max(total) from (select sum(amount) over (partition by customer_id order by ts) total from transactions)",
        polars="t.sort('customer_id', 'ts').select(pl.col('amount').cum_sum().over('customer_id').alias('s')).select((pl.col('s') > 20000).sum().alias('n'), pl.col('s').max())"),
    "rank_all": dict(
        crmq=T + "derive r: rank() by amount desc | where r <= 1000 | summarize n: count(), s: sum(amount), hi: max(r)",
        duckdb="select count(*), sum(amount), max(r) from (select amount, rank() over (order by amount desc) r from transactions) w where r <= 1000",
        polars="t.select('amount', pl.col('amount').rank('min', descending=True).alias('r')).filter(pl.col('r') <= 1000).select(pl.len(), pl.col('amount').sum(), pl.col('r').max())"),
    "moving_average": dict(
        crmq=T + "summarize s: sum(amount) by d: day(ts) | derive m: moving_avg(s, 7) by d | top 10 by m",
        duckdb="select d, s, avg(s) over (order by d rows 6 preceding) m from (select ts::date d, sum(amount) s from transactions group by 1) x order by m desc, d limit 10",
        clickhouse="select d, s, avg(s) over (order by d rows 6 preceding) m from (select toDate(ts) d, sum(amount) s from transactions group by 1) x order by m desc, d limit 10",
        polars="t.group_by(pl.col('ts').dt.date().alias('d')).agg(pl.col('amount').sum()).sort('d').with_columns(pl.col('amount').cast(pl.Float64).rolling_mean(7, min_samples=1).alias('m')).top_k(10, by='m')"),
    "sort_page": dict(
        crmq=T + "sort amount desc, txn_id | take 10 from 900_001",
        duckdb="select * from transactions order by amount desc, txn_id limit 10 offset 900000",
        polars="t.sort(['amount', 'txn_id'], descending=[True, False]).slice(900000, 10)"),
    "sort_text": dict(
        crmq=T + "sort merchant desc, amount | take 10 from 500_001 | select txn_id, merchant, amount",
        duckdb="select txn_id, merchant, amount from transactions order by merchant::varchar desc nulls last, amount, txn_id limit 10 offset 500000",
        clickhouse="select txn_id, merchant, amount from transactions order by merchant desc nulls last, amount, txn_id limit 10 offset 500000",
        polars="t.select('txn_id', 'merchant', 'amount').sort([pl.col('merchant').cast(pl.String), 'amount', 'txn_id'], descending=[True, False, False], nulls_last=True).slice(500000, 10)"),
    "top_per_merchant": dict(
        crmq=T + "where merchant is not null | top 2 per merchant by amount | summarize n: count(), s: sum(amount)",
        duckdb="select count(*), sum(amount) from (select amount, row_number() over (partition by merchant order by amount desc, txn_id) r from transactions where merchant is not null) w where r <= 2",
        clickhouse="select count(*), sum(amount) from (select amount from transactions where merchant is not null order by amount desc limit 2 by merchant)",
        polars="t.filter(pl.col('merchant').is_not_null()).group_by('merchant').agg(pl.col('amount').top_k(2)).explode('amount').select(pl.len(), pl.col('amount').sum())"),
    "share_of_all": dict(
        crmq=T + "summarize s: sum(amount) by merchant | derive share: s / sum(s) | top 10 by s",
        duckdb="select merchant, s, s / sum(s) over () share from (select merchant, sum(amount) s from transactions group by 1) x order by s desc, merchant::varchar nulls last limit 10",
        clickhouse="select merchant, s, toFloat64(s) / sum(s) over () share from (select merchant, sum(amount) s from transactions group by 1) x order by s desc limit 10",
        polars="t.group_by('merchant').agg(pl.col('amount').sum()).with_columns((pl.col('amount').cast(pl.Float64) / pl.col('amount').cast(pl.Float64).sum()).alias('h')).top_k(10, by='amount')"),
    "above_own_average": dict(
        crmq=T + "where amount > 4 * avg(amount) per customer_id | summarize n: count(), s: sum(amount)",
        duckdb="select count(*), sum(amount) from (select amount, avg(amount) over (partition by customer_id) a from transactions) w where amount > 4 * a",
        clickhouse="select count(*), sum(amount) from (select amount, avg(amount) over (partition by customer_id) a from transactions) w where amount > 4 * a",
        polars="t.filter(pl.col('amount').cast(pl.Float64) > 4 * pl.col('amount').cast(pl.Float64).mean().over('customer_id')).select(pl.len(), pl.col('amount').sum())"),

    # Statistics.
    "quantiles": dict(
        crmq=T + "summarize lo: quantile(amount, 0.1), mid: median(amount), hi: quantile(amount, 0.99) by merchant | top 10 by hi",
        duckdb="select merchant, quantile_cont(amount::double, 0.1) lo, median(amount::double), quantile_cont(amount::double, 0.99) hi from transactions group by 1 order by hi desc, merchant::varchar limit 10",
        clickhouse="select merchant, quantileExactInclusive(0.1)(toFloat64(amount)) lo, quantileExactInclusive(0.5)(toFloat64(amount)), quantileExactInclusive(0.99)(toFloat64(amount)) hi"
                   " from transactions group by 1 order by hi desc limit 10",
        polars="t.group_by('merchant').agg(pl.col('amount').cast(pl.Float64).quantile(0.1, 'linear').alias('lo'), pl.col('amount').cast(pl.Float64).median().alias('mid'),"
               " pl.col('amount').cast(pl.Float64).quantile(0.99, 'linear').alias('hi')).top_k(10, by='hi')"),
    "stddev": dict(
        crmq=T + "summarize n: count(), a: avg(amount), sd: stddev(amount) by product, channel",
        duckdb="select product, channel, count(*), avg(amount), stddev(amount) from transactions group by 1, 2 order by product::varchar, channel::varchar",
        clickhouse="select product, channel, count(*), avg(amount), stddevSampStable(toFloat64(amount)) from transactions group by 1, 2 order by 1, 2",
        polars="t.group_by('product', 'channel').agg(pl.len(), pl.col('amount').mean().alias('a'), pl.col('amount').cast(pl.Float64).std().alias('sd'))"),
    "correlation": dict(
        crmq=C + "summarize r: correlation(balance, branch_id), w: weighted_avg(balance, manager_id) by city | top 10 by r",
        duckdb="select city, corr(balance::double, branch_id) r, sum(balance::double * manager_id) / sum(manager_id) from customers group by 1 order by r desc limit 10",
        clickhouse="select city, corrStable(toFloat64(balance), branch_id) r, sum(toFloat64(balance) * manager_id) / sum(manager_id) from customers group by 1 order by r desc limit 10",
        polars="c.group_by('city').agg(pl.corr(pl.col('balance').cast(pl.Float64), 'branch_id').alias('r'), ((pl.col('balance').cast(pl.Float64) * pl.col('manager_id')).sum() / pl.col('manager_id').sum()).alias('w')).top_k(10, by='r')"),
    "most_frequent": dict(
        crmq=T + "summarize m: mode(product), last: last(channel by ts) by customer_id | summarize n: count() by m, last | top 10 by n",
        duckdb="select m, l, count(*) n from (select customer_id, arg_max(channel, (ts, txn_id)) l from transactions group by 1) a join (select customer_id, arg_max(product::varchar, (k, -rank)) m from"
               " (select customer_id, product, count(*) k, any_value(rank) rank from transactions join (select product, row_number() over (order by product::varchar) rank from"
               " (select distinct product from transactions) d) o using (product) group by 1, 2) x group by 1) b using (customer_id) group by 1, 2 order by n desc, m, l::varchar limit 10"),

    # Conditions and expressions.
    "case_bins": dict(
        crmq=T + 'summarize n: count(), s: sum(amount) by size: if amount < 0 then "back" else if amount < 10 then "small" else if amount < 1000 then "middle" else "large", channel',
        duckdb="select case when amount < 0 then 'back' when amount < 10 then 'small' when amount < 1000 then 'middle' else 'large' end size, channel, count(*), sum(amount) from transactions group by 1, 2 order by 1, channel::varchar",
        clickhouse="select multiIf(amount < 0, 'back', amount < 10, 'small', amount < 1000, 'middle', 'large') size, channel, count(*), sum(amount) from transactions group by 1, 2 order by 1, 2",
        polars="t.group_by(pl.when(pl.col('amount') < 0).then(pl.lit('back')).when(pl.col('amount') < 10).then(pl.lit('small')).when(pl.col('amount') < 1000).then(pl.lit('middle'))"
               ".otherwise(pl.lit('large')).alias('size'), 'channel').agg(pl.len(), pl.col('amount').sum())"),
    "bins": dict(
        crmq=T + "summarize n: count() by b: bin(amount, 250)",
        duckdb="select floor(amount / 250) * 250 b, count(*) from transactions group by 1 order by 1",
        clickhouse="select floor(toFloat64(amount) / 250) * 250 b, count(*) from transactions group by 1 order by 1",
        polars="t.group_by(((pl.col('amount').cast(pl.Float64) / 250).floor() * 250).alias('b')).agg(pl.len()).sort('b')"),
    "arithmetic": dict(
        crmq=T + "summarize s: sum(amount * 1.19 - 0.50), t: sum((amount + 3) * (customer_id mod 7)), big: sum(if abs(amount) > 100 then round(amount, 0) else 0) by type",
        duckdb="select type, sum(amount * 1.19 - 0.50), sum((amount + 3) * (customer_id % 7)), sum(case when abs(amount) > 100 then round_even(amount, 0)::decimal(18, 0) else 0 end) from transactions group by type order by type::varchar",
        clickhouse="select type, sum(amount * toDecimal64(1.19, 2) - toDecimal64(0.5, 2)), sum((amount + 3) * toInt64(customer_id % 7)), sum(if(abs(amount) > 100, roundBankers(amount, 0), 0)) from transactions group by type order by 1",
        polars="t.group_by('type').agg((pl.col('amount').cast(pl.Float64) * 1.19 - 0.5).sum().alias('s'), ((pl.col('amount').cast(pl.Float64) + 3) * (pl.col('customer_id') % 7)).sum().alias('t'),"
               " pl.when(pl.col('amount').abs() > 100).then(pl.col('amount').cast(pl.Float64).round(0)).otherwise(0).sum().alias('b'))"),
    "weekday_hour": dict(
        crmq=T + "summarize n: count(), s: sum(amount) by w: weekday(ts), h: hour(ts)",
        duckdb="select isodow(ts), hour(ts), count(*), sum(amount) from transactions group by 1, 2 order by 1, 2",
        clickhouse="select toDayOfWeek(ts), toHour(ts), count(*), sum(amount) from transactions group by 1, 2 order by 1, 2",
        polars="t.group_by(pl.col('ts').dt.weekday().alias('w'), pl.col('ts').dt.hour().alias('h')).agg(pl.len(), pl.col('amount').sum()).sort('w', 'h')"),
    "age_groups": dict(
        crmq=C + "summarize n: count(), b: avg(balance) by decade: age(birthday, 2026-01-01) div 10",
        duckdb="select date_sub('year', birthday, date '2026-01-01') // 10 d, count(*), avg(balance) from customers group by 1 order by 1",
        clickhouse="select intDiv(age('year', birthday, toDate32('2026-01-01')), 10) d, count(*), avg(balance) from customers group by 1 order by 1"),
    "between": dict(
        crmq=T + "where amount in 100..200 and ts in 2024-02-10..2024-05-20 | summarize n: count(), s: sum(amount), c: distinct(customer_id)",
        duckdb="select count(*), sum(amount), count(distinct customer_id) from transactions where amount between 100 and 200 and ts >= timestamp '2024-02-10' and ts < timestamp '2024-05-21'",
        clickhouse="select count(*), sum(amount), uniqExact(customer_id) from transactions where amount between 100 and 200 and ts >= timestamp '2024-02-10 00:00:00' and ts < timestamp '2024-05-21 00:00:00'",
        polars="t.filter(pl.col('amount').is_between(100, 200) & (pl.col('ts') >= D(2024,2,10)) & (pl.col('ts') < D(2024,5,21))).select(pl.len(), pl.col('amount').sum(), pl.col('customer_id').n_unique())"),
    "in_list": dict(
        crmq=T + f"where merchant in [{texts(MERCHANTS)}] and product in [{texts(PRODUCTS)}] | summarize n: count(), s: sum(amount) by merchant",
        duckdb=f"select merchant, count(*), sum(amount) from transactions where merchant in ({MERCHANTS}) and product in ({PRODUCTS}) group by merchant order by merchant::varchar",
        clickhouse=f"select merchant, count(*), sum(amount) from transactions where merchant in ({MERCHANTS}) and product in ({PRODUCTS}) group by merchant order by 1",
        polars=f"t.filter(pl.col('merchant').is_in({polars_list(MERCHANTS)}) & pl.col('product').is_in({polars_list(PRODUCTS)})).group_by('merchant').agg(pl.len(), pl.col('amount').sum())"),
    "or_conditions": dict(
        crmq=T + 'where (channel = "atm" and amount > 5000) or (type = "fee" and amount < 0) or merchant = "merchant_17" or customer_id mod 1000 = 7 | summarize n: count(), s: sum(amount)',
        duckdb="select count(*), sum(amount) from transactions where (channel = 'atm' and amount > 5000) or (type = 'fee' and amount < 0) or merchant = 'merchant_17' or customer_id % 1000 = 7",
        polars="t.filter(((pl.col('channel') == 'atm') & (pl.col('amount') > 5000)) | ((pl.col('type') == 'fee') & (pl.col('amount') < 0)) | (pl.col('merchant') == 'merchant_17').fill_null(False)"
               " | (pl.col('customer_id') % 1000 == 7)).select(pl.len(), pl.col('amount').sum())"),
    "few_rows_everywhere": dict(
        crmq=T + "where txn_id mod 1009 = 17 | summarize n: count(), s: sum(amount), m: max(merchant), d: distinct(customer_id)",
        duckdb="select count(*), sum(amount), max(merchant::varchar), count(distinct customer_id) from transactions where txn_id % 1009 = 17",
        clickhouse="select count(*), sum(amount), max(merchant), uniqExact(customer_id) from transactions where txn_id % 1009 = 17",
        polars="t.filter(pl.col('txn_id') % 1009 == 17).select(pl.len(), pl.col('amount').sum(), pl.col('merchant').cast(pl.String).max(), pl.col('customer_id').n_unique())"),
}
