-- by hand: three rows
select customer_id, name, balance from customers where customer_id in (3, 5, 6) order by 1;
-- by hand: one row
-- by hand: a text that a spreadsheet would run is defused by a quote in front; a number is not
-- by hand: raw
-- by hand: as it is
