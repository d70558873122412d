-- by hand: A: 3, 4 and 6 September; B: 1, 3 and 5 September; the value that was missing on 4 September stays missing: it is no gap in the days
select * from (values ('A', 6, 3), ('B', 6, 2)) t(branch, "rows", n);
