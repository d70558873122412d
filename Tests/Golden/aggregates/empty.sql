select 0 n, 0 c, 0 s, 0 w, 0 d, false e;
-- by hand: one row of nulls
-- by hand: one row of nulls
select 2 n, 0 c, 0 s, null a, null lo, null m, 0 d;
select 'c' grp, 0 n, 0 s, null a;
select null sd, null va, 10 m, null r;
-- by hand: the sum of nothing is 0 in the scale of the column: w has one digit
