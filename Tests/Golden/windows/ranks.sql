select id, v, rank() over (order by v desc) r from marks where v is not null order by id;
select id, grp, v, rank() over (partition by grp order by v) r from marks where v is not null order by id;
select id, v, row_number() over (order by v nulls last, id) n from marks order by id;
select id, row_number() over (partition by grp order by v desc nulls last, id) n from marks order by id;
select id, percent_rank() over (order by v) p from marks where v is not null order by id;
select id, r from (select *, rank() over (order by v desc nulls last) r from marks) where r <= 2 order by id;
select txn_id from transactions qualify row_number() over (partition by type, channel order by ts, txn_id) = 1 order by 1;
