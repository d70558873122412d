select 4 n, 4 d;
select 10 n;
select 4 d;
