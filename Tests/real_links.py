"""Figures of QueryTests/LinkRealDataTests, worked out in plain SQL by another engine.

    python Tests/real_links.py [DATA]        # DATA: the folder shared/data, beside the project where it is not named

Prints for each question its rows and the FNV-1a digest of its answer as csv, which are the figures in the test.
Needs: pip install duckdb
"""
import pathlib
import sys

import duckdb

DATA = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "shared" / "data")
BERKA = ["account", "client", "disp", "district", "loan", "trans"]
CHINOOK = ["albums", "artists", "customers", "employees", "invoice_items", "invoices", "playlist_track", "playlists", "tracks"]

# The accounts of a client, each once, and what went through them.
OWN = "select distinct client_id, account_id from disp"

QUESTIONS = {
    "clients": f"""
        select c.client_id, count(t.trans_id), coalesce(sum(t.amount), 0)::decimal(18, 2)
        from client c left join ({OWN}) o using (client_id) left join trans t using (account_id) group by 1 order by 1""",
    "filters": f"""
        select c.client_id, count(t.trans_id), coalesce(sum(t.amount), 0)::decimal(18, 2), max(t.amount)
        from client c left join (
            select client_id, t.* from ({OWN}) join trans t using (account_id) join account a using (account_id)
            join district d on a.district_id = d.A1
            where t.type = 'VYDAJ' and operation = 'VYBER' and amount > 500 and t.date between 930701 and 940228
            and d.A3 in ('Prague', 'south Moravia')) t using (client_id)
        group by 1 order by 1""",
    "last": f"""
        select c.client_id, last(t.balance order by t.date, t.trans_id), min(t.date), max(t.date), count(distinct t.k_symbol)
        from client c left join ({OWN}) o using (client_id) left join trans t using (account_id) group by 1 order by 1""",
    "regions": """
        with pairs as (select distinct d.A3, account_id from client c join district d on c.district_id = d.A1 join disp using (client_id))
        select A3, (select count(*) from client c join district d on c.district_id = d.A1 where d.A3 = p.A3),
            (select count(*) from pairs q where q.A3 = p.A3), count(trans_id), sum(amount)::decimal(18, 2),
            (select count(*) from loan where account_id in (select account_id from pairs q where q.A3 = p.A3))
        from pairs p join trans using (account_id) group by 1 order by 1""",
    "conditions": f"""
        select count(*) from client c join district d on c.district_id = d.A1
        where (select coalesce(sum(amount), 0) from trans where account_id in (select account_id from disp where client_id = c.client_id)) > 50000
        and exists (select 1 from disp where client_id = c.client_id and type = 'OWNER')
        and not exists (select 1 from loan where status = 'D' and account_id in (select account_id from disp where client_id = c.client_id))
        and A3 != 'Prague'""",
    "staff": """
        select e.last_name, b.last_name, (select count(*) from employees r where r.reports_to = e.employee_id),
            count(distinct c.customer_id), count(distinct i.invoice_id),
            (select coalesce(sum(total), 0) from invoices join customers x using (customer_id) where x.support_rep_id = e.employee_id)::decimal(18, 2),
            coalesce(sum(unit_price * quantity), 0)::decimal(18, 2), coalesce(sum(quantity), 0)
        from employees e left join employees b on e.reports_to = b.employee_id left join customers c on c.support_rep_id = e.employee_id
        left join invoices i using (customer_id) left join invoice_items using (invoice_id) group by e.employee_id, 1, 2 order by e.employee_id""",
    "artists": """
        select a.name, count(*), sum(ii.unit_price * quantity)::decimal(18, 2), count(distinct c.country)
        from invoice_items ii join tracks t using (track_id) join albums using (album_id) join artists a using (artist_id)
        join invoices using (invoice_id) join customers c using (customer_id) group by 1 order by 1""",
    "playlists": """
        select p.playlist_id, count(pt.track_id), (select coalesce(sum(milliseconds), 0) from tracks where track_id in (
                select track_id from playlist_track q where q.playlist_id = p.playlist_id)),
            (select count(*) from invoice_items where track_id in (select track_id from playlist_track q where q.playlist_id = p.playlist_id))
        from playlists p left join playlist_track pt using (playlist_id) group by 1 order by 1""",
}


def cell(value):
    if value is None:
        return ""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') or text.strip() != text else text


def digest(rows):
    hash = 0xCBF29CE484222325
    for byte in "".join(",".join(map(cell, row)) + "\n" for row in rows).encode():
        hash = (hash ^ byte) * 0x100000001B3 % (1 << 64)
    return hash


def main():
    db = duckdb.connect()
    for table in BERKA:
        db.execute(f"create table {table} as from read_csv('{DATA}/berka/{table}.asc', delim = ';', quote = '\"', nullstr = ['', '?', ' '])")
    for column in ["amount", "balance"]:
        db.execute(f"alter table trans alter {column} type decimal(18, 2)")
    for table in CHINOOK:
        db.execute(f"create table {table} as from read_csv('{DATA}/chinook/{table}.csv')")
    for table in ["tracks", "invoice_items", "invoices"]:
        for column in ["unit_price", "total"]:
            if column in [c[0] for c in db.execute(f"describe {table}").fetchall()]:
                db.execute(f"alter table {table} alter {column} type decimal(18, 2)")
    for name, sql in QUESTIONS.items():
        rows = db.execute(sql).fetchall()
        if name == "last":
            rows = [(a, b, *["" if d is None else f"19{d // 10000}-{d // 100 % 100:02}-{d % 100:02}" for d in (c, e)], f) for a, b, c, e, f in rows]
        print(f"{name}: {len(rows)} rows, {digest(rows):016x}; first {rows[0]}")


main()
