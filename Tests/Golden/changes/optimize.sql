-- by hand: two rows that come late with a small key
-- by hand: 30: 4; 20: -48, 2, 3; 15: 8
-- by hand: done
-- by hand: the same
-- by hand: 112 + 10 + 20 = 142; the row without a day is the last: 5
-- by hand: all tables
select count(*) n, sum(amount) s from transactions;
