-- by hand: mobile has 8 rows (1 4 8 10 11 13 14 19): sum 622.59, avg over 7 values 88.94142857; the others 12 rows: 21700 + 6009.99 + 640 + 70.20 = 28420.19, avg of 12
-- by hand: mobile 1 2 4 7 5 3 = 6 customers; branch 2 3 1 7 = 4; the others hold 1 4 (pos) 4 2 99 (online) 6 (none): 1 2 4 6 99 = 5 different ones, not 2+3+1
select count(distinct coalesce(city, '-')) n from customers;
-- by hand: a has 30; the others 5 5 15 7: 15
