select id from marks order by id limit 2;
select id from marks where false;
select count(*) n from marks;
select 30 as s;
select id from marks where id >= 9 order by id;
