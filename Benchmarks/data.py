"""Makes a bank's customers and transactions, as CSV and Parquet: the same rows for the same sizes and seed, on any version.

    python data.py FOLDER CUSTOMERS TRANSACTIONS [SEED]

Like life: customer numbers with gaps and in no order, transactions in the order of time, few customers with most of them, one in
twenty-five turned back (negative), one in a thousand of a customer who is not there, a third without a merchant.
`append-1.csv` to `append-10.csv` are later rows of the same kind, for `append`.
"""
import pathlib
import sys

COLUMNS = {
    "customers": dict(customer_id="bigint", name="varchar", gender="varchar", birthday="date", city="varchar", branch_id="integer", manager_id="integer",
                      tier="varchar", opened="date", balance="decimal(14,2)", referred_by="bigint"),
    "transactions": dict(txn_id="bigint", customer_id="bigint", ts="timestamp", amount="decimal(12,2)", type="varchar", channel="varchar", product="varchar",
                         merchant="varchar"),
}
# What a user of a peer would make a dictionary of; `name` is different on every row.
DICTIONARIES = dict(customers=("gender", "city", "tier"), transactions=("type", "channel", "product", "merchant"))
APPENDS = 10


def append_rows(transactions):
    """How many rows each append has: a five-hundredth of the table, 1,000 at least and 50,000 at most."""
    return max(1_000, min(50_000, transactions // 500))


def macros(db, seed):
    # A 32-bit mixer of our own, so that rows hang on no library's hash. `dice` gives 32 bits for a row and a purpose.
    db.execute("create macro shift_multiply(x, s, m) as (xor(x, x >> s) * m::ubigint) & 4294967295::ubigint")
    db.execute("create macro mixed(x) as shift_multiply(shift_multiply(x, 16, 2146121005), 15, 2221713035)")
    db.execute(f"create macro dice(i, purpose) as mixed((mixed((i::ubigint + {seed * 40503}::ubigint) & 4294967295::ubigint) + purpose * 2654435761::ubigint) & 4294967295::ubigint)")
    db.execute("create macro chance(i, purpose) as dice(i, purpose) / 4294967296.0")
    # Numbers go up by 11 and a little, so that they have gaps.
    db.execute("create macro customer_number(i) as 100000 + 11 * i + i % 3")


def customers_query(customers):
    return f"""
select customer_number(i) as customer_id,
  'C' || lpad(((i * 7919) % 1000000007)::varchar, 9, '0') as name,
  case when dice(i, 1) % 2 = 0 then 'F' else 'M' end as gender,
  date '1938-01-01' + (dice(i, 2) % 25500)::integer as birthday,
  'city_' || (dice(i, 3) % 320)::varchar as city,
  (dice(i, 4) % 2100)::integer as branch_id,
  (dice(i, 5) % 21000)::integer as manager_id,
  ['standard', 'standard', 'standard', 'silver', 'silver', 'gold', 'platinum', 'private'][(1 + dice(i, 6) % 8)::integer] as tier,
  date '2014-06-01' + (dice(i, 7) % 4200)::integer as opened,
  round(exp(chance(i, 8) * 10.5) * 8, 2)::decimal(14,2) as balance,
  case when dice(i, 9) % 8 = 0 then customer_number(1 + (dice(i, 10) % i)::bigint) else null end as referred_by
from range(1, {customers} + 1) t(i) order by dice(i, 11), i"""


def transactions_query(customers, transactions, first, last):
    return f"""
select i as txn_id,
  case when dice(i, 20) % 1000 = 0 then 13 * i else customer_number(1 + (pow(chance(i, 21), 2.2) * {customers})::bigint % {customers}) end as customer_id,
  timestamp '2023-01-01' + to_seconds(((i - 1)::double / {transactions} * 94608000 + dice(i, 22) % 1200)::bigint) as ts,
  (case when dice(i, 23) % 25 = 0 then -1 else 1 end * round(exp(chance(i, 24) * 9.1), 2))::decimal(12,2) as amount,
  ['purchase', 'deposit', 'withdrawal', 'transfer_in', 'transfer_out', 'fee', 'interest'][(1 + dice(i, 25) % 7)::integer] as type,
  ['mobile', 'mobile', 'mobile', 'online', 'online', 'pos', 'pos', 'atm', 'branch'][(1 + dice(i, 26) % 9)::integer] as channel,
  'prod_' || (dice(i, 27) % 120)::varchar as product,
  case when dice(i, 28) % 3 = 0 then null else 'merchant_' || (dice(i, 29) % 50000)::varchar end as merchant
from range({first}, {last} + 1) t(i)"""


def make(folder, customers, transactions, seed):
    import duckdb
    folder.mkdir(parents=True, exist_ok=True)
    db = duckdb.connect()
    db.execute("set preserve_insertion_order = true")
    macros(db, seed)

    def write(name, query, parquet=True):
        if parquet:
            db.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")
            query = f"select * from '{folder / name}.parquet'"
        db.execute(f"copy ({query}) to '{folder / name}.csv' (header)")

    write("customers", customers_query(customers))
    write("transactions", transactions_query(customers, transactions, 1, transactions))
    rows = append_rows(transactions)
    for number in range(1, APPENDS + 1):
        first = transactions + (number - 1) * rows + 1
        write(f"append-{number}", transactions_query(customers, transactions, first, first + rows - 1), parquet=False)
    (folder / "complete").write_text(f"customers={customers} transactions={transactions} seed={seed}\n")


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1)
