-- by hand: pos 2, 6 and 16 are the largest text
-- by hand: two more are pos
-- by hand: branch 17, mobile 8 (250), online 7, pos 16, none 9 (35.10, 18 ties with it)
select txn_id, amount from transactions order by amount desc nulls last, txn_id limit 4 offset 7;
-- by hand: Tea House 5 (1 4 10 11 19), null 8, Grocer 3, Book Shop 2, Travel 2
select merchant, count(*) n from transactions group by 1 order by n, merchant desc nulls last;
-- by hand: Grocer 3 is third, the others are 2 + 2
select city, name from customers order by city collate "C" desc nulls last, name collate "C" desc;
