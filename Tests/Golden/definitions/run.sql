select count(*), coalesce(sum(amount), 0) from transactions join customers using (customer_id) where tier = 'gold' and ts >= '2026-01-01' and ts < '2026-02-01';
select count(*), coalesce(sum(amount), 0) from transactions join customers using (customer_id) where tier = 'gold' and ts >= '2026-06-01' and ts < '2026-07-01';
select count(*), coalesce(sum(amount), 0) from transactions join customers using (customer_id) where tier = 'private' and ts >= '2026-07-01' and ts < '2026-08-01';
-- by hand: worked out from the rows of the scripts above it
-- by hand: a definition or a message
select count(*), coalesce(sum(amount), 0) from transactions join customers using (customer_id) where tier = 'silver' and ts >= '2026-09-01' and ts < '2026-10-01';
select count(*) from transactions where ts >= '2026-05-01' and ts < '2026-06-01';
-- by hand: a definition or a message
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
-- by hand: an error, read by hand
